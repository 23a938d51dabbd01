import type { Scalar, Tensor, Tensor1D, Tensor4D, Variable } from '@tensorflow/tfjs-core';
import { createRng } from '@/lib/science/core/rng';
import { convolution, heNormal, type Tf } from '@/lib/train/engine';

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
}

const conv = (kernel: number, channels: number, stride = 1, double = false): ConvLayer => ({
  kernel,
  stride,
  channels,
  double,
});

/** ENGINE.md's reference: 64×64×3, four convolutions to 8×8×64, decoder back to 64×64×1. */
export const REFERENCE: BenchNetwork = {
  name: 'reference 64×64×3 → 8×8×64 → 64×64×1',
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

function layerForward(
  tf: Tf,
  style: Style,
  layer: ConvLayer,
  x: Tensor4D,
  filter: Tensor4D,
  bias: Tensor1D,
  last: boolean,
): Tensor4D {
  const activation = last ? 'linear' : 'relu';
  const [, h, w] = x.shape;
  const input = layer.double ? tf.image.resizeNearestNeighbor(x, [2 * h, 2 * w]) : x;
  if (style === 'engine')
    return convolution(tf, { x: input, filter, bias, stride: layer.stride, activation });
  return tf.fused.conv2d({ x: input, filter, bias, strides: layer.stride, pad: 'same', activation });
}

/** Builds network, data and optimiser; the same numbers for every backend and style. */
export function createTrainer(
  tf: Tf,
  network: BenchNetwork,
  batch: number,
  style: Style,
  createAdam: (variables: Variable[]) => { apply(g: readonly Tensor[]): void; dispose(): void },
): Trainer {
  const rng = createRng('bench', network.name);
  const constant = (shape: number[], draw: () => number): Tensor =>
    tf.tensor(Float32Array.from({ length: shape.reduce((p, s) => p * s, 1) }, draw), shape);
  const variables: Variable[] = [];
  let channels = network.channels;
  for (const layer of network.layers) {
    const shape = [layer.kernel, layer.kernel, channels, layer.channels];
    for (const t of [tf.tensor(heNormal(rng, shape), shape), tf.zeros([layer.channels])]) {
      variables.push(tf.variable(t));
      t.dispose();
    }
    channels = layer.channels;
  }
  const x = constant([batch, network.side, network.side, network.channels], () => rng.next()) as Tensor4D;
  const forward = (): Tensor4D =>
    network.layers.reduce((value, layer, i) => {
      const [filter, bias] = [
        variables[2 * i] as unknown as Tensor4D,
        variables[2 * i + 1] as unknown as Tensor1D,
      ];
      return layerForward(tf, style, layer, value, filter, bias, i === network.layers.length - 1);
    }, x);
  const shape = tf.tidy(() => forward().shape);
  const target = constant(shape, () => rng.next());
  const adam = createAdam(variables);
  return {
    step: () => {
      const { value, grads } = tf.variableGrads(
        () => tf.mean(tf.abs(tf.sub(forward(), target))) as Scalar,
        variables,
      );
      adam.apply(variables.map((v) => grads[v.name] as Tensor));
      const loss = value.dataSync()[0] ?? Number.NaN;
      tf.dispose([value, grads]);
      return loss;
    },
    dispose: () => {
      tf.dispose([x, target, ...variables]);
      adam.dispose();
    },
  };
}
