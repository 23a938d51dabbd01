import type { FailureClass, RunState } from '@/lib/science/core';

/**
 * The life of one run as pure functions (DESIGN §5). Both stores apply these to a row that they hold, so the
 * rules exist once. `attempt` counts claims; giving a claim back takes the count back.
 */
export interface RunStatus {
  state: RunState;
  attempt: number;
  failure: { class: FailureClass; message: string } | null;
  claimedBy: string | null;
  /** Milliseconds since the epoch; the claim's heartbeat is overdue afterwards. */
  claimExpiresAt: number | null;
  /** Earliest time of the next claim. */
  notBefore: number;
}

/** What the sweeps that want a run ask of it, strongest wish first. */
export type Demand = 'active' | 'paused' | 'stopped' | 'none';

/**
 * Claims allowed before a failure of the class is final. A run is deterministic, so the same code on the same data
 * diverges again; memory and machines change (and each attempt after it ran out takes half as many images at once),
 * files may be rendered anew.
 */
const MAX_ATTEMPTS: Readonly<Record<FailureClass, number>> = {
  'out-of-memory': 4,
  diverged: 1,
  data: 2,
  code: 2,
  'lost-machine': 5,
  place: Number.POSITIVE_INFINITY,
};

/** First waiting time by class, ms; doubled with each attempt, at most two minutes. */
const BACKOFF_MS: Readonly<Record<FailureClass, number>> = {
  'out-of-memory': 10_000,
  diverged: 0,
  data: 2_000,
  code: 1_000,
  'lost-machine': 0,
  place: 15_000,
};

const unclaimed = { claimedBy: null, claimExpiresAt: null } as const;

/** Not finished: a result would still be taken. */
const isOpen = (state: RunState): boolean => state !== 'done' && state !== 'cancelled';

const expired = (run: RunStatus, now: number): boolean =>
  run.state === 'running' && (run.claimExpiresAt ?? 0) <= now;

/** The strongest wish among the states of the sweeps that want a run; one that is still submitted asks for nothing. */
export function demandOf(sweepStates: readonly string[]): Demand {
  if (sweepStates.includes('active')) return 'active';
  if (sweepStates.includes('paused')) return 'paused';
  return sweepStates.some((state) => state === 'stopped' || state === 'done') ? 'stopped' : 'none';
}

/** May a worker take this run now? */
export const isDue = (run: RunStatus, demand: Demand, now: number): boolean =>
  demand === 'active' && ((run.state === 'queued' && run.notBefore <= now) || expired(run, now));

export interface ClaimRequest {
  worker: string;
  now: number;
  leaseMs: number;
  demand: Demand;
}

/** Takes a due run. A run that lost its machine too often fails for good instead. Null = not to be had. */
export function claimRun(run: RunStatus, request: ClaimRequest): { run: RunStatus; claimed: boolean } | null {
  const { worker, now, leaseMs, demand } = request;
  const ours = run.state === 'running' && run.claimedBy === worker && !expired(run, now);
  // The answer to our own claim was lost on the way: give it again.
  if (ours) return { run: { ...run, claimExpiresAt: now + leaseMs }, claimed: true };
  if (!isDue(run, demand, now)) return null;
  if (expired(run, now) && run.attempt >= MAX_ATTEMPTS['lost-machine']) {
    const message = `The worker was lost ${run.attempt} times in the middle of this run. Check the worker log, fix the cause, then retry.`;
    return {
      run: { ...run, ...unclaimed, state: 'failed', failure: { class: 'lost-machine', message } },
      claimed: false,
    };
  }
  return {
    run: {
      ...run,
      state: 'running',
      attempt: run.attempt + 1,
      claimedBy: worker,
      claimExpiresAt: now + leaseMs,
    },
    claimed: true,
  };
}

const holds = (run: RunStatus, worker: string): boolean =>
  run.state === 'running' && run.claimedBy === worker;

