import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress, WorkerContext } from './types';

/** Why a run in progress has to end early. */
export type Interruption = 'drain' | 'stopped' | 'cancelled' | 'lost';

export interface Lease {
  readonly signal: AbortSignal;
  report(progress: Progress): void;
  /** Set once the run has to end early. */
  interruption(): Interruption | null;
  /** Ends the heartbeats; resolves when none is under way. */
  end(): Promise<void>;
}

/**
 * Keeps a claim alive while a run computes, and carries wishes back to it: drain, stop, cancel, taken over.
 * While Postgres is away the run goes on computing; the store's calls wait for it.
 */
export function holdLease(context: WorkerContext, fingerprint: string): Lease {
  const { store, worker, times, draining } = context;
  const interrupt = new AbortController();
  const ended = new AbortController();
  let reason: Interruption | null = null;
  let progress: Progress = { step: 0, totalSteps: 0, imagesPerSecond: 0 };

  const stopFor = (why: Interruption): void => {
    if (reason !== null) return;
    reason = why;
    interrupt.abort(new DOMException(`run interrupted: ${why}`, 'AbortError'));
  };
  const drain = (): void => stopFor('drain');
  if (draining.aborted) drain();
  draining.addEventListener('abort', drain);

  // A step of a large network keeps this thread from beating for as long as it takes: the claim has to outlast it.
  let longestBeat = 0;
  const beat = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      const since = performance.now();
      await sleep(times.heartbeatSeconds * 1000, undefined, { signal: ended.signal }).catch(() => undefined);
      if (ended.signal.aborted) return;
      longestBeat = Math.max(longestBeat, (performance.now() - since) / 1000);
      const answer = await store
        .heartbeat(fingerprint, worker, Math.max(times.leaseSeconds, 3 * longestBeat), progress)
        .catch((error: unknown) => {
          context.log(
            `heartbeat of ${fingerprint.slice(0, 12)}: ${error instanceof Error ? error.message : error}`,
          );
          return 'held' as const;
        });
      if (answer !== 'held' && !ended.signal.aborted) stopFor(answer);
    }
  };
  const beating = beat();

  return {
    signal: interrupt.signal,
    report: (latest) => {
      progress = latest;
      context.activity.imagesPerSecond = latest.imagesPerSecond;
    },
    interruption: () => reason,
    async end() {
      draining.removeEventListener('abort', drain);
      ended.abort();
      await beating;
    },
  };
}
