import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type DatasetSpec, type Recipe, type RunResult, TaskatlasError } from '@/lib/science/core';
import { type Dataset, openDataset, renderShard } from '@/lib/science/datasets';
import type { ArtifactStore } from '@/lib/service/ports';
import { connectQueue } from '@/lib/service/queue';
import { connect, folderArtifacts, patiently } from '@/lib/service/store';
import { canonicalJson } from '@/lib/service/sweeps';
import { type Engine, openEngine } from '@/lib/train/engine';
import { executeRecipe } from '@/lib/train/methods';
import type { Execute, Execution, WorkerParts } from './types';

/** A worker waits this long for a database that is away: a result is not thrown away for a restart. */
const PATIENCE_SECONDS = 900;
/** Data sets held open: one sweep's, and that of another which shares the workers. */
const OPEN_DATASETS = 2;

export interface WorkerOptions {
  databaseUrl: string;
  artifactsDirectory: string;
  cacheDirectory: string;
}

/** Opens each data set once; the least recently used is forgotten. */
function datasetShelf(cacheDirectory: string): (spec: DatasetSpec) => Dataset {
  const open = new Map<string, Dataset>();
  return (spec) => {
    const key = canonicalJson(spec);
    const dataset = open.get(key) ?? openDataset(spec, { cacheDirectory });
    open.delete(key);
    open.set(key, dataset);
    for (const old of [...open.keys()].slice(0, -OPEN_DATASETS)) open.delete(old);
    return dataset;
  };
}

type DatasetRecipe = Extract<Recipe, { kind: 'dataset' }>;

async function prepareShard(
  recipe: DatasetRecipe,
  cacheDirectory: string,
  execution: Execution,
): Promise<RunResult> {
  const { dataset, shard, shards } = recipe;
  const empty = { testLosses: null, metric: null, curve: [], samples: [], artifacts: [] };
  // Imported sets are read where they lie.
  if (dataset.kind !== 'rooms') return { ...empty, cost: { steps: 0, images: 0, seconds: 0, flops: 0 } };
  const started = performance.now();
  const { images, seconds } = await renderShard(dataset, shard, shards, cacheDirectory, {
    signal: execution.signal,
    onProgress: (step, totalSteps) => {
      const imagesPerSecond = (step * 1000) / Math.max(performance.now() - started, 1);
      execution.onProgress({ step, totalSteps, imagesPerSecond });
    },
  });
  return { ...empty, cost: { steps: 0, images, seconds, flops: 0 } };
}

/** Executes runs by the training room. */
function realExecution(
  engine: Engine,
  artifacts: ArtifactStore,
  shelf: (spec: DatasetSpec) => Dataset,
  cacheDirectory: string,
): Execute {
  return async ({ recipe, fingerprint }, execution) => {
    if (recipe.kind === 'dataset') return await prepareShard(recipe, cacheDirectory, execution);
    const dataset = shelf(recipe.dataset);
    return await executeRecipe(recipe, {
      engine,
      dataset,
      tasks: new Map(dataset.tasks.map((task) => [task.id, task])),
      fingerprint,
      artifacts,
      checkpoint: execution.checkpoint,
      signal: execution.signal,
      onProgress: ({ step, totalSteps, imagesPerSecond }) =>
        execution.onProgress({ step, totalSteps, imagesPerSecond }),
      inputKinds: execution.inputKinds,
    });
  };
}

/** Name of a worker process, new with each start: a restarted worker must not pass for its dead predecessor. */
export const workerId = (name: string): string =>
  `${name}@${hostname()}:${process.pid}-${randomBytes(3).toString('hex')}`;

/** Wires a worker process. */
export async function composeWorker(
  options: WorkerOptions,
): Promise<WorkerParts & { close(): Promise<void> }> {
  const { databaseUrl, artifactsDirectory, cacheDirectory } = options;
  const [engine, store] = await Promise.all([
    openEngine(),
    connect(databaseUrl, { patienceSeconds: PATIENCE_SECONDS, poolSize: 4 }),
  ]);
  const queue = await patiently(() => connectQueue(databaseUrl), PATIENCE_SECONDS * 1000);
  const artifacts = folderArtifacts(artifactsDirectory);
  const shelf = datasetShelf(cacheDirectory);
  return {
    store,
    queue,
    artifacts,
    execute: realExecution(engine, artifacts, shelf, cacheDirectory),
    scenesOf: async (recipe) => shelf(recipe.dataset).scenes('test'),
    backend: engine.backend,
    device: engine.device,
    async close() {
      await queue.close().catch(() => undefined);
      await store.close().catch(() => undefined);
      engine.dispose();
    },
  };
}

/** A setting that the supervisor passes by the environment. */
export function required(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new TaskatlasError(
      'invalid-input',
      `${name} is not set. Workers are started by npm start, which sets it.`,
    );
  }
  return value;
}
