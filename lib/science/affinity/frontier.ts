/**
 * The Pareto front: what is worth its price at some budget, cheapest first. A way is on it when it is better than
 * everything that costs no more. At a budget C the best that can be had is the last entry of cost ≤ C.
 */
export function frontier<T>(
  ways: readonly T[],
  cost: (way: T) => number,
  value: (way: T) => number,
): readonly T[] {
  const front: T[] = [];
  let best = Number.NEGATIVE_INFINITY;
  for (const way of [...ways].sort((a, b) => cost(a) - cost(b) || value(b) - value(a))) {
    if (value(way) <= best) continue;
    best = value(way);
    front.push(way);
  }
  return front;
}
