/** A sweep by real worker processes on a database of its own: what `scaling` and `cost` time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { declareTasks, ROOMS_VERSION } from '@/lib/science/datasets';
import type { StoredRun } from '@/lib/service/ports';
import { connect, migrate } from '@/lib/service/store';
import { startEmbeddedPostgres } from '@/lib/service/store/embedded';
import { createSweeps, type DatasetCatalog, parseSweepFile } from '@/lib/service/sweeps';
import { workerArguments } from '@/workers/command';

const root = fileURLToPath(new URL('../..', import.meta.url));

const datasets: DatasetCatalog = {
  async resolve(input) {
    if (input.kind !== 'rooms') throw new Error('benchmarks run on rooms');
    return { dataset: { ...input, version: ROOMS_VERSION }, notes: [] };
  },
  tasks: (dataset) => declareTasks(dataset.kind),
  external: async () => new Map(),
};

/** Peak resident memory of a process in MB, as Linux keeps it; null elsewhere or when it is gone. */
function peakMegabytes(pid: number | undefined): number | null {
  try {
    const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return line ? Number(line[1]) / 1024 : null;
  } catch {
    return null;
  }
}

/** Processor seconds that a process has used, as Linux counts them in hundredths; 0 when it is gone. */
function processorSeconds(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

export interface SweepTiming {
  readonly workers: number;
  readonly runs: number;
  /** From the first run's claim to the last result, rendering left out. */
  readonly seconds: number;
  /** Sum of the runs' own seconds over workers × seconds. */
  readonly busy: number;
  readonly imagesPerSecond: number;
  readonly peakMegabytes: readonly number[];
  /** Of each worker, since the first run was to be had: what neighbours on the machine do not change much. */
  readonly processorSeconds: readonly number[];
}

export interface SweepOptions {
  readonly sweep: string;
  readonly workers: number;
  readonly engine: string;
  /** Rendered images are kept here from one measurement to the next. */
  readonly cache: string;
}

function startWorker(name: string, url: string, folder: string, options: SweepOptions): ChildProcess {
  return spawn(process.execPath, workerArguments(name, 1), {
    cwd: root,
    env: {
      ...process.env,
      DATABASE_URL: url,
      TASKATLAS_ARTIFACTS: path.join(folder, 'artifacts'),
      TASKATLAS_CACHE: options.cache,
      TASKATLAS_ENGINE: options.engine,
      TASKATLAS_THREADS: '1',
      TASKATLAS_SUPERVISOR_PID: String(process.pid),
      TSX_TSCONFIG_PATH: path.join(root, 'tsconfig.json'),
    },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
}

function summarise(
  runs: readonly StoredRun[],
  seconds: number,
  images: number,
  perWorker: Pick<SweepTiming, 'peakMegabytes' | 'processorSeconds'>,
): SweepTiming {
  const trained = runs.filter((run) => run.kind !== 'dataset');
  const own = trained.reduce((sum, run) => sum + (run.seconds ?? 0), 0);
  const workers = perWorker.peakMegabytes.length;
  return {
    workers,
    runs: trained.length,
    seconds,
    busy: own / (workers * seconds),
    imagesPerSecond: images / seconds,
    ...perWorker,
  };
}

/** Submits the sweep, starts the workers when all of them can work, and waits for its end. */
export async function timeSweep(options: SweepOptions): Promise<SweepTiming> {
  const folder = await mkdtemp(path.join(tmpdir(), 'taskatlas-bench-'));
  // As root, Postgres runs as another user, who must be able to pass through.
  await chmod(folder, 0o711);
  const server = await startEmbeddedPostgres({ directory: path.join(folder, 'postgres'), database: 'bench' });
  await migrate(server.url);
  const store = await connect(server.url, { patienceSeconds: 30 });
  const workers: ChildProcess[] = [];
  const peaks: number[] = [];
  try {
    const sweep = await createSweeps({ store, datasets }).submit(parseSweepFile(options.sweep));
    for (let i = 0; i < options.workers; i++) {
      workers.push(startWorker(`bench-${i + 1}`, server.url, folder, options));
    }
    let before: number[] | null = null;
    for (;;) {
      const runs = await store.runsOf(sweep.id);
      const failed = runs.find((run) => run.state === 'failed');
      if (failed) throw new Error(`a ${failed.kind} run failed: ${failed.failure?.message}`);
      const dataset = runs.filter((run) => run.kind === 'dataset');
      if (dataset.every((run) => run.state === 'done'))
        before ??= workers.map(({ pid }) => processorSeconds(pid));
      workers.forEach((worker, i) => {
        peaks[i] = Math.max(peaks[i] ?? 0, peakMegabytes(worker.pid) ?? 0);
      });
      if (before !== null && runs.every((run) => run.state === 'done')) {
        const finished = (part: readonly StoredRun[]) => Math.max(...part.map((run) => run.finishedAt ?? 0));
        const seconds = (finished(runs) - finished(dataset)) / 1000;
        const used = workers.map(({ pid }, i) => processorSeconds(pid) - (before?.[i] ?? 0));
        const results = await Promise.all(runs.map((run) => store.result(run.fingerprint)));
        const images = results.reduce(
          (sum, result) => sum + (result?.cost.steps ? result.cost.images : 0),
          0,
        );
        return summarise(runs, seconds, images, {
          peakMegabytes: peaks.map(Math.round),
          processorSeconds: used,
        });
      }
      // Seldom: looking takes processor time from the workers, and the store knows when each run ended.
      await sleep(before === null ? 50 : 500);
    }
  } finally {
    for (const worker of workers) worker.kill('SIGTERM');
    await Promise.all(
      workers.map((worker) => worker.exitCode ?? new Promise((resolve) => worker.once('exit', resolve))),
    );
    await store.close();
    await server.stop({ force: true });
    await rm(folder, { recursive: true, force: true });
  }
}
