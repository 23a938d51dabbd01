import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { LossName } from '@/lib/science/core';
import type { Tf } from '../../engine';

/**
 * Negative log-likelihood of a loss L with learned noise s = ln σ² (Kendall, Gal & Cipolla 2018, eq. 7 and 10), up to
 * constants: Gaussian (l2) e⁻ˢL/2 + s/2, Laplace (l1) with b = σ e^(−s/2)·L + s/2, softmax of temperature σ² e⁻ˢL + s/2.
 */
function uncertainLoss(tf: Tf, name: LossName, loss: Scalar, s: Tensor): Tensor {
  const half = tf.mul(s, 0.5);
  if (name === 'l1') return tf.add(tf.mul(loss, tf.exp(tf.neg(half))), half);
  const precision = tf.exp(tf.neg(s));
  return tf.add(tf.mul(tf.mul(loss, precision), name === 'l2' ? 0.5 : 1), half);
}

/** How the losses of several tasks become one: by fixed weights, or by noises sₜ that are learned with the network. */
export type Weighting = { fixed: readonly number[] } | { logVariance: Tensor };

/** Mean over tasks of their weighted losses: with all weights 1 its gradient is the mean of the tasks' gradients. */
export function combineLosses(
  tf: Tf,
  losses: readonly Scalar[],
  names: readonly LossName[],
  weighting: Weighting,
): Scalar {
  const terms = losses.map((loss, i) => {
    if ('fixed' in weighting) return tf.mul(loss, weighting.fixed[i] ?? 1);
    const s = tf.slice(weighting.logVariance, [i], [1]);
    return uncertainLoss(tf, names[i] ?? 'l2', loss, s);
  });
  const sum = terms.map((term) => tf.reshape(term, [])).reduce((a, b) => tf.add(a, b));
  return tf.div(sum, terms.length) as Scalar;
}

/**
 * Soft sharing (Duong et al. 2015): λ Σ_{i<j} ‖Wᵢ − Wⱼ‖² over the tasks' own encoders, differentiable
 * (`pairwiseTie` is the same in closed form).
 */
export function tieLoss(tf: Tf, groups: readonly (readonly Tensor[])[], strength: number): Scalar {
  const vectors = groups.map((tensors) => tf.concat(tensors.map((tensor) => tf.reshape(tensor, [-1]))));
  const pairs = vectors.flatMap((a, i) =>
    vectors.slice(0, i).map((b): Tensor => tf.sum(tf.square(tf.sub(a, b)))),
  );
  const sum = pairs.reduce((a, b) => tf.add(a, b), tf.scalar(0));
  return tf.mul(sum, strength) as Scalar;
}
