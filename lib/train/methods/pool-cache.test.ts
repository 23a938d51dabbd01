import { describe, expect, it } from 'vitest';
import type { Dataset } from '@/lib/science/datasets/dataset';
import { CACHE_BYTES, cached, poolCacheBytes } from './pool-cache';

const GIB = 2 ** 30;

describe('poolCacheBytes', () => {
  it('leaves room for a worker on every core', () => {
    expect(poolCacheBytes(24 * GIB, 2)).toBe(8e8);
    expect(poolCacheBytes(16 * GIB, 8)).toBe(GIB / 2);
    expect(poolCacheBytes(16 * GIB, 64)).toBe(4e8);
  });
});

describe('cached', () => {
  it('makes a pool once, again after it was dropped, and drops what was used longest ago', async () => {
    const dataset = {} as Dataset;
    const made: string[] = [];
    const get = (key: string) =>
      cached(dataset, key, CACHE_BYTES * 0.4, async () => {
        made.push(key);
        return key;
      });
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) expect(await get(key)).toBe(key);
    expect(made).toEqual(['a', 'b', 'c', 'b']);
  });

  it('keeps no failure', async () => {
    const dataset = {} as Dataset;
    const failing = cached(dataset, 'x', 1, () => Promise.reject(new Error('damaged')));
    await expect(failing).rejects.toThrow('damaged');
    expect(await cached(dataset, 'x', 1, async () => 'whole')).toBe('whole');
  });
});
