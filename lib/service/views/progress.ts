import type { ProgressView } from '../contracts';
import type { StoredRun } from '../ports';
import type { SweepData } from './model';
import { secondsLeft } from './pace';

/** What a person calls the state of a run: `lost` is a running one whose heartbeat is overdue. */
export type ShownState = StoredRun['state'] | 'lost';

export function shownState(run: StoredRun, now: number): ShownState {
  const overdue = run.claimExpiresAt !== null && run.claimExpiresAt < now;
  return run.state === 'running' && overdue ? 'lost' : run.state;
}

/** Share of a run's own work done, 0–1. */
export function runShare(run: StoredRun): number {
  if (run.state === 'done') return 1;
  if (run.state !== 'running' || run.progress === null || run.progress.totalSteps <= 0) return 0;
  return Math.min(1, Math.max(0, run.progress.step / run.progress.totalSteps));
}

/** Seconds after which a worker that has not announced itself counts as gone. */
export const WORKER_SILENCE_SECONDS = 30;

const MILESTONES: readonly [name: string, reached: (run: StoredRun) => boolean][] = [
  ['dataset', (run) => run.kind === 'dataset'],
  ['sources', (run) => run.kind === 'source'],
  ['probe', (run) => run.kind === 'probe' || run.kind === 'mean'],
  ['references', (run) => run.kind === 'scratch' || run.kind === 'mean'],
  ['transfers', (run) => run.kind === 'transfer'],
  ['all runs', () => true],
];

/**
 * Seconds from submission until all runs of a phase were done; phases not reached are absent.
 * A run shared with an earlier sweep was done before this one was submitted: it counts as 0.
 */
function phasesOf(data: SweepData): Record<string, number> {
  const phases: Record<string, number> = {};
  for (const [name, belongs] of MILESTONES) {
    const runs = data.runs.filter(belongs);
    if (runs.length === 0 || runs.some((r) => r.state !== 'done' || typeof r.finishedAt !== 'number'))
      continue;
    const last = Math.max(...runs.map((r) => r.finishedAt ?? 0));
    phases[name] = Math.max(0, (last - data.sweep.createdAt) / 1000);
  }
  // What the workers have marked themselves is exact and wins.
  for (const [name, at] of Object.entries(data.phases ?? {})) {
    phases[name] = Math.max(0, (at - data.sweep.createdAt) / 1000);
  }
  return phases;
}

/** FLOPs of a run where they are known; with any unknown, every run weighs the same. */
function workOf(runs: readonly StoredRun[]): (run: StoredRun) => number {
  const known = runs.every((run) => run.estimatedFlops !== undefined && run.estimatedFlops >= 0);
  const total = known ? runs.reduce((sum, run) => sum + (run.estimatedFlops ?? 0), 0) : 0;
  return known && total > 0 ? (run) => run.estimatedFlops ?? 0 : () => 1;
}

/** Counts by state, share of the work done, throughput now, and the time left at the pace so far. */
export function progressView(data: SweepData): ProgressView {
  const { runs, sweep, now } = data;
  const counts = { waiting: 0, queued: 0, running: 0, lost: 0, done: 0, failed: 0, cancelled: 0 };
  for (const run of runs) counts[shownState(run, now)] += 1;
  const work = workOf(runs);
  const total = runs.reduce((sum, run) => sum + work(run), 0);
  const done = runs.reduce((sum, run) => sum + work(run) * runShare(run), 0);
  const share = runs.length === 0 ? (sweep.state === 'done' ? 1 : 0) : total > 0 ? done / total : 0;
  const end = sweep.finishedAt ?? now;
  const elapsedSeconds = Math.max(0, (end - sweep.createdAt) / 1000);
  const moving = sweep.state === 'active' && share < 1;
  return {
    counts,
    total: runs.length,
    share,
    imagesPerSecond: runs
      .filter((run) => shownState(run, now) === 'running')
      .reduce((sum, run) => sum + (run.progress?.imagesPerSecond ?? 0), 0),
    etaSeconds: moving
      ? secondsLeft({ runs, work, share: runShare, since: sweep.createdAt, elapsedSeconds })
      : null,
    elapsedSeconds,
    phases: phasesOf(data),
    workers: data.workers.filter((w) => now - w.seenAt < WORKER_SILENCE_SECONDS * 1000).length,
  };
}
