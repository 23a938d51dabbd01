import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import type { Layer, LayerPlan } from '@/lib/science/catalog/presets-layers';
import { convolution, layerNorm, type Tf } from '../engine';

/** Looks a weight up by name; a variable where it is trained, a constant where it is frozen. */
export type WeightLookup = (name: string) => Tensor;

/**
 * Cross-stitch unit: Σⱼ αⱼ ⊙ xⱼ over the columns j, whose maps lie side by side in the channels of `x`
 * (N × h × w × kC → N × h × w × C), α of shape [k, C].
 */
function stitch(tf: Tf, x: Tensor4D, mix: Tensor2D): Tensor {
  const [n, h, w] = x.shape;
  const [columns, channels] = mix.shape;
  const mixed = tf.reshape(tf.mul(x, tf.reshape(mix, [-1])), [-1, columns, channels]);
  return tf.reshape(tf.sum(mixed, 1), [n, h, w, channels]);
}

function layerForward(tf: Tf, layer: Layer, x: Tensor, weight: WeightLookup): Tensor {
  const { name } = layer;
  if (layer.kind === 'layer-norm') {
    const [gain, bias] = [weight(`${name}/gain`) as Tensor1D, weight(`${name}/bias`) as Tensor1D];
    return layerNorm(tf, { x: x as Tensor4D, gain, bias, activation: layer.activation ?? 'linear' });
  }
  if (layer.kind === 'stitch') return stitch(tf, x as Tensor4D, weight(`${name}/mix`) as Tensor2D);
  if (layer.kind === 'max-pool') return tf.maxPool(x as Tensor4D, 3, 2, 'same');
  const bias = weight(`${name}/bias`) as Tensor1D;
  if (layer.kind === 'dense') {
    const flat =
      x.rank === 2 ? (x as Tensor2D) : (tf.reshape(x, [x.shape[0] ?? 0, layer.inSize]) as Tensor2D);
    return tf.fused.matMul({
      a: flat,
      b: weight(`${name}/kernel`) as Tensor2D,
      bias,
      activation: layer.activation,
    });
  }
  const { activation } = layer;
  const y = convolution(tf, {
    x: x as Tensor4D,
    filter: weight(`${name}/kernel`) as Tensor4D,
    bias,
    stride: layer.stride,
    activation: activation === 'relu' ? 'relu' : 'linear',
  });
  return activation === 'sigmoid' ? tf.sigmoid(y) : y;
}

/**
 * Runs a plan: pure, differentiable, leaves intermediate tensors to the caller's tidy.
 * Input N × side × side × channels; output of the plan's last block. A siamese block takes views·N pictures, the
 * first picture of every example, then the second of every example, and so on.
 */
export function forward(tf: Tf, plan: LayerPlan, weight: WeightLookup, input: Tensor): Tensor {
  let x = input;
  for (const block of plan) {
    const outputs = block.streams.map((stream) =>
      stream.reduce((value, layer) => layerForward(tf, layer, value, weight), x),
    );
    const [first] = outputs;
    if (!first) continue;
    if (block.join === 'sum') x = tf.relu(outputs.slice(1).reduce((sum, y) => tf.add(sum, y), first));
    else x = outputs.length === 1 ? first : tf.concat(outputs, 3);
    if (block.views && block.joinsViews) x = tf.concat(tf.split(x, block.views, 0), 3);
  }
  return x;
}

/**
 * The numbers of what `compute` returns; everything else that it makes is freed. Use this, not a tidy that
 * returns an array: a tidy looks for tensors among all of the array's elements.
 */
export function valuesOf(tf: Tf, compute: () => Tensor): Float32Array {
  const result = tf.tidy(compute);
  const values = result.dataSync() as Float32Array;
  result.dispose();
  return values;
}
