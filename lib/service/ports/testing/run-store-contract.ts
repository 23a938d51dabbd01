import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PlannedRun } from '../index';
import { Bench, LEASE, type StoreUnderTest } from './bench';
import { itHandsOutRuns } from './claims-contract';
import { itLetsSweepsGrow } from './growth-contract';
import { newSweep, plannedTransfer, sampleAnalysis, samplePolicy, sampleResult } from './samples';

/** What every RunStore must do. */
export function describeRunStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`RunStore: ${name}`, () => {
    const bench = new Bench();
    beforeAll(async () => bench.open(await open()));
    afterAll(() => bench.close());
    beforeEach(() => bench.next());
    itKeepsSweepsAndPlans(bench);
    itGivesClaims(bench);
    itHandsOutRuns(bench);
    itTakesResults(bench);
    itAdoptsRuns(bench);
    itHandlesFailures(bench);
    itObeysSweeps(bench);
    itLetsSweepsGrow(bench);
    itKeepsRecords(bench);
  });
}

function itKeepsSweepsAndPlans(bench: Bench): void {
  it('numbers sweeps and gives them back whole', async () => {
    const a = await bench.store.createSweep(newSweep(bench.sweepId), [bench.source(1)]);
    const b = await bench.store.createSweep(newSweep(`${bench.sweepId}-b`), []);
    expect(b.number).toBeGreaterThan(a.number);
    expect(await bench.store.getSweep(a.id)).toEqual(a);
    expect((await bench.store.listSweeps()).slice(0, 2).map((s) => s.id)).toEqual([b.id, a.id]);
    expect(await bench.store.getSweep('no-such')).toBeNull();
  });

  it('gives the same sweep when it is created twice', async () => {
    const a = await bench.store.createSweep(newSweep(bench.sweepId), [bench.source(1)]);
    expect(await bench.store.createSweep(newSweep(bench.sweepId), [bench.source(1)])).toEqual(a);
    expect(await bench.store.runsOf(a.id)).toHaveLength(1);
  });

  it('stores several sweeps together or not at all', async () => {
    const a = bench.source(1);
    const whole = (id: string) => ({ sweep: newSweep(id), runs: [a] });
    const ids = [bench.sweepId, `${bench.sweepId}-b`];
    const stored = await bench.store.createSweeps(ids.map(whole));
    expect(stored.map(({ id }) => id)).toEqual(ids);
    expect(await bench.store.runsOf(`${bench.sweepId}-b`)).toHaveLength(1);
  });

  it('imports whole sweeps, NaN and policies included; the same one again is one sweep', async () => {
    const id = bench.sweepId;
    const policy = samplePolicy;
    const whole = {
      sweep: { ...newSweep(id), origin: 'imported' as const },
      analyses: [sampleAnalysis('edges'), sampleAnalysis('z-depth')],
      policies: [policy],
    };
    const other = { ...whole, sweep: { ...whole.sweep, id: `${id}-b` }, policies: [] };
    const stored = await bench.store.importSweeps([whole, other]);
    expect(stored.map((s) => [s.id, s.state, s.origin])).toEqual([
      [id, 'done', 'imported'],
      [`${id}-b`, 'done', 'imported'],
    ]);
    expect(await bench.store.importSweeps([whole])).toEqual([stored[0]]);
    expect(await bench.store.analyses(id)).toEqual(whole.analyses);
    expect(await bench.store.analyses(`${id}-b`)).toEqual(whole.analyses);
    expect(await bench.store.policies(id)).toEqual([policy]);
    expect(await bench.store.policies(`${id}-b`)).toEqual([]);
  });

  it('queues runs without parents, and lets the others wait', async () => {
    const [a, b] = [bench.source(1), bench.source(2)];
    const transfer = plannedTransfer('x', [a, b]);
    await bench.store.createSweep(newSweep(bench.sweepId), [transfer, a, b]);
    const runs = await bench.store.runsOf(bench.sweepId);
    expect(runs.map((run) => [run.fingerprint, run.state])).toEqual([
      [a.fingerprint, 'queued'],
      [b.fingerprint, 'queued'],
      [transfer.fingerprint, 'waiting'],
    ]);
    expect(runs[2]?.recipe).toEqual(transfer.recipe);
  });
}

