import { type CandidateResult, TaskatlasError, type TaskId, type TaskMetric } from '@/lib/science/core';
import { type RunTree, runTree } from '@/lib/science/numerics';
import { type SceneMetric, sceneMetric } from './metric';
import { commonMask } from './tournament';

/** One stored run: its seeds and its loss on every test image (NaN where the image has no valid pixel). */
export interface LossRun {
  /** Seed of the source network; references without one (scratch, mean) use their own seed or 0. */
  sourceSeed: number | string;
  headSeed: number | string;
  losses: Float32Array;
  /** The task's metric of every test image; absent where the run did not keep it. */
  metrics?: Float32Array;
  /** Whether its training was still improving at its last evaluation; absent where that is not known. */
  stillImproving?: boolean;
}

/** All runs of one candidate or reference of a target. */
export interface CandidateLosses {
  key: string;
  kind: CandidateResult['kind'];
  /** As in `CandidateResult`. */
  method?: string;
  sources: readonly TaskId[];
  runs: readonly LossRun[];
}

/** Input of an analysis: everything measured for one target. */
export interface TargetLosses {
  target: TaskId;
  candidates: readonly CandidateLosses[];
  /** Which way the target's metric is better; without it there are no differences in the metric. */
  metric?: Pick<TaskMetric, 'higherIsBetter'>;
  /** Scene of every test image; images of one scene are resampled together. One scene per image when absent. */
  scenes?: ArrayLike<number | string>;
}

/** A candidate prepared for resampling. */
export interface Contestant {
  candidate: CandidateLosses;
  tree: RunTree;
  /** Indices into `Contest.runs`. */
  runs: readonly number[];
}

/** Losses on the common images, in scene order, with per-scene wins of run pairs counted once. */
export interface Contest {
  contestants: readonly Contestant[];
  images: number;
  /** Images dropped by the common mask. */
  dropped: number;
  /** Runs whose missing images differ from the rest: they drop images for everybody. */
  unevenRuns: readonly string[];
  scenes: number;
  /** Scene s holds images sceneStart[s] … sceneStart[s+1] − 1. */
  sceneStart: Int32Array;
  /** Loss per run and common image. */
  losses: readonly Float64Array[];
  /** Metric per run and scene; null of a run that did not keep it. */
  metrics: readonly (SceneMetric | null)[];
  /** +1 where a higher metric is better, −1 where a lower one is, NaN where nobody says. */
  metricSign: number;
  /** Half-wins (2 = win, 1 = tie) of run a over run b summed per scene; counted on first use. */
  halfWins(a: number, b: number): Uint16Array;
}

function sceneOrder(
  scenes: TargetLosses['scenes'],
  kept: readonly number[],
): { order: number[]; sceneStart: Int32Array } {
  if (!scenes)
    return { order: [...kept], sceneStart: Int32Array.from({ length: kept.length + 1 }, (_, i) => i) };
  const groups = new Map<number | string, number[]>();
  for (const image of kept) {
    const scene = scenes[image];
    if (scene === undefined) throw new TaskatlasError('data', `test image ${image} has no scene`);
    const group = groups.get(scene);
    if (group) group.push(image);
    else groups.set(scene, [image]);
  }
  const starts = [0];
  for (const group of groups.values()) starts.push((starts[starts.length - 1] as number) + group.length);
  return { order: [...groups.values()].flat(), sceneStart: Int32Array.from(starts) };
}

const missing = (losses: Float32Array): number =>
  losses.reduce((total, l) => total + (Number.isNaN(l) ? 1 : 0), 0);

function findUneven(candidates: readonly CandidateLosses[]): string[] {
  const runs = candidates.flatMap((c) =>
    c.runs.map((run) => ({ name: `${c.key} (seed ${run.headSeed})`, count: missing(run.losses) })),
  );
  const least = Math.min(...runs.map((r) => r.count));
  return runs.filter((r) => r.count > least).map((r) => r.name);
}

