import { recipeFlops } from '@/lib/science/catalog/costs';
import { labelOf } from '@/lib/science/catalog/methods';
import { joinedOrders } from '@/lib/science/catalog/orders';
import type { RunKind, TaskShape } from '@/lib/science/core';
import type { ProgressView } from '../contracts';
import type { StoredRun, StoredSweep, StoredWorker } from '../ports';
import type { FirstOrder, RunTally, ShownState, Trouble } from '../ports/records';
import { methodIn, type SweepData, sourcesOf } from './model';
import { secondsLeft } from './pace';

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

/** What the progress of a sweep is counted from: nothing that grows with its runs. */
export interface ProgressSource {
  sweep: StoredSweep;
  tallies: readonly RunTally[];
  /** Of sweeps with higher orders; empty for others. */
  firstOrders: readonly FirstOrder[];
  workers: readonly StoredWorker[];
  /** First time, ms since the epoch, at which the sweep reached each milestone. */
  phases?: Readonly<Record<string, number>> | undefined;
  troubles?: readonly Trouble[] | undefined;
  /** What keeps runs waiting, in sentences. */
  alarms?: readonly string[] | undefined;
  now: number;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

const MILESTONES: readonly [name: string, kinds: readonly RunKind[] | null][] = [
  ['dataset', ['dataset']],
  ['mean', ['mean']],
  ['sources', ['source']],
  ['probe', ['probe', 'mean']],
  ['references', ['scratch', 'mean']],
  ['transfers', ['transfer']],
  ['all runs', null],
];

/**
 * Seconds from submission until all runs of a phase were done; phases not reached are absent.
 * A run shared with an earlier sweep was done before this one was submitted: it counts as 0.
 */
function phasesOf({ sweep, tallies, phases: marked }: ProgressSource): Record<string, number> {
  const phases: Record<string, number> = {};
  for (const [name, kinds] of MILESTONES) {
    const own = tallies.filter(({ kind }) => kinds === null || kinds.includes(kind));
    if (own.length === 0 || own.some(({ state, lastFinished }) => state !== 'done' || lastFinished === null))
      continue;
    const last = Math.max(...own.map(({ lastFinished }) => lastFinished ?? 0));
    phases[name] = Math.max(0, (last - sweep.createdAt) / 1000);
  }
  // What the workers have marked themselves is exact and wins.
  for (const [name, at] of Object.entries(marked ?? {})) {
    phases[name] = Math.max(0, (at - sweep.createdAt) / 1000);
  }
  return phases;
}

/** Whether work is counted in FLOPs: with any unknown, every run weighs the same. */
const isWeighed = (tallies: readonly RunTally[]): boolean =>
  tallies.every(({ unpriced }) => unpriced === 0) && sum(tallies.map(({ flops }) => flops)) > 0;

/**
 * Higher-order transfers that are still to be planned: those of targets whose first-order tournament is not complete
 * yet. Their number is known, and their work is that of a first-order transfer with more sources.
 */
function laterRuns({ sweep, firstOrders }: ProgressSource, weighed: boolean): { runs: number; work: number } {
  const maxOrder = sweep.spec.maxOrder ?? 1;
  if (maxOrder < 2 || sweep.state === 'done' || sweep.state === 'cancelled') return { runs: 0, work: 0 };
  const shapeOf = (id: string): TaskShape => {
    const task = sweep.tasks.find((candidate) => candidate.id === id);
    return task ?? { head: { kind: 'vector', size: 1 }, input: 'rgb' };
  };
  const known = sourcesOf(sweep).map(({ id }) => id);
  let [count, work] = [0, 0];
  for (const { target, recipe, grown } of firstOrders) {
    const [source] = recipe.sources;
    if (grown || !source) continue;
    for (const order of joinedOrders(known.filter((id) => id !== target).length, maxOrder)) {
      const joined = { ...recipe, sources: Array.from({ length: order }, () => source) };
      count += sweep.spec.seeds.length;
      work += sweep.spec.seeds.length * (weighed ? recipeFlops(joined, shapeOf) : 1);
    }
  }
  return { runs: count, work };
}

/** Images per second of the runs at work; between runs, of those that ended a moment ago. */
function throughput(tallies: readonly RunTally[]): number {
  const running = sum(tallies.map(({ imagesPerSecond }) => imagesPerSecond));
  return running > 0 ? running : Math.max(0, ...tallies.map(({ recentPace }) => recentPace));
}

/** Counts by state, share of the work done (runs still to be planned included), throughput now, and the time left at the pace so far. */
export function progressFrom(source: ProgressSource): ProgressView {
  const { sweep, tallies, now } = source;
  const counts = { waiting: 0, queued: 0, running: 0, lost: 0, done: 0, failed: 0, cancelled: 0 };
  for (const { state, runs } of tallies) counts[state] += runs;
  const weighed = isWeighed(tallies);
  const later = laterRuns(source, weighed);
  const total = sum(tallies.map(({ flops, runs }) => (weighed ? flops : runs))) + later.work;
  const done = sum(tallies.map(({ share, shareFlops }) => (weighed ? shareFlops : share)));
  const runs = sum(tallies.map((tally) => tally.runs));
  const share = runs === 0 ? (sweep.state === 'done' ? 1 : 0) : total > 0 ? done / total : 0;
  const end = sweep.finishedAt ?? now;
  const elapsedSeconds = Math.max(0, (end - sweep.createdAt) / 1000);
  const moving = sweep.state === 'active' && share < 1;
  return {
    counts,
    total: runs,
    later: later.runs,
    share,
    imagesPerSecond: moving ? throughput(tallies) : 0,
    etaSeconds: moving ? secondsLeft({ tallies, weighed, later: later.work, elapsedSeconds }) : null,
    elapsedSeconds,
    phases: phasesOf(source),
    troubles: [...(source.troubles ?? [])],
    alarms: [...(source.alarms ?? [])],
    workers: source.workers.filter((w) => now - w.seenAt < WORKER_SILENCE_SECONDS * 1000).length,
  };
}

const PACE_HOLDS_MS = 30_000;

/** The counts of runs that are at hand, as the store counts those that are not. */
export function tallyRuns(runs: readonly StoredRun[], since: number, now: number): RunTally[] {
  const tallies = new Map<string, RunTally>();
  for (const run of runs) {
    const state = shownState(run, now);
    const key = `${run.kind} ${state}`;
    const empty = {
      flops: 0,
      unpriced: 0,
      share: 0,
      shareFlops: 0,
      imagesPerSecond: 0,
      recentPace: 0,
    };
    const own = { runs: 0, flops: 0, seconds: 0 };
    const tally = tallies.get(key) ?? { kind: run.kind, state, runs: 0, ...empty, lastFinished: null, own };
    tallies.set(key, tally);
    const flops = run.estimatedFlops ?? 0;
    const pace = run.progress?.imagesPerSecond ?? 0;
    const finished = run.finishedAt ?? null;
    tally.runs += 1;
    tally.flops += flops;
    if (run.estimatedFlops === undefined || flops < 0) tally.unpriced += 1;
    tally.share += runShare(run);
    tally.shareFlops += flops * runShare(run);
    if (state === 'running') tally.imagesPerSecond += pace;
    if (state !== 'done' || finished === null) continue;
    tally.lastFinished = Math.max(tally.lastFinished ?? 0, finished);
    if (now - finished < PACE_HOLDS_MS) tally.recentPace = Math.max(tally.recentPace, pace);
    if (finished > since) {
      tally.own.runs += 1;
      tally.own.flops += flops;
      tally.own.seconds += run.seconds ?? 0;
    }
  }
  return [...tallies.values()];
}

/** One first-order transfer of each target, from runs that are at hand. */
function firstOrdersOf({ sweep, runs }: Pick<SweepData, 'sweep' | 'runs'>): FirstOrder[] {
  const found = new Map<string, FirstOrder>();
  const grown = new Set<string>();
  for (const { recipe } of runs) {
    // Another method joins nothing, and its runs may have no source to price the later ones by.
    if (recipe.kind !== 'transfer' || labelOf(recipe) !== methodIn(sweep)) continue;
    if (recipe.sources.length > 1) grown.add(recipe.task);
    const known = found.get(recipe.task);
    if (recipe.sources.length === 1 && (known === undefined || known.recipe.images < recipe.images))
      found.set(recipe.task, { target: recipe.task, recipe, grown: false });
  }
  return [...found.values()].map((order) => ({ ...order, grown: grown.has(order.target) }));
}

/** The progress of a sweep whose runs are at hand. */
export const progressView = (data: SweepData): ProgressView =>
  progressFrom({
    ...data,
    tallies: tallyRuns(data.runs, data.sweep.createdAt, data.now),
    firstOrders: firstOrdersOf(data),
  });
