import { describe, expect, it } from 'vitest';
import { groupCurves, letterStrips, passes, shareBelow, spreadLabels, thin } from './curves';

const point = (step: number, selectionLoss: number | null) => ({
  step,
  epoch: step,
  trainLoss: 1,
  selectionLoss,
});

describe('learning curves', () => {
  const groups = groupCurves([
    { label: 'scratch', seed: 1, points: [point(0, 1), point(10, 0.5), point(20, 0.4)] },
    { label: 'scratch', seed: 2, points: [point(0, 1), point(10, 0.7)] },
    { label: 'transfer', seed: 1, points: [point(0, 1), point(5, null), point(10, 0.45)] },
    { label: 'gold', seed: 1, points: [] },
  ]);
  it('averages where every seed still ran and drops what was not measured', () => {
    expect(groups.map((g) => g.label)).toEqual(['scratch', 'transfer']);
    expect(groups[0]?.mean).toEqual([
      { step: 0, loss: 1 },
      { step: 10, loss: 0.6 },
    ]);
    expect(groups[1]?.mean.map((p) => p.step)).toEqual([0, 10]);
  });
  it('finds where the transfer passes the best of scratch', () => {
    expect(passes(groups[1]?.mean ?? [], groups[0]?.mean ?? [])?.step).toBe(10);
    expect(passes(groups[0]?.mean ?? [], groups[1]?.mean ?? [])).toBeNull();
    expect(passes([], [])).toBeNull();
  });
});

describe('labels at line ends', () => {
  it('moves close labels apart and keeps their order', () => {
    const ys = spreadLabels([50, 52, 120], 14);
    expect((ys[1] ?? 0) - (ys[0] ?? 0)).toBeGreaterThanOrEqual(14 - 1e-6);
    expect(ys[2]).toBe(120);
    const low = spreadLabels([90, 92, 94], 14, 95);
    expect(low.map(Math.round)).toEqual([67, 81, 95]);
    const many = spreadLabels([10, 9, 8, 7], 12);
    expect(many).toEqual(many.toSorted((a, b) => b - a));
  });
});

describe('sorted ratios', () => {
  it('counts the share below a value', () => {
    expect(shareBelow([-2, -1, 0, 1], 0)).toBe(0.5);
    expect(shareBelow([], 0)).toBe(0);
  });
  it('letters the strips from the best transfer to the worst', () => {
    const strips = letterStrips([
      { index: 4, logRatio: 0.3 },
      { index: 9, logRatio: -1 },
      { index: 1, logRatio: null },
    ]);
    expect(strips.map((s) => `${s.letter}${s.index}`)).toEqual(['A9', 'B4', 'C1']);
  });
  it('thins a long list and keeps its ends', () => {
    const list = Array.from({ length: 5000 }, (_, i) => i);
    const points = thin(list, 100);
    expect(points).toHaveLength(100);
    expect([points[0]?.value, points.at(-1)?.value]).toEqual([0, 4999]);
  });
});
