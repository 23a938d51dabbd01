import { evaluationSpacing } from '@/lib/science/catalog/evaluations';
import {
  type PoolName,
  type PresetName,
  TaskatlasError,
  type TaskDeclaration,
  type TaskId,
  type TrainingOptions,
} from '@/lib/science/core';
import { type PackedLabels, valuesOf } from '../networks';
import { imageLosses, type LossSpec } from './losses';
import type { Pause } from './pause';
import { networkChunks } from './pools';
import type { Predict, RunContext } from './types';

const CHUNK = 50;

/** Outputs of a whole pool in packed layout, and what the labels make of them. */
export interface Evaluation {
  losses: Float32Array;
  /** Outputs of all images, kept for metrics and samples. */
  outputs: Float32Array;
}

/** Runs a predictor over the first `labels.examples` images of a pool. */
export async function evaluate(
  context: RunContext,
  spec: LossSpec,
  labels: PackedLabels,
  predict: Predict,
  pause: Pause,
): Promise<Evaluation> {
  const { tf } = context.engine;
  const size = labels.rows * labels.channels;
  const losses = new Float32Array(labels.examples);
  const outputs = new Float32Array(labels.examples * size);
  for (const part of networkChunks(context, labels.examples, CHUNK)) {
    const values = valuesOf(tf, () => predict(part));
    const at = part[0] as number;
    outputs.set(values, at * size);
    losses.set(imageLosses(spec, values, labels, part), at);
    await pause();
  }
  return { losses, outputs };
}

/**
 * What a trained network gives must be numbers: a loss that is NaN means that an image has no label, so a broken network
 * would pass for one that was never tested. The last step of a training can break it, which no training loss shows.
 * @throws TaskatlasError `diverged`
 */
export function refuseBroken(values: Float32Array, what: string): void {
  if (values.every(Number.isFinite)) return;
  throw new TaskatlasError('diverged', `${what} are not finite numbers: lower the learning rate.`);
}

/** A task of the context. @throws TaskatlasError `invalid-input` if the dictionary has no such task. */
export function taskOf(context: RunContext, id: TaskId): TaskDeclaration {
  const task = context.tasks.get(id);
  if (!task) throw new TaskatlasError('invalid-input', `The dictionary has no task "${id}".`);
  return task;
}

/** Number of images that a recipe may take of a pool. @throws TaskatlasError `invalid-input` */
export function imagesOf(context: RunContext, pool: PoolName, wanted: number): number {
  const available = context.dataset.count(pool);
  if (wanted > available || wanted < 1) {
    throw new TaskatlasError(
      'invalid-input',
      `The recipe wants ${wanted} images of the ${pool} pool, which has ${available}.`,
    );
  }
  return wanted;
}

/** Steps between two evaluations on the selection pool of a run: the same for all runs of a target at a transfer size. */
export const spacingOf = (
  context: RunContext,
  { preset, training, images }: { preset: PresetName; training: TrainingOptions; images?: number },
): number => {
  const pool = context.dataset.count('transfer');
  return evaluationSpacing(preset, { images: images ?? pool, pool, batchSize: training.batchSize });
};