function itGivesClaims(bench: Bench): void {
  it('lets one worker claim a run, and nobody else while the lease lasts', async () => {
    const a = bench.source(1);
    await bench.store.createSweep(newSweep(bench.sweepId), [a]);
    const claimed = await bench.store.claim(a.fingerprint, 'w1', LEASE);
    expect(claimed).toMatchObject({ state: 'running', attempt: 1, claimedBy: 'w1' });
    expect(await bench.store.claim(a.fingerprint, 'w2', LEASE)).toBeNull();
    expect((await bench.store.claim(a.fingerprint, 'w1', LEASE))?.attempt).toBe(1);
    bench.clock.advance(LEASE - 1);
    expect(
      await bench.store.heartbeat(a.fingerprint, 'w1', LEASE, { step: 3, totalSteps: 9, imagesPerSecond: 7 }),
    ).toBe('held');
    bench.clock.advance(LEASE - 1);
    expect(await bench.store.claim(a.fingerprint, 'w2', LEASE)).toBeNull();
    expect((await bench.store.getRun(a.fingerprint))?.progress).toEqual({
      step: 3,
      totalSteps: 9,
      imagesPerSecond: 7,
    });
  });

  it('lets one of many that claim at once win', async () => {
    const a = bench.source(1);
    await bench.store.createSweep(newSweep(bench.sweepId), [a]);
    const workers = Array.from({ length: 8 }, (_, i) => `w${i}`);
    const claims = await Promise.all(
      workers.map((worker) => bench.store.claim(a.fingerprint, worker, LEASE)),
    );
    expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
  });

  it('lets an expired claim be taken over; the first holder is told, its late result is taken once', async () => {
    const a = bench.source(1);
    await bench.store.createSweep(newSweep(bench.sweepId), [a]);
    await bench.store.claim(a.fingerprint, 'w1', LEASE);
    bench.clock.advance(LEASE);
    expect(await bench.store.claim(a.fingerprint, 'w2', LEASE)).toMatchObject({
      attempt: 2,
      claimedBy: 'w2',
    });
    const progress = { step: 0, totalSteps: 0, imagesPerSecond: 0 };
    expect(await bench.store.heartbeat(a.fingerprint, 'w1', LEASE, progress)).toBe('lost');
    expect((await bench.store.complete(a.fingerprint, 'w1', sampleResult(1), 'wasm')).accepted).toBe(true);
    expect((await bench.store.complete(a.fingerprint, 'w2', sampleResult(2), 'cpu')).accepted).toBe(false);
    expect(await bench.store.result(a.fingerprint)).toEqual(sampleResult(1));
    expect(await bench.store.getRun(a.fingerprint)).toMatchObject({
      state: 'done',
      backend: 'wasm',
      claimedBy: null,
    });
  });
}

/** Runs that were computed elsewhere. */
function itAdoptsRuns(bench: Bench): void {
  const finished = ({ fingerprint, recipe, priority, estimatedFlops }: PlannedRun, n = 0) => ({
    fingerprint,
    recipe,
    priority,
    estimatedFlops,
    backend: 'cuda',
    result: sampleResult(n),
  });

  it('counts a run as done for sweeps to come; a second result is not taken', async () => {
    const a = bench.source(1);
    const child = plannedTransfer('x', [a]);
    expect(await bench.store.adopt([finished(a)])).toEqual([a.fingerprint]);
    expect(await bench.store.adopt([finished(a, 1)])).toEqual([]);
    expect(await bench.store.result(a.fingerprint)).toEqual(sampleResult());
    await bench.store.createSweep(newSweep(bench.sweepId), [a, child]);
    expect(await bench.store.getRun(a.fingerprint)).toMatchObject({ state: 'done', backend: 'cuda' });
    expect(await bench.stateOf(child.fingerprint)).toBe('queued');
  });

  it('ends a run that is waited for, also one that failed or was cancelled, and wakes its sweep', async () => {
    const [failed, dropped] = [bench.source(1), bench.source(2)];
    const child = plannedTransfer('x', [failed]);
    await bench.store.createSweep(newSweep(`${bench.sweepId}-b`), [dropped]);
    await bench.store.setSweepState(`${bench.sweepId}-b`, 'cancelled');
    await bench.store.createSweep(newSweep(bench.sweepId), [failed, child]);
    await bench.store.claim(failed.fingerprint, 'w', LEASE);
    await bench.store.fail(failed.fingerprint, 'w', { class: 'diverged', message: 'NaN' });
    await bench.store.setSweepState(bench.sweepId, 'done');
    const both = await bench.store.adopt([finished(failed), finished(dropped)]);
    expect([...both].sort()).toEqual([failed.fingerprint, dropped.fingerprint].sort());
    expect(await bench.store.getRun(failed.fingerprint)).toMatchObject({ state: 'done', failure: null });
    expect(await bench.stateOf(dropped.fingerprint)).toBe('done');
    expect(await bench.stateOf(child.fingerprint)).toBe('queued');
    expect((await bench.store.getSweep(bench.sweepId))?.state).toBe('active');
  });
}

