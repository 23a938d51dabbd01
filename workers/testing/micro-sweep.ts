import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TargetAnalysis } from '@/lib/science/core';
import { declareTasks, ROOMS_VERSION } from '@/lib/science/datasets';
import type { PolicyRecord } from '@/lib/service/contracts';
import type { Store, StoredRun, StoredSweep } from '@/lib/service/ports';
import { connect } from '@/lib/service/store';
import { createSweeps, type DatasetCatalog, parseSweepFile, type Sweeps } from '@/lib/service/sweeps';
import { workerArguments } from '../command';

const root = path.resolve(import.meta.dirname, '../..');

const datasets: DatasetCatalog = {
  async resolve(input) {
    if (input.kind !== 'rooms') throw new Error('the micro sweep is of rooms');
    return { dataset: { ...input, version: ROOMS_VERSION }, notes: [] };
  },
  tasks: (dataset) => declareTasks(dataset.kind),
  external: async () => new Map(),
};

export interface SpawnedWorker {
  readonly process: ChildProcess;
  log(): string;
  /** Resolves with the exit code or signal. */
  readonly exit: Promise<number | NodeJS.Signals | null>;
}

/** The micro sweep on real parts: database, queue, worker processes with wasm. One per test. */
export interface MicroSweep {
  readonly store: Store;
  readonly sweeps: Sweeps;
  readonly sweep: StoredSweep;
  readonly databaseUrl: string;
  spawnWorker(extra?: readonly string[]): SpawnedWorker;
  /** Waits until a run satisfies the condition, and answers it. */
  untilRun(condition: (run: StoredRun) => boolean): Promise<StoredRun>;
  /** Whether the run has saved a checkpoint. */
  hasCheckpoint(fingerprint: string): Promise<boolean>;
  deleteArtifacts(): Promise<void>;
  /** Rewrites each artifact as `spoil` answers. */
  spoilArtifacts(spoil: (bytes: Uint8Array, name: string) => Uint8Array): Promise<void>;
  untilDone(): Promise<void>;
  /** Every number that the sweep measured, to the bit, and what was made of them. */
  snapshot(): Promise<Snapshot>;
  close(): Promise<void>;
}

export interface Snapshot {
  losses: Record<string, string>;
  analyses: readonly TargetAnalysis[];
  policies: readonly PolicyRecord[];
  states: Record<string, number>;
}

const hex = (losses: Float32Array | null): string =>
  losses === null ? 'none' : Buffer.from(losses.buffer, losses.byteOffset, losses.byteLength).toString('hex');

/** Short times, so that a killed worker is noticed soon; a checkpoint at every opportunity. */
const TIMES = ['--lease', '3', '--heartbeat', '0.5', '--housekeeping', '0.5', '--checkpoint', '0'];

function spawnWorker(
  databaseUrl: string,
  folder: string,
  cache: string,
  extra: readonly string[],
): SpawnedWorker {
  const args = [...workerArguments('test-worker', 1, ['--import', 'tsx']), ...TIMES, ...extra];
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      TASKATLAS_ARTIFACTS: path.join(folder, 'artifacts'),
      TASKATLAS_CACHE: cache,
      TASKATLAS_ENGINE: 'wasm',
      TASKATLAS_SUPERVISOR_PID: String(process.pid),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const collect = (chunk: Buffer): void => {
    log += chunk.toString('utf8');
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const exit = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
  return { process: child, log: () => log, exit };
}

/** What a sweep came to: every loss, as its bytes, and all that follows from them. */
export async function takeSnapshot(store: Store, sweepId: string): Promise<Snapshot> {
  const runs = await store.runsOf(sweepId);
  const losses = await store.losses(runs.map((run) => run.fingerprint));
  const states: Record<string, number> = {};
  for (const run of runs) states[run.state] = (states[run.state] ?? 0) + 1;
  const entries = [...losses].flatMap(([fingerprint, stored]): [string, string][] => [
    [fingerprint, hex(stored.testLosses)],
    ...Object.entries(stored.probeLosses).map(([task, l]): [string, string] => [
      `${fingerprint} ${task}`,
      hex(l),
    ]),
  ]);
  return {
    losses: Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))),
    analyses: await store.analyses(sweepId),
    policies: await store.policies(sweepId),
    states,
  };
}

function failIfFailed(runs: readonly StoredRun[]): void {
  const failed = runs.find((run) => run.state === 'failed');
  if (failed)
    throw new Error(`a ${failed.kind} run failed (${failed.failure?.class}): ${failed.failure?.message}`);
}

/**
 * Opens the bench and submits `sweeps/micro.yaml`, or another sweep of rooms. `cache`: a folder of rendered rooms that
 * tests may share.
 */
export async function submitMicroSweep(
  databaseUrl: string,
  cache: string,
  file?: string,
): Promise<MicroSweep> {
  const folder = await mkdtemp(path.join(tmpdir(), 'taskatlas-micro-'));
  const store = await connect(databaseUrl, { patienceSeconds: 60 });
  const sweeps = createSweeps({ store, datasets });
  const text = file ?? (await readFile(path.join(root, 'sweeps/micro.yaml'), 'utf8'));
  const sweep = await sweeps.submit(parseSweepFile(text));
  const workers: SpawnedWorker[] = [];
  const failIfAllDied = (): void => {
    const alive = workers.filter((w) => w.process.exitCode === null && w.process.signalCode === null);
    const last = workers.at(-1);
    if (last && alive.length === 0 && last.process.exitCode)
      throw new Error(`the worker ended:\n${last.log()}`);
  };
  return {
    store,
    sweeps,
    sweep,
    databaseUrl,
    spawnWorker(extra = []) {
      const worker = spawnWorker(databaseUrl, folder, cache, extra);
      workers.push(worker);
      return worker;
    },
    async untilRun(condition) {
      for (;;) {
        const runs = await store.runsOf(sweep.id);
        const found = runs.find(condition);
        if (found) return found;
        failIfAllDied();
        failIfFailed(runs);
        await sleep(5);
      }
    },
    hasCheckpoint: (fingerprint) =>
      readFile(path.join(folder, 'artifacts', fingerprint, 'checkpoint')).then(
        () => true,
        () => false,
      ),
    deleteArtifacts: () => rm(path.join(folder, 'artifacts'), { recursive: true }),
    async spoilArtifacts(spoil) {
      const top = path.join(folder, 'artifacts');
      const entries = await readdir(top, { recursive: true, withFileTypes: true });
      for (const entry of entries.filter((found) => found.isFile())) {
        const file = path.join(entry.parentPath, entry.name);
        await writeFile(file, spoil(await readFile(file), path.relative(top, file)));
      }
    },
    async untilDone() {
      while ((await store.getSweep(sweep.id))?.state !== 'done') {
        failIfAllDied();
        failIfFailed(await store.runsOf(sweep.id));
        await sleep(100);
      }
    },
    snapshot: () => takeSnapshot(store, sweep.id),
    async close() {
      for (const worker of workers) worker.process.kill('SIGKILL');
      await Promise.all(workers.map((worker) => worker.exit));
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
