/**
 * What the service costs per run beside the training: `npm run bench -- job-overhead [RUNS]`.
 * One worker with an execution that computes nothing, real Postgres and pg-boss, losses of 600 images, 3 pictures.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RunResult } from '@/lib/science/core';
import { newSweep, plannedSource, plannedTransfer, sampleOffers } from '@/lib/service/ports/testing/samples';
import { connectQueue } from '@/lib/service/queue';
import { connect, folderArtifacts, migrate } from '@/lib/service/store';
import { startEmbeddedPostgres } from '@/lib/service/store/embedded';
import { work } from '@/workers/loop';
import { DEFAULT_TIMES } from '@/workers/types';
import { readOptions, wholeNumber } from './command/options';

const [runs = '300'] = readOptions({}, 1).positionals;
const wanted = wholeNumber(runs, 'RUNS');
const directory = await mkdtemp(path.join(tmpdir(), 'taskatlas-bench-service-'));
const server = await startEmbeddedPostgres({ directory });
await migrate(server.url);
const store = await connect(server.url);
const queue = await connectQueue(server.url);

const png = new Uint8Array(4000).fill(7);
const result: RunResult = {
  testLosses: new Float32Array(600).fill(0.5),
  metric: 1,
  curve: Array.from({ length: 10 }, (_, step) => ({ step, epoch: step, trainLoss: 0.1, selectionLoss: 0.2 })),
  samples: Array.from({ length: 3 }, (_, index) => ({ index, role: 'prediction' as const, png })),
  artifacts: [],
  cost: { steps: 10, images: 320, seconds: 1, flops: 1e9 },
};

const sources = Array.from({ length: Math.ceil(wanted / 10) }, (_, n) => plannedSource(n));
const transfers = Array.from({ length: wanted - sources.length }, (_, n) => {
  const source = sources[n % sources.length];
  return plannedTransfer(`target-${Math.floor(n / sources.length)}`, source ? [source] : [], 1000 + n);
});
const began = performance.now();
await store.createSweep(newSweep('bench'), [...sources, ...transfers]);
const created = performance.now();

const end = new AbortController();
let left = wanted;
const cpu = process.cpuUsage();
const started = performance.now();
const execute = async (): Promise<RunResult> => {
  if (--left === 0) end.abort();
  return result;
};
const artifacts = folderArtifacts(path.join(directory, 'artifacts'));
await work({
  ...{ store, queue, artifacts, execute, scenesOf: async () => undefined },
  ...{
    backend: 'none',
    device: 'none',
    worker: 'bench',
    offers: sampleOffers,
    activity: { run: null, imagesPerSecond: null, alarm: null },
    times: DEFAULT_TIMES,
    draining: end.signal,
    retire: () => end.abort(),
    log: () => {},
  },
});
const wall = (performance.now() - started) / wanted;
const used = process.cpuUsage(cpu);
console.log(`plan of ${wanted} runs stored in ${(created - began).toFixed(0)} ms`);
console.log(
  `per run: ${wall.toFixed(1)} ms of wall, ${((used.user + used.system) / 1000 / wanted).toFixed(1)} ms of this process's CPU`,
);
await queue.close();
await store.close();
await server.stop({ force: true });
await rm(directory, { recursive: true, force: true });