function itTakesResults(bench: Bench): void {
  it('keeps a result to the last bit', async () => {
    const a = bench.source(1);
    await bench.store.createSweep(newSweep(bench.sweepId), [a]);
    expect(await bench.store.result(a.fingerprint)).toBeNull();
    await bench.store.claim(a.fingerprint, 'w1', LEASE);
    const result = {
      ...sampleResult(),
      probeLosses: { 'z-depth': Float32Array.from([1, Number.NaN]), edges: new Float32Array(0) },
    };
    await bench.store.complete(a.fingerprint, 'w1', result, 'wasm');
    expect(await bench.store.result(a.fingerprint)).toEqual(result);
  });

  it('releases a child once, when its last parent is done', async () => {
    const [a, b] = [bench.source(1), bench.source(2)];
    const [one, both] = [plannedTransfer('x', [a]), plannedTransfer('y', [a, b])];
    await bench.store.createSweep(newSweep(bench.sweepId), [a, b, one, both]);
    const first = await bench.store.complete(a.fingerprint, 'w', sampleResult(), 'wasm');
    expect(first.released).toEqual([one.fingerprint]);
    expect(await bench.stateOf(both.fingerprint)).toBe('waiting');
    const second = await bench.store.complete(b.fingerprint, 'w', sampleResult(), 'wasm');
    expect(second.released).toEqual([both.fingerprint]);
    expect((await bench.store.complete(b.fingerprint, 'w', sampleResult(), 'wasm')).released).toEqual([]);
  });

  it('releases a child although its parents finish at the same time', async () => {
    const parents = Array.from({ length: 6 }, (_, i) => bench.source(i + 1));
    const child = plannedTransfer('x', parents);
    await bench.store.createSweep(newSweep(bench.sweepId), [...parents, child]);
    const ends = await Promise.all(
      parents.map((parent) => bench.store.complete(parent.fingerprint, 'w', sampleResult(), 'wasm')),
    );
    expect(ends.flatMap((end) => end.released)).toEqual([child.fingerprint]);
  });
}

