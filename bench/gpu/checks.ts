/** Operations of training on the present backend against the `cpu` backend: what `npm run bench -- gpu` verifies. */
import type { Scalar, Tensor, Tensor1D, Tensor3D, Tensor4D, Variable } from '@tensorflow/tfjs-core';
import { createRng } from '@/lib/science/core/rng';
import { convolution, FusedAdam, layerNorm, openEngine, type Tf } from '@/lib/train/engine';
import { type KnownAnswer, knownAnswers } from '@/lib/train/engine/native/known-answer';
import { randomValues, relativeError, sizeOf } from '@/lib/train/engine/testing/random';

export interface Check {
  readonly what: string;
  /** Largest difference over the larger of 1 and the largest expected value. */
  readonly difference: number;
  readonly tolerance: number;
  readonly ok: boolean;
}

/**
 * Largest difference allowed. On the processor, and for everything but products on a GPU: single precision with sums in
 * another order. Convolutions and matrix products on a GPU: TensorFlow lets NVIDIA's tensor cores round the factors to
 * TF32 (10 bits of mantissa, 5e-4 each); NVIDIA_TF32_OVERRIDE=0 switches that off, and then the strict bound holds.
 */
const STRICT = 2e-5;
const TF32 = 5e-3;

const shaped = (tf: Tf, label: string, shape: number[]): Tensor =>
  tf.tensor(randomValues(createRng('bench gpu', label), sizeOf(shape)), shape);

/** Output and gradients to all inputs, for a random gradient of the output. */
function bothWays(tf: Tf, label: string, f: (...x: Tensor[]) => Tensor, shapes: number[][]): Tensor[] {
  const inputs = shapes.map((shape, i) => shaped(tf, `${label} ${i}`, shape));
  const y = f(...inputs);
  return [y, ...tf.grads(f)(inputs, shaped(tf, `${label} dy`, y.shape))];
}

interface Operation {
  readonly what: string;
  /** Contains products that a GPU may round. */
  readonly products?: boolean;
  run(tf: Tf): Tensor[];
}

const convolutionOf = (
  stride: number,
  kernel: number,
  from: number,
  to: number,
  side: number,
): Operation => ({
  what: `convolution ${kernel}×${kernel}/${stride}, ${from} → ${to} channels at ${side}×${side}, ReLU, both gradients`,
  products: true,
  run: (tf) =>
    bothWays(
      tf,
      `conv ${kernel} ${stride} ${from}`,
      (x, filter, bias) =>
        convolution(tf, {
          ...{ x: x as Tensor4D, filter: filter as Tensor4D, bias: bias as Tensor1D, stride },
          activation: 'relu',
        }),
      [[4, side, side, from], [kernel, kernel, from, to], [to]],
    ),
});

/** Three Adam steps on a layer: the optimiser's own kernel. */
function adamSteps(tf: Tf): Tensor[] {
  const w = tf.variable(shaped(tf, 'adam w', [16, 8]));
  const [x, y] = [shaped(tf, 'adam x', [32, 16]), shaped(tf, 'adam y', [32, 8])];
  const adam = new FusedAdam(tf, [w as Variable]);
  for (let step = 0; step < 3; step++) {
    const { grads } = tf.variableGrads(
      () => tf.mean(tf.square(tf.sub(tf.matMul(x, w as unknown as Tensor), y))) as Scalar,
      [w],
    );
    adam.apply([grads[w.name] as Tensor], 1e-2);
  }
  const result = w.clone();
  adam.dispose();
  w.dispose();
  return [result];
}

const OPERATIONS: readonly Operation[] = [
  convolutionOf(1, 3, 16, 24, 16),
  convolutionOf(2, 3, 24, 32, 16),
  convolutionOf(1, 1, 48, 24, 16),
  convolutionOf(2, 7, 3, 8, 32),
  {
    what: 'matrix product, both gradients',
    products: true,
    run: (tf) =>
      bothWays(tf, 'matmul', (a, b) => tf.matMul(a, b), [
        [64, 96],
        [96, 40],
      ]),
  },
  {
    what: 'layer normalisation, all gradients',
    run: (tf) =>
      bothWays(
        tf,
        'norm',
        (x, gain, bias) =>
          layerNorm(tf, {
            x: x as Tensor4D,
            gain: gain as Tensor1D,
            bias: bias as Tensor1D,
            activation: 'relu',
          }),
        [[4, 16, 16, 8], [8], [8]],
      ),
  },
  {
    what: 'doubling by nearest neighbour, gradient',
    run: (tf) =>
      bothWays(tf, 'double', (x) => tf.image.resizeNearestNeighbor(x as Tensor4D, [16, 16]), [[3, 8, 8, 4]]),
  },
  {
    what: 'largest of a window, gradient',
    run: (tf) => bothWays(tf, 'pool', (x) => tf.maxPool(x as Tensor4D, 3, 2, 'same'), [[3, 16, 16, 8]]),
  },
  {
    what: 'channels joined and cut, gradient',
    run: (tf) =>
      bothWays(
        tf,
        'concat',
        (a, b) => tf.slice(tf.concat([a as Tensor3D, b as Tensor3D], 2), [0, 1, 2], [4, 6, 9]),
        [
          [4, 8, 6],
          [4, 8, 7],
        ],
      ),
  },
  {
    what: 'logarithm of softmax, gradient',
    run: (tf) => bothWays(tf, 'softmax', (x) => tf.logSoftmax(x as Tensor), [[64, 17]]),
  },
  { what: 'three steps of Adam', products: true, run: adamSteps },
];

const values = (tf: Tf, operation: Operation): Float32Array[] => {
  const tensors = tf.tidy(() => operation.run(tf));
  const read = tensors.map((tensor) => Float32Array.from(tensor.dataSync()));
  tf.dispose(tensors);
  return read;
};

const fromAnswer = ({ what, expected, actual }: KnownAnswer): Check => {
  const difference = relativeError(actual, expected);
  return { what: `by hand: ${what}`, difference, tolerance: 1e-5, ok: difference <= 1e-5 };
};

/** All checks of the backend that is open. Leaves it as it was. */
export async function checkBackend(tf: Tf, onGpu: boolean): Promise<Check[]> {
  const name = tf.getBackend();
  const answers = knownAnswers(tf).map(fromAnswer);
  const ours = OPERATIONS.map((operation) => values(tf, operation));
  // By the engine's own way, so that the stock backend's wrong gradient is mended.
  const { TASKATLAS_ENGINE: asked } = process.env;
  delete process.env.TASKATLAS_ENGINE;
  await openEngine({ backend: 'cpu' });
  if (asked !== undefined) process.env.TASKATLAS_ENGINE = asked;
  const theirs = OPERATIONS.map((operation) => values(tf, operation));
  await tf.setBackend(name);
  const rounded = onGpu && process.env.NVIDIA_TF32_OVERRIDE !== '0';
  return [
    ...answers,
    ...OPERATIONS.map(({ what, products = false }, i): Check => {
      const difference = Math.max(
        ...(ours[i] ?? []).map((own, j) => relativeError(own, theirs[i]?.[j] ?? [])),
      );
      const tolerance = rounded && products ? TF32 : STRICT;
      return { what, difference, tolerance, ok: difference <= tolerance };
    }),
  ];
}
