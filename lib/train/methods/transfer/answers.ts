import { type PoolName, type RunResult, TaskatlasError, type TransferRecipe } from '@/lib/science/core';
import { refuseBroken, taskOf } from '../evaluate';
import { imageLosses, type LossSpec } from '../losses';
import { taskMetrics } from '../metrics';
import { createPause } from '../pause';
import { networkChunks, poolLabels, taskLoss } from '../pools';
import { renderSamples } from '../samples';
import type { MethodContext, Predictor } from '../types';

/** Outputs of a network on a whole pool. */
export async function poolOutputs(
  context: MethodContext,
  predictor: Predictor,
  pool: PoolName,
): Promise<Float32Array> {
  const count = context.dataset.count(pool);
  const pause = createPause(context.signal);
  let all = new Float32Array(0);
  for (const part of networkChunks(context, count)) {
    const outputs = predictor.outputs(pool, part);
    if (all.length === 0) all = new Float32Array((outputs.length / part.length) * count);
    all.set(outputs, ((part[0] as number) * outputs.length) / part.length);
    await pause();
  }
  return all;
}

/** Every member's outputs on a pool, one member in memory at a time. */
export async function memberOutputs(
  context: MethodContext,
  runs: readonly { fingerprint: string }[],
  task: string,
  pool: PoolName,
): Promise<Float32Array[]> {
  if (runs.length === 0) throw new TaskatlasError('invalid-input', 'There is no network to learn from.');
  const all: Float32Array[] = [];
  for (const { fingerprint } of runs) {
    const predictor = await context.predictorOf(fingerprint, task);
    try {
      all.push(await poolOutputs(context, predictor, pool));
    } finally {
      predictor.dispose();
    }
  }
  return all;
}

/** The task's loss. Embeddings have no single right answer that networks could agree on. */
export async function teachableLoss(context: MethodContext, recipe: TransferRecipe): Promise<LossSpec> {
  const task = taskOf(context, recipe.task);
  const spec = await taskLoss(context.dataset, task, recipe.preset, createPause(context.signal));
  if (spec.name === 'metric') {
    throw new TaskatlasError(
      'invalid-input',
      `${task.id} learns an embedding: two networks’ embeddings cannot be averaged or copied row by row.`,
    );
  }
  return spec;
}

/** What a run hands over, from outputs on the test pool. */
export async function answer(
  context: MethodContext,
  recipe: TransferRecipe,
  outputs: Float32Array,
  rest: Pick<RunResult, 'curve' | 'cost' | 'artifacts'>,
): Promise<RunResult> {
  refuseBroken(outputs, 'The outputs on the test pool');
  const task = taskOf(context, recipe.task);
  const { preset } = recipe;
  const pause = createPause(context.signal);
  const spec = await taskLoss(context.dataset, task, preset, pause);
  const labels = await poolLabels(context.dataset, 'test', task, preset, pause);
  const indices = Int32Array.from({ length: labels.examples }, (_, i) => i);
  return {
    testLosses: imageLosses(spec, outputs, labels, indices),
    ...taskMetrics(task, outputs, labels),
    samples: renderSamples(context, task, preset, labels, outputs),
    ...rest,
  };
}
