import { at, choleskySolve, type Numbers } from '@/lib/science/numerics';

/** Largest change of a log-strength in the last step. */
const TOLERANCE = 1e-12;
const MAX_STEPS = 200;
/** Longest step of a log-strength: far from the optimum a full Newton step overshoots. */
const LONGEST_STEP = 2;

/** P(i beats j) under log-strengths θ. */
const beats = (theta: Float64Array, i: number, j: number): number =>
  1 / (1 + Math.exp(at(theta, j) - at(theta, i)));

/**
 * The Newton step of the log-likelihood Σ_ij w_ij ln P(i beats j): gradient_i = w_i − N Σ_j P(i beats j),
 * information_ij = −N P(i beats j) P(j beats i). θ is free up to a constant, so the last one is held at 0.
 */
function newtonStep(theta: Float64Array, wins: Float64Array, comparisons: number): Float64Array {
  const n = theta.length;
  const m = n - 1;
  const gradient = wins.slice(0, m);
  const information = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    let curvature = 0;
    for (let j = 0; j < n; j++) {
      if (j === i) continue;
      const p = beats(theta, i, j);
      const weight = comparisons * p * beats(theta, j, i);
      gradient[i] = at(gradient, i) - comparisons * p;
      curvature += weight;
      if (j < m) information[i * m + j] = -weight;
    }
    information[i * m + i] = curvature;
  }
  return choleskySolve(information, gradient, m, 1);
}

/**
 * Bradley–Terry strengths (Bradley and Terry 1952) of smoothed wins w_ij = rate·images + ½ out of images + 1
 * comparisons (the smoothing keeps the strengths of total winners finite), by Newton's method on their logarithms,
 * which has one optimum (Hunter 2004). Normalised to sum 1; each is exact to about 1e-12 of itself.
 * @param rates row-major [n×n] shares of images won
 * @param images comparisons per pair
 * @returns null when 200 steps do not reach the tolerance
 */
export function bradleyTerry(rates: Numbers, n: number, images: number): Float64Array | null {
  if (n < 2) return new Float64Array(n).fill(1);
  const comparisons = images + 1;
  const wins = Float64Array.from({ length: n }, (_, i) => {
    let total = 0;
    for (let j = 0; j < n; j++) if (j !== i) total += at(rates, i * n + j) * images + 0.5;
    return total;
  });
  const theta = new Float64Array(n);
  for (let step = 0; step < MAX_STEPS; step++) {
    const change = newtonStep(theta, wins, comparisons);
    const longest = change.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const scale = Math.min(1, LONGEST_STEP / longest);
    change.forEach((x, i) => {
      theta[i] = at(theta, i) + scale * x;
    });
    if (longest <= TOLERANCE) return normalised(theta);
  }
  return null;
}

function normalised(theta: Float64Array): Float64Array {
  const top = theta.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const strengths = theta.map((x) => Math.exp(x - top));
  const total = strengths.reduce((a, b) => a + b, 0);
  return strengths.map((x) => x / total);
}
