import { methodVersion } from '@/lib/science/catalog/methods';
import { type DatasetSpec, type Recipe, type RunResult, TaskatlasError } from '@/lib/science/core';
import { type Dataset, openDataset, prepareDataset } from '@/lib/science/datasets';
import type { ArtifactStore, StoredRun } from '@/lib/service/ports';
import { canonicalJson } from '@/lib/service/sweeps';
import type { Engine } from '@/lib/train/engine';
import { executeRecipe } from '@/lib/train/methods';
import { isIntact } from '@/lib/train/methods/container';
import { weightsName } from '@/lib/train/methods/features';
import { UnreadableSources } from './failures';
import type { Execute, Execution } from './types';

/** Data sets held open: one sweep's, and that of another which shares the workers. */
const OPEN_DATASETS = 2;

export type DatasetShelf = (spec: DatasetSpec) => Promise<Dataset>;

/** Opens each data set once; the least recently used is forgotten. */
export function datasetShelf(cacheDirectory: string): DatasetShelf {
  const open = new Map<string, Promise<Dataset>>();
  return async (spec) => {
    const key = canonicalJson(spec);
    const dataset = open.get(key) ?? openDataset(spec, { cacheDirectory });
    open.delete(key);
    open.set(key, dataset);
    for (const old of [...open.keys()].slice(0, -OPEN_DATASETS)) open.delete(old);
    try {
      return await dataset;
    } catch (error) {
      // what could not be opened is tried again
      open.delete(key);
      throw error;
    }
  };
}

type DatasetRecipe = Extract<Recipe, { kind: 'dataset' }>;

async function prepareShard(
  recipe: DatasetRecipe,
  cacheDirectory: string,
  execution: Execution,
): Promise<RunResult> {
  const { dataset, shard, shards, views = false } = recipe;
  const empty = { testLosses: null, metric: null, curve: [], samples: [], artifacts: [] };
  const started = performance.now();
  const { images, seconds } = await prepareDataset(dataset, shard, shards, cacheDirectory, {
    views,
    signal: execution.signal,
    onProgress: (step, totalSteps) => {
      const imagesPerSecond = (step * 1000) / Math.max(performance.now() - started, 1);
      execution.onProgress({ step, totalSteps, imagesPerSecond });
    },
  });
  return { ...empty, cost: { steps: 0, images, seconds, flops: 0 } };
}

const sourcesOf = (recipe: Recipe): readonly string[] => {
  if (recipe.kind === 'transfer' || recipe.kind === 'pretrain') {
    const members = recipe.kind === 'transfer' ? (recipe.members ?? []) : [];
    return [...recipe.sources, ...members].map((source) => source.fingerprint);
  }
  return recipe.kind === 'probe' ? [recipe.source.fingerprint] : [];
};

/**
 * A recipe's versions are part of its identity (DESIGN §5): a build with another method or target function would store
 * its result under the wrong name. This happens when a sweep goes on after an update.
 * @throws TaskatlasError `conflict` naming what differs
 */
export function checkVersions(recipe: Recipe, tasks: ReadonlyMap<string, { version: number }>): void {
  if (recipe.kind === 'dataset') return;
  const method = recipe.kind === 'transfer' || recipe.kind === 'pretrain' ? recipe.method : recipe.kind;
  const wanted: [what: string, planned: number, here: number | undefined][] = [
    [`method ${method}`, recipe.version, methodVersion(method)],
    ...Object.entries(recipe.taskVersions ?? {}).map(
      ([id, version]): [string, number, number | undefined] => [
        `task ${id}`,
        version,
        tasks.get(id)?.version,
      ],
    ),
  ];
  const other = wanted.filter(([, planned, here]) => here !== undefined && planned !== here);
  if (other.length === 0) return;
  const names = other.map(([what, planned, here]) => `${what} is ${here} here and ${planned} in the plan`);
  throw new TaskatlasError(
    'conflict',
    `This run was planned by another version of Taskatlas: ${names.join('; ')}. Submit the sweep anew: what has not changed is not trained again.`,
  );
}

export interface ExecutionParts {
  engine: Engine;
  /** What is read of finished runs. */
  artifacts: ArtifactStore;
  shelf: DatasetShelf;
  cacheDirectory: string;
  findRun(fingerprint: string): Promise<StoredRun | null>;
}

/** Sources that a run reads: its own, and those of the transfers among them. Each comes after what it stands on. */
async function allSources(recipe: Recipe, findRun: ExecutionParts['findRun']): Promise<string[]> {
  const found = new Set<string>();
  for (const fingerprint of sourcesOf(recipe)) {
    const source = await findRun(fingerprint);
    if (!source) throw new TaskatlasError('data', `The source ${fingerprint} is not in the database.`);
    if (source.recipe.kind === 'transfer') {
      for (const below of await allSources(source.recipe, findRun)) found.add(below);
    }
    found.add(fingerprint);
  }
  return [...found];
}

/** Executes runs by the training room. @throws UnreadableSources when files of finished runs are gone or damaged */
export function realExecution(parts: ExecutionParts): Execute {
  const { engine, artifacts, shelf, cacheDirectory, findRun } = parts;
  const train = async ({ recipe, fingerprint }: StoredRun, execution: Execution): Promise<RunResult> => {
    const dataset = await shelf(recipe.dataset);
    const tasks = new Map(dataset.tasks.map((task) => [task.id, task]));
    checkVersions(recipe, tasks);
    return await executeRecipe(recipe, {
      engine,
      dataset,
      tasks,
      fingerprint,
      artifacts: execution.artifacts,
      checkpoint: execution.checkpoint,
      signal: execution.signal,
      onProgress: ({ step, totalSteps, imagesPerSecond }) =>
        execution.onProgress({ step, totalSteps, imagesPerSecond }),
      inputKinds: execution.inputKinds,
      ...(execution.imagesAtOnce === undefined ? {} : { imagesAtOnce: execution.imagesAtOnce }),
    });
  };
  const isThere = (source: string): Promise<boolean> => artifacts.exists(weightsName(source));
  const isSound = async (source: string): Promise<boolean> =>
    isIntact((await artifacts.read(weightsName(source))) ?? new Uint8Array());
  const check = async (
    sources: readonly string[],
    isFine: (source: string) => Promise<boolean>,
  ): Promise<void> => {
    const lost: string[] = [];
    for (const source of sources) if (!(await isFine(source))) lost.push(source);
    if (lost.length > 0) throw new UnreadableSources(lost);
  };
  return async (run, execution) => {
    if (run.recipe.kind === 'dataset') return await prepareShard(run.recipe, cacheDirectory, execution);
    await check(sourcesOf(run.recipe), isThere);
    try {
      return await train(run, execution);
    } catch (error) {
      // Files are read when they are needed; after a failure it is seen whether one of them was the reason.
      const unread = error instanceof TaskatlasError && error.code === 'data';
      if (unread) await check(await allSources(run.recipe, findRun), isSound);
      throw error;
    }
  };
}
