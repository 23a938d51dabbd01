import {
  type DatasetSpec,
  type InputKind,
  type PretrainRecipe,
  picturesOf,
  type Recipe,
  type SourceRecipe,
  type TaskId,
  type TaskShape,
  type TrainingOptions,
} from '../core';
import { forwardFlops, trainingFlops } from './flops';
import { methodById, optionsOf } from './methods';
import { encoderPlan, type LayerPlan, scratchPlan, sourcePlan, transferPlan } from './presets-layers';

/** Training steps of a run: full batches over the concatenated epochs. */
export const trainingSteps = (images: number, epochs: number, batchSize: number): number =>
  Math.max(1, Math.round((images * epochs) / batchSize));

/** Shape of each task, as far as costs need it. */
type ShapeOf = (task: TaskId) => TaskShape;

/** What the runs that a recipe names by fingerprint do, as far as it is known. */
type RecipeOf = (fingerprint: string) => Recipe | undefined;

/** Columns of the encoder that a run leaves: more than 1 where cross-stitch units join them, also after fine-tuning. */
function encoderColumns(recipe: Recipe | undefined, recipeOf: RecipeOf): number {
  if (recipe?.kind !== 'pretrain' && recipe?.kind !== 'transfer') return 1;
  const { columns, leavesEncoder } = methodById(recipe.method);
  if (recipe.kind === 'pretrain')
    return columns?.(optionsOf(recipe.method, recipe.options), recipe.tasks.length) ?? 1;
  const [from] = leavesEncoder ? recipe.sources : [];
  return from ? encoderColumns(recipeOf(from.fingerprint), recipeOf) : 1;
}

/** Normal equations of a 3×3 window of 8 channels against up to 64 outputs at 64 positions. */
const PROBE_FLOPS_PER_IMAGE = 2 * 64 * 73 * (73 + 64);

/**
 * Estimated work of a run in FLOPs, for plans and ETAs. `pictureKinds` is the number of picture
 * kinds among the sweep's targets (each source encodes the held-out pools once per kind).
 */
export function recipeFlops(
  recipe: Recipe,
  shapeOf: ShapeOf,
  pictureKinds = 1,
  recipeOf: RecipeOf = () => undefined,
): number {
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
      const { training, trainings, stages, learner } = methodById(recipe.method);
      const task = shapeOf(recipe.task);
      const options = optionsOf(recipe.method, recipe.options);
      if (stages)
        return stages({ preset: recipe.preset, size, task }, options).reduce((sum, { epochs, flops }) => {
          const { training: own } = recipe;
          return sum + flops * imagesSeen(pools.source, epochs > 0 ? { ...own, epochs } : own);
        }, 0);
      const times = trainings?.(options) ?? 1;
      const preset = learner?.(options) ?? recipe.preset;
      const plan =
        training === 'scratch'
          ? scratchPlan(preset, size, task, encoderColumns(recipe, recipeOf))
          : transferPlan(recipe.preset, size, task, recipe.sources.length);
      return times * trained(plan, recipe.images, recipe.training);
    }
    case 'pretrain':
      return (
        pretrainFlops(recipe, shapeOf) + encodeFlops(recipe, pictureKinds, encoderColumns(recipe, recipeOf))
      );
  }
}

/** The codes that a source leaves of the pools that it was not trained on. */
function encodeFlops(
  { preset, dataset }: SourceRecipe | PretrainRecipe,
  pictureKinds: number,
  columns = 1,
): number {
  const { transfer, selection, test } = dataset.pools;
  const flops = forwardFlops(encoderPlan(preset, dataset.size, 1, columns));
  return flops * pictureKinds * (transfer + selection + test);
}

/** A pre-training: what its method says of one picture, else its tasks' encoders and heads. */
function pretrainFlops(recipe: PretrainRecipe, shapeOf: ShapeOf): number {
  const { preset, training, dataset, tasks } = recipe;
  const { size, pools } = dataset;
  const { exampleFlops, trainings, columns, sharesEncoder } = methodById(recipe.method);
  if (exampleFlops) return pools.source * training.epochs * exampleFlops(preset, size);
  const options = optionsOf(recipe.method, recipe.options);
  const work = (plan: LayerPlan): number => trained(plan, pools.source, training);
  const encoder = (input: InputKind, of = 1): number =>
    work(encoderPlan(preset, size, picturesOf(input).length, of));
  const shapes = tasks.map(shapeOf);
  const inputs = shapes.map(({ input }) => input);
  // A shared encoder sees each kind of picture once, through all of its columns.
  const encoders = sharesEncoder?.(options)
    ? [...new Set(inputs)].map((input) => encoder(input, columns?.(options, tasks.length)))
    : inputs.map((input) => encoder(input));
  const heads = shapes.map((shape) => work(sourcePlan(preset, size, shape)) - encoder(shape.input));
  return (trainings?.(options) ?? 1) * [...encoders, ...heads].reduce((sum, flops) => sum + flops, 0);
}

type Passes = Pick<TrainingOptions, 'epochs' | 'batchSize'>;

/** Pictures that a training sees: full batches, none larger than the set. */
function imagesSeen(images: number, { epochs, batchSize }: Passes): number {
  const size = Math.min(batchSize, images);
  return trainingSteps(images, epochs, size) * size;
}

const trained = (plan: LayerPlan, images: number, passes: Passes): number =>
  imagesSeen(images, passes) * trainingFlops(plan);

/** Further views of one image that are rendered for tasks of several pictures. */
export const FURTHER_VIEWS = 3;

/** A rendered image takes as long as this many FLOPs of a source's training (10 ms at 64×64 against 33 GFLOP/s). */
const renderFlops = (spec: DatasetSpec): number => 3.5e8 * (spec.size / 64) ** 2;
