import { methodVersion } from '@/lib/science/catalog/methods';
import { type DatasetSpec, type Recipe, type RunResult, TaskatlasError } from '@/lib/science/core';
import { type Dataset, openDataset, prepareDataset } from '@/lib/science/datasets';
import type { ArtifactStore, StoredRun } from '@/lib/service/ports';
import { canonicalJson } from '@/lib/service/sweeps';
import type { Engine } from '@/lib/train/engine';
import { executeRecipe } from '@/lib/train/methods';
import { weightsName } from '@/lib/train/methods/features';
import type { Execute, Execution } from './types';

/** Data sets held open: one sweep's, and that of another which shares the workers. */
const OPEN_DATASETS = 2;

export type DatasetShelf = (spec: DatasetSpec) => Dataset;

/** Opens each data set once; the least recently used is forgotten. */
export function datasetShelf(cacheDirectory: string): DatasetShelf {
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
  artifacts: ArtifactStore;
  shelf: DatasetShelf;
  cacheDirectory: string;
  findRun(fingerprint: string): Promise<StoredRun | null>;
  log(text: string): void;
}

/**
 * Executes runs by the training room. Weights of a finished source that are gone (somebody emptied the folder) are
 * trained anew first: the same recipe gives the same weights, and its stored result stays as it is.
 */
export function realExecution(parts: ExecutionParts): Execute {
  const { engine, artifacts, shelf, cacheDirectory, findRun, log } = parts;
  const train = async ({ recipe, fingerprint }: StoredRun, execution: Execution): Promise<RunResult> => {
    const dataset = shelf(recipe.dataset);
    const tasks = new Map(dataset.tasks.map((task) => [task.id, task]));
    checkVersions(recipe, tasks);
    return await executeRecipe(recipe, {
      engine,
      dataset,
      tasks,
      fingerprint,
      artifacts,
      checkpoint: execution.checkpoint,
      signal: execution.signal,
      onProgress: ({ step, totalSteps, imagesPerSecond }) =>
        execution.onProgress({ step, totalSteps, imagesPerSecond }),
      inputKinds: execution.inputKinds,
      ...(execution.imagesAtOnce === undefined ? {} : { imagesAtOnce: execution.imagesAtOnce }),
    });
  };
  const restore = async (fingerprint: string, execution: Execution): Promise<void> => {
    const source = await findRun(fingerprint);
    if (!source) throw new TaskatlasError('data', `The source ${fingerprint} is not in the database.`);
    await restoreSources(source.recipe, execution);
    log(`weights of source ${fingerprint.slice(0, 8)} are gone: training it again`);
    const checkpoint = { load: async () => null, save: async () => undefined, everySeconds: 1e9 };
    await train(source, { ...execution, checkpoint });
  };
  const restoreSources = async (recipe: Recipe, execution: Execution): Promise<void> => {
    for (const source of sourcesOf(recipe)) {
      if (!(await artifacts.exists(weightsName(source)))) await restore(source, execution);
    }
  };
  return async (run, execution) => {
    if (run.recipe.kind === 'dataset') return await prepareShard(run.recipe, cacheDirectory, execution);
    await restoreSources(run.recipe, execution);
    return await train(run, execution);
  };
}
