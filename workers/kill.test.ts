import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunKind } from '@/lib/science/core';
import type { RunArchive } from '@/lib/service/contracts';
import { type TestDatabase, testDatabase } from '@/lib/service/ports/testing/postgres';
import { migrate } from '@/lib/service/store';
import { startEmbeddedPostgres } from '@/lib/service/store/embedded';
import { type MicroSweep, type Snapshot, submitMicroSweep } from './testing/micro-sweep';

let cache: string;
let undisturbed: Snapshot;
/** Its finished runs, as a file would hold them. */
let exported: RunArchive;
let database: TestDatabase | null = null;
let micro: MicroSweep | null = null;

async function open(folder = cache): Promise<MicroSweep> {
  database = await testDatabase();
  micro = await submitMicroSweep(database.url, folder);
  return micro;
}

async function close(): Promise<void> {
  await micro?.close();
  await database?.close();
  micro = null;
  database = null;
}

beforeAll(async () => {
  cache = await mkdtemp(path.join(tmpdir(), 'taskatlas-rooms-'));
  const sweep = await open();
  sweep.spawnWorker();
  await sweep.untilDone();
  undisturbed = await sweep.snapshot();
  exported = await sweep.sweeps.exportRuns(sweep.sweep.id);
  await close();
}, 300_000);
afterEach(close);
afterAll(() => rm(cache, { recursive: true, force: true }));

/** Kills the worker in the middle of a run of this kind, then lets another finish the sweep. */
async function killDuring(sweep: MicroSweep, kind: RunKind): Promise<void> {
  const first = sweep.spawnWorker();
  const run = await sweep.untilRun((r) => r.kind === kind && r.state === 'running');
  // Trained runs are killed after a checkpoint, so that the next worker has to go on from it.
  const trained = kind === 'source' || kind === 'transfer' || kind === 'scratch';
  while (trained && !(await sweep.hasCheckpoint(run.fingerprint))) {
    if ((await sweep.store.getRun(run.fingerprint))?.state !== 'running') break;
    await sleep(2);
  }
  first.process.kill('SIGKILL');
  expect(await first.exit).toBe('SIGKILL');
  sweep.spawnWorker();
  await sweep.untilDone();
}

describe('kill -9', () => {
  it('measures something to begin with', () => {
    expect(undisturbed.states).toEqual({ done: 25 });
    expect(undisturbed.analyses.map((analysis) => analysis.target)).toEqual([
      'autoencoding',
      'surface-normals',
      'z-depth',
    ]);
    for (const { preliminary, candidates } of undisturbed.analyses) {
      expect(preliminary).toBe(false);
      expect(candidates.filter((c) => c.affinity !== null)).toHaveLength(4);
    }
    const [policy] = undisturbed.policies;
    expect(policy?.edges.map(({ target, kind }) => [target, kind])).toEqual([['autoencoding', 'self']]);
    expect(policy?.optimal).toBe(true);
    expect(new Set(Object.values(undisturbed.losses)).size).toBeGreaterThan(15);
  });

  it.each(['source', 'transfer', 'scratch'] as const)(
    'of a worker during a %s: the same matrix, to the bit',
    async (kind) => {
      const sweep = await open();
      await killDuring(sweep, kind);
      expect(await sweep.snapshot()).toEqual(undisturbed);
    },
  );

  it('of a worker while it renders: the same matrix, to the bit', async () => {
    const own = await mkdtemp(path.join(tmpdir(), 'taskatlas-rooms-own-'));
    try {
      const sweep = await open(own);
      await killDuring(sweep, 'dataset');
      expect(await sweep.snapshot()).toEqual(undisturbed);
    } finally {
      await rm(own, { recursive: true, force: true });
    }
  });

  it('of Postgres in the middle: workers wait for it, the same matrix, to the bit', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'taskatlas-killed-postgres-'));
    const server = await startEmbeddedPostgres({ directory });
    await migrate(server.url);
    try {
      micro = await submitMicroSweep(server.url, cache);
      const worker = micro.spawnWorker();
      await micro.untilRun((run) => run.kind === 'transfer' && run.state === 'running');
      process.kill(server.pid, 'SIGKILL');
      await sleep(1500);
      const again = await server.ensure();
      expect(again.url).toBe(server.url);
      expect(again.pid).not.toBe(server.pid);
      await micro.untilDone();
      expect(worker.process.exitCode).toBeNull();
      expect(await micro.snapshot()).toEqual(undisturbed);
    } finally {
      await close();
      await (await server.ensure()).stop({ force: true });
      await rm(directory, { recursive: true, force: true });
    }
  });
});

