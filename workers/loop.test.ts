import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TaskatlasError } from '@/lib/science/core';
import type { ArtifactStore, JobQueue, Store, StoredRun } from '@/lib/service/ports';
import { type TestDatabase, testDatabase } from '@/lib/service/ports/testing/postgres';
import {
  newSweep,
  plannedSource,
  plannedTransfer,
  sampleOffers,
  sampleResult,
} from '@/lib/service/ports/testing/samples';
import { connectQueue } from '@/lib/service/queue';
import { connect, folderArtifacts } from '@/lib/service/store';
import { classify } from './failures';
import { work } from './loop';
import type { Execute, WorkerContext, WorkerTimes } from './types';

const TIMES: WorkerTimes = {
  leaseSeconds: 30,
  heartbeatSeconds: 0.05,
  sweepSeconds: 0.2,
  checkpointSeconds: 0,
};

let database: TestDatabase;
let store: Store;
let queue: JobQueue & { close(): Promise<void> };
let folder: string;
let running: { end: AbortController; over: Promise<void> }[] = [];
let seed = 0;
let logged: string[] = [];

beforeAll(async () => {
  database = await testDatabase();
  store = await connect(database.url, { patienceSeconds: 30 });
  queue = await connectQueue(database.url);
  folder = await mkdtemp(path.join(tmpdir(), 'taskatlas-loop-'));
});
afterAll(async () => {
  await queue.close();
  await store.close();
  await database.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  seed++;
  logged = [];
});
afterEach(async () => {
  await drainAll();
  await store.setSweepState(id(), 'cancelled').catch(() => undefined);
});

const id = () => `sweep-${seed}`;
const source = (n = 1) => plannedSource(seed * 100 + n, n);

async function drainAll(): Promise<void> {
  for (const { end } of running) end.abort();
  await Promise.all(running.map(({ over }) => over));
  running = [];
}

/** A worker of this process whose computing is ours. */
function startWorker(
  execute: Execute,
  times: Partial<WorkerTimes> = {},
  its: Store = store,
  artifacts: ArtifactStore = folderArtifacts(folder),
): string {
  const end = new AbortController();
  const worker = `w${seed}-${running.length}`;
  const context: WorkerContext = {
    store: its,
    queue,
    artifacts,
    execute,
    scenesOf: async () => undefined,
    backend: 'none',
    device: 'test',
    offers: sampleOffers,
    worker,
    times: { ...TIMES, ...times },
    activity: { run: null, imagesPerSecond: null, alarm: null },
    draining: end.signal,
    retire: () => end.abort(),
    log: (text) => logged.push(text),
  };
  running.push({ end, over: work(context) });
  return worker;
}

async function until(fingerprint: string, condition: (run: StoredRun) => boolean): Promise<StoredRun> {
  for (;;) {
    const run = await store.getRun(fingerprint);
    if (run && condition(run)) return run;
    await sleep(10);
  }
}

/** Computes until it is interrupted, then saves where it stood, as trainings do. */
const endless: Execute = async (_, { signal, checkpoint }) => {
  // The interruption may have come before the computing began: then nobody would hear of it.
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  await checkpoint.save(Uint8Array.from([4, 2]));
  throw new TaskatlasError('cancelled', 'interrupted after a checkpoint');
};

