import type { DatasetSpec, PretrainRecipe, Recipe, SourceRecipe, TaskId, TaskShape } from '../core';
import { forwardFlops, trainingFlops } from './flops';
import { methodById, optionsOf } from './methods';
import { encoderPlan, type LayerPlan, scratchPlan, sourcePlan, transferPlan } from './presets-layers';

/** Training steps of a run: full batches over the concatenated epochs. */
export const trainingSteps = (images: number, epochs: number, batchSize: number): number =>
  Math.max(1, Math.round((images * epochs) / batchSize));

/** Shape of each task, as far as costs need it. */
type ShapeOf = (task: TaskId) => TaskShape;

/** Normal equations of a 3×3 window of 8 channels against up to 64 outputs at 64 positions. */
const PROBE_FLOPS_PER_IMAGE = 2 * 64 * 73 * (73 + 64);

/**
 * Estimated work of a run in FLOPs, for plans and ETAs. `pictureKinds` is the number of picture
 * kinds among the sweep's targets (each source encodes the held-out pools once per kind).
 */
export function recipeFlops(recipe: Recipe, shapeOf: ShapeOf, pictureKinds = 1): number {
  const { pools, size } = recipe.dataset;
  const heldOut = pools.selection + pools.test;
  switch (recipe.kind) {
    case 'dataset':
      return (
        (((recipe.views ? FURTHER_VIEWS : 1) * (pools.source + pools.transfer + heldOut)) / recipe.shards) *
        renderFlops(recipe.dataset)
      );
    case 'mean':
      return 1e3 * size * size * (pools.transfer + pools.test);
    case 'probe':
      return recipe.targets.length * (recipe.images + heldOut) * PROBE_FLOPS_PER_IMAGE;
    case 'source': {
      const plan = sourcePlan(recipe.preset, size, shapeOf(recipe.task));
      return trained(plan, pools.source, recipe.training) + encodeFlops(recipe, pictureKinds);
    }
    case 'scratch':
      return trained(scratchPlan(recipe.preset, size, shapeOf(recipe.task)), recipe.images, recipe.training);
    case 'transfer': {
      const { training, trainings } = methodById(recipe.method);
      const task = shapeOf(recipe.task);
      const times = trainings?.(optionsOf(recipe.method, recipe.options)) ?? 1;
      if (training === 'source')
        return times * trained(sourcePlan(recipe.preset, size, task), pools.source, recipe.training);
      const plan =
        training === 'scratch'
          ? scratchPlan(recipe.preset, size, task)
          : transferPlan(recipe.preset, size, task, recipe.sources.length);
      return times * trained(plan, recipe.images, recipe.training);
    }
    case 'pretrain':
      return pretrainFlops(recipe, shapeOf) + encodeFlops(recipe, pictureKinds);
  }
}

/** The codes that a source leaves of the pools that it was not trained on. */
function encodeFlops({ preset, dataset }: SourceRecipe | PretrainRecipe, pictureKinds: number): number {
  const { transfer, selection, test } = dataset.pools;
  return forwardFlops(encoderPlan(preset, dataset.size)) * pictureKinds * (transfer + selection + test);
}

/** A pre-training: what its method says of one picture, else the networks of all of its tasks. */
function pretrainFlops(recipe: PretrainRecipe, shapeOf: ShapeOf): number {
  const { preset, training, dataset, tasks } = recipe;
  const { size, pools } = dataset;
  const { exampleFlops, trainings } = methodById(recipe.method);
  if (exampleFlops) return pools.source * training.epochs * exampleFlops(preset, size);
  const each = tasks.map((task) => trained(sourcePlan(preset, size, shapeOf(task)), pools.source, training));
  const times = trainings?.(optionsOf(recipe.method, recipe.options)) ?? 1;
  return times * each.reduce((sum, flops) => sum + flops, 0);
}

const trained = (plan: LayerPlan, images: number, options: { epochs: number; batchSize: number }): number =>
  trainingSteps(images, options.epochs, options.batchSize) * options.batchSize * trainingFlops(plan);

/** Further views of one image that are rendered for tasks of several pictures. */
export const FURTHER_VIEWS = 3;

/** A rendered image takes as long as this many FLOPs of a source's training (10 ms at 64×64 against 33 GFLOP/s). */
const renderFlops = (spec: DatasetSpec): number => 3.5e8 * (spec.size / 64) ** 2;
