/** Any indexable list of numbers. */
export type Numbers = ArrayLike<number>;

/** Element `i` of `values`; the caller keeps `i` in range (`noUncheckedIndexedAccess` cannot see loop bounds). */
export const at = (values: Numbers, i: number): number => values[i] as number;

/** Σ xᵢ. */
export function sum(values: Numbers): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += at(values, i);
  return total;
}

/** Arithmetic mean; NaN for an empty list. */
export const mean = (values: Numbers): number => sum(values) / values.length;

/** Sample variance with divisor n − 1; NaN for fewer than two values. */
export function variance(values: Numbers): number {
  if (values.length < 2) return Number.NaN;
  const m = mean(values);
  let total = 0;
  for (let i = 0; i < values.length; i++) total += (at(values, i) - m) ** 2;
  return total / (values.length - 1);
}

/** Sample standard deviation with divisor n − 1. */
export const standardDeviation = (values: Numbers): number => Math.sqrt(variance(values));

/** Index of the largest entry (first of equals); −1 for an empty list. NaN never wins. */
export function argMax(values: Numbers): number {
  let best = -1;
  for (let i = 0; i < values.length; i++) {
    const v = at(values, i);
    if (!Number.isNaN(v) && (best < 0 || v > at(values, best))) best = i;
  }
  return best;
}

/** True when every entry equals the first. */
export function isConstant(values: Numbers): boolean {
  for (let i = 1; i < values.length; i++) if (at(values, i) !== at(values, 0)) return false;
  return true;
}

/** Row-major flat copy of a nested matrix [rows][cols]. */
export function flatten(matrix: readonly Numbers[]): Float64Array {
  const cols = matrix[0]?.length ?? 0;
  const flat = new Float64Array(matrix.length * cols);
  matrix.forEach((row, i) => {
    for (let j = 0; j < cols; j++) flat[i * cols + j] = at(row, j);
  });
  return flat;
}

/** Nested copy [rows][cols] of a row-major flat matrix. */
export const unflatten = (flat: Numbers, rows: number, cols: number): number[][] =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: cols }, (_, j) => at(flat, i * cols + j)));
