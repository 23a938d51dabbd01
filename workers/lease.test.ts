import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { holdLease } from './lease';
import type { WorkerContext } from './types';

it('a claim outlasts the longest time for which computing kept it from beating', async () => {
  const asked: number[] = [];
  const context = {
    store: {
      heartbeat: async (_fingerprint: string, _worker: string, seconds: number) => {
        asked.push(seconds);
        return 'held' as const;
      },
    },
    worker: 'one',
    times: { leaseSeconds: 0.3, heartbeatSeconds: 0.02 },
    draining: new AbortController().signal,
    activity: { run: null, imagesPerSecond: null },
    log: () => undefined,
  } as unknown as WorkerContext;
  const lease = holdLease(context, 'run');
  await sleep(50);
  expect(asked[0]).toBe(0.3);
  const until = performance.now() + 400;
  while (performance.now() < until);
  await sleep(100);
  await lease.end();
  expect(asked.at(-1)).toBeGreaterThan(1);
});
