import { TaskatlasError } from '../core';
import { at, type Numbers } from '../numerics';

function checkColumns(source: Numbers, target: Numbers, columns: number): [number, number] {
  const [n, m] = [source.length / columns, target.length / columns];
  if (columns < 1 || !Number.isInteger(n) || !Number.isInteger(m) || n < 1 || m < 1) {
    throw new TaskatlasError(
      'invalid-input',
      `source and target need rows of ${columns} features, got ${source.length} and ${target.length} numbers`,
    );
  }
  return [n, m];
}

/** Mean of exp(−γ‖aᵢ − bⱼ‖²) over all pairs of rows. */
function meanKernel(a: Numbers, b: Numbers, columns: number, gamma: number): number {
  const [n, m] = [a.length / columns, b.length / columns];
  let total = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      let squared = 0;
      for (let c = 0; c < columns; c++) squared += (at(a, i * columns + c) - at(b, j * columns + c)) ** 2;
      total += Math.exp(-gamma * squared);
    }
  }
  return total / (n * m);
}

/**
 * Squared maximum mean discrepancy (Gretton et al. 2012, eq. 5, biased V-statistic) with k(x, y) = exp(−γ‖x − y‖²):
 *   mean k(s, s′) + mean k(t, t′) − 2 mean k(s, t), over rows of source [n × columns] and target [m × columns]
 * 0 for equal samples. Feature scale matters: standardise first.
 */
export function squaredMmd(source: Numbers, target: Numbers, columns: number, gamma = 1): number {
  checkColumns(source, target, columns);
  return (
    meanKernel(source, source, columns, gamma) +
    meanKernel(target, target, columns, gamma) -
    2 * meanKernel(source, target, columns, gamma)
  );
}

/** Sample covariance [columns × columns], divisor n − 1; NaN for a single row. */
function covariance(rows: Numbers, columns: number): Float64Array {
  const n = rows.length / columns;
  const mean = new Float64Array(columns);
  for (let i = 0; i < rows.length; i++) mean[i % columns] = at(mean, i % columns) + at(rows, i) / n;
  const result = new Float64Array(columns * columns);
  for (let r = 0; r < n; r++) {
    for (let i = 0; i < columns; i++) {
      const di = at(rows, r * columns + i) - at(mean, i);
      for (let j = 0; j < columns; j++)
        result[i * columns + j] =
          at(result, i * columns + j) + di * (at(rows, r * columns + j) - at(mean, j));
    }
  }
  return result.map((x) => x / (n - 1));
}

/** Deep CORAL's distance (Sun & Saenko 2016, eq. 1): ‖C_s − C_t‖²_F / (4d²), C sample covariances. Blind to a mean shift. */
export function coralDistance(source: Numbers, target: Numbers, columns: number): number {
  checkColumns(source, target, columns);
  const [a, b] = [covariance(source, columns), covariance(target, columns)];
  const squares = a.reduce((sum, x, i) => sum + (x - at(b, i)) ** 2, 0);
  return squares / (4 * columns * columns);
}