function itHandlesFailures(bench: Bench): void {
  it('tries failures again with growing waits, and gives up by class', async () => {
    const [a, b] = [bench.source(1), bench.source(2)];
    await bench.store.createSweep(newSweep(bench.sweepId), [a, b]);
    await bench.store.claim(a.fingerprint, 'w', LEASE);
    const again = await bench.store.fail(a.fingerprint, 'w', { class: 'out-of-memory', message: 'too big' });
    expect(again).toMatchObject({
      state: 'queued',
      failure: { class: 'out-of-memory', message: 'too big' },
    });
    expect(await bench.store.claim(a.fingerprint, 'w', LEASE)).toBeNull();
    bench.clock.advance((again.notBefore - bench.clock.now()) / 1000);
    expect((await bench.store.claim(a.fingerprint, 'w', LEASE))?.attempt).toBe(2);
    await bench.store.claim(b.fingerprint, 'w', LEASE);
    expect((await bench.store.fail(b.fingerprint, 'w', { class: 'diverged', message: 'NaN' })).state).toBe(
      'failed',
    );
    expect(await bench.store.claim(b.fingerprint, 'w', LEASE)).toBeNull();
    expect(await bench.store.retry(b.fingerprint)).toMatchObject({
      state: 'queued',
      attempt: 0,
      failure: null,
    });
  });

  it('ignores the failure of one who no longer holds the run', async () => {
    const a = bench.source(1);
    await bench.store.createSweep(newSweep(bench.sweepId), [a]);
    await bench.store.claim(a.fingerprint, 'w1', LEASE);
    bench.clock.advance(LEASE);
    await bench.store.claim(a.fingerprint, 'w2', LEASE);
    expect(await bench.store.fail(a.fingerprint, 'w1', { class: 'code', message: 'x' })).toMatchObject({
      claimedBy: 'w2',
    });
  });

  it('gives up a run that loses its worker again and again, but still takes a late result', async () => {
    const a = bench.source(1);
    await bench.store.createSweep(newSweep(bench.sweepId), [a]);
    let attempts = 0;
    while (await bench.store.claim(a.fingerprint, `w${attempts}`, LEASE)) {
      attempts++;
      bench.clock.advance(LEASE);
    }
    expect(attempts).toBe(5);
    expect(await bench.store.getRun(a.fingerprint)).toMatchObject({
      state: 'failed',
      failure: { class: 'lost-machine' },
    });
    expect((await bench.store.complete(a.fingerprint, 'w0', sampleResult(), 'wasm')).accepted).toBe(true);
  });

  it('takes a claim back without counting it', async () => {
    const a = bench.source(1);
    await bench.store.createSweep(newSweep(bench.sweepId), [a]);
    await bench.store.claim(a.fingerprint, 'w1', LEASE);
    await bench.store.release(a.fingerprint, 'w2');
    expect(await bench.stateOf(a.fingerprint)).toBe('running');
    await bench.store.release(a.fingerprint, 'w1');
    expect(await bench.store.getRun(a.fingerprint)).toMatchObject({
      state: 'queued',
      attempt: 0,
      claimedBy: null,
    });
  });
}

