import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine';
import type { ParameterStore, Weights } from '../networks';

/**
 * L2-SP (Li, Grandvalet & Davoine 2018): α/2 · Σ (w − w⁰)² over the parameters that `anchors` names. Differentiable;
 * the anchors are made anew inside each step's tidy.
 */
export const tiePenalty =
  (tf: Tf, anchors: Weights, strength: number) =>
  (parameters: ParameterStore): Scalar => {
    let total: Tensor = tf.scalar(0);
    for (const [name, start] of anchors) {
      const variable = parameters.get(name);
      const moved = tf.sub(variable, tf.tensor(start, variable.shape));
      total = tf.add(total, tf.sum(tf.square(moved)));
    }
    return tf.mul(total, strength / 2) as Scalar;
  };
