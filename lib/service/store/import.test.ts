import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';

import type { FinishedRun, ImportedRun, ImportedSweep, Store } from '../ports';
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
beforeAll(async () => {
  database = await testDatabase();
  store = await connect(database.url);
});
afterAll(async () => {
  await store.close();
  await database.close();
});

async function rows<T>(text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

const whole = (id: string, targets: readonly string[]): ImportedSweep => ({
  sweep: { ...newSweep(id), origin: 'imported' },
  analyses: targets.map((target) => sampleAnalysis(target)),
  policies: [samplePolicy],
});

it('writes every cell of the matrix as an analysis of a sweep of one’s own does', async () => {
  await store.importSweeps([whole('bulk', ['a', 'b'])]);
  await store.createSweep(newSweep('own'), []);
  for (const target of ['a', 'b']) await store.saveAnalysis('own', sampleAnalysis(target));
  const cells = (id: string) =>
    rows(`select * from (select m.*, '' as sweep_id from matrix_cells m where sweep_id = '${id}') as c
           order by target, candidate`);
  const [bulk, own] = [await cells('bulk'), await cells('own')];
  expect(own).toHaveLength(2);
  expect(bulk).toEqual(own.map((cell) => ({ ...(cell as object), sweep_id: '' })));
});

it('leaves nothing of any sweep of the batch when one of them cannot be stored', async () => {
  // Postgres keeps no zero character: this one fails after the others were written.
  const bad = whole('bad', ['a', 'b', 'c\u0000']);
  await expect(store.importSweeps([whole('good', ['a', 'b']), bad])).rejects.toThrow();
  expect(await store.getSweep('good')).toBeNull();
  expect(await store.getSweep('bad')).toBeNull();
  const left = await rows(`select 1 from target_analyses where sweep_id in ('good', 'bad')
                           union all select 1 from matrix_cells where sweep_id in ('good', 'bad')`);
  expect(left).toEqual([]);
});

it('is seen by nobody before it is complete', async () => {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    // Holds the import up at its last step: its line in the log waits for this lock.
    await client.query('begin; lock table phases in access exclusive mode');
    const importing = store.importSweeps([whole('slow', ['a', 'b'])]);
    await expect
      .poll(() => rows(`select 1 from pg_locks where not granted and relation = 'phases'::regclass`), {
        timeout: 60_000,
      })
      .toHaveLength(1);
    expect(await rows(`select 1 from sweeps where id = 'slow'`)).toEqual([]);
    await client.query('commit');
    expect((await importing).map(({ id }) => id)).toEqual(['slow']);
    expect((await store.getSweep('slow'))?.state).toBe('done');
  } finally {
    await client.end();
  }
});

it('takes over all finished runs of a file, or none', async () => {
  const finished = (n: number, task = 'z-depth'): FinishedRun => ({
    ...plannedSource(n),
    backend: 'cuda',
    result: { ...sampleResult(n), probeLosses: { [task]: new Float32Array(4) } },
  });
  const runs = [1, 2, 3].map((n) => finished(n));
  await expect(store.adopt([...runs, finished(4, 'x\u0000')])).rejects.toThrow();
  expect(await store.getRun(plannedSource(1).fingerprint)).toBeNull();
  const names = runs.map((run) => run.fingerprint).sort();
  expect(await store.adopt(runs)).toEqual(names);
  expect(await store.adopt(runs)).toEqual([]);
  expect(await store.finished(names)).toEqual(new Set(names));
  const losses = await store.losses([plannedSource(2).fingerprint]);
  expect(losses.get(plannedSource(2).fingerprint)?.testLosses).toEqual(sampleResult(2).testLosses);
});

it('stores runs done, with their curves and pictures, for their sweep', async () => {
  const { sweep, analyses, policies } = whole('runs', ['a']);
  const run: ImportedRun = {
    fingerprint: 'e'.repeat(64),
    recipe: plannedTransfer('imported', []).recipe,
    priority: 1,
    estimatedFlops: 2,
    backend: 'wasm',
    target: 'a',
    result: {
      ...sampleResult(),
      testLosses: null,
      samples: [{ index: 3, role: 'truth', png: Uint8Array.of(1, 2) }],
    },
  };
  await store.importSweeps([{ sweep, analyses, policies, runs: [run] }]);
  const [stored] = await store.runsOf('runs');
  expect(stored).toMatchObject({ state: 'done', backend: 'wasm', seconds: run.result.cost.seconds });
  expect(await store.result(run.fingerprint)).toMatchObject({
    curve: run.result.curve,
    samples: [{ index: 3, role: 'truth', png: Uint8Array.of(1, 2) }],
  });
});

it('completes a sweep of which an import of before left a part', async () => {
  const { sweep, analyses, policies } = whole('part', ['a', 'b']);
  await store.createSweep(sweep, []);
  await store.saveAnalysis('part', sampleAnalysis('a'));
  await store.importSweeps([{ sweep, analyses, policies }]);
  expect((await store.analyses('part')).map(({ target }) => target)).toEqual(['a', 'b']);
  expect(await store.policies('part')).toEqual([samplePolicy]);
});
