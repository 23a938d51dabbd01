import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PlannedRun, RunTally, Store } from '../ports';
import { manualClock } from '../ports/testing/bench';
import { type TestDatabase, testDatabase } from '../ports/testing/postgres';
import {
  newSweep,
  plannedShard,
  plannedSource,
  plannedTransfer,
  sampleOffers,
  sampleResult,
} from '../ports/testing/samples';
import { tallyRuns } from '../views/progress';
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
const done = (run: PlannedRun) => store.complete(run.fingerprint, 'w', sampleResult(), 'wasm');
const stateOf = async (run: PlannedRun) => (await store.getRun(run.fingerprint))?.state;

async function rows<T extends pg.QueryResultRow>(text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query('set default_transaction_read_only = off');
    return (await client.query<T>(text)).rows;
  } finally {
    await client.end();
  }
}

const shards = (count: number) => Array.from({ length: count }, (_, n) => plannedShard(seed, n, count));
const waitingFor = (run: PlannedRun, parents: readonly PlannedRun[]): PlannedRun => ({
  ...run,
  dependsOn: [...run.dependsOn, ...parents.map((parent) => parent.fingerprint)],
});

describe('the shards of a data set', () => {
  it('are one row a run that waits for them, and release it when the last one is done', async () => {
    const images = shards(5);
    const waiting = [1, 2, 3].map((n) => waitingFor(plannedSource(seed * 100 + n, n), images));
    const both = waitingFor(plannedTransfer(`x${seed}`, waiting.slice(0, 1)), images);
    await store.createSweep(newSweep(id()), [...images, ...waiting, both]);
    expect(
      await rows(`select (select count(*)::int from run_barriers b join sweep_runs w on w.fingerprint = b.child where w.sweep_id = '${id()}') as barriers,
                         (select count(*)::int from run_dependencies d join sweep_runs w on w.fingerprint = d.child where w.sweep_id = '${id()}') as single`),
    ).toEqual([{ barriers: 4, single: 1 }]);
    const early = await Promise.all(images.slice(1).map(done));
    expect(early.flatMap(({ released }) => released)).toEqual([]);
    expect(await stateOf(waiting[0] ?? both)).toBe('waiting');
    const [last] = images;
    const { released } = await done(last ?? both);
    expect([...released].sort()).toEqual(waiting.map((run) => run.fingerprint).sort());
    expect(await stateOf(both)).toBe('waiting');
    expect((await done(waiting[0] ?? both)).released).toEqual([both.fingerprint]);
    await store.setSweepState(id(), 'cancelled');
  });

  it('release although all finish at the same time', async () => {
    const images = shards(8);
    const waiting = waitingFor(plannedSource(seed * 100), images);
    await store.createSweep(newSweep(id()), [...images, waiting]);
    const ends = await Promise.all(images.map(done));
    expect(ends.flatMap(({ released }) => released)).toEqual([waiting.fingerprint]);
    await store.setSweepState(id(), 'cancelled');
  });

  it('that are done already keep nobody waiting', async () => {
    const images = shards(3);
    await store.createSweep(newSweep(id()), images);
    await Promise.all(images.map(done));
    const waiting = waitingFor(plannedSource(seed * 100), images);
    await store.createSweep(newSweep(`${id()}-b`), [...images, waiting]);
    expect(await stateOf(waiting)).toBe('queued');
    await store.setSweepState(`${id()}-b`, 'cancelled');
  });

  it('doom what waits for them when one fails', async () => {
    const images = shards(2);
    const [first, second] = images;
    if (!first || !second) throw new Error('two shards');
    const waiting = { ...waitingFor(plannedSource(seed * 100), images), target: 't' };
    await store.createSweep(newSweep(id()), [...images, waiting]);
    await done(second);
    await store.claim(first.fingerprint, 'w', 10);
    await store.fail(first.fingerprint, 'w', { class: 'diverged', message: 'NaN' });
    expect((await store.tournament(id(), 't')).map(({ open }) => open)).toEqual([false]);
    await store.retry(first.fingerprint);
    expect((await store.tournament(id(), 't')).map(({ open }) => open)).toEqual([true]);
    expect((await done(first)).released).toEqual([waiting.fingerprint]);
    await store.setSweepState(id(), 'cancelled');
  });

  it('of databases that were made before barriers still release their runs', async () => {
    const images = shards(3);
    const waiting = waitingFor(plannedSource(seed * 100), images);
    await store.createSweep(newSweep(id()), [...images, waiting]);
    // As older versions stored it: a row a run and shard.
    await rows(`delete from run_barriers where child = '${waiting.fingerprint}'`);
    await rows(
      `insert into run_dependencies (child, parent) values ${images.map((s) => `('${waiting.fingerprint}', '${s.fingerprint}')`)}`,
    );
    const ends = await Promise.all(images.map(done));
    expect(ends.flatMap(({ released }) => released)).toEqual([waiting.fingerprint]);
    await store.setSweepState(id(), 'cancelled');
  });
});

