import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { LossName } from '@/lib/science/core';
import { hostLoss, rowLoss, type Tf } from '../engine';
import type { PackedLabels } from '../networks';
import { metricLoss } from './metric-loss';

/**
 * Losses, written once for training, selection and test. With o the output row, y its label, w the row's
 * weight (0 where there is no label; the class weight for balanced cross-entropy):
 *   l1  Σ w·|o − y| / (C·Σ w)          l2  Σ w·(o − y)² / (C·Σ w)
 *   cross-entropy      Σ w·(ln Σ_k e^{o_k} − o_y) / Σ w
 *   soft-cross-entropy the same of shares y_k less their own entropy (the Kullback–Leibler divergence), so that the
 *                      right shares have loss 0 and a skill 1 − L / L_mean can reach 1:
 *                      Σ w·Y·(ln Σ_k e^{o_k} + Σ_k (y_k/Y)·ln(y_k/Y)) − w·Σ_k y_k·o_k, over Σ w, with Y = Σ_k y_k
 *   metric             over pairs of pixels of an image (`metricLoss`), mean over images
 * In training Σ runs over the batch; per image it runs over the image (NaN when Σ w = 0).
 */
export interface LossSpec {
  name: LossName;
  /** Weight of each class for balanced cross-entropy; null otherwise. */
  classWeights: Float32Array | null;
}

/** Weight of one labelled row. */
export const rowWeight = ({ classWeights }: LossSpec, { ids }: PackedLabels, row: number): number =>
  classWeights && ids ? (classWeights[ids[row] as number] as number) : 1;

/** Σ w over the rows of one example. */
function exampleWeight(spec: LossSpec, labels: PackedLabels, example: number): number {
  const { rows, valid } = labels;
  const end = (example + 1) * rows;
  let weight = 0;
  for (let row = example * rows; row < end; row++)
    if (valid[row] !== 0) weight += rowWeight(spec, labels, row);
  return weight;
}

/** Σ of |o − y| or (o − y)² over one example; writes `scale` × its gradient. */
function regressionSum(
  squared: boolean,
  output: Float32Array,
  from: number,
  labels: PackedLabels,
  example: number,
  gradient: Float32Array | null,
  scale: number,
): number {
  const { rows, channels, valid } = labels;
  const values = labels.values as Float32Array;
  const base = example * rows;
  let sum = 0;
  for (let r = 0; r < rows; r++) {
    if (valid[base + r] === 0) continue;
    const shift = (base + r) * channels - from - r * channels;
    const end = from + (r + 1) * channels;
    for (let i = from + r * channels; i < end; i++) {
      const difference = (output[i] as number) - (values[i + shift] as number);
      sum += squared ? difference * difference : Math.abs(difference);
      if (!gradient) continue;
      if (squared) gradient[i] = 2 * scale * difference;
      else gradient[i] = difference > 0 ? scale : difference < 0 ? -scale : 0;
    }
  }
  return sum;
}

/** Σ_k y_k·ln(y_k / Σ y) of a row of shares: minus the least cross-entropy that any answer to it can have. */
export function shareLogs({ values, channels }: PackedLabels, row: number): number {
  const at = row * channels;
  let total = 0;
  let logs = 0;
  for (let c = 0; c < channels; c++) {
    const y = values?.[at + c] ?? 0;
    total += y;
    if (y > 0) logs += y * Math.log(y);
  }
  return total > 0 ? logs - total * Math.log(total) : 0;
}

/** The same over the labelled rows of the examples, divided by their number: what the engine's kernel leaves out. */
function meanShareLogs(labels: PackedLabels, indices: ArrayLike<number>): number {
  const { rows, valid } = labels;
  let sum = 0;
  let count = 0;
  for (let i = 0; i < indices.length; i++) {
    const first = (indices[i] as number) * rows;
    for (let row = first; row < first + rows; row++) {
      if (valid[row] === 0) continue;
      sum += shareLogs(labels, row);
      count++;
    }
  }
  return sum / Math.max(1, count);
}

/** Cross-entropy of one row (of shares: above their own entropy), unweighted; writes `scale` × its gradient. */
function classRow(
  output: Float32Array,
  at: number,
  labels: PackedLabels,
  row: number,
  gradient: Float32Array | null,
  scale: number,
): number {
  const { channels, ids, values } = labels;
  let top = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < channels; c++) {
    const o = output[at + c] as number;
    // NaN fails every comparison: let it through, so that a broken output shows in the loss.
    if (!(o <= top)) top = o;
  }
  let sum = 0;
  for (let c = 0; c < channels; c++) {
    const power = Math.exp((output[at + c] as number) - top);
    sum += power;
    if (gradient) gradient[at + c] = power;
  }
  let total = 1;
  let fit = 0;
  if (ids) fit = output[at + (ids[row] as number)] as number;
  else if (values) {
    total = 0;
    for (let c = 0; c < channels; c++) {
      const y = values[row * channels + c] as number;
      total += y;
      fit += y * (output[at + c] as number);
    }
  }
  if (gradient) {
    const share = (scale * total) / sum;
    for (let c = 0; c < channels; c++) {
      const y = values ? (values[row * channels + c] as number) : 0;
      gradient[at + c] = share * (gradient[at + c] as number) - scale * y;
    }
    if (ids) {
      const own = at + (ids[row] as number);
      gradient[own] = (gradient[own] as number) - scale;
    }
  }
  const least = ids ? 0 : shareLogs(labels, row);
  return total * (top + Math.log(sum)) - fit + least;
}

