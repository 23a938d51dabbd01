import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredEvent, TargetRef } from '@/lib/service/ports';
import { publishAnalyses, publishPolicies } from './settle';
import type { WorkerContext } from './types';

/** Name of the duty to look for lost messages: one worker at a time has it. */
const DUTY = 'housekeeping';
/** Everything is looked through when a worker takes the duty, and again after this many rounds. */
const ROUNDS_BETWEEN_FULL = 120;
/** A submission that stores nothing for this long has lost its process. */
const SILENT_SUBMISSION_SECONDS = 60;
/** Events read in a round; more wait for the next one. */
const EVENTS_A_ROUND = 1000;

/** What the holder of the duty remembers between its rounds. */
interface Memory {
  round: number;
  /** The newest event that was looked at. */
  seen: number;
  /** Due at the last look: looked at again until they are not, since their message or its worker may be lost. */
  targets: readonly TargetRef[];
  policies: readonly string[];
}

const sweepsIn = (events: readonly StoredEvent[], kinds: readonly StoredEvent['kind'][]): string[] => [
  ...new Set(events.filter((event) => kinds.includes(event.kind)).flatMap(({ sweepId }) => sweepId ?? [])),
];

/** Everything that is due, whatever happened before. */
async function lookThrough(context: WorkerContext): Promise<Memory> {
  // First the event, then what is due: what happens in between is looked at twice.
  const seen = await context.store.events.last();
  await context.store.rollBackSilent(SILENT_SUBMISSION_SECONDS);
  return {
    round: 0,
    seen,
    targets: await publishAnalyses(context),
    policies: await publishPolicies(context),
  };
}

/** What became due since the last round, and what was due then. */
async function lookAtNews(context: WorkerContext, memory: Memory): Promise<Memory> {
  const news = await context.store.events.after(memory.seen, { limit: EVENTS_A_ROUND });
  const ended = news.filter(({ kind }) => kind === 'run').map(({ data }) => String(data.fingerprint));
  const asked = { runs: [...new Set(ended)], targets: memory.targets };
  const targets = asked.runs.length + asked.targets.length > 0 ? await publishAnalyses(context, asked) : [];
  const sweeps = [...new Set([...memory.policies, ...sweepsIn(news, ['analysis', 'sweep', 'run'])])];
  const policies = sweeps.length > 0 ? await publishPolicies(context, sweeps) : [];
  return { round: memory.round + 1, seen: news.at(-1)?.id ?? memory.seen, targets, policies };
}

/**
 * The database is the truth, messages can be lost: the worker that has the duty looks for analyses and policies that
 * are due and have no message, among what changed; doing it twice does no harm. Every worker says that it is alive.
 */
export async function keepHouse(context: WorkerContext, ended: AbortSignal): Promise<void> {
  const { store, worker, times, backend, device, offers } = context;
  let memory: Memory | null = null;
  while (!ended.aborted) {
    try {
      await store.workers.seen({
        id: worker,
        host: hostname(),
        pid: process.pid,
        ...{ backend, device, offers },
        ...context.activity,
      });
      const mine = !context.draining.aborted && (await store.workers.hold(DUTY, worker, times.leaseSeconds));
      if (!mine) memory = null;
      else if (memory === null || memory.round >= ROUNDS_BETWEEN_FULL) memory = await lookThrough(context);
      else memory = await lookAtNews(context, memory);
    } catch (error) {
      memory = null;
      context.log(`housekeeping: ${error instanceof Error ? error.message : error}`);
    }
    // Spread over the workers, so that they do not all ask at once.
    const wait = times.sweepSeconds * (0.8 + 0.4 * Math.random()) * 1000;
    await sleep(wait, undefined, { signal: ended }).catch(() => undefined);
  }
}
