/**
 * Time and peak memory of importing a full matrix: `npm run bench -- import-size [TASKS,…] [--json]`.
 * Default 100,300: every task a target with all others, its own network and scratch as candidates (300 tasks: 90,300
 * transfers). The file is read, checked and stored in a Postgres of its own, each size in a process of its own. Goals
 * for 300 tasks: 30 s and 1 GB.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRng } from '@/lib/science/core';
import { importedSweep, readTransfersFile } from '@/lib/service/imports';
import { connect, migrate } from '@/lib/service/store';
import { startEmbeddedPostgres } from '@/lib/service/store/embedded';
import { readOptions, wholeNumber } from './command/options';

interface Measured {
  tasks: number;
  transfers: number;
  megabytes: number;
  /** Seconds to read and check the file, to make analyses of it, and to store them. */
  read: number;
  analyse: number;
  store: number;
  total: number;
  /** Processor seconds of this process, which a busy machine does not change much. */
  cpu: number;
  peakMegabytes: number;
}

/** The file of a full matrix of affinities, gains and qualities. */
function matrixFile(tasks: number): string {
  const rng = createRng('import-size', tasks);
  const name = (i: number): string => `task_${i}`;
  const transfers = Array.from({ length: tasks }, (_, target) => {
    const sources = ['self', 'pixels', ...Array.from({ length: tasks }, (_, i) => name(i))];
    return sources
      .filter((source) => source !== name(target))
      .map((source) => ({
        target: name(target),
        sources: [source],
        affinity: rng.next() / tasks,
        gain: rng.next(),
        quality: rng.next(),
      }));
  });
  return JSON.stringify({ regime: '1k', transfers: transfers.flat() });
}

const seconds = (from: number): number => Number(((performance.now() - from) / 1000).toFixed(2));

async function measure(tasks: number): Promise<Measured> {
  const directory = await mkdtemp(path.join(tmpdir(), 'taskatlas-bench-import-'));
  const server = await startEmbeddedPostgres({ directory });
  try {
    await migrate(server.url);
    const store = await connect(server.url);
    const file = path.join(directory, 'matrix.json');
    const text = matrixFile(tasks);
    await writeFile(file, text);
    const cpu = process.cpuUsage();
    const began = performance.now();
    const [document] = await readTransfersFile(file);
    if (!document) throw new Error('no document');
    const read = seconds(began);
    const made = performance.now();
    const whole = { ...importedSweep(document, { name: `${tasks} tasks` }), policies: [] };
    const analyse = seconds(made);
    const stored = performance.now();
    await store.importSweeps([whole]);
    const measured = {
      tasks,
      transfers: document.transfers.length,
      megabytes: Math.round(text.length / 1e6),
      read,
      analyse,
      store: seconds(stored),
      total: seconds(began),
      cpu: Number((Object.values(process.cpuUsage(cpu)).reduce((a, b) => a + b, 0) / 1e6).toFixed(2)),
      // maxRSS is in kilobytes
      peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
    };
    await store.close();
    return measured;
  } finally {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

const { values, positionals } = readOptions({ json: { type: 'boolean' }, one: { type: 'string' } }, 1);

if (values.one !== undefined) {
  console.log(JSON.stringify(await measure(wholeNumber(values.one, '--one'))));
} else {
  const sizes = (positionals[0] ?? '100,300').split(',').map((size) => wholeNumber(size, 'TASKS'));
  const rows = sizes.map((size): Measured => {
    const args = [...process.execArgv, fileURLToPath(import.meta.url), '--one', String(size)];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  });
  if (values.json) console.log(JSON.stringify(rows, null, 2));
  else console.table(rows);
}
