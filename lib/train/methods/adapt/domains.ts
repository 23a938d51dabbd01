import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayerPlan } from '@/lib/science/catalog/presets-layers';
import { reversalFactor } from '@/lib/science/learning';
import type { Tf } from '../../engine';
import { forward, type WeightLookup } from '../../networks';

/** Identity whose gradient is multiplied by `factor` on its way back. */
const scaleGradient = (tf: Tf, x: Tensor, factor: number): Tensor =>
  tf.customGrad((input) => ({
    value: (input as Tensor).clone(),
    gradFunc: (dy) => tf.mul(dy as Tensor, factor),
  }))(x);

/** Gradient reversal layer of weight λ (Ganin & Lempitsky 2015, eq. 9–10): R(x) = x, dR/dx = −λ I. */
export const reverseGradient = (tf: Tf, x: Tensor, weight: number): Tensor =>
  scaleGradient(tf, x, reversalFactor(weight));

/** Identity that lets no gradient through. */
export const stopGradient = (tf: Tf, x: Tensor): Tensor => scaleGradient(tf, x, 0);

/** Mean cross-entropy of logits against one domain, ln(1 + e^(∓z)) = max(0, ∓z) + ln(1 + e^(−|z|)): nothing overflows. */
export function domainLoss(tf: Tf, logits: Tensor, isSource: boolean): Tensor {
  const z = isSource ? tf.neg(logits) : logits;
  return tf.mean(tf.add(tf.relu(z), tf.log(tf.add(1, tf.exp(tf.neg(tf.abs(z)))))));
}

/** Keeps the division finite where all channels are 0. */
const LEAST_SQUARE = 1e-8;

/**
 * The code at every position at length √channels: x / √(mean x² + ε) over its channels (Karras et al. 2018, section
 * 4.2). The critic cannot see how large codes are, so the encoder gains nothing by letting them grow.
 */
export const unitCode = (tf: Tf, code: Tensor): Tensor =>
  tf.div(code, tf.sqrt(tf.add(tf.mean(tf.square(code), -1, true), LEAST_SQUARE)));

/** The discriminator's logits on codes, above 0 for the source domain. */
export const tellDomain = (tf: Tf, plan: LayerPlan, weight: WeightLookup, code: Tensor): Tensor =>
  forward(tf, plan, weight, unitCode(tf, code));

/** The discriminator's loss on codes of both domains, half of it from each. */
export function discriminate(
  tf: Tf,
  plan: LayerPlan,
  weight: WeightLookup,
  source: Tensor,
  target: Tensor,
): Tensor {
  const on = (code: Tensor, isSource: boolean): Tensor =>
    domainLoss(tf, tellDomain(tf, plan, weight, code), isSource);
  return tf.div(tf.add(on(source, true), on(target, false)), 2);
}

/** Sample covariance of the rows of a matrix, divisor n − 1. */
function covariance(tf: Tf, rows: Tensor): Tensor {
  const centred = tf.sub(rows, tf.mean(rows, 0, true));
  return tf.div(tf.matMul(centred, centred, true, false), Math.max(1, (rows.shape[0] ?? 0) - 1));
}

/**
 * Deep CORAL's distance ‖C_s − C_t‖²_F / (4d²) of two batches of codes (Sun & Saenko 2016, eq. 1), differentiable; the
 * same number as `coralDistance` of lib/science/learning.
 */
export function coralLoss(tf: Tf, source: Tensor, target: Tensor): Tensor {
  const flat = (code: Tensor): Tensor => tf.reshape(code, [code.shape[0] ?? 0, -1]);
  const [a, b] = [flat(source), flat(target)];
  const d = a.shape[1] ?? 1;
  return tf.div(tf.sum(tf.square(tf.sub(covariance(tf, a), covariance(tf, b)))), 4 * d * d);
}
