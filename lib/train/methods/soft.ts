import type { Scalar } from '@tensorflow/tfjs-core';
import { logSoftmax } from '@/lib/science/learning';
import type { Tf } from '../engine';
import type { PackedLabels } from '../networks';
import { type LossSpec, lossTensor } from './losses';
import type { StepView } from './trained';

/** Whether outputs are logits of classes. */
export const isClasses = (spec: LossSpec): boolean => spec.name.endsWith('cross-entropy');

/** softmax(z / T) of every row. */
export function softmaxRows(outputs: Float32Array, channels: number, temperature = 1): Float32Array {
  const log = new Float64Array(channels);
  const soft = new Float32Array(outputs.length);
  for (let from = 0; from < outputs.length; from += channels) {
    logSoftmax(outputs, from, channels, temperature, log);
    for (let c = 0; c < channels; c++) soft[from + c] = Math.exp(log[c] as number);
  }
  return soft;
}

const meanOf = (parts: readonly Float32Array[]): Float32Array => {
  const [first = new Float32Array(0)] = parts;
  return first.map((_, i) => parts.reduce((sum, part) => sum + (part[i] as number), 0) / parts.length);
};

/** Several networks as one: the mean of outputs, for classes the logarithm of the mean of probabilities. */
export function combineOutputs(
  spec: LossSpec,
  channels: number,
  outputs: readonly Float32Array[],
): Float32Array {
  if (!isClasses(spec)) return meanOf(outputs);
  return meanOf(outputs.map((each) => softmaxRows(each, channels))).map((p) => Math.log(Math.max(p, 1e-12)));
}

/** A teacher's outputs as labels: probabilities at temperature T for classes, the outputs themselves else. */
export function softLabels(
  spec: LossSpec,
  labels: PackedLabels,
  teacher: Float32Array,
  temperature: number,
): PackedLabels {
  const values = isClasses(spec) ? softmaxRows(teacher, labels.channels, temperature) : teacher;
  return { ...labels, values, ids: null };
}

/**
 * What a student minimises (Hinton, Vinyals & Dean 2015): (1 − w)·L(labels) + w·L_soft, with
 *   classes     L_soft = T² · KL(softmax(teacher/T) ‖ softmax(student/T)), mean over labelled rows
 *   regression  L_soft = the task's own loss against the teacher's outputs
 * @param soft the teacher's answers (`softLabels`) on the training pool
 */
export const studentObjective =
  (tf: Tf, soft: PackedLabels, { weight, temperature }: { weight: number; temperature: number }) =>
  ({ output, indices, step, spec, labels }: StepView): Scalar => {
    const own = weight < 1 ? lossTensor(tf, spec, output, labels, indices, step) : null;
    let taught: Scalar;
    if (isClasses(spec)) {
      const name = 'soft-cross-entropy' as const;
      // The loss is counted above the labels' own entropy: with soft labels it is the divergence.
      const divergence = lossTensor(
        tf,
        { name, classWeights: null },
        tf.div(output, temperature),
        soft,
        indices,
        step,
      );
      taught = tf.mul(divergence, temperature ** 2);
    } else {
      taught = lossTensor(tf, spec, output, soft, indices, step);
    }
    return own ? tf.add(tf.mul(own, 1 - weight), tf.mul(taught, weight)) : taught;
  };
