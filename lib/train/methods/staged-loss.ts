import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { batchArray, rowsTensor, type Tf } from '../engine';
import type { PackedLabels } from '../networks';
import { type LossSpec, rowWeight, shareLogs } from './losses';

/** A loss in two parts: numbers that belong to a batch, and operations on them that are the same for every batch. */
export interface StagedLoss {
  /** The batch's labels (0 where there is none), its scale, and the weights of its rows where they differ. */
  inputs(tf: Tf, indices: Int32Array): Tensor[];
  /** Mean loss of the batch by operations alone, differentiable in `output`; `inputs` as made above. */
  loss(tf: Tf, output: Tensor, inputs: readonly Tensor[]): Scalar;
}

/** What is known of every example before training: weights of its rows, and sums over them. */
interface Weighing {
  /** Null where every row has a label and none weighs more than another. */
  readonly weights: Float32Array | null;
  /** Σ w over an example's rows. */
  readonly total: Float64Array;
  /** Σ w·(Σ_k y_k ln y_k/Y), what a soft label's own entropy takes off the cross-entropy; zeros for other losses. */
  readonly least: Float64Array;
}

function weigh(spec: LossSpec, labels: PackedLabels): Weighing {
  const { rows, examples, valid } = labels;
  const weights = new Float32Array(examples * rows);
  const total = new Float64Array(examples);
  const least = new Float64Array(examples);
  for (let row = 0; row < weights.length; row++) {
    if (valid[row] === 0) continue;
    const weight = rowWeight(spec, labels, row);
    const example = Math.floor(row / rows);
    weights[row] = weight;
    total[example] = (total[example] as number) + weight;
    if (spec.name === 'soft-cross-entropy')
      least[example] = (least[example] as number) + weight * shareLogs(labels, row);
  }
  return { weights: weights.every((weight) => weight === 1) ? null : weights, total, least };
}

/** Values or classes of the rows of a batch, one example after another; `complete`: no row is without a label. */
function batchLabels(
  { values, ids, rows, channels, valid }: PackedLabels,
  indices: Int32Array,
  complete: boolean,
): Float32Array {
  const width = ids ? 1 : channels;
  const size = rows * width;
  const y = batchArray(indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    const example = indices[i] as number;
    if (values) y.set(values.subarray(example * size, (example + 1) * size), i * size);
    else if (ids) y.set(ids.subarray(example * size, (example + 1) * size), i * size);
    for (let r = 0; r < rows && !complete; r++)
      if (valid[example * rows + r] === 0) y.fill(0, i * size + r * width, i * size + (r + 1) * width);
  }
  return y;
}

type GradSaver = (tensors: Tensor[]) => void;

/** Loss of each element o of a row before weights, and its derivative by o. */
function elements(tf: Tf, spec: LossSpec, labels: PackedLabels, o: Tensor, y: Tensor): [Tensor, Tensor] {
  if (spec.name === 'l1' || spec.name === 'l2') {
    const difference = tf.sub(o, y);
    if (spec.name === 'l1') return [tf.abs(difference), tf.sign(difference)];
    return [tf.square(difference), tf.mul(difference, 2)];
  }
  // WebAssembly's oneHot writes integers whatever type it is asked for.
  const shares = labels.ids
    ? tf.cast(tf.oneHot(tf.cast(y as never, 'int32'), labels.channels), 'float32')
    : y;
  const logs = tf.logSoftmax(o);
  const softmax = tf.exp(logs);
  const sum = labels.ids ? softmax : tf.mul(softmax, tf.sum(shares, 1, true));
  return [tf.neg(tf.mul(shares, logs)), tf.sub(sum, shares)];
}

/**
 * The losses of `losses.ts` by operations of the backend, for steps that are compiled:
 * Σ w·loss(o, y) / Σ w over the rows of the batch, 0 without any label. First derivatives only.
 * @returns null for the metric loss, which only JavaScript computes
 */
export function stagedLoss(spec: LossSpec, labels: PackedLabels): StagedLoss | null {
  if (spec.name === 'metric') return null;
  const { rows, channels, ids } = labels;
  const regression = spec.name === 'l1' || spec.name === 'l2';
  // Only where a step is compiled: it passes over all labels.
  let weighed: Weighing | null = null;
  const weighing = (): Weighing => {
    weighed ??= weigh(spec, labels);
    return weighed;
  };
  return {
    inputs: (tf, indices) => {
      const { weights, total, least } = weighing();
      const sum = (of: Float64Array): number => indices.reduce((all, i) => all + (of[i] as number), 0);
      const all = sum(total);
      const scale = all > 0 ? 1 / (all * (regression ? channels : 1)) : 0;
      const y = tf.tensor(
        batchLabels(labels, indices, weights === null),
        ids ? [indices.length * rows] : [indices.length * rows, channels],
      );
      const scalars = [tf.scalar(scale), tf.scalar(sum(least) * scale)];
      return weights === null
        ? [y, ...scalars]
        : [y, ...scalars, rowsTensor(tf, weights, rows, indices, [indices.length * rows, 1])];
    },
    loss: (tf, output, [y, scale, shift, w]) => {
      // One pass for loss and gradient each: tfjs would go through the derivative of every operation.
      const sum = tf.customGrad((...args: unknown[]) => {
        const [o, save] = args as [Tensor, GradSaver];
        const [each, slope] = elements(tf, spec, labels, o, y as Tensor);
        // What the gradient needs is saved: a batch's tensors may be gone by then.
        save([w ? tf.mul(slope, w) : slope]);
        const value = tf.sum(w ? tf.mul(each, w) : each);
        return {
          value,
          gradFunc: (dy: Tensor, [saved]: Tensor[]) => tf.mul(saved as Tensor, dy),
        };
      });
      const flat = tf.reshape(output, [-1, channels]);
      return tf.add(tf.mul(sum(flat), scale as Tensor), shift as Tensor) as Scalar;
    },
  };
}