describe('a plan of many runs', () => {
  const plan = (): PlannedRun[] => {
    const sources = Array.from({ length: 50 }, (_, n) => plannedSource(seed * 10_000 + n, n));
    const transfers = Array.from({ length: 2450 }, (_, n) => {
      const source = sources[n % 50];
      return plannedTransfer(`t${seed}-${n}`, source ? [source] : [], 1000 + n);
    });
    // Those that wait come before what they wait for.
    return [...transfers, ...sources];
  };

  it('is stored in parts, is nobody’s work until it is whole, and tells how far it is', async () => {
    const heard: number[] = [];
    const seen: unknown[] = [];
    let looking: Promise<void> = Promise.resolve();
    await store.createSweeps([{ sweep: newSweep(id()), runs: plan() }], (stored) => {
      heard.push(stored);
      looking = looking.then(async () => {
        const sweep = await store.getSweep(id());
        const next = sweep?.state === 'submitting' ? await store.claimNext('w', 10, sampleOffers) : null;
        seen.push([sweep?.planned, next]);
      });
    });
    await looking;
    expect(heard).toEqual([1000, 2000, 2500]);
    expect(seen[0]).toEqual([2500, null]);
    expect((await store.getSweep(id()))?.state).toBe('active');
    expect(
      await rows(`select r.state, count(*)::int as n from runs r join sweep_runs w using (fingerprint)
                        where w.sweep_id = '${id()}' group by 1 order by 1`),
    ).toEqual([
      { state: 'queued', n: 50 },
      { state: 'waiting', n: 2450 },
    ]);
    await store.setSweepState(id(), 'cancelled');
  });

  it('leaves nothing behind when its process is lost in the middle', async () => {
    const shared = plannedSource(seed * 10_000, 0);
    await store.createSweep(newSweep(`${id()}-b`), [shared]);
    const lost = await connect(database.url, { clock });
    const cut = lost.createSweeps([{ sweep: newSweep(id()), runs: plan() }], (stored) => {
      if (stored === 2000) throw new Error('the process is gone');
    });
    // An error is rolled back at once; a process that is gone cannot do that: its sweep is put back as it was.
    await expect(cut).rejects.toThrow('the process is gone');
    expect(await store.getSweep(id())).toBeNull();
    await rows(`insert into sweeps (id, name, state, spec, tasks, origin, planned, submitted_at)
                values ('${id()}', 'x', 'submitting', '{}', '[]', 'measured', 2, '${new Date(clock.now()).toISOString()}')`);
    const orphan = plannedSource(seed * 10_000 + 7777, 1);
    await lost.createSweep(newSweep(`${id()}-c`), [orphan]);
    await rows(`update sweep_runs set sweep_id = '${id()}' where sweep_id = '${id()}-c'`);
    await rows(`update runs set state = 'waiting' where fingerprint = '${orphan.fingerprint}'`);
    await rows(
      `insert into sweep_runs (sweep_id, fingerprint, priority, layer) values ('${id()}', '${shared.fingerprint}', 1, 0)`,
    );
    expect(await store.rollBackSilent(60)).toBe(0);
    clock.advance(61);
    expect(await store.rollBackSilent(60)).toBe(1);
    expect(await store.getSweep(id())).toBeNull();
    expect(await store.getRun(orphan.fingerprint)).toBeNull();
    expect(await stateOf(shared)).toBe('queued');
    await store.setSweepState(`${id()}-b`, 'cancelled');
    await lost.close();
  });

  it('keeps nobody waiting: others claim, finish and submit while it is stored', async () => {
    const other = plannedSource(seed * 10_000 + 5000, 0);
    await store.createSweep(newSweep(`${id()}-b`), [other]);
    const order: string[] = [];
    let between: Promise<unknown> = Promise.resolve();
    await store.createSweeps([{ sweep: newSweep(id()), runs: plan() }], (stored) => {
      if (stored !== 1000) return;
      between = (async () => {
        const claim = await store.claimNext('w', 10, sampleOffers);
        expect(claim?.fingerprint).toBe(other.fingerprint);
        await done(other);
        await store.createSweep(newSweep(`${id()}-c`), [plannedSource(seed * 10_000 + 5001, 0)]);
        order.push('others');
      })();
    });
    await between;
    expect(order).toEqual(['others']);
    for (const one of [id(), `${id()}-c`]) await store.setSweepState(one, 'cancelled');
  });
});

