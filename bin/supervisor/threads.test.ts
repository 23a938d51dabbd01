import { describe, expect, it } from 'vitest';
import { threadsPerWorker } from '@/lib/train/engine/devices';
import { workerArguments } from '@/workers/command';
import { takeDevice, threadsAllowed } from '@/workers/compose';

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

describe('the process of a worker', () => {
  it('collects garbage on its one thread, or with helpers where it has several', () => {
    const flags = (threads: number) => workerArguments('worker-1', threads, ['--import', 'tsx']).slice(0, -3);
    expect(flags(1)).toEqual(['--import', 'tsx', '--single-threaded-gc']);
    expect(flags(2)).toEqual(['--import', 'tsx']);
    expect(workerArguments('worker-1', 1).slice(-2)).toEqual(['--name', 'worker-1']);
  });
});

describe('the device of a worker', () => {
  it('is hidden or chosen before its engine opens; the supervisor’s choice stands', () => {
    const environment: Record<string, string | undefined> = { TASKATLAS_DEVICE: 'cpu' };
    takeDevice(undefined, environment);
    expect(environment.CUDA_VISIBLE_DEVICES).toBe('-1');
    const supervised = { TASKATLAS_DEVICE: 'cpu', TASKATLAS_SUPERVISOR_PID: '7', CUDA_VISIBLE_DEVICES: '2' };
    takeDevice(undefined, supervised);
    expect(supervised.CUDA_VISIBLE_DEVICES).toBe('2');
    expect(() => takeDevice('gpu', { CUDA_VISIBLE_DEVICES: '' })).toThrow('No NVIDIA GPU is visible');
    expect(() => takeDevice('tpu', {})).toThrow('--device: "tpu" is no device');
  });
});
