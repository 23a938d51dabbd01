import type { Scalar, Tensor, Tensor1D, Tensor4D, Variable } from '@tensorflow/tfjs-core';
import { createRng } from '@/lib/science/core/rng';
import { ADAM, compileStep, convolution, heNormal, layerNorm, type Tf } from '@/lib/train/engine';
import type { BenchData } from './data';

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
/** The small preset on a task of three channels. */
export const SMALL_SOURCE: BenchNetwork = {
  name: 'small source',
  side: 32,
  channels: 48,
  layers: [
    conv(3, 32),
    conv(3, 64, 2),
    conv(3, 64),
    conv(3, 64),
    conv(1, 8),
    conv(3, 48),
    conv(3, 48),
    conv(3, 48),
    conv(1, 48),
  ],
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
  /** Batches that the data hold. */
  readonly batches: number;
  /** One step on a batch, the first unless another is asked for; returns the loss. */
  step(index?: number): number;
  dispose(): void;
}

/**
 * How a step is computed: `plain` is what any TensorFlow.js user writes; `engine` uses the engine's own operations;
 * `compiled` has such a step recorded as a graph, as trainings do it.
 */
export type Style = 'plain' | 'engine' | 'compiled';

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

/** What a network gives for one image. */
export function outputShape(network: BenchNetwork): { side: number; channels: number } {
  const { side, channels, layers } = network;
  return layers.reduce(
    (shape, layer) => ({
      side: (shape.side * (layer.double ? 2 : 1)) / layer.stride,
      channels: layer.channels,
    }),
    { side, channels },
  );
}

interface WeightSpec {
  readonly shape: number[];
  readonly values: Float32Array;
}

/** Weights in the order of the layers: filter, bias, then gain and shift where normalised. The same numbers everywhere. */
export function initialWeights(network: BenchNetwork): WeightSpec[] {
  const rng = createRng('bench', network.name);
  let { channels } = network;
  return network.layers.flatMap((layer, i): WeightSpec[] => {
    const co = layer.channels;
    const shape = [layer.kernel, layer.kernel, channels, co];
    channels = co;
    const vector = (value: number): WeightSpec => ({ shape: [co], values: new Float32Array(co).fill(value) });
    const normalised = network.normalised === true && i < network.layers.length - 1;
    const filter = { shape, values: heNormal(rng, shape) };
    return [filter, vector(0), ...(normalised ? [vector(1), vector(0)] : [])];
  });
}

/** Variables of a network in order, and each layer's weights among them. */
function createWeights(tf: Tf, network: BenchNetwork): { variables: Variable[]; layers: LayerWeights[] } {
  const variables = initialWeights(network).map(({ shape, values }) => {
    const start = tf.tensor(values.slice(), shape);
    const made = tf.variable(start);
    start.dispose();
    return made;
  });
  let at = 0;
  const next = (): Tensor => variables[at++] as unknown as Tensor;
  const layers = network.layers.map((_, i): LayerWeights => {
    const [filter, bias] = [next() as Tensor4D, next() as Tensor1D];
    const normalised = network.normalised === true && i < network.layers.length - 1;
    const norm = normalised ? { gain: next() as Tensor1D, bias: next() as Tensor1D } : null;
    return { filter, bias, norm };
  });
  return { variables, layers };
}

/** What the optimisers under test have in common. */
export interface BenchOptimiser {
  apply(gradients: readonly Tensor[]): void;
  dispose(): void;
}

/** Takes a step on a batch and returns its loss. */
interface Stepper {
  step(x: Tensor4D, y: Tensor4D): number;
  dispose(): void;
}

type Loss = (x: Tensor4D, y: Tensor4D) => Scalar;

const eagerStepper = (tf: Tf, variables: Variable[], lossOf: Loss, optimiser: BenchOptimiser): Stepper => ({
  step: (x, y) => {
    const { value, grads } = tf.variableGrads(() => lossOf(x, y), variables);
    optimiser.apply(variables.map((v) => grads[v.name] as Tensor));
    const loss = value.dataSync()[0] ?? Number.NaN;
    tf.dispose([value, grads]);
    return loss;
  },
  dispose: () => optimiser.dispose(),
});

function compiledStepper(
  tf: Tf,
  variables: Variable[],
  lossOf: Loss,
  rate: number,
  { x, y }: { x: Tensor4D; y: Tensor4D },
): Stepper {
  const loss = (): Scalar => lossOf(x, y);
  const compiled = compileStep(tf, { variables, constants: [], adam: ADAM, inputs: [x, y], loss });
  if (compiled === null) throw new Error('this engine compiles no steps');
  // The graph is optimised when it first runs: before the clock does, as the peers'. Then back to the start.
  compiled.run([x, y], 0);
  compiled.push();
  return { step: (...batch) => compiled.run(batch, rate), dispose: () => compiled.dispose() };
}

/** Builds network, data and optimiser; steps take the batches of the data in order, or the first one always. */
export function createTrainer(
  tf: Tf,
  network: BenchNetwork,
  batch: number,
  style: Style,
  data: BenchData,
  optimiserOf: { readonly rate: number; readonly create: (variables: Variable[]) => BenchOptimiser },
): Trainer {
  const { variables, layers } = createWeights(tf, network);
  const { side, channels } = network;
  const out = outputShape(network);
  const slice = (values: Float32Array, shape: [number, number, number, number], at: number): Tensor4D => {
    const size = shape.reduce((p, s) => p * s, 1);
    return tf.tensor4d(values.slice(at * size, (at + 1) * size), shape);
  };
  const batches = Array.from({ length: Math.floor(data.images / batch) }, (_, i) => ({
    x: slice(data.x, [batch, side, side, channels], i),
    y: slice(data.y, [batch, out.side, out.side, out.channels], i),
  }));
  const forward = (x: Tensor4D): Tensor4D =>
    network.layers.reduce((value, layer, i) => {
      const weights = layers[i];
      if (weights === undefined) return value;
      const [, h, w] = value.shape;
      const input = layer.double ? tf.image.resizeNearestNeighbor(value, [2 * h, 2 * w]) : value;
      const relu = i < network.layers.length - 1;
      return (style === 'plain' ? plainLayer : engineLayer)(tf, layer, input, weights, relu);
    }, x);
  const loss = (x: Tensor4D, y: Tensor4D): Scalar => tf.mean(tf.abs(tf.sub(forward(x), y))) as Scalar;
  const stepper =
    style === 'compiled'
      ? compiledStepper(tf, variables, loss, optimiserOf.rate, batches[0] as (typeof batches)[number])
      : eagerStepper(tf, variables, loss, optimiserOf.create(variables));
  return {
    batches: batches.length,
    step: (index = 0) => {
      const { x, y } = batches[index % batches.length] as (typeof batches)[number];
      return stepper.step(x, y);
    },
    dispose: () => {
      tf.dispose([...batches.flatMap(({ x, y }) => [x, y]), ...variables]);
      stepper.dispose();
    },
  };
}
