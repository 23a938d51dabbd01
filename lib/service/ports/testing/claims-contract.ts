import { beforeEach, describe, expect, it } from 'vitest';
import { type Bench, LEASE } from './bench';
import { newSweep, plannedTransfer, sampleOffers, sampleResult } from './samples';

/** Workers that ask for the next run instead of a certain one. */
export function itHandsOutRuns(bench: Bench): void {
  describe('the next run', () => {
    // The store is shared: what other tests left would be handed out too.
    beforeEach(async () => {
      for (const { id, state } of await bench.store.listSweeps())
        if (state !== 'cancelled') await bench.store.setSweepState(id, 'cancelled');
    });
    const next = async (worker: string, offers = sampleOffers) =>
      (await bench.store.claimNext(worker, LEASE, offers))?.fingerprint ?? null;

    it('hands out what may be worked on, the most urgent first, each to one worker', async () => {
      const [a, b] = [bench.source(1), bench.source(2)];
      const child = plannedTransfer(bench.sweepId, [a], 0);
      await bench.store.createSweep(newSweep(bench.sweepId), [b, a, child]);
      expect(await next('w1')).toBe(a.fingerprint);
      expect(await next('w2')).toBe(b.fingerprint);
      expect(await next('w3')).toBeNull();
      await bench.store.complete(a.fingerprint, 'w1', sampleResult(), 'wasm');
      expect(await next('w1')).toBe(child.fingerprint);
    });

    it('lets many that ask at once have one run each', async () => {
      const runs = Array.from({ length: 6 }, (_, n) => bench.source(n));
      await bench.store.createSweep(newSweep(bench.sweepId), runs);
      const taken = await Promise.all(runs.map((_, n) => next(`w${n}`)));
      // One that met the others' locks may go away with nothing; asked again it is served.
      for (let n = 0; n < taken.length; n++) taken[n] ??= await next(`w${n}`);
      expect([...taken].sort()).toEqual(runs.map((run) => run.fingerprint).sort());
    });

    it('gives a worker its own claim again: the answer to it may have been lost', async () => {
      await bench.store.createSweep(newSweep(bench.sweepId), [bench.source(1), bench.source(2)]);
      const first = await next('w1');
      expect(await next('w1')).toBe(first);
      expect((await bench.store.getRun(first ?? ''))?.attempt).toBe(1);
    });

    it('leaves to others what needs a version that the worker lacks, uncounted', async () => {
      const [a, b] = [bench.source(1), plannedTransfer(bench.sweepId, [], 0)];
      await bench.store.createSweep(newSweep(bench.sweepId), [a, b]);
      const older = ['dataset rooms 1', 'method readout 0', 'method source 1'];
      expect(await next('old', older)).toBe(a.fingerprint);
      expect(await next('old-2', older)).toBeNull();
      expect(await bench.store.getRun(b.fingerprint)).toMatchObject({ state: 'queued', attempt: 0 });
      expect(await next('new')).toBe(b.fingerprint);
    });

    it('takes what a lost worker held; of sweeps that are not active nothing', async () => {
      const a = bench.source(1);
      await bench.store.createSweep(newSweep(bench.sweepId), [a]);
      await next('w1');
      bench.clock.advance(LEASE - 1);
      expect(await next('w2')).toBeNull();
      bench.clock.advance(1);
      await bench.store.setSweepState(bench.sweepId, 'paused');
      expect(await next('w2')).toBeNull();
      await bench.store.setSweepState(bench.sweepId, 'active');
      expect(await next('w2')).toBe(a.fingerprint);
      expect(await bench.store.getRun(a.fingerprint)).toMatchObject({ attempt: 2, claimedBy: 'w2' });
    });

    it('waits for the back-off of a failed attempt; a fault of the place is no attempt', async () => {
      const a = bench.source(1);
      await bench.store.createSweep(newSweep(bench.sweepId), [a]);
      for (let time = 0; time < 7; time++) {
        expect(await next('w')).toBe(a.fingerprint);
        const after = await bench.store.fail(a.fingerprint, 'w', {
          class: 'place',
          message: 'no space left',
        });
        expect(after).toMatchObject({ state: 'queued', attempt: 0, failure: { class: 'place' } });
        expect(await next('w')).toBeNull();
        bench.clock.advance(15);
      }
    });

    it('retries every failed run of a sweep, and nothing else', async () => {
      const [a, b, c] = [bench.source(1), bench.source(2), bench.source(3)];
      await bench.store.createSweep(newSweep(bench.sweepId), [a, b, c]);
      for (const { fingerprint } of [a, b]) {
        await bench.store.claim(fingerprint, 'w', LEASE);
        await bench.store.fail(fingerprint, 'w', { class: 'diverged', message: 'NaN' });
      }
      expect(await bench.store.retryFailed(bench.sweepId)).toBe(2);
      expect(await bench.store.retryFailed(bench.sweepId)).toBe(0);
      expect(await bench.stateOf(a.fingerprint)).toBe('queued');
      expect(await bench.stateOf(c.fingerprint)).toBe('queued');
    });
  });
}