/** Lengthens the lease, even one that has run out but was not taken over; tells the holder what to do. */
export function heartbeatRun(
  run: RunStatus,
  request: ClaimRequest,
): { run: RunStatus; answer: 'held' | 'lost' | 'cancelled' | 'stopped' } {
  if (run.state === 'cancelled') return { run, answer: 'cancelled' };
  if (!holds(run, request.worker)) return { run, answer: 'lost' };
  const kept = { ...run, claimExpiresAt: request.now + request.leaseMs };
  return { run: kept, answer: request.demand === 'stopped' ? 'stopped' : 'held' };
}

/** A result ends every open run, whoever brings it: results depend on the recipe only. Null = refused. */
export function completeRun(run: RunStatus): RunStatus | null {
  return isOpen(run.state) ? { ...run, ...unclaimed, state: 'done', failure: null } : null;
}

/** A result that was computed elsewhere ends every run but a finished one, a cancelled one too. Null = not needed. */
export const adoptRun = (run: RunStatus): RunStatus | null =>
  run.state === 'done' ? null : { ...run, ...unclaimed, state: 'done', failure: null };

/**
 * The holder reports a failure; it is tried again unless its class says that this is useless. A fault of the place (a
 * full disk) says nothing about the run: it counts as never claimed.
 */
export function failRun(
  run: RunStatus,
  worker: string,
  failure: { class: FailureClass; message: string },
  now: number,
): RunStatus {
  if (!holds(run, worker)) return run;
  const final = run.attempt >= MAX_ATTEMPTS[failure.class];
  const wait = Math.min(BACKOFF_MS[failure.class] * 2 ** Math.max(run.attempt - 1, 0), 120_000);
  return {
    ...run,
    ...unclaimed,
    state: final ? 'failed' : 'queued',
    attempt: failure.class === 'place' ? Math.max(run.attempt - 1, 0) : run.attempt,
    failure,
    notBefore: final ? run.notBefore : now + wait,
  };
}

/** The holder gives an unfinished run back (drain, stop); it counts as never claimed. */
export function releaseRun(run: RunStatus, worker: string, now: number): RunStatus {
  if (!holds(run, worker)) return run;
  return { ...run, ...unclaimed, state: 'queued', attempt: Math.max(run.attempt - 1, 0), notBefore: now };
}

/** How often a finished run may be claimed before its files count as lost for good: a disk that damages all that it is given. */
const MAX_TRAININGS = 6;

/**
 * A finished run whose files are gone or damaged is computed again; its stored result stays what it is. Its attempts go
 * on being counted. Null = it is not finished, or was computed too often.
 */
export function reopenRun(run: RunStatus, parentsDone: boolean, now: number): RunStatus | null {
  if (run.state !== 'done' || run.attempt >= MAX_TRAININGS) return null;
  return { ...run, ...unclaimed, state: parentsDone ? 'queued' : 'waiting', notBefore: now };
}

/** The holder gives a run back until its parents are finished again; it counts as never claimed. */
export const awaitParents = (run: RunStatus, worker: string): RunStatus =>
  holds(run, worker)
    ? { ...run, ...unclaimed, state: 'waiting', attempt: Math.max(run.attempt - 1, 0) }
    : run;

/** A run that may be taken again, while a parent of it was opened again: it waits like one that never ran. */
export const heldBack = (run: RunStatus, ready: boolean): RunStatus =>
  run.state === 'queued' && !ready ? { ...run, state: 'waiting' } : run;

/** A person asks again for a failed or cancelled run. Others stay as they are. */
export function retryRun(run: RunStatus, parentsDone: boolean, now: number): RunStatus {
  if (run.state !== 'failed' && run.state !== 'cancelled') return run;
  return {
    ...run,
    ...unclaimed,
    state: parentsDone ? 'queued' : 'waiting',
    attempt: 0,
    failure: null,
    notBefore: now,
  };
}

/** Nobody wants the run any more. A finished or failed one keeps its state. */
export const cancelRun = (run: RunStatus): RunStatus =>
  run.state === 'waiting' || run.state === 'queued' || run.state === 'running'
    ? { ...run, ...unclaimed, state: 'cancelled' }
    : run;

/** The last parent was finished. */
export const releaseChild = (run: RunStatus, now: number): RunStatus =>
  run.state === 'waiting' ? { ...run, state: 'queued', notBefore: now } : run;
