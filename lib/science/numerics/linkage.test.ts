import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '@/lib/science/core';
import { pairwiseDistances } from './distance';
import { clades, LINKAGE_METHODS, type LinkageMethod, leafOrder, linkage } from './linkage';

/** Heights by the definition of each linkage, from the leaves of every pair of clusters, O(n⁴). */
function naiveHeights(
  distances: Float64Array,
  n: number,
  method: 'single' | 'complete' | 'average',
): number[] {
  let clusters = Array.from({ length: n }, (_, i) => [i]);
  const heights: number[] = [];
  while (clusters.length > 1) {
    let best = { i: 0, j: 1, d: Infinity };
    clusters.forEach((a, i) => {
      clusters.slice(0, i).forEach((b, j) => {
        const all = a.flatMap((p) => b.map((q) => distances[p * n + q] as number));
        const d =
          method === 'single'
            ? Math.min(...all)
            : method === 'complete'
              ? Math.max(...all)
              : all.reduce((x, y) => x + y) / all.length;
        if (d < best.d) best = { i, j, d };
      });
    });
    const { i, j, d } = best;
    heights.push(d);
    clusters = [
      ...clusters.filter((_, k) => k !== i && k !== j),
      [...(clusters[i] ?? []), ...(clusters[j] ?? [])],
    ];
  }
  return heights;
}

const points = fc.array(
  fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 3, maxLength: 3 }),
  { minLength: 2, maxLength: 12 },
);

/** Points in general position. Where distances tie, several trees satisfy the definition, and heights may differ. */
const untied = fc.record({ seed: fc.nat(), n: fc.integer({ min: 2, max: 12 }) }).map(({ seed, n }) => {
  const rng = createRng(seed);
  return Array.from({ length: n }, () => [rng.normal(), rng.normal(), rng.normal()]);
});

describe('linkage', () => {
  it.each(['single', 'complete', 'average'] as const)(
    '%s merges at the heights of its definition',
    (method) => {
      fc.assert(
        fc.property(untied, (rows) => {
          const d = pairwiseDistances(rows, 'euclidean');
          const heights = linkage(d, rows.length, method).map((m) => m.height);
          naiveHeights(d, rows.length, method).forEach((h, i) => {
            expect(heights[i]).toBeCloseTo(h, 8);
          });
        }),
      );
    },
  );

  it.each(LINKAGE_METHODS)(
    '%s gives a tree with every leaf once and heights that never fall',
    (method: LinkageMethod) => {
      fc.assert(
        fc.property(points, (rows) => {
          const n = rows.length;
          const merges = linkage(pairwiseDistances(rows, 'euclidean'), n, method);
          expect(merges).toHaveLength(n - 1);
          expect([...leafOrder(merges, n)].sort((a, b) => a - b)).toEqual(rows.map((_, i) => i));
          merges.forEach((m, i) => {
            expect(m.height).toBeGreaterThanOrEqual((merges[i - 1]?.height ?? 0) - 1e-12);
            expect(m.left).toBeLessThan(m.right);
            expect(clades(merges, n)[i]).toHaveLength(m.size);
          });
        }),
      );
    },
  );

  it('ward heights are √(2|A||B|/(|A|+|B|)) times the centroid distance', () => {
    const merges = linkage(pairwiseDistances([[0], [1], [10]], 'euclidean'), 3, 'ward');
    expect(merges[1]?.height).toBeCloseTo(Math.sqrt((2 * 2 * 1) / 3) * 9.5, 12);
  });

  it('refuses distances that are none', () => {
    expect(() => linkage(Float64Array.of(0, -1, -1, 0), 2, 'average')).toThrow('must be a finite number ≥ 0');
    expect(() => linkage(new Float64Array(3), 2, 'average')).toThrow('2×2');
  });

  it('knows its metrics', () => {
    const rows = [
      [1, 0],
      [0, 2],
    ];
    expect(pairwiseDistances(rows, 'cityblock')[1]).toBe(3);
    expect(pairwiseDistances(rows, 'cosine')[1]).toBeCloseTo(1, 12);
    expect(pairwiseDistances(rows, 'correlation')[1]).toBeCloseTo(2, 12);
  });
});
