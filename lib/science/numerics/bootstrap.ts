import { type Rng, TaskatlasError } from '@/lib/science/core';
import { at, mean, type Numbers } from './arrays';
import { normalCdf, normalQuantile } from './distributions';
import { centralInterval, sortedQuantile } from './quantile';

/** A statistic of a sample given by element indices: 0 … n−1 is the sample itself. */
export type IndexedStatistic = (indices: Numbers) => number;

/** `draws` resamples of n indices with replacement. */
const resampleIndices = (n: number, draws: number, rng: Rng): Int32Array[] =>
  Array.from({ length: draws }, () => Int32Array.from({ length: n }, () => rng.int(n)));

/**
 * Percentile interval (Efron 1979): the (1±level)/2 quantiles (type 7) of the replicates; NaN replicates
 * (for example a correlation of constant data) are left out.
 */
export const percentileInterval = (replicates: Numbers, level: number): [number, number] =>
  centralInterval(replicates, level);

/**
 * Bias-corrected and accelerated interval (Efron 1987): z₀ = Φ⁻¹(#{θ* < θ̂}/B) with the strict inequality,
 * acceleration a = Σ(θ̄−θ₍ᵢ₎)³ / (6(Σ(θ̄−θ₍ᵢ₎)²)^{3/2}) from the jackknife values θ₍ᵢ₎. NaN when undefined
 * (all replicates on one side, or a constant jackknife).
 */
export function bcaInterval(
  replicates: Numbers,
  point: number,
  jackknife: Numbers,
  level: number,
): [number, number] {
  const sorted = Float64Array.from(replicates as ArrayLike<number>)
    .filter((v) => !Number.isNaN(v))
    .sort();
  const below = sorted.filter((v) => v < point).length;
  const z0 = normalQuantile(below / sorted.length);
  const centre = mean(jackknife);
  let [squares, cubes] = [0, 0];
  for (let i = 0; i < jackknife.length; i++) {
    squares += (centre - at(jackknife, i)) ** 2;
    cubes += (centre - at(jackknife, i)) ** 3;
  }
  const acceleration = cubes / (6 * squares ** 1.5);
  const endpoint = (p: number): number => {
    const z = z0 + normalQuantile(p);
    const adjusted = normalCdf(z0 + z / (1 - acceleration * z));
    return Number.isNaN(adjusted) ? Number.NaN : sortedQuantile(sorted, adjusted);
  };
  return [endpoint((1 - level) / 2), endpoint((1 + level) / 2)];
}

/** Leave-one-out values of a statistic over n elements. */
export const jackknifeValues = (n: number, statistic: IndexedStatistic): Float64Array =>
  Float64Array.from({ length: n }, (_, left) =>
    statistic(Int32Array.from({ length: n - 1 }, (_, i) => (i < left ? i : i + 1))),
  );

/** Point estimate with its percentile bootstrap interval. */
export function bootstrapInterval(
  n: number,
  statistic: IndexedStatistic,
  options: { draws: number; level: number; rng: Rng },
): { value: number; low: number; high: number } {
  if (n < 1) throw new TaskatlasError('invalid-input', 'bootstrap needs at least one element');
  const replicates = resampleIndices(n, options.draws, options.rng).map(statistic);
  const [low, high] = percentileInterval(replicates, options.level);
  return { value: statistic(Int32Array.from({ length: n }, (_, i) => i)), low, high };
}
