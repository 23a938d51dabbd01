import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { analyseTargetJob, solvePolicyJob } from '@/lib/service/contracts';
import type { Job } from '@/lib/service/ports';
import { isTransient } from '@/lib/service/store';
import { analyseOne } from './jobs/analyse-target';
import { runOne } from './jobs/run';
import { solveOne } from './jobs/solve-policy';
import { requeueDue } from './settle';
import type { WorkerContext } from './types';

const HANDLERS = { run: runOne, 'analyse-target': analyseOne, 'solve-policy': solveOne } as const;

/** Idle workers ask again after 50 ms, then less and less often: a released transfer waits hardly at all. */
const IDLE_MS = { first: 50, most: 400 };
/** After an error that is not the job's own. */
const TROUBLE_MS = 500;
/** A job that failed for a reason of its own comes again after this long. */
const AGAIN_SECONDS = 15;

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Runs keep their own reason; what a sweep waits for at its end must not fail in silence. */
async function noteTrouble({ store }: WorkerContext, job: Job, reason: string): Promise<void> {
  const analysis = analyseTargetJob.safeParse(job.payload);
  const policy = solvePolicyJob.safeParse(job.payload);
  if (job.name === 'analyse-target' && analysis.success)
    await store.markTrouble(analysis.data.sweepId, analysis.data.target, reason);
  if (job.name === 'solve-policy' && policy.success)
    await store.markTrouble(policy.data.sweepId, null, reason);
}

async function handle(context: WorkerContext, job: Job): Promise<void> {
  try {
    await HANDLERS[job.name](context, job);
  } catch (error) {
    if (isTransient(error)) throw error;
    context.log(
      `${job.name} ${JSON.stringify(job.payload)}: ${error instanceof Error ? error.stack : error}`,
    );
    await noteTrouble(context, job, text(error));
    await context.queue.giveBack(job, AGAIN_SECONDS);
  }
}

/** Signs of life and lost property, until the worker ends. */
async function keepHouse(context: WorkerContext, ended: AbortSignal): Promise<void> {
  const { store, worker, backend, device, times } = context;
  const startedAt = Date.now();
  while (!ended.aborted) {
    try {
      const seenAt = Date.now();
      await store.workers.seen({
        id: worker,
        host: hostname(),
        pid: process.pid,
        backend,
        device,
        startedAt,
        seenAt,
        ...context.activity,
      });
      if (!context.draining.aborted) await requeueDue(context);
    } catch (error) {
      context.log(`housekeeping: ${text(error)}`);
    }
    // Spread over the workers, so that they do not all ask at once.
    const wait = times.sweepSeconds * (0.8 + 0.4 * Math.random()) * 1000;
    await sleep(wait, undefined, { signal: ended }).catch(() => undefined);
  }
}

/** Takes and does jobs until the worker is asked to drain; the job at hand is given back with a checkpoint. */
export async function work(context: WorkerContext): Promise<void> {
  const { queue, draining, worker, store } = context;
  const ended = new AbortController();
  const house = keepHouse(context, ended.signal);
  let idle: number = IDLE_MS.first;
  while (!draining.aborted) {
    try {
      const job = await queue.take(worker);
      if (job) {
        idle = IDLE_MS.first;
        await handle(context, job);
        continue;
      }
      await sleep(idle, undefined, { signal: draining }).catch(() => undefined);
      idle = Math.min(idle * 1.5, IDLE_MS.most);
    } catch (error) {
      context.log(`waiting for the database: ${text(error)}`);
      await sleep(TROUBLE_MS, undefined, { signal: draining }).catch(() => undefined);
    }
  }
  ended.abort();
  await house;
  await store.workers.gone(worker).catch(() => undefined);
}
