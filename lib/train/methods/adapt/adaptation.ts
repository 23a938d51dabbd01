import type { Tensor } from '@tensorflow/tfjs-core';
import { joinedCode, type NetworkShape } from '@/lib/science/catalog/adaptation';
import { methodById } from '@/lib/science/catalog/methods';
import { encoderPlan, type LayerPlan, sourcePlan } from '@/lib/science/catalog/presets-layers';
import {
  hash32,
  hasTwoDomains,
  type PoolName,
  picturesOf,
  TaskatlasError,
  type TaskDeclaration,
  type TransferRecipe,
} from '@/lib/science/core';
import type { FeatureMaps } from '@/lib/science/learning';
import type { Tf } from '../../engine';
import { forward, type PackedLabels, type ParameterStore, valuesOf } from '../../networks';
import { imagesOf, taskOf } from '../evaluate';
import { createBatches } from '../loop';
import { balancedWeights, type LossSpec } from '../losses';
import { createPause } from '../pause';
import { chunks, poolLabels } from '../pools';
import { imageFeeds } from '../source';
import type { Feed } from '../trained';
import type { MethodContext } from '../types';

/** Pictures of each domain that a finished network is measured on. */
export const MEASURED_IMAGES = 200;

/** The two domains of a transfer, and the network between them. Labels are the source domain's alone. */
export interface Adaptation {
  tf: Tf;
  context: MethodContext;
  recipe: TransferRecipe;
  task: TaskDeclaration;
  spec: LossSpec;
  labels: PackedLabels;
  shape: NetworkShape;
  encoder: LayerPlan;
  head: LayerPlan;
  /** Of the joined codes of all pictures of an example. */
  code: { side: number; channels: number };
  feed(pool: PoolName): Feed;
  /** Pictures to learn from: with labels of the source domain, without of the target domain. */
  images: { source: number; target: number };
}

/**
 * The task's loss with whatever it weighs by taken from the source domain: shares of classes in the target domain are
 * labels too.
 */
const sourceSpec = (task: TaskDeclaration, labels: PackedLabels): LossSpec => ({
  name: task.loss,
  classWeights: task.loss === 'balanced-cross-entropy' ? balancedWeights(labels) : null,
});

/**
 * Reads the source domain with its labels and the target domain's pictures. All of the transfer pool's pictures are
 * learned from, whatever the size of the transfer set, which counts labels.
 * @throws TaskatlasError `invalid-input` if the data set has one domain, or too few pictures of one
 */
export async function prepareAdaptation(recipe: TransferRecipe, context: MethodContext): Promise<Adaptation> {
  const { dataset, engine } = context;
  const { preset } = recipe;
  if (!hasTwoDomains(dataset.spec)) {
    throw new TaskatlasError(
      'invalid-input',
      `${recipe.method} goes from one domain to another, and this data set has one: give it a shift or a target.`,
    );
  }
  const images = {
    source: imagesOf(context, 'source', dataset.spec.pools.source),
    target: dataset.count('transfer'),
  };
  // A plan counts the pools; a folder may have lost pictures since, or hold some that cannot be read.
  const { leastImages = 1 } = methodById(recipe.method);
  if (Math.min(images.source, images.target) < leastImages) {
    throw new TaskatlasError(
      'invalid-input',
      `${recipe.method} needs ${leastImages} pictures of either domain to measure how far they lie apart, and there are ` +
        `${images.source} of the source and ${images.target} of the target: make pools.source and pools.transfer larger.`,
    );
  }
  const task = taskOf(context, recipe.task);
  const labels = await poolLabels(dataset, 'source', task, preset, createPause(context.signal));
  const views = picturesOf(task.input).length;
  const encoder = encoderPlan(preset, dataset.size, views);
  const shape = { preset, size: dataset.size, task };
  return {
    tf: engine.tf,
    context,
    recipe,
    task,
    spec: sourceSpec(task, labels),
    labels,
    shape,
    encoder,
    head: sourcePlan(preset, dataset.size, task).slice(encoder.length),
    code: joinedCode(shape),
    feed: await imageFeeds(context, recipe, ['source', 'transfer', 'test']),
    images,
  };
}

/** Batches of the target domain's pictures, drawn beside the source domain's; as large as those. */
export const targetBatches = ({ recipe, images }: Adaptation): ((step: number) => Int32Array) =>
  createBatches(
    hash32(recipe.seed, 'target domain'),
    images.target,
    Math.min(recipe.training.batchSize, images.source),
  );

/** Codes of pictures by an encoder. */
export const encode = (
  a: Adaptation,
  parameters: ParameterStore,
  pool: PoolName,
  indices: Int32Array,
  plan: LayerPlan = a.encoder,
): Tensor => forward(a.tf, plan, parameters.get, a.feed(pool).gather(indices));

/** No labels of the target domain are there to select by: the last weights count. */
export const lastWeights = async (): Promise<Float32Array> => Float32Array.of(Number.NaN);

/** Codes of the first pictures of a pool as the network stands. */
export function codesOf(
  a: Adaptation,
  parameters: ParameterStore,
  pool: 'source' | 'transfer',
  plan: LayerPlan = a.encoder,
): FeatureMaps {
  const { side, channels } = a.code;
  const count = Math.min(MEASURED_IMAGES, pool === 'source' ? a.images.source : a.images.target);
  const values = new Float32Array(count * side * side * channels);
  for (const part of chunks(count)) {
    const codes = valuesOf(a.tf, () => encode(a, parameters, pool, part, plan));
    values.set(codes, (part[0] as number) * side * side * channels);
  }
  return { values, side, channels };
}

/** The first pictures of a pool themselves. */
export function picturesOfPool(a: Adaptation, pool: 'source' | 'transfer'): FeatureMaps {
  const { dataset } = a.context;
  const [kind = 'rgb'] = picturesOf(a.task.input);
  const count = Math.min(MEASURED_IMAGES, pool === 'source' ? a.images.source : a.images.target);
  const indices = Array.from({ length: count }, (_, i) => i);
  return { values: dataset.inputs(pool, kind, indices), side: dataset.size, channels: 3 };
}
