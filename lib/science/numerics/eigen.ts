import { TaskatlasError } from '@/lib/science/core';
import { type Numbers, sum } from './arrays';
import { matmul, matvec, transpose } from './linear-algebra';

export interface Principal {
  /** Principal right eigenvector, positive, normalised to sum 1. */
  vector: Float64Array;
  /** Its eigenvalue, the spectral radius. */
  value: number;
}

const RELATIVE_TOLERANCE = 1e-14;

function normalise(v: Float64Array): Float64Array {
  const total = sum(v);
  for (let i = 0; i < v.length; i++) v[i] = (v[i] as number) / total;
  return v;
}

/** Collatz–Wielandt: minᵢ (Av)ᵢ/vᵢ ≤ λ ≤ maxᵢ (Av)ᵢ/vᵢ for positive A and v; a proof that v is an eigenvector when they meet. */
function spread(image: Float64Array, v: Float64Array): number {
  let low = Infinity;
  let high = 0;
  for (let i = 0; i < v.length; i++) {
    const ratio = (image[i] as number) / (v[i] as number);
    low = Math.min(low, ratio);
    high = Math.max(high, ratio);
  }
  return (high - low) / high;
}

function powerIterate(
  a: Numbers,
  n: number,
  start: Float64Array,
  steps: number,
): { v: Float64Array; done: boolean } {
  let v = normalise(Float64Array.from(start));
  for (let step = 0; step < steps; step++) {
    const image = matvec(a, v, n, n);
    const gap = spread(image, v);
    v = normalise(image);
    if (gap <= RELATIVE_TOLERANCE) return { v, done: true };
  }
  return { v, done: false };
}

/**
 * Principal right eigenvector and eigenvalue of a positive matrix A (row-major [n×n], all entries > 0), which by
 * Perron's theorem is unique and positive. Power iteration with the Collatz–Wielandt bound as stopping proof; where
 * the second eigenvalue lies close, A is replaced by A^(2^k): squaring a positive matrix loses no relative accuracy
 * and doubles the digits gained per step. `start` warms the iteration (bootstrap replicates).
 * Throws `invalid-input` on entries that are not positive and finite.
 */
export function principalEigenvector(a: Numbers, n: number, start?: Float64Array): Principal {
  for (let i = 0; i < n * n; i++) {
    if (!((a[i] as number) > 0 && (a[i] as number) < Infinity)) {
      throw new TaskatlasError(
        'invalid-input',
        `matrix entry [${Math.floor(i / n)}][${i % n}] = ${a[i] as number} must be a positive finite number`,
      );
    }
  }
  let { v, done } = powerIterate(a, n, start ?? new Float64Array(n).fill(1 / n), 60);
  let power: Float64Array = Float64Array.from(a as ArrayLike<number>);
  for (let k = 0; !done && k < 48; k++) {
    power = scaledSquare(power, n).matrix;
    v = normalise(matvec(power, v, n, n));
    done = spread(matvec(a, v, n, n), v) <= RELATIVE_TOLERANCE * n;
  }
  return { vector: v, value: sum(matvec(a, v, n, n)) };
}

/** M² divided by its largest magnitude, with the logarithm of that factor. */
function scaledSquare(m: Float64Array, n: number): { matrix: Float64Array; logScale: number } {
  const square = matmul(m, m, n, n, n);
  const largest = maxMagnitude(square);
  if (largest === 0) return { matrix: square, logScale: -Infinity };
  for (let i = 0; i < square.length; i++) square[i] = (square[i] as number) / largest;
  return { matrix: square, logScale: Math.log(largest) };
}

function maxMagnitude(m: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < m.length; i++) largest = Math.max(largest, Math.abs(m[i] as number));
  return largest;
}

/**
 * Modulus of the second largest eigenvalue of a positive matrix, by Gelfand's formula ρ(B) = lim ‖Bᵐ‖^(1/m) on the
 * deflated B = A − λ·v·wᵀ/(wᵀv), m = 2^40 by repeated squaring; complex pairs need no special care.
 */
export function secondEigenModulus(a: Numbers, n: number, principal: Principal): number {
  const left = principalEigenvector(transpose(a, n, n), n).vector;
  const { vector, value } = principal;
  let overlap = 0;
  for (let i = 0; i < n; i++) overlap += (left[i] as number) * (vector[i] as number);
  let b: Float64Array = Float64Array.from(a as ArrayLike<number>);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++)
      b[i * n + j] =
        (b[i * n + j] as number) - (value * (vector[i] as number) * (left[j] as number)) / overlap;
  }
  // ln‖B^(2^k)‖ / 2^k accumulated scale by scale, so that nothing over- or underflows.
  let logNorm = 0;
  for (let k = 1; k <= 40; k++) {
    const { matrix, logScale } = scaledSquare(b, n);
    if (logScale === -Infinity) return 0;
    logNorm += logScale / 2 ** k;
    b = matrix;
  }
  return Math.exp(logNorm);
}
