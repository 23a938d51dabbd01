import { TaskatlasError } from '@/lib/science/core';
import { at, type Numbers } from './arrays';
import { fairBinomialCdf, normalQuantile } from './distributions';

/**
 * Wilson score interval of a proportion (Wilson 1927) with the exact z = Φ⁻¹((1+level)/2).
 * `successes` may be half-integers (ties count half). Throws on n ≤ 0 or successes outside [0, n].
 */
export function wilsonInterval(successes: number, n: number, level = 0.95): [number, number] {
  if (!(n > 0) || !(successes >= 0 && successes <= n)) {
    throw new TaskatlasError(
      'invalid-input',
      `Wilson interval needs 0 ≤ successes ≤ n and n > 0, got ${successes}/${n}`,
    );
  }
  if (!(level > 0 && level < 1)) {
    throw new TaskatlasError('invalid-input', `level must lie between 0 and 1, got ${level}`);
  }
  const z = normalQuantile((1 + level) / 2);
  const p = successes / n;
  const denominator = 1 + (z * z) / n;
  const centre = (p + (z * z) / (2 * n)) / denominator;
  const half = (z / denominator) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  // At the ends the two terms cancel exactly; rounding must not leave 1e-17.
  return [successes === 0 ? 0 : Math.max(0, centre - half), successes === n ? 1 : Math.min(1, centre + half)];
}

export interface SignTest {
  /** min(1, 2·min(P(X ≤ n₊), P(X ≥ n₊))). */
  twoSided: number;
  /** P(X ≥ n₊): small when positive differences dominate. */
  greater: number;
  /** P(X ≤ n₊): small when negative differences dominate. */
  less: number;
  positive: number;
  negative: number;
  zero: number;
}

/**
 * Exact binomial sign test on paired differences; zeros are dropped, and with nothing left p = 1.
 * X ~ Binomial(n₊ + n₋, ½).
 */
export function signTest(differences: Numbers): SignTest {
  let positive = 0;
  let negative = 0;
  for (let i = 0; i < differences.length; i++) {
    if (at(differences, i) > 0) positive++;
    else if (at(differences, i) < 0) negative++;
  }
  const n = positive + negative;
  const less = n === 0 ? 1 : fairBinomialCdf(positive, n);
  const greater = n === 0 ? 1 : fairBinomialCdf(negative, n);
  const twoSided = Math.min(1, 2 * Math.min(less, greater));
  return { twoSided, greater, less, positive, negative, zero: differences.length - n };
}
