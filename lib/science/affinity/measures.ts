import { medianInPlace } from '@/lib/science/numerics';
import { type Contest, type Contestant, contestWinRate, type Weights, weightedImages } from './contest';
import { weightedMetric } from './metric';
import { affinityFromWinRates } from './tournament';

/** Losses below this count as this in log ratios, so that a perfect image does not give −∞. */
const LOSS_FLOOR = 1e-12;

/** Which contestants play which part. −1 = absent. */
export interface Parts {
  /** In the tournament: the transfers and `self`. */
  tournament: readonly number[];
  self: number;
  scratch: number;
  mean: number;
}

/** Everything measured under one weighting. Indexed by contestant unless said otherwise; NaN = undefined. */
export interface Measures {
  /** Row-major over `Parts.tournament`. */
  winRates: Float64Array;
  /** By position in `Parts.tournament`. */
  affinity: Float64Array;
  lambdaMax: number;
  consistencyIndex: number;
  gain: Float64Array;
  quality: Float64Array;
  logLossRatio: Float64Array;
  meanLoss: Float64Array;
  skill: Float64Array;
  /** The task's metric, and its difference to scratch's; positive = better. */
  metric: Float64Array;
  metricGain: Float64Array;
}

/** Logarithms of all losses, computed once per analysis. */
export const logLosses = (contest: Contest): Float64Array[] =>
  contest.losses.map((list) => list.map((loss) => Math.log(Math.max(loss, LOSS_FLOOR))));

/** Weighted mean over a contestant's runs, per image. */
function overRuns(
  lists: readonly Float64Array[],
  contestant: Contestant,
  weights: Float64Array,
): Float64Array {
  const [only, ...others] = contestant.runs;
  // One run has all of the weight: its own list is the mean.
  if (only !== undefined && others.length === 0) return lists[only] as Float64Array;
  const out = new Float64Array(lists[0]?.length ?? 0);
  contestant.runs.forEach((run, r) => {
    const weight = weights[r] as number;
    const list = lists[run] as Float64Array;
    if (weight === 0) return;
    for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) + weight * (list[i] as number);
  });
  return out;
}

/** Median over the weighted images of the per-image difference; scenes count as often as they were drawn. */
function weightedMedian(
  contest: Contest,
  a: Float64Array,
  b: Float64Array,
  scenes: Float64Array,
  images: number,
): number {
  const expanded = new Float64Array(images);
  let next = 0;
  for (let s = 0; s < contest.scenes; s++) {
    const times = scenes[s] as number;
    for (
      let i = contest.sceneStart[s] as number;
      times > 0 && i < (contest.sceneStart[s + 1] as number);
      i++
    ) {
      const value = (a[i] as number) - (b[i] as number);
      for (let t = 0; t < times; t++) expanded[next++] = value;
    }
  }
  return medianInPlace(expanded);
}

function weightedMean(contest: Contest, values: Float64Array, scenes: Float64Array, images: number): number {
  let total = 0;
  for (let s = 0; s < contest.scenes; s++) {
    for (let i = contest.sceneStart[s] as number; i < (contest.sceneStart[s + 1] as number); i++) {
      total += (scenes[s] as number) * (values[i] as number);
    }
  }
  return total / images;
}

function tournamentRates(contest: Contest, parts: Parts, weights: Weights, images: number): Float64Array {
  const n = parts.tournament.length;
  const rates = new Float64Array(n * n).fill(0.5);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const rate = contestWinRate(
        contest,
        parts.tournament[i] as number,
        parts.tournament[j] as number,
        weights,
        images,
      );
      rates[i * n + j] = rate;
      rates[j * n + i] = 1 - rate;
    }
  }
  return rates;
}

/**
 * All measures under one weighting of scenes (whole counts) and runs:
 * affinity = AHP weights of the tournament; gain / quality = win rate against scratch / gold;
 * logLossRatio = median over images of (mean over runs of ln loss) − (the same of scratch), the paired effect size;
 * skill = 1 − L̄/L̄_mean; metric and metricGain = mean metric, and ±(its difference to scratch's). `start` warms the eigenvector iteration.
 */
export function measure(
  contest: Contest,
  parts: Parts,
  logs: readonly Float64Array[],
  weights: Weights,
  start?: Float64Array,
): Measures {
  const images = weightedImages(contest, weights.scenes);
  const rates = tournamentRates(contest, parts, weights, images);
  const {
    weights: affinity,
    lambdaMax,
    consistencyIndex,
  } = affinityFromWinRates(rates, parts.tournament.length, start);
  const each = (value: (contestant: Contestant, index: number) => number): Float64Array =>
    Float64Array.from(contest.contestants, value);
  const size = parts.tournament.length;
  const selfColumn = parts.tournament.indexOf(parts.self);
  const position = new Map(parts.tournament.map((c, p) => [c, p]));
  const against = (reference: number): Float64Array =>
    each((_, c) => {
      if (reference < 0) return Number.NaN;
      const row = position.get(c);
      if (reference === parts.self && row !== undefined) return rates[row * size + selfColumn] as number;
      return c === reference ? 0.5 : contestWinRate(contest, c, reference, weights, images);
    });
  const runWeights = (c: number): Float64Array => weights.runs[c] as Float64Array;
  const meanLoss = each((contestant, c) =>
    weightedMean(contest, overRuns(contest.losses, contestant, runWeights(c)), weights.scenes, images),
  );
  const metric = each(({ runs }, c) =>
    weightedMetric(
      runs.map((run) => contest.metrics[run] ?? null),
      runWeights(c),
      weights.scenes,
    ),
  );
  const scratch = contest.contestants[parts.scratch];
  const scratchLogs = scratch && overRuns(logs, scratch, runWeights(parts.scratch));
  return {
    winRates: rates,
    affinity,
    lambdaMax,
    consistencyIndex,
    gain: against(parts.scratch),
    quality: against(parts.self),
    logLossRatio: each((contestant, c) => {
      if (!scratchLogs) return Number.NaN;
      if (c === parts.scratch) return 0;
      return weightedMedian(
        contest,
        overRuns(logs, contestant, runWeights(c)),
        scratchLogs,
        weights.scenes,
        images,
      );
    }),
    meanLoss,
    skill: each((_, c) =>
      parts.mean < 0 ? Number.NaN : 1 - (meanLoss[c] as number) / (meanLoss[parts.mean] as number),
    ),
    metric,
    metricGain: metric.map((value) => contest.metricSign * (value - (metric[parts.scratch] ?? Number.NaN))),
  };
}