function itObeysSweeps(bench: Bench): void {
  it('pauses: nothing new starts, what runs goes on; stops: what runs is told', async () => {
    const [a, b] = [bench.source(1), bench.source(2)];
    await bench.store.createSweep(newSweep(bench.sweepId), [a, b]);
    await bench.store.claim(a.fingerprint, 'w', LEASE);
    const progress = { step: 0, totalSteps: 0, imagesPerSecond: 0 };
    await bench.store.setSweepState(bench.sweepId, 'paused');
    expect(await bench.store.claim(b.fingerprint, 'w', LEASE)).toBeNull();
    expect(await bench.store.heartbeat(a.fingerprint, 'w', LEASE, progress)).toBe('held');
    await bench.store.setSweepState(bench.sweepId, 'stopped');
    expect(await bench.store.heartbeat(a.fingerprint, 'w', LEASE, progress)).toBe('stopped');
    await bench.store.setSweepState(bench.sweepId, 'active');
    expect(await bench.store.claim(b.fingerprint, 'w', LEASE)).not.toBeNull();
    expect(await bench.store.heartbeat(a.fingerprint, 'w', LEASE, progress)).toBe('held');
  });

  it('shares runs between sweeps; cancelling one never stops what the other wants', async () => {
    const [shared, own] = [bench.source(1), bench.source(2)];
    await bench.store.createSweep(newSweep(bench.sweepId), [shared, own]);
    await bench.store.createSweep(newSweep(`${bench.sweepId}-b`), [shared]);
    await bench.store.claim(shared.fingerprint, 'w', LEASE);
    await bench.store.setSweepState(bench.sweepId, 'cancelled');
    expect(await bench.stateOf(own.fingerprint)).toBe('cancelled');
    const progress = { step: 0, totalSteps: 0, imagesPerSecond: 0 };
    expect(await bench.store.heartbeat(shared.fingerprint, 'w', LEASE, progress)).toBe('held');
    await bench.store.setSweepState(`${bench.sweepId}-b`, 'cancelled');
    expect(await bench.store.heartbeat(shared.fingerprint, 'w', LEASE, progress)).toBe('cancelled');
    expect((await bench.store.complete(shared.fingerprint, 'w', sampleResult(), 'wasm')).accepted).toBe(
      false,
    );
  });

  it('keeps what is done when its sweep is cancelled, and takes the rest up again', async () => {
    const [a, b] = [bench.source(1), bench.source(2)];
    const transfer = plannedTransfer('x', [a]);
    await bench.store.createSweep(newSweep(bench.sweepId), [a, b, transfer]);
    await bench.store.complete(a.fingerprint, 'w', sampleResult(), 'wasm');
    await bench.store.setSweepState(bench.sweepId, 'cancelled');
    expect(await bench.stateOf(a.fingerprint)).toBe('done');
    expect(await bench.stateOf(transfer.fingerprint)).toBe('cancelled');
    await bench.store.setSweepState(bench.sweepId, 'active');
    expect(await bench.stateOf(b.fingerprint)).toBe('queued');
    expect(await bench.stateOf(transfer.fingerprint)).toBe('queued');
  });

  it('never trains again what another sweep has done; a new wish revives failed and cancelled runs', async () => {
    const [done, failed, cancelled] = [bench.source(1), bench.source(2), bench.source(3)];
    await bench.store.createSweep(newSweep(bench.sweepId), [done, failed, cancelled]);
    await bench.store.complete(done.fingerprint, 'w', sampleResult(), 'wasm');
    await bench.store.claim(failed.fingerprint, 'w', LEASE);
    await bench.store.fail(failed.fingerprint, 'w', { class: 'diverged', message: 'NaN' });
    await bench.store.setSweepState(bench.sweepId, 'cancelled');
    await bench.store.createSweep(newSweep(`${bench.sweepId}-b`), [
      done,
      failed,
      cancelled,
      plannedTransfer('x', [done]),
    ]);
    const states = (await bench.store.runsOf(`${bench.sweepId}-b`)).map((run) => run.state);
    expect(states).toEqual(['done', 'queued', 'queued', 'queued']);
  });

  it('retries only what failed or was cancelled, and wakes its sweep', async () => {
    const a = bench.source(1);
    const child = plannedTransfer('x', [a]);
    await bench.store.createSweep(newSweep(bench.sweepId), [a, child]);
    await expect(bench.store.retry(a.fingerprint)).rejects.toThrow(/queued/);
    await bench.store.claim(a.fingerprint, 'w', LEASE);
    await bench.store.fail(a.fingerprint, 'w', { class: 'diverged', message: 'NaN' });
    await bench.store.setSweepState(bench.sweepId, 'done');
    await bench.store.retry(a.fingerprint);
    expect((await bench.store.getSweep(bench.sweepId))?.state).toBe('active');
    const { released } = await bench.store.complete(a.fingerprint, 'w', sampleResult(), 'wasm');
    expect(released).toEqual([child.fingerprint]);
  });
}

function itKeepsRecords(bench: Bench): void {
  it('answers for runs and sweeps that do not exist', async () => {
    const nobody = 'f'.repeat(64);
    expect(await bench.store.getRun(nobody)).toBeNull();
    expect(await bench.store.claim(nobody, 'w', LEASE)).toBeNull();
    await expect(bench.store.retry(nobody)).rejects.toMatchObject({ code: 'not-found' });
    await expect(bench.store.setSweepState('no-such', 'paused')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('keeps analyses and policies, one per target and per question', async () => {
    await bench.store.createSweep(newSweep(bench.sweepId), []);
    await bench.store.saveAnalysis(bench.sweepId, sampleAnalysis('z-depth', true));
    await bench.store.saveAnalysis(bench.sweepId, sampleAnalysis('edges'));
    await bench.store.saveAnalysis(bench.sweepId, sampleAnalysis('z-depth'));
    expect(await bench.store.analyses(bench.sweepId)).toEqual([
      sampleAnalysis('edges'),
      sampleAnalysis('z-depth'),
    ]);
    await bench.store.savePolicy(bench.sweepId, { ...samplePolicy, objective: 0.5 });
    await bench.store.savePolicy(bench.sweepId, samplePolicy);
    await bench.store.savePolicy(bench.sweepId, { ...samplePolicy, budget: 3 });
    expect(await bench.store.policies(bench.sweepId)).toEqual([samplePolicy, { ...samplePolicy, budget: 3 }]);
  });
}