describe('work', () => {
  it('does every run once, children after their parents', async () => {
    const parents = [source(1), source(2)];
    const children = [1, 2, 3].map((n) => plannedTransfer(`t${seed}-${n}`, parents));
    await store.createSweep(newSweep(id()), [...parents, ...children]);
    const order: string[] = [];
    const execute: Execute = async (run) => {
      order.push(run.fingerprint);
      return sampleResult();
    };
    startWorker(execute);
    startWorker(execute);
    for (const { fingerprint } of children) await until(fingerprint, (run) => run.state === 'done');
    expect(order.slice(0, 2).sort()).toEqual(parents.map((run) => run.fingerprint).sort());
    expect(order.slice(2).sort()).toEqual(children.map((run) => run.fingerprint).sort());
  });

  it('ends a sweep whose tournaments cannot be compared, with the reason in sight', async () => {
    const only = { ...source(), target: 'x' };
    await store.createSweep(newSweep(id()), [only]);
    startWorker(async () => sampleResult());
    while ((await store.getSweep(id()))?.state !== 'done') await sleep(20);
    const [analysis] = await store.analyses(id());
    expect(analysis?.validity).toMatchObject({
      kept: false,
      reasons: [expect.stringContaining('too few runs')],
    });
  });

  it('keeps the reason of an analysis that fails, and goes on', async () => {
    const only = { ...source(), target: 'x' };
    await store.createSweep(newSweep(id()), [only]);
    const broken: Store = {
      ...store,
      saveAnalysis: async () => {
        throw new Error('weights must be positive');
      },
    };
    startWorker(async () => sampleResult(), {}, broken);
    while ((await store.troubles(id())).length === 0) await sleep(20);
    expect(await store.troubles(id())).toEqual([{ target: 'x', reason: 'weights must be positive' }]);
  });

  it('drain: the run is given back uncounted, the next worker finds its checkpoint', async () => {
    const run = source();
    await store.createSweep(newSweep(id()), [run]);
    startWorker(endless);
    await until(run.fingerprint, (r) => r.state === 'running');
    await drainAll();
    expect(await store.getRun(run.fingerprint)).toMatchObject({
      state: 'queued',
      attempt: 0,
      claimedBy: null,
    });
    let found: Uint8Array | null = null;
    startWorker(async (_, { checkpoint }) => {
      found = await checkpoint.load();
      return sampleResult();
    });
    await until(run.fingerprint, (r) => r.state === 'done');
    expect(found).toEqual(Uint8Array.from([4, 2]));
    await drainAll();
    expect(await folderArtifacts(folder).list(run.fingerprint)).toEqual([]);
  });

  it('stop: the run at work is given back, and taken up again when the sweep goes on', async () => {
    const run = source();
    await store.createSweep(newSweep(id()), [run]);
    let finish = false;
    startWorker(async (r, execution) => (finish ? sampleResult() : endless(r, execution)));
    await until(run.fingerprint, (r) => r.state === 'running');
    await store.setSweepState(id(), 'stopped');
    await until(run.fingerprint, (r) => r.state === 'queued');
    finish = true;
    await store.setSweepState(id(), 'active');
    await until(run.fingerprint, (r) => r.state === 'done');
  });

  it('cancel: the run at work ends, and nothing of it is kept', async () => {
    const run = source();
    await store.createSweep(newSweep(id()), [run]);
    startWorker(endless);
    await until(run.fingerprint, (r) => r.state === 'running');
    await store.setSweepState(id(), 'cancelled');
    while (!logged.some((line) => line.includes('interrupted: cancelled'))) await sleep(10);
    await drainAll();
    expect(await store.getRun(run.fingerprint)).toMatchObject({ state: 'cancelled' });
    expect(await store.result(run.fingerprint)).toBeNull();
    expect(await folderArtifacts(folder).list(run.fingerprint)).toEqual([]);
  });

  it('a failure is tried again by its class: divergence never, code once; the loop goes on', async () => {
    const [diverges, breaks, works] = [source(1), source(2), source(3)];
    await store.createSweep(newSweep(id()), [diverges, breaks, works]);
    startWorker(async (run) => {
      if (run.fingerprint === diverges.fingerprint) throw new TaskatlasError('diverged', 'loss is NaN');
      if (run.fingerprint === breaks.fingerprint) throw new TypeError('x is not a function');
      return sampleResult();
    });
    await until(works.fingerprint, (run) => run.state === 'done');
    const [a, b] = await Promise.all(
      [diverges, breaks].map((run) => until(run.fingerprint, (r) => r.state === 'failed')),
    );
    expect(a).toMatchObject({ attempt: 1, failure: { class: 'diverged', message: 'loss is NaN' } });
    expect(b).toMatchObject({
      attempt: 2,
      failure: { class: 'code', message: expect.stringContaining('x is not a function') },
    });
  });

  it('out of memory: a fresh process tries again with half of the batch, and the record says so; the last one stops', async () => {
    const runs = [source(1), source(2)] as const;
    await store.createSweep(newSweep(id()), [...runs]);
    let later = 0;
    const its = await connect(database.url, { clock: { now: () => Date.now() + later } });
    const taken = new Map<string, (number | undefined)[]>();
    const [hungry] = runs;
    const execute: Execute = async ({ fingerprint }, { imagesAtOnce }) => {
      taken.set(fingerprint, [...(taken.get(fingerprint) ?? []), imagesAtOnce]);
      if (fingerprint === hungry.fingerprint && imagesAtOnce === 2) return sampleResult();
      throw new RangeError('Array buffer allocation failed');
    };
    const both = Promise.all(
      runs.map((run) => until(run.fingerprint, (r) => r.state === 'done' || r.state === 'failed')),
    );
    const over = both.then(() => 'over' as const);
    do startWorker(execute, {}, its);
    while ((await Promise.race([over, running.at(-1)?.over.then(() => (later += 60_000))])) !== 'over');
    const [done, failed] = (await both) as [StoredRun, StoredRun];
    await drainAll();
    expect(taken.get(done.fingerprint)).toEqual([undefined, 4, 2]);
    expect(done).toMatchObject({ backend: 'none (2 images at once)' });
    expect(taken.get(failed.fingerprint)).toEqual([undefined, 4, 2, 1]);
    expect(failed.failure?.class).toBe('out-of-memory');
    expect(failed.failure?.message).toMatch(
      /attempt 4, with 1 of the batch's 8 images at once.*--workers.*batchSize/,
    );
    await its.close();
  });

  it('a worker that falls silent loses its run; what it computed is still taken', async () => {
    const run = source();
    await store.createSweep(newSweep(id()), [run]);
    let finishFirst: () => void = () => undefined;
    const silence = new Promise<void>((resolve) => {
      finishFirst = resolve;
    });
    const first = startWorker(
      async () => {
        await silence;
        return sampleResult(7);
      },
      { leaseSeconds: 0.3, heartbeatSeconds: 3600 },
    );
    await until(run.fingerprint, (r) => r.claimedBy === first);
    const second = startWorker(endless);
    await until(run.fingerprint, (r) => r.claimedBy === second);
    finishFirst();
    await until(run.fingerprint, (r) => r.state === 'done');
    expect(await store.result(run.fingerprint)).toEqual(sampleResult(7));
    while (!logged.some((line) => line.includes('interrupted: lost'))) await sleep(10);
  });

  it('a job that means nothing stops nobody', async () => {
    const run = source();
    await queue.publish('solve-policy', { sweep: 'of an unknown shape' }, { priority: -9 });
    // What builds before this one left in the queue.
    await queue.publish('run' as 'solve-policy', { fingerprint: run.fingerprint }, { priority: -9 });
    await store.createSweep(newSweep(id()), [run]);
    startWorker(async () => sampleResult());
    await until(run.fingerprint, (r) => r.state === 'done');
  });

  it('a full disk: what was trained is kept, the alarm is shown, and it is stored when there is space', async () => {
    const run = source();
    await store.createSweep(newSweep(id()), [run]);
    const real = folderArtifacts(folder);
    let full = true;
    const artifacts: ArtifactStore = {
      ...real,
      // The kernel's own answer to a write without space.
      write: (name, bytes) => (full ? writeFile('/dev/full', bytes) : real.write(name, bytes)),
    };
    let trained = 0;
    const worker = startWorker(
      async (_, execution) => {
        trained++;
        await execution.checkpoint.save(Uint8Array.from([1]));
        await execution.artifacts.write(`${run.fingerprint}/weights`, Uint8Array.from([4, 2]));
        return sampleResult();
      },
      { leaseSeconds: 1 },
      store,
      artifacts,
    );
    const alarm = async () =>
      (await store.workers.list()).find(({ id: name }) => name === worker)?.alarm ?? null;
    while ((await alarm()) === null) await sleep(20);
    expect(await alarm()).toMatch(/ENOSPC/);
    // The claim outlives its lease: the worker is alive, it waits.
    await sleep(1500);
    expect(await store.getRun(run.fingerprint)).toMatchObject({
      state: 'running',
      attempt: 1,
      claimedBy: worker,
    });
    full = false;
    expect(await until(run.fingerprint, (r) => r.state === 'done')).toMatchObject({ attempt: 1 });
    expect(trained).toBe(1);
    expect(await real.read(`${run.fingerprint}/weights`)).toEqual(Uint8Array.from([4, 2]));
    while ((await alarm()) !== null) await sleep(20);
  });

  it('a full disk where nothing can wait: the run is given back uncounted, however often', async () => {
    const run = source();
    await store.createSweep(newSweep(id()), [run]);
    startWorker(async () => {
      await writeFile('/dev/full', 'images');
      return sampleResult();
    });
    const after = await until(run.fingerprint, (r) => r.failure !== null);
    expect(after).toMatchObject({ state: 'queued', attempt: 0, failure: { class: 'place' } });
  });

  it('shows itself while it is there', async () => {
    const worker = startWorker(async () => sampleResult());
    while (!(await store.workers.list()).some((w) => w.id === worker)) await sleep(10);
    await drainAll();
    expect((await store.workers.list()).map((w) => w.id)).not.toContain(worker);
  });
});

describe('classify', () => {
  it.each([
    [new TaskatlasError('diverged', 'NaN'), 'diverged'],
    [new TaskatlasError('data', 'cut short'), 'data'],
    [new TaskatlasError('not-found', 'no file'), 'data'],
    [new TaskatlasError('invalid-input', 'no'), 'code'],
    [new RangeError('Array buffer allocation failed'), 'out-of-memory'],
    [new RangeError('WebAssembly.Memory.grow(): Maximum memory size exceeded'), 'out-of-memory'],
    [new Error('OOM when allocating tensor with shape[8,64]'), 'out-of-memory'],
    [new TaskatlasError('out-of-memory', 'no 3 MB left'), 'out-of-memory'],
    [new TypeError('x is undefined'), 'code'],
    ['a thrown text', 'code'],
    [Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }), 'place'],
    [new TaskatlasError('data', 'no', { cause: Object.assign(new Error('x'), { code: 'EROFS' }) }), 'place'],
  ])('%s → %s', (error, expected) => {
    expect(classify(error).class).toBe(expected);
  });
});
