import type { Tensor } from '@tensorflow/tfjs-core';
import { createRng, type Rng } from '@/lib/science/core/rng';
import type { Tf } from '../types';

/** Values drawn from the core's generator, so that every backend gets the same numbers. */
export const randomValues = (rng: Rng, size: number): Float32Array =>
  Float32Array.from({ length: size }, () => rng.normal());

export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, side) => product * side, 1);

/** Largest difference, relative to the larger of 1 and the largest expected value. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let scale = 1;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] ?? Number.NaN) - (expected[i] ?? Number.NaN));
    scale = Math.max(scale, Math.abs(expected[i] ?? 0));
    worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(worst, difference);
  }
  return worst / scale;
}

/** Runs `work` on one backend and reads its result; leaves no tensors and restores the backend. */
export async function valuesOn(
  tf: Tf,
  backend: 'wasm' | 'cpu',
  work: () => Tensor | Tensor[],
): Promise<Float32Array[]> {
  const before = tf.getBackend();
  await tf.setBackend(backend);
  const results = tf.tidy(work);
  const tensors = Array.isArray(results) ? results : [results];
  const values = tensors.map((t) => Float32Array.from(t.dataSync()));
  tf.dispose(tensors);
  await tf.setBackend(before);
  return values;
}

export { createRng };
