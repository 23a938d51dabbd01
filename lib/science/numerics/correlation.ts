import { TaskatlasError } from '@/lib/science/core';
import { at, isConstant, mean, type Numbers } from './arrays';

function requirePaired(x: Numbers, y: Numbers): void {
  if (x.length !== y.length) {
    throw new TaskatlasError(
      'invalid-input',
      `x has ${x.length} values and y has ${y.length}; they must be pairs`,
    );
  }
}

/**
 * Pearson's r = Σ(x−x̄)(y−ȳ) / √(Σ(x−x̄)² Σ(y−ȳ)²), clipped to [−1, 1].
 * NaN when either list is constant or shorter than 2.
 */
export function pearson(x: Numbers, y: Numbers): number {
  requirePaired(x, y);
  if (x.length < 2 || isConstant(x) || isConstant(y)) return Number.NaN;
  const mx = mean(x);
  const my = mean(y);
  let sxx = 0;
  let syy = 0;
  for (let i = 0; i < x.length; i++) {
    sxx += ((x[i] as number) - mx) ** 2;
    syy += ((y[i] as number) - my) ** 2;
  }
  const nx = Math.sqrt(sxx);
  const ny = Math.sqrt(syy);
  let r = 0;
  for (let i = 0; i < x.length; i++) r += (((x[i] as number) - mx) / nx) * (((y[i] as number) - my) / ny);
  return Math.max(-1, Math.min(1, r));
}

/** Ranks from 1 (smallest); ties take the mean of their ranks. */
function averageRanks(values: Numbers): Float64Array {
  const n = values.length;
  const order = Array.from({ length: n }, (_, i) => i).sort(
    (a, b) => (values[a] as number) - (values[b] as number),
  );
  const ranks = new Float64Array(n);
  for (let start = 0; start < n; ) {
    let end = start + 1;
    while (end < n && at(values, order[end] as number) === at(values, order[start] as number)) end++;
    for (let i = start; i < end; i++) ranks[order[i] as number] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}

/** Spearman's ρ: Pearson's r of average ranks. NaN when either list is constant. */
export const spearman = (x: Numbers, y: Numbers): number => {
  requirePaired(x, y);
  return pearson(averageRanks(x), averageRanks(y));
};

/**
 * Kendall's τ-b = (C − D) / √((n₀ − n₁)(n₀ − n₂)) with n₀ = n(n−1)/2 and n₁, n₂ the pairs tied in x and y
 * (Kendall 1945). O(n²). NaN when either list is constant.
 */
export function kendallTauB(x: Numbers, y: Numbers): number {
  requirePaired(x, y);
  const n = x.length;
  let balance = 0;
  let untiedX = 0;
  let untiedY = 0;
  for (let i = 1; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const dx = Math.sign((x[i] as number) - (x[j] as number));
      const dy = Math.sign((y[i] as number) - (y[j] as number));
      balance += dx * dy;
      untiedX += dx * dx;
      untiedY += dy * dy;
    }
  }
  if (untiedX === 0 || untiedY === 0) return Number.NaN;
  return balance / Math.sqrt(untiedX) / Math.sqrt(untiedY);
}

/** Rank 0 for the largest by decreasing lexicographic (primary, secondary). */
function lexicographicRanks(primary: Numbers, secondary: Numbers): Float64Array {
  const order = Array.from({ length: primary.length }, (_, i) => i).sort(
    (a, b) =>
      (primary[b] as number) - (primary[a] as number) || (secondary[b] as number) - (secondary[a] as number),
  );
  const ranks = new Float64Array(primary.length);
  order.forEach((element, rank) => {
    ranks[element] = rank;
  });
  return ranks;
}

function weightedTauByRanks(x: Numbers, y: Numbers, ranks: Float64Array): number {
  let balance = 0;
  let weightX = 0;
  let weightY = 0;
  for (let i = 1; i < x.length; i++) {
    for (let j = 0; j < i; j++) {
      const weight = 1 / (1 + (ranks[i] as number)) + 1 / (1 + (ranks[j] as number));
      const dx = Math.sign((x[i] as number) - (x[j] as number));
      const dy = Math.sign((y[i] as number) - (y[j] as number));
      balance += weight * dx * dy;
      weightX += weight * dx * dx;
      weightY += weight * dy * dy;
    }
  }
  if (weightX === 0 || weightY === 0) return Number.NaN;
  return Math.max(-1, Math.min(1, balance / Math.sqrt(weightX) / Math.sqrt(weightY)));
}

/**
 * Weighted Kendall τ (Vigna 2015) as used by LogME, SFDA and ETran: additive hyperbolic weights
 * 1/(1+rankᵢ) + 1/(1+rankⱼ), mean of the two values with ranks by decreasing (x, y) and by decreasing (y, x).
 * O(n²). NaN when either list is constant.
 */
export function weightedKendall(x: Numbers, y: Numbers): number {
  requirePaired(x, y);
  return (
    (weightedTauByRanks(x, y, lexicographicRanks(x, y)) +
      weightedTauByRanks(x, y, lexicographicRanks(y, x))) /
    2
  );
}
