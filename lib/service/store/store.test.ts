import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../ports';
import { manualClock } from '../ports/testing/bench';
import { type TestDatabase, testDatabase } from '../ports/testing/postgres';
import {
  newSweep,
  plannedSource,
  plannedTransfer,
  sampleAnalysis,
  samplePolicy,
  sampleResult,
} from '../ports/testing/samples';
import { connect } from './index';

let database: TestDatabase;
let store: Store;
const clock = manualClock();
let seed = 0;
beforeAll(async () => {
  database = await testDatabase();
  store = await connect(database.url, { clock });
});
afterAll(async () => {
  await store.close();
  await database.close();
});
beforeEach(() => {
  seed++;
});

const id = () => `s${seed}`;
const source = (n: number) => ({ ...plannedSource(seed * 1000 + n, n), target: 't' });
const done = (fingerprint: string) => store.complete(fingerprint, 'w', sampleResult(), 'wasm');

async function rows(text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

describe('what is due', () => {
  it('analyses a tournament when its runs are over, again when a retried one is done, then ends the sweep', async () => {
    const [a, b] = [source(1), source(2)];
    await store.createSweep(newSweep(id()), [a, b]);
    await done(a.fingerprint);
    expect(await store.dueAnalyses({ runs: [a.fingerprint] })).toEqual([]);
    await store.claim(b.fingerprint, 'w', 10);
    await store.fail(b.fingerprint, 'w', { class: 'diverged', message: 'NaN' });
    const tournament = { sweepId: id(), target: 't' };
    expect(await store.dueAnalyses({ runs: [b.fingerprint] })).toEqual([tournament]);
    expect(await store.duePolicies()).not.toContain(id());
    await store.saveAnalysis(id(), sampleAnalysis('t', true), 1);
    expect(await store.dueAnalyses()).toEqual([]);
    expect(await store.duePolicies()).toContain(id());
    await store.retry(b.fingerprint);
    expect(await store.duePolicies()).not.toContain(id());
    await done(b.fingerprint);
    expect(await store.dueAnalyses()).toEqual([tournament]);
    await store.saveAnalysis(id(), sampleAnalysis('t'), 2);
    await store.savePolicy(id(), samplePolicy);
    await store.setSweepState(id(), 'done');
    expect(await store.duePolicies()).toEqual([]);
    expect(Object.keys(await store.phases(id())).sort()).toEqual([
      ...['done', 'first tournament', 'policy', 'tournaments'],
    ]);
  });

  it('remembers what could not be computed, until it is', async () => {
    await store.createSweep(newSweep(id()), [source(1)]);
    await store.markTrouble(id(), 't', 'weights must be positive');
    await store.markTrouble(id(), null, 'no policy');
    await store.markTrouble(id(), 't', 'weights must be finite');
    expect(await store.troubles(id())).toEqual([
      { target: 't', reason: 'weights must be finite' },
      { target: null, reason: 'no policy' },
    ]);
    await store.saveAnalysis(id(), sampleAnalysis('t'), 1);
    expect(await store.troubles(id())).toEqual([{ target: null, reason: 'no policy' }]);
    await store.savePolicy(id(), samplePolicy);
    expect(await store.troubles(id())).toEqual([]);
  });

  it('analyses each layer of seeds as it is complete', async () => {
    const first = source(1);
    const second = { ...source(2), layer: 1 };
    await store.createSweep(newSweep(id()), [first, second]);
    await done(first.fingerprint);
    expect(await store.dueAnalyses({ runs: [first.fingerprint] })).toEqual([{ sweepId: id(), target: 't' }]);
    await store.saveAnalysis(id(), sampleAnalysis('t', true), 1);
    expect(await store.dueAnalyses({ runs: [first.fingerprint] })).toEqual([]);
    await done(second.fingerprint);
    expect(await store.dueAnalyses({ runs: [second.fingerprint] })).toEqual([{ sweepId: id(), target: 't' }]);
    await store.setSweepState(id(), 'cancelled');
  });

  it('does not wait for what can never run: children of a failed source, and theirs', async () => {
    const parent = { ...source(1), target: null };
    const child = { ...plannedTransfer(`u${seed}`, [parent]), target: 't' };
    const grandchild = { ...plannedTransfer(`v${seed}`, [child]), target: 't' };
    const other = { ...source(2) };
    await store.createSweep(newSweep(id()), [parent, child, grandchild, other]);
    await done(other.fingerprint);
    await store.claim(parent.fingerprint, 'w', 10);
    await store.fail(parent.fingerprint, 'w', { class: 'diverged', message: 'NaN' });
    expect(await store.dueAnalyses()).toEqual([{ sweepId: id(), target: 't' }]);
    const members = await store.tournament(id(), 't');
    expect(members.map((member) => [member.state, member.open])).toEqual([
      ['done', false],
      ['waiting', false],
      ['waiting', false],
    ]);
    await store.setSweepState(id(), 'cancelled');
  });
});

describe('a batch of sweeps', () => {
  it('leaves nothing behind when one of them cannot be stored', async () => {
    const good = { sweep: newSweep(id()), runs: [source(1)] };
    const bad = { sweep: newSweep(`${id()}-b`), runs: [{ ...source(2), dependsOn: ['0'.repeat(64)] }] };
    await expect(store.createSweeps([good, bad])).rejects.toThrow();
    expect(await store.getSweep(id())).toBeNull();
    expect(await store.getRun(source(1).fingerprint)).toBeNull();
  });
});

describe('records', () => {
  it('keeps the matrix as rows that anybody can query', async () => {
    await store.createSweep(newSweep(id()), []);
    await store.saveAnalysis(id(), sampleAnalysis('t'));
    expect(
      await rows(
        `select candidate, affinity, affinity_low, gain, gain_low, quality, skill, in_tie_set from matrix_cells where sweep_id = '${id()}'`,
      ),
    ).toEqual([
      {
        candidate: 'task-1',
        affinity: 0.6,
        affinity_low: 0.5,
        gain: 0.75,
        gain_low: null,
        quality: null,
        skill: Number.NaN,
        in_tie_set: true,
      },
    ]);
  });

  it('gives pictures one by one, and losses many at a time', async () => {
    const [a, b] = [source(1), source(2)];
    await store.createSweep(newSweep(id()), [a, b]);
    const result = { ...sampleResult(), probeLosses: { x: Float32Array.from([1, 2]) } };
    await store.complete(a.fingerprint, 'w', result, 'wasm');
    expect(await store.sampleList(a.fingerprint)).toEqual([
      { index: 0, role: 'input' },
      { index: 0, role: 'prediction' },
    ]);
    expect(await store.sample(a.fingerprint, 0, 'prediction')).toEqual(Uint8Array.from([1, 2, 3]));
    expect(await store.sample(a.fingerprint, 7, 'input')).toBeNull();
    const losses = await store.losses([a.fingerprint, b.fingerprint]);
    expect([...losses]).toEqual([
      [
        a.fingerprint,
        {
          testLosses: result.testLosses,
          testMetrics: result.testMetrics,
          metric: 12.5,
          probeLosses: result.probeLosses,
          cost: { flops: result.cost.flops, seconds: result.cost.seconds },
        },
      ],
    ]);
    expect((await store.sweepsOf(a.fingerprint)).map((sweep) => sweep.id)).toEqual([id()]);
    await store.setSweepState(id(), 'cancelled');
  });

  it('lists workers that are there', async () => {
    const worker = {
      id: 'w1',
      host: 'h',
      pid: 7,
      backend: 'wasm',
      device: 'd',
      offers: ['method readout 4'],
    };
    const startedAt = clock.now();
    await store.workers.seen(worker);
    await store.workers.seen({ ...worker, id: 'w2' });
    clock.advance(5);
    await store.workers.seen({ ...worker, alarm: 'the disk is full' });
    await store.workers.gone('w2');
    const idle = { run: null, imagesPerSecond: null, alarm: 'the disk is full' };
    expect(await store.workers.list()).toEqual([{ ...worker, ...idle, startedAt, seenAt: clock.now() }]);
  });

  it('logs events in the order in which they can be seen, however many write at once', async () => {
    const from = await store.events.last();
    const runs = Array.from({ length: 20 }, (_, n) => source(n));
    await store.createSweep(newSweep(id()), runs);
    const seen: number[] = [];
    const follow = async (): Promise<void> => {
      while (seen.length < 20) {
        const news = await store.events.after(seen.at(-1) ?? from, { sweepId: id() });
        for (const event of news) seen.push(event.id);
      }
    };
    // A reader that only ever asks for what is newer must not miss one that commits late.
    const following = follow();
    await Promise.all(runs.map((run) => done(run.fingerprint)));
    await following;
    const all = await store.events.after(from, { sweepId: id() });
    expect(all.map((event) => event.kind)).toEqual(['sweep', ...Array(20).fill('run')]);
    expect(seen.slice(0, 20)).toEqual(all.slice(0, 20).map((event) => event.id));
    await store.setSweepState(id(), 'cancelled');
  });
});

describe('a database that goes away', () => {
  it('is waited for: a cut connection is not an error of the caller', async () => {
    await store.createSweep(newSweep(id()), [source(1)]);
    await rows(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'taskatlas' and datname = current_database()`,
    );
    expect((await store.getSweep(id()))?.id).toBe(id());
    await store.setSweepState(id(), 'cancelled');
  });

  it('says what to do when patience ends', async () => {
    const nowhere = connect('postgresql://nobody:x@127.0.0.1:1/none', { patienceSeconds: 0.2 });
    await expect(nowhere).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('npm start'),
    });
  });
});
