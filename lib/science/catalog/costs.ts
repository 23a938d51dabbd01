import type { DatasetSpec, Recipe, TaskId, TaskShape } from '../core';
import { methodById, optionsOf } from './methods';
import {
  encoderPlan,
  type Layer,
  type LayerPlan,
  planLayers,
  scratchPlan,
  sourcePlan,
  transferPlan,
} from './presets-layers';

/**
 * Floating-point operations of one layer's forward pass on one image: 2 per multiply-add.
 * Convolution: 2·k²·Cin·Cout·side². Biases and activations are left out (below 2 %).
 */
function layerFlops(layer: Layer): number {
  switch (layer.kind) {
    case 'conv':
      return 2 * layer.kernel ** 2 * layer.inChannels * layer.outChannels * layer.outSide ** 2;
    case 'dense':
      return 2 * layer.inSize * layer.outSize;
    case 'layer-norm':
      return 8 * layer.side ** 2 * layer.channels;
    case 'max-pool':
      return 9 * layer.outSide ** 2 * layer.channels;
  }
}

/** Forward pass of one image through a plan. */
export const forwardFlops = (plan: LayerPlan): number =>
  plan.reduce((sum, block) => {
    const once = planLayers([block]).reduce((flops, layer) => flops + layerFlops(layer), 0);
    return sum + (block.views ?? 1) * once;
  }, 0);

/**
 * One training example: forward, gradient to the weights and gradient to the input, each as
 * dear as the forward pass; the first layers need no gradient to their input.
 */
export function trainingFlops(plan: LayerPlan): number {
  const first =
    plan[0]?.streams.reduce((sum, stream) => sum + (stream[0] ? layerFlops(stream[0]) : 0), 0) ?? 0;
  return 3 * forwardFlops(plan) - (plan[0]?.views ?? 1) * first;
}

/** Training steps of a run: full batches over the concatenated epochs. */
export const trainingSteps = (images: number, epochs: number, batchSize: number): number =>
  Math.max(1, Math.round((images * epochs) / batchSize));

/** Shape of each task, as far as costs need it. */
type ShapeOf = (task: TaskId) => TaskShape;

/** What an encoder without a task predicts: its picture. */
const PICTURE: TaskShape = { input: 'rgb', head: { kind: 'pixels', channels: 3 } };

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
      const encode =
        forwardFlops(encoderPlan(recipe.preset, size)) * pictureKinds * (pools.transfer + heldOut);
      return trained(plan, pools.source, recipe.training) + encode;
    }
    case 'scratch':
      return trained(scratchPlan(recipe.preset, size, shapeOf(recipe.task)), recipe.images, recipe.training);
    case 'transfer': {
      const { training, trainings } = methodById(recipe.method);
      const task = shapeOf(recipe.task);
      const plan =
        training === 'scratch'
          ? scratchPlan(recipe.preset, size, task)
          : transferPlan(recipe.preset, size, task, recipe.sources.length);
      const times = trainings?.(optionsOf(recipe.method, recipe.options)) ?? 1;
      return times * trained(plan, recipe.images, recipe.training);
    }
    case 'pretrain': {
      const shapes = recipe.tasks.length > 0 ? recipe.tasks.map(shapeOf) : [PICTURE];
      const times = methodById(recipe.method).trainings?.(optionsOf(recipe.method, recipe.options)) ?? 1;
      const each = shapes.map((shape) =>
        trained(sourcePlan(recipe.preset, size, shape), pools.source, recipe.training),
      );
      return times * each.reduce((sum, flops) => sum + flops, 0);
    }
  }
}

const trained = (plan: LayerPlan, images: number, options: { epochs: number; batchSize: number }): number =>
  trainingSteps(images, options.epochs, options.batchSize) * options.batchSize * trainingFlops(plan);

/** Further views of one image that are rendered for tasks of several pictures. */
export const FURTHER_VIEWS = 3;

/** A rendered image takes as long as this many FLOPs of a source's training (10 ms at 64×64 against 33 GFLOP/s). */
const renderFlops = (spec: DatasetSpec): number => 3.5e8 * (spec.size / 64) ** 2;