describe('other disturbances', () => {
  it('lost messages: the database remembers what is due', async () => {
    const sweep = await open();
    sweep.spawnWorker();
    await sweep.untilRun((run) => run.kind === 'source' && run.state === 'done');
    const client = new pg.Client({ connectionString: sweep.databaseUrl });
    await client.connect();
    await client.query('delete from taskatlas_queue.job');
    await client.end();
    await sweep.untilDone();
    expect(await sweep.snapshot()).toEqual(undisturbed);
  });

  it('weights that somebody deleted: sources are trained again, their results stay', async () => {
    const sweep = await open();
    const first = sweep.spawnWorker();
    await sweep.untilRun((run) => run.kind === 'transfer' && run.state === 'done');
    first.process.kill('SIGTERM');
    expect(await first.exit).toBe(0);
    const before = await sweep.snapshot();
    await sweep.deleteArtifacts();
    const second = sweep.spawnWorker();
    await sweep.untilDone();
    const after = await sweep.snapshot();
    expect(after).toEqual(undisturbed);
    expect(after.losses).toMatchObject(before.losses);
    expect(second.log()).toContain('missing or damaged, and are trained again');
  });

  it('damaged files: whatever happened to them, sources are trained again, and nothing counts as a failure', async () => {
    const sweep = await open();
    const first = sweep.spawnWorker();
    await sweep.untilRun((run) => run.kind === 'transfer' && run.state === 'done');
    first.process.kill('SIGTERM');
    expect(await first.exit).toBe(0);
    const kinds = [
      // Two bits: in the header, and in the last numbers.
      (bytes: Uint8Array) => bytes.map((byte, i) => (i === 60 ? byte ^ 4 : byte)),
      (bytes: Uint8Array) => bytes.map((byte, i) => (i === bytes.length - 9 ? byte ^ 128 : byte)),
      (bytes: Uint8Array) => bytes.slice(0, bytes.length - 100),
      () => new Uint8Array(0),
    ];
    let spoiled = 0;
    await sweep.spoilArtifacts((bytes) => kinds[spoiled++ % kinds.length]?.(bytes) ?? bytes);
    expect(spoiled).toBeGreaterThan(kinds.length);
    const second = sweep.spawnWorker();
    await sweep.untilDone();
    expect(await sweep.snapshot()).toEqual(undisturbed);
    expect(second.log()).toContain('missing or damaged, and are trained again');
    expect(second.log()).not.toContain('failed (');
    const transfers = (await sweep.store.runsOf(sweep.sweep.id)).filter((run) => run.kind === 'transfer');
    expect(transfers.map((run) => run.attempt)).toEqual(transfers.map(() => 1));
  });

  it('another machine: exported runs count as done, and a source is trained again only for an unfinished run', async () => {
    const sweep = await open();
    const toDepth = ({ recipe }: RunArchive['runs'][number]) =>
      recipe.kind === 'transfer' &&
      recipe.task === 'z-depth' &&
      JSON.stringify(recipe.sources).includes('auto');
    const runs = exported.runs.filter((run) => !toDepth(run));
    expect(exported.runs.length - runs.length).toBe(2);
    const taken = await sweep.sweeps.importRuns(JSON.parse(JSON.stringify({ ...exported, runs })));
    expect(taken).toMatchObject({ total: runs.length, added: runs.length });
    expect(await sweep.sweeps.importRuns({ ...exported, runs })).toMatchObject({ added: 0 });
    const worker = sweep.spawnWorker();
    await sweep.untilDone();
    expect(await sweep.snapshot()).toEqual(undisturbed);
    // Of autoencoding, and of surface-normals for the pair of both.
    expect(worker.log().match(/ source .* done in/g)).toHaveLength(2);
  });

  it('TERM: the worker gives its run back at once and ends with 0; two others share the rest', async () => {
    const sweep = await open();
    const first = sweep.spawnWorker(['--lease', '3600']);
    const run = await sweep.untilRun((r) => r.kind === 'source' && r.state === 'running');
    first.process.kill('SIGTERM');
    expect(await first.exit).toBe(0);
    const after = await sweep.store.getRun(run.fingerprint);
    expect(after?.claimedBy).toBeNull();
    expect(await sweep.store.workers.list()).toEqual([]);
    sweep.spawnWorker();
    sweep.spawnWorker();
    await sweep.untilDone();
    expect(await sweep.snapshot()).toEqual(undisturbed);
  });
});
