import { TaskatlasError } from '../core';
import { argMax, at, type Numbers } from '../numerics';

export interface PseudoLabels {
  /** Rows whose confidence reaches the threshold, in order, and their classes. */
  selected: number[];
  labels: number[];
  /** Largest softmax probability of every row. */
  confidence: Float64Array;
}

/**
 * Confident predictions as labels (Lee 2013; FixMatch, Sohn et al. 2020, section 2): rows of logits [N × classes]
 * whose largest softmax probability is ≥ `threshold` (a tie keeps the row) take their likeliest class, the first of equals.
 */
export function pseudoLabels(logits: Numbers, classes: number, threshold: number): PseudoLabels {
  const rows = logits.length / classes;
  if (!Number.isInteger(rows))
    throw new TaskatlasError('invalid-input', `logits are not rows of ${classes} classes`);
  const confidence = new Float64Array(rows);
  const selected: number[] = [];
  const labels: number[] = [];
  for (let row = 0; row < rows; row++) {
    const own = Float64Array.from({ length: classes }, (_, c) => at(logits, row * classes + c));
    const best = argMax(own);
    const top = at(own, best);
    // p of the likeliest class is 1 / Σ exp(z − max): exactly the threshold where it should be.
    confidence[row] = 1 / own.reduce((sum, z) => sum + Math.exp(z - top), 0);
    if (at(confidence, row) >= threshold) {
      selected.push(row);
      labels.push(best);
    }
  }
  return { selected, labels, confidence };
}
