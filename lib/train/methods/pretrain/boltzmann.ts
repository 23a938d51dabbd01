import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Tf } from '../../engine';

/** A restricted Boltzmann machine on the engine: W [visible × hidden], b [visible], c [hidden]. */
export interface Machine {
  weights: Tensor2D;
  visibleBias: Tensor1D;
  hiddenBias: Tensor1D;
}

/** p(h = 1 | v) = σ(c + vW) of each row of v [rows × visible]. */
export const hiddenUnits = (tf: Tf, { weights, hiddenBias }: Machine, v: Tensor2D): Tensor2D =>
  tf.sigmoid(tf.add(tf.matMul(v, weights), hiddenBias)) as Tensor2D;

/** p(v = 1 | h) = σ(b + hWᵀ) of each row of h [rows × hidden]. */
const visibleUnits = (tf: Tf, { weights, visibleBias }: Machine, h: Tensor2D): Tensor2D =>
  tf.sigmoid(tf.add(tf.matMul(h, weights, false, true), visibleBias)) as Tensor2D;

/** Mean over the units of (v − p(v | p(h | v)))² of each row: the error of reconstruction without sampling. */
export const reconstructionErrors = (tf: Tf, machine: Machine, v: Tensor2D): Tensor1D =>
  tf.mean(tf.squaredDifference(v, visibleUnits(tf, machine, hiddenUnits(tf, machine, v))), 1);

/** A unit is on where its number u in [0, 1) is below its probability. */
const drawn = (tf: Tf, p: Tensor2D, u: Tensor2D): Tensor2D => tf.cast(tf.less(u, p), 'float32') as Tensor2D;

type Save = (tensors: Tensor[]) => void;

/**
 * CD-1 (Hinton 2002; lib/science/learning/rbm.ts) in the shape of a loss, so that the one training loop can take its
 * steps: h₀ ~ p(h|v₀), v₁ ~ p(v|h₀), and
 *   value = mean (v₀ − p(v|h₀))²,  "∂/∂W" = (v₁ᵀp(h|v₁) − v₀ᵀp(h|v₀)) / N,  "∂/∂b" = mean (v₁ − v₀),  "∂/∂c" likewise
 * The slopes are not those of the value (contrastive divergence is no function's gradient: Sutskever & Tieleman 2010);
 * the value is what people look at. Plain SGD at rate η makes of them exactly W += η/N (v₀ᵀp(h|v₀) − v₁ᵀp(h|v₁)).
 * @param uniforms numbers in [0, 1) that draw h₀ [N × hidden] and v₁ [N × visible]
 */
export function contrastiveDivergence(
  tf: Tf,
  machine: Machine,
  v0: Tensor2D,
  uniforms: { hidden: Tensor2D; visible: Tensor2D },
): Scalar {
  const step = tf.customGrad((...args: unknown[]) => {
    const [weights, visibleBias, hiddenBias, save] = args as [Tensor2D, Tensor1D, Tensor1D, Save];
    const rbm = { weights, visibleBias, hiddenBias };
    const h0 = hiddenUnits(tf, rbm, v0);
    const expected = visibleUnits(tf, rbm, drawn(tf, h0, uniforms.hidden));
    const v1 = drawn(tf, expected, uniforms.visible);
    const h1 = hiddenUnits(tf, rbm, v1);
    const rows = v0.shape[0];
    const slopes = [
      tf.div(tf.sub(tf.matMul(v1, h1, true), tf.matMul(v0, h0, true)), rows),
      tf.mean(tf.sub(v1, v0), 0),
      tf.mean(tf.sub(h1, h0), 0),
    ];
    save(slopes);
    return {
      value: tf.mean(tf.squaredDifference(v0, expected)),
      gradFunc: (dy: Tensor, saved: Tensor[]) => saved.map((slope) => tf.mul(slope, dy)),
    };
  });
  return step(machine.weights, machine.visibleBias, machine.hiddenBias) as Scalar;
}
