import { availableParallelism, totalmem } from 'node:os';
import type { Dataset } from '@/lib/science/datasets/dataset';

/**
 * Bytes of prepared pools that one process keeps: its share of a quarter of the machine's memory where there is a worker
 * on every core, but at least 4e8 (a source pool of the first look is kept whole up to half of that) and at most 8e8.
 * @param memory of the machine or, where there is a limit, of the container, in bytes
 */
export const poolCacheBytes = (memory: number, cores: number): number =>
  Math.min(8e8, Math.max(4e8, memory / 4 / cores));

/** No limit is 0, or a number beyond any machine. */
const constrained = process.constrainedMemory() || Number.POSITIVE_INFINITY;

export const CACHE_BYTES = poolCacheBytes(Math.min(totalmem(), constrained), availableParallelism());

interface CacheEntry {
  bytes: number;
  value: Promise<unknown>;
}
const caches = new WeakMap<Dataset, Map<string, CacheEntry>>();

/** A prepared pool, shared by the runs of a process; the least recently used ones are dropped above the limit. */
export async function cached<T>(
  dataset: Dataset,
  key: string,
  bytes: number,
  make: () => Promise<T>,
): Promise<T> {
  const cache = caches.get(dataset) ?? new Map<string, CacheEntry>();
  caches.set(dataset, cache);
  const found = cache.get(key);
  cache.delete(key);
  const entry = found ?? { bytes, value: make() };
  cache.set(key, entry);
  let total = [...cache.values()].reduce((sum, { bytes: b }) => sum + b, 0);
  for (const [old, { bytes: b }] of cache) {
    if (total <= CACHE_BYTES || old === key) break;
    cache.delete(old);
    total -= b;
  }
  try {
    return (await entry.value) as T;
  } catch (error) {
    cache.delete(key);
    throw error;
  }
}
