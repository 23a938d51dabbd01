import type { TrainingOptions } from '../core';

/**
 * Epochs of the paper by transfer-set size, as multiples of those at its full 16k images:
 * 1k → 200, 2k → 100, 4k and 8k → 50, 16k → 30 (Taskonomy, supplementary).
 */
const MULTIPLES: readonly (readonly [share: number, multiple: number])[] = [
  [1 / 16, 200 / 30],
  [1 / 8, 100 / 30],
  [1 / 4, 50 / 30],
  [1 / 2, 50 / 30],
  [1, 1],
];

/** Multiple of the full set's epochs for a share of it: straight lines in log–log between the paper's sizes. */
function multipleOf(share: number): number {
  const above = MULTIPLES.findIndex(([s]) => s >= share);
  const [s1, m1] = MULTIPLES[above] ?? [1, 1];
  const [s0, m0] = MULTIPLES[above - 1] ?? [s1, m1];
  if (s0 === s1) return m1;
  const t = Math.log(share / s0) / Math.log(s1 / s0);
  return m0 * (m1 / m0) ** t;
}

/**
 * Training on `images` of a transfer pool of `full`, given the options for all of it: fewer images are seen more often,
 * by the paper's table, never more than 6⅔ times as often. The full set keeps its options as they are.
 */
export const trainingAtSize = (options: TrainingOptions, images: number, full: number): TrainingOptions =>
  images >= full
    ? options
    : { ...options, epochs: Math.max(1, Math.round(options.epochs * multipleOf(images / full))) };
