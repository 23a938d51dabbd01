import { readsLabels } from '@/lib/science/catalog/methods';
import { type ScratchRecipe, TaskatlasError, type TransferRecipe } from '@/lib/science/core';
import type { SweepSpec } from './sweep-spec';

/** What a sweep says of its transfer sets; sweeps that were stored before there were sizes have none. */
type Sized = Pick<SweepSpec, 'dataset' | 'transferSizes'>;

const imagesOf = (size: number | string, pool: number): number =>
  typeof size === 'number' ? size : Math.round((Number.parseFloat(size) / 100) * pool);

/**
 * Numbers of images of a sweep's transfer sets, ascending. The last is the main one: matrix, policy and higher orders
 * are measured at it. Without `transferSizes` the whole transfer pool.
 * @throws TaskatlasError `invalid-input` naming sizes that the pool cannot give.
 */
export function transferSizesOf({ dataset, transferSizes }: Sized): number[] {
  const pool = dataset.pools.transfer;
  if (!transferSizes) return [pool];
  const issues = transferSizes.flatMap((size, i) => {
    const images = imagesOf(size, pool);
    const message =
      images < 1
        ? `${size} of ${pool} images is less than one image`
        : images > pool
          ? `${size} is more than the transfer pool has: raise dataset.pools.transfer (${pool}) or ask for less`
          : null;
    return message ? [{ path: `transferSizes[${i}]`, message }] : [];
  });
  if (issues.length > 0)
    throw new TaskatlasError('invalid-input', 'The transfer sizes cannot be had.', { issues });
  return [...new Set(transferSizes.map((size) => imagesOf(size, pool)))].sort((a, b) => a - b);
}

/** The transfer-set size at which the sweep's matrix is measured. */
export const mainSizeOf = (spec: Sized): number =>
  transferSizesOf(spec).at(-1) ?? spec.dataset.pools.transfer;

/**
 * Which of a sweep's sizes a run answers for: its own; all of them where no label of the transfer set is read, so that
 * one run at the whole pool is planned for all (docs/decisions/006-one-run-for-all-sizes.md).
 */
export function sizesServed(
  recipe: ScratchRecipe | TransferRecipe,
  sizes: readonly number[],
): readonly number[] {
  const pool = recipe.dataset.pools.transfer;
  if (recipe.kind === 'scratch' || readsLabels(recipe)) return [recipe.images];
  if (recipe.images === pool) return sizes;
  // Sweeps that were planned before trained the same network at each size: the one at the whole pool stands for all.
  return sizes.includes(pool) ? [] : [recipe.images];
}
