import type { PairView } from '@/lib/service/contracts';

export interface CurvePoint {
  step: number;
  loss: number;
}

export interface CurveGroup {
  label: string;
  seeds: { name: string; points: CurvePoint[] }[];
  mean: CurvePoint[];
}

/** Selection losses by label: each seed's line, and their mean where all seeds still ran. */
export function groupCurves(curves: PairView['curves']): CurveGroup[] {
  const groups = new Map<string, CurveGroup['seeds']>();
  for (const { label, seed, points } of curves) {
    const line = points.flatMap((p) =>
      p.selectionLoss === null || p.selectionLoss <= 0 ? [] : [{ step: p.step, loss: p.selectionLoss }],
    );
    const known = groups.get(label) ?? [];
    if (line.length > 0) groups.set(label, [...known, { name: String(seed ?? known.length), points: line }]);
  }
  return [...groups].map(([label, seeds]) => ({ label, seeds, mean: meanLine(seeds) }));
}

function meanLine(seeds: CurveGroup['seeds']): CurvePoint[] {
  const sums = new Map<number, { total: number; n: number }>();
  for (const { points } of seeds) {
    for (const { step, loss } of points) {
      const sum = sums.get(step) ?? { total: 0, n: 0 };
      sums.set(step, { total: sum.total + loss, n: sum.n + 1 });
    }
  }
  return [...sums]
    .filter(([, sum]) => sum.n === seeds.length)
    .map(([step, { total, n }]) => ({ step, loss: total / n }))
    .sort((a, b) => a.step - b.step);
}

/** First point at which one line is no worse than the best of another; null if it never is. */
export function passes(line: readonly CurvePoint[], other: readonly CurvePoint[]): CurvePoint | null {
  if (other.length === 0) return null;
  const best = Math.min(...other.map((p) => p.loss));
  return line.find((p) => p.loss <= best) ?? null;
}

/**
 * Moves labels apart to at least `gap`, keeping their order and moving each as little as the pass allows; none ends
 * below `lowest`.
 */
export function spreadLabels(
  ys: readonly number[],
  gap: number,
  lowest = Number.POSITIVE_INFINITY,
): number[] {
  const order = ys.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y);
  const placed = order.map((o) => o.y);
  for (let pass = 0; pass < 20; pass++) {
    let moved = false;
    for (let k = 1; k < placed.length; k++) {
      const [above, below] = [placed[k - 1] ?? 0, placed[k] ?? 0];
      const missing = gap - (below - above);
      if (missing <= 1e-6) continue;
      placed[k - 1] = above - missing / 2;
      placed[k] = below + missing / 2;
      moved = true;
    }
    if (!moved) break;
  }
  const out = [...ys];
  for (let k = placed.length - 1, most = lowest; k >= 0; k--, most -= gap) {
    placed[k] = Math.min(placed[k] ?? 0, most);
  }
  order.forEach((o, k) => {
    out[o.i] = placed[k] ?? o.y;
  });
  return out;
}

export interface Lettered {
  letter: string;
  index: number;
  logRatio: number | null;
}

/** Letters for the image strips, best transfer first; those without a ratio come last. */
export function letterStrips<T extends { index: number; logRatio: number | null }>(
  strips: readonly T[],
): (T & Lettered)[] {
  return [...strips]
    .sort(
      (a, b) =>
        (a.logRatio ?? Number.POSITIVE_INFINITY) - (b.logRatio ?? Number.POSITIVE_INFINITY) ||
        a.index - b.index,
    )
    .map((strip, i) => ({ ...strip, letter: String.fromCharCode(65 + (i % 26)) }));
}

/** Where a value stands in an ascending list, as the share below it. */
export function shareBelow(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return sorted.length === 0 ? 0 : low / sorted.length;
}

/** At most `most` points of a long sorted list, ends kept. */
export function thin(sorted: readonly number[], most = 400): { share: number; value: number }[] {
  const n = sorted.length;
  const m = Math.min(n, most);
  return Array.from({ length: m }, (_, k) => {
    const i = m === 1 ? 0 : Math.round((k * (n - 1)) / (m - 1));
    return { share: (i + 0.5) / n, value: sorted[i] ?? 0 };
  });
}
