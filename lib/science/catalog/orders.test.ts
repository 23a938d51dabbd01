import { describe, expect, it } from 'vitest';
import { joinedOrders, joinedSources } from './orders';
import { trainingAtSize } from './transfer-sizes';

const ranked = ['g', 'f', 'e', 'd', 'c', 'b', 'a'];

describe('joinedSources', () => {
  it('joins the five best in all pairs, triples and fours; above that only the best k', () => {
    const subsets = joinedSources(ranked, 6);
    const count = (k: number) => subsets.filter((subset) => subset.length === k).length;
    expect([2, 3, 4, 5, 6, 7].map(count)).toEqual([10, 10, 5, 1, 1, 0]);
    expect(subsets.filter((s) => s.length <= 4).flat()).not.toContain('b');
    expect(subsets.at(-1)).toEqual(['b', 'c', 'd', 'e', 'f', 'g']);
  });

  it('is the same set of runs whatever the ranking within the five', () => {
    const keys = (list: readonly string[]) =>
      joinedSources(list, 4)
        .map((subset) => subset.join('+'))
        .sort();
    expect(keys(['c', 'd', 'e', 'f', 'g', 'a'])).toEqual(keys(ranked));
  });

  it('makes do with few sources', () => {
    expect(joinedSources(['a'], 4)).toEqual([]);
    expect(joinedSources(['b', 'a'], 4)).toEqual([['a', 'b']]);
    expect(joinedOrders(3, 4)).toEqual([2, 2, 2, 3]);
    expect(joinedOrders(26, 1)).toEqual([]);
  });
});

describe('trainingAtSize', () => {
  const full = { epochs: 30, batchSize: 16, learningRate: 0.01, weightDecay: 0 };

  it('is the paper’s table at the paper’s sizes, and stays there below them', () => {
    const epochs = [100, 1000, 2000, 4000, 8000, 16_000].map((n) => trainingAtSize(full, n, 16_000).epochs);
    expect(epochs).toEqual([200, 200, 100, 50, 50, 30]);
  });

  it('lies between them in between, and leaves the full set as it is', () => {
    expect(trainingAtSize(full, 60, 300).epochs).toBeGreaterThan(50);
    expect(trainingAtSize(full, 60, 300).epochs).toBeLessThan(100);
    expect(trainingAtSize(full, 300, 300)).toBe(full);
  });
});
