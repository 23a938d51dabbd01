import { setTimeout as sleep } from 'node:timers/promises';
import { analyseTargetJob, solvePolicyJob } from '@/lib/service/contracts';
import type { Job } from '@/lib/service/ports';
import { isTransient } from '@/lib/service/store';
import { keepHouse } from './housekeeping';
import { analyseOne } from './jobs/analyse-target';
import { runNext } from './jobs/run';
import { solveOne } from './jobs/solve-policy';
import type { WorkerContext } from './types';

const HANDLERS = { 'analyse-target': analyseOne, 'solve-policy': solveOne } as const;

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
  // A message that an older build left in the queue: runs are not delivered any more.
  if (!(job.name in HANDLERS)) return await context.queue.done(job);
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

/** Says a trouble once, and again only when it is another one or lasts for a minute. */
function sayOnce(log: (text: string) => void): (message: string) => void {
  let [last, at] = ['', 0];
  return (message) => {
    if (message === last && performance.now() - at < 60_000) return;
    [last, at] = [message, performance.now()];
    log(message);
  };
}

/**
 * Takes and does jobs and runs until the worker is asked to drain; the run at hand is given back with a checkpoint.
 * Jobs go first: a person waits for an analysis, and it takes milliseconds.
 */
export async function work(context: WorkerContext): Promise<void> {
  const { queue, draining, worker, store } = context;
  const ended = new AbortController();
  const house = keepHouse(context, ended.signal);
  const say = sayOnce(context.log);
  let idle: number = IDLE_MS.first;
  while (!draining.aborted) {
    try {
      const job = await queue.take(worker);
      if (job) await handle(context, job);
      if (job || (!draining.aborted && (await runNext(context)))) {
        idle = IDLE_MS.first;
        continue;
      }
      await sleep(idle, undefined, { signal: draining }).catch(() => undefined);
      idle = Math.min(idle * 1.5, IDLE_MS.most);
    } catch (error) {
      say(`waiting for the database: ${text(error)}`);
      await sleep(TROUBLE_MS, undefined, { signal: draining }).catch(() => undefined);
    }
  }
  ended.abort();
  await house;
  await store.workers.gone(worker).catch(() => undefined);
}
