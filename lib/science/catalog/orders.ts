import type { TaskId } from '../core';

/** Sources of a target that are joined in all combinations: its best first-order ones (Taskonomy, section 3.2). */
const JOINED_FROM = 5;
/** Up to this order all combinations of them; above it only the best k ("beam 1"). */
const ALL_SUBSETS_TO = 4;

/** All k-subsets of a list, in the order of the list. */
function subsetsOf<T>(items: readonly T[], k: number): T[][] {
  if (k === 0) return [[]];
  return items.flatMap((item, i) => subsetsOf(items.slice(i + 1), k - 1).map((rest) => [item, ...rest]));
}

/**
 * Higher-order transfers of one target from its ranked first-order sources, best first (DESIGN §4): every k-subset of
 * the five best for 2 ≤ k ≤ 4, above that the k best. A subset is sorted by id, so that it is one and the same run
 * whatever the ranking within it.
 */
export function joinedSources(ranked: readonly TaskId[], maxOrder: number): TaskId[][] {
  const subsets: TaskId[][] = [];
  for (let k = 2; k <= Math.min(maxOrder, ranked.length); k++) {
    const found = k <= ALL_SUBSETS_TO ? subsetsOf(ranked.slice(0, JOINED_FROM), k) : [ranked.slice(0, k)];
    subsets.push(...found.map((subset) => [...subset].sort()));
  }
  return subsets;
}

/** Orders of the transfers that `joinedSources` will give for a target with so many sources: known before the ranking. */
export const joinedOrders = (sources: number, maxOrder: number): number[] =>
  joinedSources(
    Array.from({ length: sources }, (_, i) => String(i)),
    maxOrder,
  ).map((subset) => subset.length);
