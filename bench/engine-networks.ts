import type { Scalar, Tensor, Tensor1D, Tensor4D, Variable } from '@tensorflow/tfjs-core';
import { createRng } from '@/lib/science/core/rng';
import { convolution, heNormal, layerNorm, type Tf } from '@/lib/train/engine';

/** One convolution of a bench network: filter side, stride, channels out; ReLU unless it is the last. */
export interface ConvLayer {
  readonly kernel: number;
  readonly stride: number;
  readonly channels: number;
  /** Nearest-neighbour doubling of its input first (decoder of the reference network). */
  readonly double?: boolean;
}

export interface BenchNetwork {
  readonly name: string;
  readonly side: number;
  readonly channels: number;
  readonly layers: readonly ConvLayer[];
  /** Layer normalisation before each ReLU. */
  readonly normalised?: boolean;
}

const conv = (kernel: number, channels: number, stride = 1, double = false): ConvLayer => ({
  kernel,
  stride,
  channels,
  double,
});

/** ENGINE.md's reference: 64×64×3, four convolutions to 8×8×64, decoder back to 64×64×1, normalise + ReLU. */
export const REFERENCE: BenchNetwork = {
  name: 'reference',
  normalised: true,
  side: 64,
  channels: 3,
  layers: [
    conv(3, 16, 2),
    conv(3, 32, 2),
    conv(3, 64, 2),
    conv(3, 64),
    conv(3, 32, 1, true),
    conv(3, 16, 1, true),
    conv(3, 8, 1, true),
    conv(3, 1),
  ],
};

/** The tiny preset (DESIGN §4) on a task of three channels: source network, and the two-convolution head. */
export const TINY_SOURCE: BenchNetwork = {
  name: 'tiny source',
  side: 16,
  channels: 48,
  layers: [conv(1, 24), conv(3, 32, 2), conv(3, 32), conv(1, 8), conv(3, 24), conv(3, 24), conv(1, 48)],
};
export const TINY_HEAD: BenchNetwork = {
  name: 'tiny head',
  side: 8,
  channels: 8,
  layers: [conv(3, 24), conv(3, 24), conv(1, 48)],
};

/** Multiply-adds × 2 of one image's training step: forward, filter gradient, and input gradient but for the first layer. */
export function stepFlops(network: BenchNetwork): number {
  let { side, channels } = network;
  let flops = 0;
  network.layers.forEach((layer, i) => {
    side = (side * (layer.double ? 2 : 1)) / layer.stride;
    flops += 2 * side * side * layer.kernel ** 2 * channels * layer.channels * (i === 0 ? 2 : 3);
    channels = layer.channels;
  });
  return flops;
}

export interface Trainer {
  /** One step on the batch; returns the loss. */
  step(): number;
  dispose(): void;
}

/** How a step is computed: `plain` is what any TensorFlow.js user writes; `engine` uses the engine's own operations. */
export type Style = 'plain' | 'engine';

interface LayerWeights {
  readonly filter: Tensor4D;
  readonly bias: Tensor1D;
  readonly norm: { readonly gain: Tensor1D; readonly bias: Tensor1D } | null;
}

function plainLayer(tf: Tf, layer: ConvLayer, x: Tensor4D, weights: LayerWeights, relu: boolean): Tensor4D {
  const { filter, bias, norm } = weights;
  const activation = relu && norm === null ? 'relu' : 'linear';
  const y = tf.fused.conv2d({ x, filter, bias, strides: layer.stride, pad: 'same', activation });
  if (norm === null) return y;
  const centred = tf.sub(y, tf.mean(y, [1, 2, 3], true));
  const variance = tf.mean(tf.square(centred), [1, 2, 3], true);
  const scaled: Tensor4D = tf.add(
    tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-5))), norm.gain),
    norm.bias,
  );
  return tf.relu(scaled);
}

function engineLayer(tf: Tf, layer: ConvLayer, x: Tensor4D, weights: LayerWeights, relu: boolean): Tensor4D {
  const { filter, bias, norm } = weights;
  const activation = relu && norm === null ? 'relu' : 'linear';
  const y = convolution(tf, { x, filter, bias, stride: layer.stride, activation });
  return norm === null ? y : layerNorm(tf, { x: y, ...norm, activation: 'relu' });
}

/** Variables of a network in order, and each layer's weights among them. The same numbers on every backend. */
function createWeights(tf: Tf, network: BenchNetwork): { variables: Variable[]; layers: LayerWeights[] } {
  const rng = createRng('bench', network.name);
  const variables: Variable[] = [];
  const variable = (shape: number[], values: Float32Array): Tensor => {
    const start = tf.tensor(values, shape);
    const made = tf.variable(start);
    start.dispose();
    variables.push(made);
    return made as unknown as Tensor;
  };
  let { channels } = network;
  const layers = network.layers.map((layer, i): LayerWeights => {
    const co = layer.channels;
    const shape = [layer.kernel, layer.kernel, channels, co];
    channels = co;
    const vector = (value: number): Tensor1D => variable([co], new Float32Array(co).fill(value)) as Tensor1D;
    const filter = variable(shape, heNormal(rng, shape)) as Tensor4D;
    const bias = vector(0);
    const normalised = network.normalised === true && i < network.layers.length - 1;
    return { filter, bias, norm: normalised ? { gain: vector(1), bias: vector(0) } : null };
  });
  return { variables, layers };
}

/** What the optimisers under test have in common. */
export interface BenchOptimiser {
  apply(gradients: readonly Tensor[]): void;
  dispose(): void;
}

/** Builds network, data and optimiser. Training data are random numbers: time does not depend on them. */
export function createTrainer(
  tf: Tf,
  network: BenchNetwork,
  batch: number,
  style: Style,
  createOptimiser: (variables: Variable[]) => BenchOptimiser,
): Trainer {
  const rng = createRng('bench data', network.name);
  const constant = (shape: number[]): Tensor =>
    tf.tensor(
      Float32Array.from({ length: shape.reduce((p, s) => p * s, 1) }, () => rng.next()),
      shape,
    );
  const { variables, layers } = createWeights(tf, network);
  const x = constant([batch, network.side, network.side, network.channels]) as Tensor4D;
  const forward = (): Tensor4D =>
    network.layers.reduce((value, layer, i) => {
      const weights = layers[i];
      if (weights === undefined) return value;
      const [, h, w] = value.shape;
      const input = layer.double ? tf.image.resizeNearestNeighbor(value, [2 * h, 2 * w]) : value;
      const relu = i < network.layers.length - 1;
      return (style === 'engine' ? engineLayer : plainLayer)(tf, layer, input, weights, relu);
    }, x);
  const target = constant(tf.tidy(() => forward().shape));
  const optimiser = createOptimiser(variables);
  return {
    step: () => {
      const { value, grads } = tf.variableGrads(
        () => tf.mean(tf.abs(tf.sub(forward(), target))) as Scalar,
        variables,
      );
      optimiser.apply(variables.map((v) => grads[v.name] as Tensor));
      const loss = value.dataSync()[0] ?? Number.NaN;
      tf.dispose([value, grads]);
      return loss;
    },
    dispose: () => {
      tf.dispose([x, target, ...variables]);
      optimiser.dispose();
    },
  };
}
