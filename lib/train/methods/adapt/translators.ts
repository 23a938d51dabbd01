import type { Tensor } from '@tensorflow/tfjs-core';
import type { Layer, LayerPlan } from '@/lib/science/catalog/presets-layers';
import type { Rng } from '@/lib/science/core';
import type { Tf } from '../../engine';
import {
  createParameters,
  forward,
  initialWeights,
  pickWeights,
  valuesOf,
  type WeightLookup,
  type Weights,
} from '../../networks';
import { chunks } from '../pools';

/** The two directions of translation, and the two domains whose pictures a critic knows. */
export type Direction = 'to-target' | 'to-source';
export type Critic = 'knows-target' | 'knows-source';

/** Side of the squares of pixels that critics look at: any preset's size is a multiple of 2. */
const patchBlock = (size: number): number => (size % 4 === 0 ? 4 : 2);

/** Channels between a generator's first and last layer, and a critic's. */
const GENERATOR_WIDTH = 8;
const CRITIC_WIDTH = 32;

interface Shape {
  side: number;
  channels: number;
}

const conv = (
  name: string,
  from: Shape,
  kernel: number,
  stride: 1 | 2,
  outChannels: number,
  activation: 'relu' | 'linear' = 'relu',
): Layer => ({
  kind: 'conv',
  name,
  kernel,
  stride,
  inSide: from.side,
  outSide: Math.ceil(from.side / stride),
  inChannels: from.channels,
  outChannels,
  activation,
});

/** The correction that a generator adds to a picture: three 3×3 convolutions that treat all pixels alike. */
export function generatorPlan(direction: Direction, size: number): LayerPlan {
  const picture = { side: size, channels: 3 };
  const wide = { side: size, channels: GENERATOR_WIDTH };
  return [
    {
      streams: [
        [
          conv(`${direction}/conv1`, picture, 3, 1, GENERATOR_WIDTH),
          conv(`${direction}/conv2`, wide, 3, 1, GENERATOR_WIDTH),
          conv(`${direction}/output`, wide, 3, 1, picture.channels, 'linear'),
        ],
      ],
    },
  ];
}

/**
 * A patch discriminator on space-to-depth pictures: one number for each patch of three by three squares, 1 for the
 * domain that it knows, else 0.
 */
export function criticPlan(critic: Critic, size: number): LayerPlan {
  const block = patchBlock(size);
  const side = size / block;
  const wide = { side, channels: CRITIC_WIDTH };
  const half = { side: Math.ceil(side / 2), channels: CRITIC_WIDTH };
  return [
    {
      streams: [
        [
          conv(`${critic}/conv1`, { side, channels: 3 * block * block }, 1, 1, CRITIC_WIDTH),
          conv(`${critic}/conv2`, wide, 3, 2, CRITIC_WIDTH),
          conv(`${critic}/output`, half, 1, 1, 1, 'linear'),
        ],
      ],
    },
  ];
}

/** All four networks' weights; the generators' last layers are 0, so that they begin as the identity. */
export function translationWeights(size: number, rng: Rng): Weights {
  const plan = [
    ...generatorPlan('to-target', size),
    ...generatorPlan('to-source', size),
    ...criticPlan('knows-target', size),
    ...criticPlan('knows-source', size),
  ];
  return new Map(
    [...initialWeights(plan, rng)].map(([name, values]) => [
      name,
      /^to-\w+\/output\//.test(name) ? new Float32Array(values.length) : values,
    ]),
  );
}

/** G(x) = x + correction(x) of pictures N × size × size × 3; the sum is not clipped, so that its gradient never ends. */
export const translate = (
  tf: Tf,
  direction: Direction,
  size: number,
  weight: WeightLookup,
  x: Tensor,
): Tensor => tf.add(x, forward(tf, generatorPlan(direction, size), weight, x));

/** D(x) of pictures N × size × size × 3: a score for each patch. */
export const judge = (tf: Tf, critic: Critic, size: number, weight: WeightLookup, x: Tensor): Tensor =>
  forward(tf, criticPlan(critic, size), weight, relayout(tf, x, size, 1, patchBlock(size)));

/** Moves pictures in space-to-depth layout from squares of one side to squares of another: a permutation. */
export function relayout(tf: Tf, x: Tensor, size: number, from: number, to: number): Tensor {
  if (from === to) return x;
  const n = x.shape[0] ?? 0;
  const squares = (tensor: Tensor, split: number[], whole: number[]): Tensor =>
    tf.reshape(tf.transpose(tf.reshape(tensor, split), [0, 1, 3, 2, 4, 5]), whole);
  const [a, b] = [size / from, size / to];
  const pixels = from === 1 ? x : squares(x, [n, a, a, from, from, 3], [n, size, size, 3]);
  return to === 1 ? pixels : squares(pixels, [n, b, to, b, to, 3], [n, b, b, to * to * 3]);
}

/** Trained generators, for pictures outside of a training. */
export interface Translator {
  /** Pictures of `size` × `size` × RGB, one after another, as the other domain would show them; within [−1, 1]. */
  pictures(direction: Direction, values: Float32Array): Float32Array;
  dispose(): void;
}

export function createTranslator(tf: Tf, size: number, weights: Weights): Translator {
  const plan = [...generatorPlan('to-target', size), ...generatorPlan('to-source', size)];
  const parameters = createParameters(tf, plan, pickWeights(weights, /^to-/));
  const length = size * size * 3;
  return {
    pictures: (direction, values) => {
      const out = new Float32Array(values.length);
      for (const part of chunks(values.length / length)) {
        const at = (part[0] as number) * length;
        const translated = valuesOf(tf, () => {
          const pictures = tf.tensor(values.slice(at, at + part.length * length), [
            part.length,
            size,
            size,
            3,
          ]);
          return tf.clipByValue(translate(tf, direction, size, parameters.get, pictures), -1, 1);
        });
        out.set(translated, at);
      }
      return out;
    },
    dispose: () => parameters.dispose(),
  };
}
