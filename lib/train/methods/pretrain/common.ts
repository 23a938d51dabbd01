import type { Tensor } from '@tensorflow/tfjs-core';
import { encoderPlan, type LayerPlan, sourcePlan } from '@/lib/science/catalog/presets-layers';
import {
  type InputKind,
  type PictureKind,
  type PoolName,
  type PresetName,
  type PretrainRecipe,
  picturesOf,
  type RunResult,
  TaskatlasError,
  type TaskDeclaration,
} from '@/lib/science/core';
import type { PackedLabels, Weights } from '../../networks';
import { taskOf } from '../evaluate';
import { batchTensor, packSource, weightsName, writeFeatures } from '../features';
import type { TrainingOutcome } from '../loop';
import { imageLosses, type LossSpec, meanLoss } from '../losses';
import { meanOutput } from '../mean';
import { createPause } from '../pause';
import { chunks, type InputAdapter, type PoolInputs, poolInputs, poolLabels, taskLoss } from '../pools';
import type { RunContext } from '../types';

/** Images that the loss of the constant predictor is measured on: enough for a unit of loss. */
const SCALE_SAMPLE = 256;

/** A plan with its layers renamed: several networks in one store of parameters. */
export const renameLayers = (plan: LayerPlan, rename: (name: string) => string): LayerPlan =>
  plan.map((block) => ({
    ...block,
    streams: block.streams.map((stream) => stream.map((layer) => ({ ...layer, name: rename(layer.name) }))),
  }));

/** The encoder of a task's own network, for all pictures of an example; or the code that one of its columns is given. */
export const taskEncoder = (
  preset: PresetName,
  size: number,
  task: TaskDeclaration,
  columns = 1,
  column = 1,
): LayerPlan => encoderPlan(preset, size, picturesOf(task.input).length, columns, column);

/** The head of a task's own network: its decoder without the encoder, named `heads/<task>/…`. */
export function headPlan(preset: PresetName, size: number, task: TaskDeclaration): LayerPlan {
  const decoder = sourcePlan(preset, size, task).slice(taskEncoder(preset, size, task).length);
  return renameLayers(decoder, (name) => name.replace(/^decoder/, `heads/${task.id}`));
}

/** One task of a joint training with everything that its loss needs. */
export interface TaskData {
  task: TaskDeclaration;
  spec: LossSpec;
  /** Labels of the source pool. */
  labels: PackedLabels;
  selection: PackedLabels;
  /** Loss of the constant predictor on the source pool: makes losses of different units comparable. */
  scale: number;
}

const firstExamples = (labels: PackedLabels, count: number): PackedLabels => {
  const examples = Math.min(count, labels.examples);
  const rows = examples * labels.rows;
  return {
    ...labels,
    examples,
    values: labels.values?.subarray(0, rows * labels.channels) ?? null,
    ids: labels.ids?.subarray(0, rows) ?? null,
    valid: labels.valid.subarray(0, rows),
  };
};

function constantLoss(spec: LossSpec, labels: PackedLabels, size: number): number {
  const sample = firstExamples(labels, SCALE_SAMPLE);
  const output = meanOutput(spec, sample, size);
  const losses = Float32Array.from({ length: sample.examples }, (_, i) => {
    const [loss = Number.NaN] = imageLosses(spec, output, sample, [i]);
    return loss;
  });
  const loss = meanLoss(losses);
  return loss > 1e-6 ? loss : 1;
}

/** Spec, labels and unit of loss of one task of the source pool. @throws TaskatlasError `invalid-input` without labels */
export async function taskData(context: RunContext, preset: PresetName, id: string): Promise<TaskData> {
  const { dataset } = context;
  const pause = createPause();
  const task = taskOf(context, id);
  if (task.untrained) throw new TaskatlasError('invalid-input', `${id} has no labels to learn from.`);
  const spec = await taskLoss(dataset, task, preset, pause);
  const labels = await poolLabels(dataset, 'source', task, preset, pause);
  const selection = await poolLabels(dataset, 'selection', task, preset, pause);
  return { task, spec, labels, selection, scale: constantLoss(spec, labels, dataset.size) };
}