describe('counts', () => {
  it('of the database are those of the runs themselves', async () => {
    const runs = Array.from({ length: 8 }, (_, n) => plannedSource(seed * 10_000 + n, n));
    const transfers = runs.slice(0, 4).map((run, n) => plannedTransfer(`c${seed}-${n}`, [run]));
    await store.createSweep(newSweep(`${id()}-earlier`), runs.slice(0, 1));
    for (const run of runs.slice(0, 1)) await done(run);
    clock.advance(60);
    const { createdAt } = await store.createSweep(newSweep(id()), [...runs, ...transfers]);
    clock.advance(5);
    const [, b, c, d, e, f] = runs;
    if (!b || !c || !d || !e || !f) throw new Error('too few runs');
    for (const run of [b, c, d, e]) await store.claim(run.fingerprint, 'w', 10);
    const progress = { step: 1, totalSteps: 4, imagesPerSecond: 80 };
    for (const run of [b, c, d]) await store.heartbeat(run.fingerprint, 'w', 10, progress);
    await done(b);
    await store.fail(e.fingerprint, 'w', { class: 'diverged', message: 'NaN' });
    clock.advance(11);
    await store.heartbeat(d.fingerprint, 'w', 10, { ...progress, step: 9 });
    await store.claim(f.fingerprint, 'w', 10);
    const order = (tallies: readonly RunTally[]) =>
      [...tallies].sort((x, y) => (`${x.kind} ${x.state}` < `${y.kind} ${y.state}` ? -1 : 1));
    const counted = (await store.tallies([id()])).get(id()) ?? [];
    expect(order(counted)).toEqual(order(tallyRuns(await store.runsOf(id()), createdAt, clock.now())));
    expect(counted.map(({ state }) => state)).toEqual(expect.arrayContaining(['lost', 'failed', 'waiting']));
    const page = await store.runPage({ sweepId: id(), state: 'done', offset: 1, limit: 5 });
    expect([page.total, page.runs.map((run) => run.fingerprint)]).toEqual([2, [b.fingerprint]]);
    expect((await store.runPage({ sweepId: id(), offset: 99, limit: 5 })).total).toBe(12);
    expect((await store.heldRuns()).map((run) => run.fingerprint).sort()).toEqual(
      [c, d, f].map((run) => run.fingerprint).sort(),
    );
    await store.setSweepState(id(), 'cancelled');
  });
});

describe('a database that cannot write', () => {
  it('is waited for when its disk is full: the result is stored when there is space', async () => {
    const run = plannedSource(seed * 10_000);
    await store.createSweep(newSweep(id()), [run]);
    // What Postgres raises when it cannot extend a file.
    await rows(`create function full_disk() returns trigger language plpgsql as
                $$ begin raise exception 'could not extend file' using errcode = '53100'; end $$`);
    await rows(
      'create trigger full_disk before insert on run_results for each row execute function full_disk()',
    );
    const result = done(run);
    const space = rows('select pg_sleep(0.3)').then(() => rows('drop trigger full_disk on run_results'));
    expect((await result).accepted).toBe(true);
    await space;
    expect(await store.result(run.fingerprint)).not.toBeNull();
    await store.setSweepState(id(), 'cancelled');
  });

  it('says why when patience ends: full, or read-only', async () => {
    const run = plannedSource(seed * 10_000);
    await store.createSweep(newSweep(id()), [run]);
    await rows(
      `alter database "${new URL(database.url).pathname.slice(1)}" set default_transaction_read_only = on`,
    );
    const hasty = await connect(database.url, { patienceSeconds: 0.2, clock });
    try {
      const refusal = hasty.claim(run.fingerprint, 'w', 10);
      await expect(refusal).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('read-only'),
      });
    } finally {
      await hasty.close();
      await rows(
        `alter database "${new URL(database.url).pathname.slice(1)}" reset default_transaction_read_only`,
      );
      await store.setSweepState(id(), 'cancelled');
    }
  });
});

