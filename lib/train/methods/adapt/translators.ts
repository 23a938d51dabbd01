import type { Tensor } from '@tensorflow/tfjs-core';
import {
  type Critic,
  criticPlan,
  type Direction,
  generatorPlan,
  patchBlock,
} from '@/lib/science/catalog/translators';
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