/** Data of all tasks of a recipe. @throws TaskatlasError `invalid-input` when it names fewer than `least`. */
export async function tasksOf(
  context: RunContext,
  recipe: PretrainRecipe,
  least: number,
): Promise<TaskData[]> {
  if (new Set(recipe.tasks).size !== recipe.tasks.length || recipe.tasks.length < least) {
    throw new TaskatlasError(
      'invalid-input',
      `${recipe.method} learns from at least ${least} different tasks: name them in tasks.`,
    );
  }
  const data: TaskData[] = [];
  for (const id of recipe.tasks) data.push(await taskData(context, recipe.preset, id));
  return data;
}

/** Gives the inputs of examples of a pool as a tensor. */
export type Gather = (pool: PoolName, kind: InputKind, indices: Int32Array) => Tensor;

/** Inputs of the given kinds on the given pools, prepared for batches. */
export async function imagePools(
  context: RunContext,
  preset: PresetName,
  kinds: Iterable<InputKind>,
  pools: readonly PoolName[],
): Promise<Gather> {
  const { dataset, engine } = context;
  const pause = createPause();
  const inputs = new Map<string, PoolInputs>();
  const key = (pool: PoolName, kind: PictureKind): string => `${pool} ${kind}`;
  for (const kind of new Set([...kinds].flatMap(picturesOf))) {
    for (const pool of pools)
      inputs.set(key(pool, kind), await poolInputs(dataset, pool, kind, preset, { pause }));
  }
  return (pool, kind, indices) => {
    const views = picturesOf(kind).map((picture) => {
      const found = inputs.get(key(pool, picture));
      if (!found)
        throw new TaskatlasError('internal', `${picture} inputs of the ${pool} pool were not prepared.`);
      return found;
    });
    return batchTensor(engine.tf, views, indices, preset, dataset.size);
  };
}

/**
 * Selection losses of a joint training: for each image the mean over tasks of its loss relative to the constant
 * predictor; NaN where no task has a label.
 */
export async function jointSelection(
  tasks: readonly TaskData[],
  predict: (task: number, indices: Int32Array) => Float32Array,
  pause: () => Promise<void>,
): Promise<Float32Array> {
  const images = tasks[0]?.selection.examples ?? 0;
  const sums = new Float64Array(images);
  const counts = new Uint16Array(images);
  for (const [t, { spec, selection, scale }] of tasks.entries()) {
    for (const part of chunks(images)) {
      imageLosses(spec, predict(t, part), selection, part).forEach((loss, i) => {
        if (Number.isNaN(loss)) return;
        const image = part[i] as number;
        sums[image] = (sums[image] as number) + loss / scale;
        counts[image] = (counts[image] as number) + 1;
      });
      await pause();
    }
  }
  return Float32Array.from(sums, (sum, i) => (counts[i] === 0 ? Number.NaN : sum / (counts[i] as number)));
}

/** A finished pre-training: what its result and its artifacts are made of. */
export interface Taught {
  /** Of the encoder, named `encoder/…`. */
  weights: Weights;
  outcome: TrainingOutcome;
  flops: number;
  adapter?: InputAdapter;
  /** Columns of the encoder; absent = 1. */
  columns?: number;
}

/** Stores an encoder as a source: weights and codes of the three pools. The run has no test losses of its own. */
export async function storeEncoder(
  context: RunContext,
  recipe: PretrainRecipe,
  { weights, outcome, flops, adapter = 'none', columns }: Taught,
): Promise<RunResult> {
  const source = {
    preset: recipe.preset,
    size: context.dataset.size,
    adapter,
    weights,
    recipe,
    ...(columns ? { columns } : {}),
  };
  const features = await writeFeatures(context, source, createPause());
  const name = weightsName(context.fingerprint);
  await context.artifacts.write(name, packSource(source));
  const { curve, steps, images, seconds } = outcome;
  return {
    testLosses: null,
    metric: null,
    curve,
    samples: [],
    artifacts: [name, ...features],
    cost: { steps, images, seconds, flops },
  };
}
