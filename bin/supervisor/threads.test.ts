import { describe, expect, it } from 'vitest';
import { threadsAllowed } from '@/workers/compose';
import { threadsPerWorker } from './index';

describe('threads', () => {
  it('shares the cores out: workers × threads never exceeds them, and each has at least one', () => {
    for (const cores of [1, 2, 3, 8, 64]) {
      for (let workers = 1; workers <= cores; workers++) {
        expect(workers * threadsPerWorker(workers, cores)).toBeLessThanOrEqual(cores);
        expect(workers * (threadsPerWorker(workers, cores) + 1)).toBeGreaterThan(cores);
      }
      expect(threadsPerWorker(cores * 2, cores)).toBe(1);
      expect(threadsPerWorker(0, cores)).toBe(cores);
    }
  });

  it('reads what the supervisor set, and refuses what is no number', () => {
    expect(threadsAllowed({ TASKATLAS_THREADS: '3' })).toEqual({ threads: 3 });
    expect(threadsAllowed({ TASKATLAS_THREADS: '' })).toEqual({});
    expect(threadsAllowed({})).toEqual({});
    expect(() => threadsAllowed({ TASKATLAS_THREADS: 'all' })).toThrow('TASKATLAS_THREADS is "all"');
  });
});
