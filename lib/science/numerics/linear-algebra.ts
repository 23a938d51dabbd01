import { TaskatlasError } from '@/lib/science/core';
import { at, type Numbers } from './arrays';

/** C = A·B for row-major A [n×k] and B [k×m]; result [n×m]. */
export function matmul(a: Numbers, b: Numbers, n: number, k: number, m: number): Float64Array {
  const c = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let p = 0; p < k; p++) {
      const factor = at(a, i * k + p);
      if (factor === 0) continue;
      for (let j = 0; j < m; j++) c[i * m + j] = at(c, i * m + j) + factor * at(b, p * m + j);
    }
  }
  return c;
}

/** y = A·x for row-major A [n×m]. */
export function matvec(a: Numbers, x: Numbers, n: number, m: number): Float64Array {
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let total = 0;
    for (let j = 0; j < m; j++) total += at(a, i * m + j) * at(x, j);
    y[i] = total;
  }
  return y;
}

/** Aᵀ of row-major A [n×m]; result [m×n]. */
export function transpose(a: Numbers, n: number, m: number): Float64Array {
  const t = new Float64Array(n * m);
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) t[j * n + i] = at(a, i * m + j);
  return t;
}

/** Gram matrix XᵀX [d×d] of row-major X [n×d], using its symmetry. */
export function gram(x: Numbers, n: number, d: number): Float64Array {
  const g = new Float64Array(d * d);
  for (let r = 0; r < n; r++) {
    const base = r * d;
    for (let i = 0; i < d; i++) {
      const xi = at(x, base + i);
      if (xi === 0) continue;
      for (let j = 0; j <= i; j++) g[i * d + j] = at(g, i * d + j) + xi * at(x, base + j);
    }
  }
  for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) g[j * d + i] = at(g, i * d + j);
  return g;
}

/** Lower factor L of a symmetric positive definite S = L·Lᵀ, row-major [n×n]. Throws when S is not positive definite. */
export function cholesky(s: Numbers, n: number): Float64Array {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let total = at(s, i * n + j);
      for (let k = 0; k < j; k++) total -= at(l, i * n + k) * at(l, j * n + k);
      if (i === j && !(total > 0)) {
        throw new TaskatlasError(
          'invalid-input',
          `Cholesky: matrix is not positive definite at row ${i}; add a ridge`,
        );
      }
      l[i * n + j] = i === j ? Math.sqrt(total) : total / at(l, j * n + j);
    }
  }
  return l;
}

/** Solves S·X = B for symmetric positive definite S [n×n] and B [n×m]; returns X [n×m]. */
export function choleskySolve(s: Numbers, b: Numbers, n: number, m: number): Float64Array {
  const l = cholesky(s, n);
  const x = Float64Array.from(b as ArrayLike<number>);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) subtractRow(x, i, k, at(l, i * n + k), m);
    scaleRow(x, i, 1 / at(l, i * n + i), m);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) subtractRow(x, i, k, at(l, k * n + i), m);
    scaleRow(x, i, 1 / at(l, i * n + i), m);
  }
  return x;
}

function subtractRow(x: Float64Array, target: number, source: number, factor: number, m: number): void {
  for (let j = 0; j < m; j++) x[target * m + j] = at(x, target * m + j) - factor * at(x, source * m + j);
}

function scaleRow(x: Float64Array, row: number, factor: number, m: number): void {
  for (let j = 0; j < m; j++) x[row * m + j] = at(x, row * m + j) * factor;
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
  for (let i = 0; i < d; i++) normal[i * d + i] = at(normal, i * d + i) + lambda;
  return choleskySolve(normal, matmul(transpose(x, n, d), y, d, n, m), d, m);
}
