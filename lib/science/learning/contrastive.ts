import { TaskatlasError } from '../core';
import { at, matmul, type Numbers, transpose } from '../numerics';
import type { LossAndGradient } from './distillation';
import { logSoftmax } from './softmax';

/** Rows of a matrix divided by their lengths, and the lengths. */
function unitRows(z: Numbers, columns: number): { unit: Float64Array; lengths: Float64Array } {
  const lengths = Float64Array.from({ length: z.length / columns }, (_, row) => {
    let square = 0;
    for (let c = 0; c < columns; c++) square += at(z, row * columns + c) ** 2;
    return Math.max(1e-12, Math.sqrt(square));
  });
  return { unit: Float64Array.from(z, (x, i) => x / at(lengths, Math.floor(i / columns))), lengths };
}

/** ∂L/∂z = (g − (g·u)u) / |z| for u = z/|z| and g = ∂L/∂u. */
function throughUnit(g: Numbers, unit: Numbers, lengths: Numbers, columns: number): Float64Array {
  return Float64Array.from(g, (slope, i) => {
    const row = Math.floor(i / columns);
    let along = 0;
    for (let c = 0; c < columns; c++) along += at(g, row * columns + c) * at(unit, row * columns + c);
    return (slope - along * at(unit, i)) / at(lengths, row);
  });
}

export interface ContrastiveLoss extends LossAndGradient {
  /** Loss of each row: of each view. */
  rows: Float64Array;
}

/**
 * Normalised temperature-scaled cross-entropy, NT-Xent (SimCLR: Chen et al. 2020, eq. 1). Rows i and i + N of z
 * [2N × columns] are two views of one picture; with s = cosine similarity
 *   Lᵢ = −ln( e^{s(i, pair(i))/τ} / Σ_{k≠i} e^{s(i, k)/τ} ),  L = 1/(2N) Σᵢ Lᵢ
 * Gradient by z. A row of zeros is like nothing: similarity 0.
 * Throws `invalid-input` on fewer than two pictures, an odd number of rows or τ ≤ 0.
 */
export function contrastiveLoss(z: Numbers, columns: number, temperature: number): ContrastiveLoss {
  const count = z.length / columns;
  if (!Number.isInteger(count) || count % 2 !== 0 || count < 4) {
    throw new TaskatlasError(
      'invalid-input',
      `a contrastive loss needs two views of at least two pictures, got ${count} rows`,
    );
  }
  if (!(temperature > 0)) {
    throw new TaskatlasError('invalid-input', `temperature must be positive, got ${temperature}`);
  }
  const { unit, lengths } = unitRows(z, columns);
  const similarity = matmul(unit, transpose(unit, count, columns), count, columns, count);
  const rows = new Float64Array(count);
  const slopes = new Float64Array(count * count);
  const logs = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const pair = (i + count / 2) % count;
    similarity[i * count + i] = Number.NEGATIVE_INFINITY;
    logSoftmax(similarity, i * count, count, temperature, logs);
    rows[i] = -at(logs, pair);
    for (let k = 0; k < count; k++) {
      slopes[i * count + k] = (Math.exp(at(logs, k)) - (k === pair ? 1 : 0)) / (count * temperature);
    }
  }
  // s(i, k) depends on both of its rows.
  const both = transpose(slopes, count, count).map((slope, i) => slope + at(slopes, i));
  const gradient = throughUnit(matmul(both, unit, count, count, columns), unit, lengths, columns);
  return { loss: rows.reduce((sum, row) => sum + row / count, 0), rows, gradient };
}