/** Σ w·loss over one example whose outputs begin at `from`; writes `scale` × its gradient. */
function exampleSum(
  spec: LossSpec,
  output: Float32Array,
  from: number,
  labels: PackedLabels,
  example: number,
  gradient: Float32Array | null,
  scale: number,
): number {
  const { rows, channels, valid } = labels;
  if (spec.name === 'l1' || spec.name === 'l2') {
    const each = scale / channels;
    return regressionSum(spec.name === 'l2', output, from, labels, example, gradient, each) / channels;
  }
  let sum = 0;
  for (let r = 0; r < rows; r++) {
    const row = example * rows + r;
    if (valid[row] === 0) continue;
    const w = rowWeight(spec, labels, row);
    sum += w * classRow(output, from + r * channels, labels, row, gradient, scale * w);
  }
  return sum;
}

/**
 * One loss per image.
 * @param output outputs of the examples `indices` in packed layout, one after another
 */
export function imageLosses(
  spec: LossSpec,
  output: Float32Array,
  labels: PackedLabels,
  indices: ArrayLike<number>,
): Float32Array {
  const size = labels.rows * labels.channels;
  return Float32Array.from({ length: indices.length }, (_, i) => {
    const example = indices[i] as number;
    if (spec.name === 'metric') {
      const { loss, pairs } = metricLoss(output, i * size, labels, example, { draw: -1 });
      return pairs > 0 ? loss : Number.NaN;
    }
    const weight = exampleWeight(spec, labels, example);
    return weight > 0 ? exampleSum(spec, output, i * size, labels, example, null, 0) / weight : Number.NaN;
  });
}

/** What the examples weigh in the mean over a batch: Σ w over their rows, or their number for the metric loss. */
export function examplesWeight(spec: LossSpec, labels: PackedLabels, indices: ArrayLike<number>): number {
  if (spec.name === 'metric') return indices.length;
  let weight = 0;
  for (let i = 0; i < indices.length; i++) weight += exampleWeight(spec, labels, indices[i] as number);
  return weight;
}

/** Where a batch's loss writes its gradient, and the training step, by which the metric loss chooses its pixels. */
interface BatchPlace {
  gradient: Float32Array;
  step: number;
}

/** Mean metric loss of a batch. */
function metricBatch(
  output: Float32Array,
  labels: PackedLabels,
  indices: ArrayLike<number>,
  { gradient, step }: BatchPlace,
): number {
  const size = labels.rows * labels.channels;
  const scale = 1 / indices.length;
  const options = { draw: step, gradient, scale };
  let loss = 0;
  for (let i = 0; i < indices.length; i++) {
    loss += scale * metricLoss(output, i * size, labels, indices[i] as number, options).loss;
  }
  return loss;
}

/** Mean loss of a batch; its gradient to the outputs is written to `place.gradient` (zero so far). Without any label 0. */
function batchLossInto(
  spec: LossSpec,
  output: Float32Array,
  labels: PackedLabels,
  indices: ArrayLike<number>,
  place: BatchPlace,
): number {
  if (spec.name === 'metric') return metricBatch(output, labels, indices, place);
  const size = labels.rows * labels.channels;
  const weight = examplesWeight(spec, labels, indices);
  if (weight === 0) return 0;
  let sum = 0;
  for (let i = 0; i < indices.length; i++) {
    sum += exampleSum(spec, output, i * size, labels, indices[i] as number, place.gradient, 1 / weight);
  }
  return sum / weight;
}

/** Mean loss of a batch and its gradient to the outputs. A batch without any label has loss 0. */
export function batchLoss(
  spec: LossSpec,
  output: Float32Array,
  labels: PackedLabels,
  indices: ArrayLike<number>,
  step = 0,
): { loss: number; gradient: Float32Array } {
  const gradient = new Float32Array(output.length);
  const loss = batchLossInto(spec, output, labels, indices, { gradient, step });
  return { loss, gradient };
}

/**
 * The same as a differentiable scalar: by the engine's kernel where it has one, else loss and gradient in one
 * JavaScript pass over the output, which beats a chain of small kernels; first derivatives only. `step` chooses the
 * pixels that the metric loss compares.
 */
export function lossTensor(
  tf: Tf,
  spec: LossSpec,
  output: Tensor,
  labels: PackedLabels,
  indices: Int32Array,
  step = 0,
): Scalar {
  if (spec.name !== 'metric') {
    const name = spec.name === 'l1' || spec.name === 'l2' ? spec.name : 'cross-entropy';
    const own = rowLoss(tf, { name, output, labels, indices, classWeights: spec.classWeights });
    if (own !== null)
      return spec.name === 'soft-cross-entropy' ? tf.add(own, meanShareLogs(labels, indices)) : own;
  }
  return hostLoss(tf, output, (values, gradient) =>
    batchLossInto(spec, values, labels, indices, { gradient, step }),
  );
}

/**
 * Class weights 1 / (K · frequency), clipped to [0.1, 10], over the valid rows of a pool. Always taken from
 * the transfer pool, so that every candidate of a target is measured by the same loss.
 */
export function balancedWeights(labels: PackedLabels): Float32Array {
  const counts = new Float64Array(labels.channels);
  let total = 0;
  labels.ids?.forEach((id, row) => {
    if (labels.valid[row] === 0) return;
    counts[id] = (counts[id] as number) + 1;
    total++;
  });
  return Float32Array.from(counts, (count) => {
    const balanced = total / (labels.channels * Math.max(1, count));
    return Math.min(10, Math.max(0.1, balanced));
  });
}

/** Mean over images that have a loss; NaN if none has. */
export function meanLoss(losses: Float32Array): number {
  let sum = 0;
  let count = 0;
  for (const loss of losses) {
    if (Number.isNaN(loss)) continue;
    sum += loss;
    count++;
  }
  return count > 0 ? sum / count : Number.NaN;
}
