import { recipeFlops } from '@/lib/science/catalog/costs';
import { labelOf } from '@/lib/science/catalog/methods';
import { joinedOrders } from '@/lib/science/catalog/orders';
import type { TaskShape, TransferRecipe } from '@/lib/science/core';
import type { ProgressView } from '../contracts';
import type { StoredRun } from '../ports';
import { methodIn, type SweepData } from './model';
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

const isWeighed = (runs: readonly StoredRun[]): boolean =>
  runs.every((run) => run.estimatedFlops !== undefined && run.estimatedFlops >= 0) &&
  runs.some((run) => (run.estimatedFlops ?? 0) > 0);

/** FLOPs of a run where they are known; with any unknown, every run weighs the same. */
function workOf(runs: readonly StoredRun[]): (run: StoredRun) => number {
  return isWeighed(runs) ? (run) => run.estimatedFlops ?? 0 : () => 1;
}

/**
 * Higher-order transfers that are still to be planned: those of targets whose first-order tournament is not complete
 * yet. Their number is known, and their work is that of a first-order transfer with more sources.
 */
function laterRuns({ sweep, runs }: SweepData, weighed: boolean): { runs: number; work: number } {
  const maxOrder = sweep.spec.maxOrder ?? 1;
  if (maxOrder < 2 || sweep.state === 'done' || sweep.state === 'cancelled') return { runs: 0, work: 0 };
  const byTarget = new Map<string, TransferRecipe[]>();
  for (const { recipe } of runs) {
    // Another method joins nothing, and its runs may have no source to price the later ones by.
    if (recipe.kind !== 'transfer' || labelOf(recipe) !== methodIn(sweep)) continue;
    const known = byTarget.get(recipe.task);
    if (known) known.push(recipe);
    else byTarget.set(recipe.task, [recipe]);
  }
  const shapeOf = (id: string): TaskShape => {
    const task = sweep.tasks.find((candidate) => candidate.id === id);
    return task ?? { head: { kind: 'vector', size: 1 }, input: 'rgb' };
  };
  let [count, work] = [0, 0];
  for (const [target, recipes] of byTarget) {
    const [first] = recipes;
    const source = first?.sources[0];
    if (!first || !source || recipes.some((recipe) => recipe.sources.length > 1)) continue;
    const sources = new Set(recipes.flatMap((r) => r.sources.map((s) => s.task)));
    sources.delete(target);
    const images = Math.max(...recipes.map((recipe) => recipe.images));
    const recipe = recipes.find((r) => r.images === images) ?? first;
    for (const order of joinedOrders(sources.size, maxOrder)) {
      const joined = { ...recipe, sources: Array.from({ length: order }, () => source) };
      count += sweep.spec.seeds.length;
      work += sweep.spec.seeds.length * (weighed ? recipeFlops(joined, shapeOf) : 1);
    }
  }
  return { runs: count, work };
}

/** A pace holds this long after its run: between two runs it does not fall to nothing. */
const PACE_HOLDS_MS = 30_000;

/** Images per second of the runs at work; between runs, of the one that ended last. */
function throughput(runs: readonly StoredRun[], now: number): number {
  const pace = (run: StoredRun): number => run.progress?.imagesPerSecond ?? 0;
  const running = runs.filter((run) => shownState(run, now) === 'running');
  const sum = running.reduce((total, run) => total + pace(run), 0);
  if (sum > 0) return sum;
  const ended = (run: StoredRun): number =>
    run.state === 'done' && pace(run) > 0 ? (run.finishedAt ?? 0) : 0;
  const last = runs.reduce<StoredRun | null>((a, b) => (ended(b) > (a ? ended(a) : 0) ? b : a), null);
  return last !== null && now - ended(last) < PACE_HOLDS_MS ? pace(last) : 0;
}

/** Counts by state, share of the work done (runs still to be planned included), throughput now, and the time left at the pace so far. */
export function progressView(data: SweepData): ProgressView {
  const { runs, sweep, now } = data;
  const counts = { waiting: 0, queued: 0, running: 0, lost: 0, done: 0, failed: 0, cancelled: 0 };
  for (const run of runs) counts[shownState(run, now)] += 1;
  const work = workOf(runs);
  const later = laterRuns(data, isWeighed(runs));
  const total = runs.reduce((sum, run) => sum + work(run), later.work);
  const done = runs.reduce((sum, run) => sum + work(run) * runShare(run), 0);
  const share = runs.length === 0 ? (sweep.state === 'done' ? 1 : 0) : total > 0 ? done / total : 0;
  const end = sweep.finishedAt ?? now;
  const elapsedSeconds = Math.max(0, (end - sweep.createdAt) / 1000);
  const moving = sweep.state === 'active' && share < 1;
  return {
    counts,
    total: runs.length,
    later: later.runs,
    share,
    imagesPerSecond: moving ? throughput(runs, now) : 0,
    etaSeconds: moving
      ? secondsLeft({
          runs,
          later: later.work,
          work,
          share: runShare,
          since: sweep.createdAt,
          elapsedSeconds,
        })
      : null,
    elapsedSeconds,
    phases: phasesOf(data),
    troubles: [...(data.troubles ?? [])],
    workers: data.workers.filter((w) => now - w.seenAt < WORKER_SILENCE_SECONDS * 1000).length,
  };
}
