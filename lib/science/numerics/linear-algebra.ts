import { TaskatlasError } from '@/lib/science/core';
import type { Numbers } from './arrays';

/** C = A·B for row-major A [n×k] and B [k×m]; result [n×m]. */
export function matmul(a: Numbers, b: Numbers, n: number, k: number, m: number): Float64Array {
  const c = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let p = 0; p < k; p++) {
      const factor = a[i * k + p] as number;
      if (factor === 0) continue;
      for (let j = 0; j < m; j++) c[i * m + j] = (c[i * m + j] as number) + factor * (b[p * m + j] as number);
    }
  }
  return c;
}

/** y = A·x for row-major A [n×m]. */
export function matvec(a: Numbers, x: Numbers, n: number, m: number): Float64Array {
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let total = 0;
    for (let j = 0; j < m; j++) total += (a[i * m + j] as number) * (x[j] as number);
    y[i] = total;
  }
  return y;
}

/** Aᵀ of row-major A [n×m]; result [m×n]. */
export function transpose(a: Numbers, n: number, m: number): Float64Array {
  const t = new Float64Array(n * m);
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) t[j * n + i] = a[i * m + j] as number;
  return t;
}

/** Gram matrix XᵀX [d×d] of row-major X [n×d], using its symmetry. */
export function gram(x: Numbers, n: number, d: number): Float64Array {
  const g = new Float64Array(d * d);
  for (let r = 0; r < n; r++) {
    const base = r * d;
    for (let i = 0; i < d; i++) {
      const xi = x[base + i] as number;
      if (xi === 0) continue;
      for (let j = 0; j <= i; j++) g[i * d + j] = (g[i * d + j] as number) + xi * (x[base + j] as number);
    }
  }
  for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) g[j * d + i] = g[i * d + j] as number;
  return g;
}

/** Lower factor L of a symmetric positive definite S = L·Lᵀ, row-major [n×n]. Throws when S is not positive definite. */
export function cholesky(s: Numbers, n: number): Float64Array {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let total = s[i * n + j] as number;
      for (let k = 0; k < j; k++) total -= (l[i * n + k] as number) * (l[j * n + k] as number);
      if (i === j && !(total > 0)) {
        throw new TaskatlasError(
          'invalid-input',
          `Cholesky: matrix is not positive definite at row ${i}; add a ridge`,
        );
      }
      l[i * n + j] = i === j ? Math.sqrt(total) : total / (l[j * n + j] as number);
    }
  }
  return l;
}

/** Solves S·X = B for symmetric positive definite S [n×n] and B [n×m]; returns X [n×m]. */
export function choleskySolve(s: Numbers, b: Numbers, n: number, m: number): Float64Array {
  const l = cholesky(s, n);
  const x = Float64Array.from(b as ArrayLike<number>);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) subtractRow(x, i, k, l[i * n + k] as number, m);
    scaleRow(x, i, 1 / (l[i * n + i] as number), m);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) subtractRow(x, i, k, l[k * n + i] as number, m);
    scaleRow(x, i, 1 / (l[i * n + i] as number), m);
  }
  return x;
}

function subtractRow(x: Float64Array, target: number, source: number, factor: number, m: number): void {
  for (let j = 0; j < m; j++)
    x[target * m + j] = (x[target * m + j] as number) - factor * (x[source * m + j] as number);
}

function scaleRow(x: Float64Array, row: number, factor: number, m: number): void {
  for (let j = 0; j < m; j++) x[row * m + j] = (x[row * m + j] as number) * factor;
}

/**
 * Ridge regression: W = (XᵀX + λI)⁻¹ XᵀY for row-major X [n×d], Y [n×m]; returns W [d×m].
 * No intercept: centre X and Y first, or append a column of ones.
 */
export function ridgeSolve(
  x: Numbers,
  y: Numbers,
  shape: { n: number; d: number; m: number },
  lambda: number,
): Float64Array {
  const { n, d, m } = shape;
  if (!(lambda >= 0)) throw new TaskatlasError('invalid-input', `ridge λ must be ≥ 0, got ${lambda}`);
  const normal = gram(x, n, d);
  for (let i = 0; i < d; i++) normal[i * d + i] = (normal[i * d + i] as number) + lambda;
  return choleskySolve(normal, matmul(transpose(x, n, d), y, d, n, m), d, m);
}
