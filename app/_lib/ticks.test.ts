import { describe, expect, it } from 'vitest';
import { layoutMatrix, step } from './matrix-layout';
import { clip, shorten } from './text-fit';
import { axisTicks, logTicks, ratioDomain } from './ticks';

describe('ticks', () => {
  it('of a log axis stand at 1, 2 and 5', () => {
    expect(logTicks([0.03, 0.3])).toEqual([0.05, 0.1, 0.2]);
    expect(logTicks([0.34, 0.68])).toEqual([0.4, 0.5, 0.6]);
    expect(logTicks([0.001, 100]).length).toBeLessThanOrEqual(9);
  });
  it('of the budget leave room for the thumb and keep both ends', () => {
    expect(axisTicks(1, 26, 5)).toEqual([1, 10, 15, 20, 26]);
    expect(axisTicks(1, 3, 2)).toEqual([1, 3]);
  });
  it('of the ratio show both sides of "same" and no outlier', () => {
    const [low, high] = ratioDomain([-9, ...Array.from({ length: 500 }, () => -0.1), 9]);
    expect(low).toBeCloseTo(-0.35, 9);
    expect(high).toBeCloseTo(0.35, 9);
    expect(ratioDomain([-9, -9])[0]).toBeGreaterThan(-2.3);
    expect(ratioDomain([])).toEqual([-0.35, 0.35]);
  });
});

describe('names that must fit', () => {
  it('are cut with an ellipsis or kept whole', () => {
    expect(clip('Normals', 200, 12)).toBe('Normals');
    expect(clip('Object Class. (1000)', 64, 12)).toMatch(/^Object.*…$/);
  });
  it('of clusters become a word, a stub or nothing', () => {
    expect(shorten('Semantics and layout', 200)).toBe('Semantics and layout');
    expect(shorten('Semantics and layout', 70)).toBe('Semantics');
    expect(shorten('Semantics and layout', 30)).toBe('Sem.');
    expect(shorten('Semantics', 10)).toBe('');
  });
});

describe('arrow keys', () => {
  const ids = ['a', 'b', 'c'];
  const axis = { ids, tree: null, groups: [{ name: '', ids }] };
  const layout = layoutMatrix({ sources: axis, targets: axis }, (id) => id, 800);
  it('start at the first cell and stop at the borders', () => {
    expect(step(layout, null, 1, 0)).toEqual({ source: 'a', target: 'a' });
    expect(step(layout, { source: 'a', target: 'a' }, 1, 1)).toEqual({ source: 'b', target: 'b' });
    expect(step(layout, { source: 'c', target: 'a' }, 1, -1)).toEqual({ source: 'c', target: 'a' });
  });
});