/** Applies the common mask, orders images by scene and prepares run pairs. Throws `data` when nothing can be compared. */
export function buildContest(input: TargetLosses): Contest {
  const runs = input.candidates.flatMap((c) => c.runs);
  const all = runs.map((run) => run.losses);
  const empty = input.candidates.find((c) => c.runs.length === 0);
  if (empty || all.length === 0) {
    throw new TaskatlasError(
      'data',
      `candidate "${empty?.key ?? '(none)'}" of target "${input.target}" has no run`,
    );
  }
  const mask = commonMask(all);
  const kept = Array.from(mask.keys()).filter((i) => mask[i] === 1);
  if (kept.length === 0) {
    throw new TaskatlasError(
      'data',
      `target "${input.target}": no test image has a loss from every candidate`,
    );
  }
  const { order, sceneStart } = sceneOrder(input.scenes, kept);
  const losses = all.map((list) => Float64Array.from(order, (image) => list[image] as number));
  let next = 0;
  const contestants = input.candidates.map((candidate) => ({
    candidate,
    tree: runTree(candidate.runs.map((r) => r.sourceSeed)),
    runs: candidate.runs.map(() => next++),
  }));
  return {
    contestants,
    images: order.length,
    dropped: mask.length - order.length,
    unevenRuns: findUneven(input.candidates),
    scenes: sceneStart.length - 1,
    sceneStart,
    losses,
    metrics: runs.map(({ metrics }) => (metrics ? sceneMetric(metrics, order, sceneStart) : null)),
    metricSign: input.metric ? (input.metric.higherIsBetter ? 1 : -1) : Number.NaN,
    halfWins: pairCounter(losses, sceneStart),
  };
}

function pairCounter(losses: readonly Float64Array[], sceneStart: Int32Array): Contest['halfWins'] {
  const known = new Map<number, Uint16Array>();
  return (a, b) => {
    const key = a * losses.length + b;
    const cached = known.get(key);
    if (cached) return cached;
    const counted = countHalfWins(losses[a] as Float64Array, losses[b] as Float64Array, sceneStart);
    known.set(key, counted);
    return counted;
  };
}

function countHalfWins(x: Float64Array, y: Float64Array, sceneStart: Int32Array): Uint16Array {
  const counts = new Uint16Array(sceneStart.length - 1);
  for (let s = 0; s < counts.length; s++) {
    let total = 0;
    for (let i = sceneStart[s] as number; i < (sceneStart[s + 1] as number); i++) {
      const a = x[i] as number;
      const b = y[i] as number;
      total += a < b ? 2 : a === b ? 1 : 0;
    }
    counts[s] = total;
  }
  return counts;
}

/** One arrangement of the data: how often each scene counts, and the weight of each run of each contestant. */
export interface Weights {
  scenes: Float64Array;
  runs: readonly Float64Array[];
}

/** Number of images that a scene weighting stands for. */
export function weightedImages(contest: Contest, scenes: Float64Array): number {
  let total = 0;
  for (let s = 0; s < contest.scenes; s++) {
    total +=
      (scenes[s] as number) * ((contest.sceneStart[s + 1] as number) - (contest.sceneStart[s] as number));
  }
  return total;
}

/** Win rate of contestant i over j: mean over their run pairs and the weighted scenes. */
export function contestWinRate(
  contest: Contest,
  i: number,
  j: number,
  weights: Weights,
  images: number,
): number {
  const a = contest.contestants[i] as Contestant;
  const b = contest.contestants[j] as Contestant;
  const wa = weights.runs[i] as Float64Array;
  const wb = weights.runs[j] as Float64Array;
  let rate = 0;
  for (let r = 0; r < a.runs.length; r++) {
    for (let q = 0; q < b.runs.length; q++) {
      const weight = (wa[r] as number) * (wb[q] as number);
      if (weight === 0) continue;
      const wins = contest.halfWins(a.runs[r] as number, b.runs[q] as number);
      rate += (weight * dot(wins, weights.scenes)) / (2 * images);
    }
  }
  // Weights of several seeds add up to 1 but for rounding, and a rate above 1 is none.
  return Math.min(1, rate);
}

function dot(wins: Uint16Array, scenes: Float64Array): number {
  let total = 0;
  for (let s = 0; s < wins.length; s++) total += (wins[s] as number) * (scenes[s] as number);
  return total;
}
