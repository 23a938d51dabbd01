import { describe, expect, it } from 'vitest';
import { layoutAxis, layoutMatrix, pitchFor, tileAt } from './matrix-layout';
import type { Ordered, OrderedAxis } from './matrix-order';

const axis = (n: number, ...groups: number[]): OrderedAxis => {
  const ids = Array.from({ length: n }, (_, i) => `task ${i}`);
  const sizes = groups.length === 0 ? [n] : groups;
  let at = 0;
  return {
    ids,
    tree: null,
    groups: sizes.map((size) => {
      const own = { name: `group of ${size}`, ids: ids.slice(at, at + size) };
      at += size;
      return own;
    }),
  };
};
const square = (n: number): Ordered => ({ sources: axis(n), targets: axis(n) });
const name = (id: string): string => id;

describe('an axis', () => {
  const laid = layoutAxis(axis(5, 3, 2), 23, 7);
  it('puts a gap between clusters and none at the end', () => {
    expect(laid.starts).toEqual([0, 23, 46, 76, 99]);
    expect(laid.length).toBe(122);
    expect(laid.spans.map((s) => [s.start, s.end])).toEqual([
      [0, 68],
      [76, 121],
    ]);
  });
  it('finds the tile under a coordinate, and none in a gap', () => {
    expect(tileAt(laid, 0)).toBe(0);
    expect(tileAt(laid, 68.9)).toBe(2);
    expect(tileAt(laid, 72)).toBeNull();
    expect(tileAt(laid, 76)).toBe(3);
    expect(tileAt(laid, 500)).toBeNull();
    expect(tileAt(laid, -1)).toBeNull();
  });
});

describe('tile size', () => {
  it('is clamp(3, available / n, 23) for many tasks, larger for few', () => {
    expect(pitchFor(10_000, 27, 0)).toBe(23);
    expect(pitchFor(100, 300, 0)).toBe(3);
    expect(pitchFor(10_000, 9, 0)).toBe(44);
  });
  it('decides what is drawn: all, plain, or a canvas', () => {
    expect(layoutMatrix(square(26), name, 840).detail).toBe('full');
    expect(layoutMatrix(square(50), name, 840).detail).toBe('plain');
    expect(layoutMatrix(square(300), name, 1100).detail).toBe('canvas');
  });
  it('never needs more width than there is, until tiles reach 3 px', () => {
    for (const n of [4, 8, 26, 60, 150]) {
      for (const width of [358, 800, 1100]) {
        const layout = layoutMatrix(square(n), name, width);
        if (layout.columns.pitch > 3) expect(layout.width).toBeLessThanOrEqual(width + 1);
      }
    }
  });
  it('a phone gets narrow, tall tiles and no slanted names', () => {
    const layout = layoutMatrix(square(26), name, 358);
    expect(layout.phone).toBe(true);
    expect(layout.columnLabels).toBe(false);
    expect(layout.rows.pitch).toBeGreaterThan(layout.columns.pitch);
  });
});
