import { encoderPlan, sourcePlan } from '@/lib/science/catalog/presets-layers';
import {
  createRng,
  type ExternalEncoder,
  type PoolName,
  picturesOf,
  type RunResult,
  type SourceRecipe,
  TaskatlasError,
  type TaskId,
} from '@/lib/science/core';
import { initialWeights } from '../networks';
import { imagesOf, spacingOf, taskOf } from './evaluate';
import { fitExternal } from './external';
import {
  adapterOf,
  batchTensor,
  packSource,
  type StoredSource,
  weightsName,
  writeFeatures,
} from './features';
import { createPause } from './pause';
import { type InputAdapter, type PoolInputs, poolInputs } from './pools';
import { type Feed, networkPredictor, trainSupervised } from './trained';
import type { Method, Predictor, RunContext } from './types';

/** Inputs of a task's own kind, one picture or several, on the pools that a network is trained and tested on. */
export async function imageFeeds(
  context: RunContext,
  recipe: { task: string; preset: SourceRecipe['preset'] },
  pools: readonly PoolName[],
  adapter: InputAdapter = 'none',
): Promise<(pool: PoolName) => Feed> {
  const { dataset, engine } = context;
  const { input } = taskOf(context, recipe.task);
  const inputs = new Map<PoolName, PoolInputs[]>();
  const pause = createPause(context.signal);
  for (const pool of pools) {
    const views: PoolInputs[] = [];
    for (const picture of picturesOf(input)) {
      views.push(await poolInputs(dataset, pool, picture, recipe.preset, { adapter, pause }));
    }
    inputs.set(pool, views);
  }
  return (pool) => ({
    gather: (indices) => {
      const images = inputs.get(pool);
      if (!images) throw new TaskatlasError('internal', `The ${pool} pool was not prepared.`);
      return batchTensor(engine.tf, images, indices, recipe.preset, dataset.size);
    },
  });
}

const NOTHING_TRAINED: Omit<RunResult, 'artifacts'> = {
  testLosses: null,
  metric: null,
  curve: [],
  samples: [],
  cost: { steps: 0, images: 0, seconds: 0, flops: 0 },
};

/** Random projection: an encoder that is never trained; only its codes matter. */
const untrained = (context: RunContext, recipe: SourceRecipe): StoredSource => {
  const plan = encoderPlan(recipe.preset, context.dataset.size);
  return {
    preset: recipe.preset,
    size: context.dataset.size,
    adapter: adapterOf(taskOf(context, recipe.task)),
    weights: initialWeights(plan, createRng(recipe.seed, 'random-projection', 'weights')),
  };
};

/** Weights from outside: nothing is trained, the network's output is brought to the preset's code. */
async function importEncoder(
  recipe: SourceRecipe,
  external: ExternalEncoder,
  context: RunContext,
): Promise<RunResult> {
  const pause = createPause(context.signal);
  const { mean, directions } = await fitExternal(context, external, recipe.preset, pause);
  const stored: StoredSource = {
    preset: recipe.preset,
    size: context.dataset.size,
    adapter: 'none',
    weights: new Map([
      ['mean', mean],
      ['directions', directions],
    ]),
    external,
  };
  const features = await writeFeatures(context, stored, pause);
  await context.artifacts.write(weightsName(context.fingerprint), packSource(stored));
  return { ...NOTHING_TRAINED, artifacts: [weightsName(context.fingerprint), ...features] };
}

/** A task-specific network with its stored weights, asked about the target's own pictures. */
export async function sourcePredictor(
  context: RunContext,
  stored: StoredSource,
  task: TaskId,
): Promise<Predictor> {
  const { preset, size, weights } = stored;
  const plan = sourcePlan(preset, size, taskOf(context, task));
  const feed = await imageFeeds(context, { task, preset }, ['transfer', 'selection', 'test']);
  return networkPredictor(context, { plan, feed }, weights);
}

/** Task-specific network on the source pool: gold reference, and by its encoder a source. Writes weights and codes. */
export const source: Method<SourceRecipe> = {
  id: 'source',
  execute: async (recipe, context) => {
    if (recipe.external) return await importEncoder(recipe, recipe.external, context);
    const task = taskOf(context, recipe.task);
    const { size } = context.dataset;
    const pause = createPause();
    let stored: StoredSource;
    let result: Omit<RunResult, 'artifacts'>;
    if (task.untrained) {
      stored = untrained(context, recipe);
      result = NOTHING_TRAINED;
    } else {
      const images = imagesOf(context, 'source', recipe.dataset.pools.source);
      const trained = await trainSupervised(context, {
        task,
        preset: recipe.preset,
        plan: sourcePlan(recipe.preset, size, task),
        pool: 'source',
        images,
        training: recipe.training,
        spacing: spacingOf(context, recipe),
        seed: recipe.seed,
        purpose: `source ${task.id}`,
        feed: await imageFeeds(context, recipe, ['source', 'selection', 'test']),
      });
      stored = { preset: recipe.preset, size, adapter: adapterOf(task), weights: trained.weights };
      result = trained.result;
    }
    const features = await writeFeatures(context, stored, pause);
    await context.artifacts.write(weightsName(context.fingerprint), packSource({ ...stored, recipe }));
    return { ...result, artifacts: [weightsName(context.fingerprint), ...features] };
  },
};
