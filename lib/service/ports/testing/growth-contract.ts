import { expect, it } from 'vitest';
import { type Bench, LEASE } from './bench';
import { newSweep, plannedTransfer, sampleResult } from './samples';

/** Sweeps whose plan grows while they run. */
export function itLetsSweepsGrow(bench: Bench): void {
  it('adds runs once, however often it is told; queues what has no open parent', async () => {
    const [a, b] = [bench.source(1), bench.source(2)];
    await bench.store.createSweep(newSweep(bench.sweepId), [a, b]);
    await bench.store.complete(a.fingerprint, 'w', sampleResult(), 'wasm');
    const [ready, early] = [plannedTransfer('x', [a]), plannedTransfer('x', [a, b])];
    const told = await Promise.all(
      [1, 2, 3].map(() => bench.store.extendSweep(bench.sweepId, [a, ready, early])),
    );
    expect(told.sort()).toEqual([0, 0, 2]);
    expect(await bench.stateOf(ready.fingerprint)).toBe('queued');
    expect(await bench.stateOf(early.fingerprint)).toBe('waiting');
    expect(await bench.store.runsOf(bench.sweepId)).toHaveLength(4);
    const { released } = await bench.store.complete(b.fingerprint, 'w', sampleResult(), 'wasm');
    expect(released).toEqual([early.fingerprint]);
  });

  it('wakes a sweep that had ended, and takes over what another has done or given up', async () => {
    const [done, failed] = [bench.source(1), bench.source(2)];
    await bench.store.createSweep(newSweep(`${bench.sweepId}-b`), [done, failed]);
    await bench.store.complete(done.fingerprint, 'w', sampleResult(), 'wasm');
    await bench.store.claim(failed.fingerprint, 'w', LEASE);
    await bench.store.fail(failed.fingerprint, 'w', { class: 'diverged', message: 'NaN' });
    await bench.store.createSweep(newSweep(bench.sweepId), []);
    await bench.store.setSweepState(bench.sweepId, 'done');
    expect(await bench.store.extendSweep(bench.sweepId, [done, failed])).toBe(2);
    expect((await bench.store.getSweep(bench.sweepId))?.state).toBe('active');
    expect(await bench.stateOf(done.fingerprint)).toBe('done');
    expect(await bench.stateOf(failed.fingerprint)).toBe('queued');
  });

  it('keeps what it adds to a cancelled sweep for the day that it is resumed', async () => {
    const a = bench.source(1);
    const more = plannedTransfer('x', [a]);
    await bench.store.createSweep(newSweep(bench.sweepId), [a]);
    await bench.store.complete(a.fingerprint, 'w', sampleResult(), 'wasm');
    await bench.store.setSweepState(bench.sweepId, 'cancelled');
    expect(await bench.store.extendSweep(bench.sweepId, [more])).toBe(1);
    expect(await bench.stateOf(more.fingerprint)).toBe('cancelled');
    await bench.store.setSweepState(bench.sweepId, 'active');
    expect(await bench.stateOf(more.fingerprint)).toBe('queued');
    await expect(bench.store.extendSweep('no-such', [more])).rejects.toMatchObject({ code: 'not-found' });
  });
}