describe('duties and versions', () => {
  it('gives a duty to one holder at a time, until its time is over or it ends', async () => {
    const duty = `duty-${seed}`;
    expect(await store.workers.hold(duty, 'a', 10)).toBe(true);
    expect(await store.workers.hold(duty, 'b', 10)).toBe(false);
    clock.advance(9);
    expect(await store.workers.hold(duty, 'a', 10)).toBe(true);
    clock.advance(9);
    expect(await store.workers.hold(duty, 'b', 10)).toBe(false);
    clock.advance(1);
    expect(await store.workers.hold(duty, 'b', 10)).toBe(true);
    await store.workers.gone('b');
    const both = await Promise.all(['c', 'd'].map((holder) => store.workers.hold(duty, holder, 10)));
    expect(both.filter(Boolean)).toHaveLength(1);
  });

  it('says which versions no living worker has', async () => {
    const run = plannedTransfer(`v${seed}`, []);
    await store.createSweep(newSweep(id()), [run]);
    expect(await store.unservedNeeds(30)).toEqual([]);
    const worker = { id: `w${seed}`, host: 'h', pid: 1, backend: 'b', device: 'd' };
    await store.workers.seen({ ...worker, offers: ['dataset rooms 1', 'method readout 7'] });
    expect(await store.unservedNeeds(30)).toEqual([{ needs: ['method readout 1'], runs: 1 }]);
    await store.workers.seen({ ...worker, id: `x${seed}`, offers: sampleOffers });
    expect(await store.unservedNeeds(30)).toEqual([]);
    clock.advance(31);
    await store.workers.seen({ ...worker, offers: ['dataset rooms 1', 'method readout 7'] });
    expect(await store.unservedNeeds(30)).toEqual([{ needs: ['method readout 1'], runs: 1 }]);
    await store.setSweepState(id(), 'cancelled');
  });
});

describe('clocks of machines that are wrong', () => {
  /** Calls as from a machine whose clock is off by so many hours. */
  async function skewed<T>(hours: number, call: () => Promise<T>): Promise<T> {
    const real = Date.now.bind(Date);
    const spy = vi.spyOn(Date, 'now').mockImplementation(() => real() + hours * 3_600_000);
    try {
      return await call();
    } finally {
      spy.mockRestore();
    }
  }

  it.each([1, -1])('an hour off (%i): neither steals nor loses a claim', async (hours) => {
    const [here, there] = await Promise.all([connect(database.url), connect(database.url)]);
    try {
      const run = plannedSource(seed * 10_000 + 60 + hours);
      await here.createSweep(newSweep(id()), [run]);
      const progress = { step: 1, totalSteps: 2, imagesPerSecond: 3 };
      expect((await here.claimNext('right', 30, sampleOffers))?.fingerprint).toBe(run.fingerprint);
      expect(await skewed(hours, () => there.claimNext('wrong', 30, sampleOffers))).toBeNull();
      expect(await skewed(hours, () => there.claim(run.fingerprint, 'wrong', 30))).toBeNull();
      await here.release(run.fingerprint, 'right');
      expect((await skewed(hours, () => there.claimNext('wrong', 30, sampleOffers)))?.fingerprint).toBe(
        run.fingerprint,
      );
      expect(await here.claimNext('right', 30, sampleOffers)).toBeNull();
      expect(await skewed(hours, () => there.heartbeat(run.fingerprint, 'wrong', 30, progress))).toBe('held');
      expect(await here.claim(run.fingerprint, 'right', 30)).toBeNull();
      // A back-off ends for everybody at the same moment.
      await skewed(hours, () => there.fail(run.fingerprint, 'wrong', { class: 'place', message: 'full' }));
      expect(await skewed(hours, () => there.claimNext('wrong', 30, sampleOffers))).toBeNull();
      await skewed(hours, () =>
        there.workers.seen({ id: 'wrong', host: 'h', pid: 1, backend: 'b', device: 'd' }),
      );
      const [seen] = (await here.workers.list()).filter((worker) => worker.id === 'wrong');
      expect(Math.abs((seen?.seenAt ?? 0) - (await here.now()))).toBeLessThan(600_000);
    } finally {
      await here.setSweepState(id(), 'cancelled');
      await Promise.all([here.close(), there.close()]);
    }
  });
});
