import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { z } from 'zod';
import { TaskatlasError } from '@/lib/science/core';
import { connectQueue } from '@/lib/service/queue';
import { connect, folderArtifacts, patiently } from '@/lib/service/store';
import { openEngine } from '@/lib/train/engine';
import { gpuEngineInstalled, listGpus, parseDevice, placeWorkers } from '@/lib/train/engine/devices';
import { datasetShelf, realExecution } from './execution';
import { offersHere } from './offers';
import type { WorkerParts } from './types';

/** A worker waits for a database that is away or full until it is asked to end: a result is not thrown away. */
const PATIENCE_SECONDS = Number.POSITIVE_INFINITY;

export interface WorkerOptions {
  databaseUrl: string;
  artifactsDirectory: string;
  cacheDirectory: string;
  /** Aborted when the worker is asked to end. */
  draining: AbortSignal;
}

/** Name of a worker process, new with each start: a restarted worker must not pass for its dead predecessor. */
export const workerId = (name: string): string =>
  `${name}@${hostname()}:${process.pid}-${randomBytes(3).toString('hex')}`;

const environment = z.object({ TASKATLAS_THREADS: z.coerce.number().int().min(1).max(1024).optional() });

/** How many threads this worker's engine may use; all cores when nobody shares them out. */
export function threadsAllowed(variables: Readonly<Record<string, string | undefined>>): {
  threads?: number;
} {
  const parsed = environment.safeParse({ TASKATLAS_THREADS: variables.TASKATLAS_THREADS || undefined });
  if (!parsed.success) {
    throw new TaskatlasError(
      'invalid-input',
      `TASKATLAS_THREADS is "${variables.TASKATLAS_THREADS}": give a number of threads, 1 or more.`,
    );
  }
  const threads = parsed.data.TASKATLAS_THREADS;
  return threads === undefined ? {} : { threads };
}

/**
 * A worker that was started by hand, or by a scheduler of a cluster, takes its device from `--device` or
 * TASKATLAS_DEVICE; the supervisor's workers find CUDA_VISIBLE_DEVICES set. Before the engine is opened.
 * @throws TaskatlasError when the device is not to be had
 */
export function takeDevice(
  asked: string | undefined,
  environment: Record<string, string | undefined> = process.env,
): void {
  const field = asked ? '--device' : 'TASKATLAS_DEVICE';
  const device = parseDevice(asked ?? environment.TASKATLAS_DEVICE, field);
  if (device.kind === 'auto' || environment.TASKATLAS_SUPERVISOR_PID) return;
  const gpus = device.kind === 'cpu' ? [] : listGpus(environment);
  const [place] = placeWorkers({ device, gpus, gpuEngine: gpuEngineInstalled(), cores: 1, workers: 1 });
  Object.assign(environment, place?.environment);
}

/** Wires a worker process. */
export async function composeWorker(
  options: WorkerOptions,
): Promise<WorkerParts & { close(): Promise<void> }> {
  const { databaseUrl, artifactsDirectory, cacheDirectory, draining } = options;
  const [engine, store] = await Promise.all([
    openEngine(threadsAllowed(process.env)),
    connect(databaseUrl, { patienceSeconds: PATIENCE_SECONDS, until: draining, poolSize: 4 }),
  ]);
  const queue = await patiently(() => connectQueue(databaseUrl), PATIENCE_SECONDS * 1000, draining);
  const artifacts = folderArtifacts(artifactsDirectory);
  const shelf = datasetShelf(cacheDirectory);
  const findRun = store.getRun;
  return {
    store,
    queue,
    artifacts,
    execute: realExecution({ engine, artifacts, shelf, cacheDirectory, findRun }),
    scenesOf: async (recipe) => (await shelf(recipe.dataset)).scenes('test'),
    backend: engine.backend,
    device: engine.device,
    offers: offersHere(),
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
