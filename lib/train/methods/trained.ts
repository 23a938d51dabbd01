import type { Tensor } from '@tensorflow/tfjs-core';
import { trainingFlops } from '@/lib/science/catalog/costs';
import { PRESETS } from '@/lib/science/catalog/presets';
import type { LayerPlan } from '@/lib/science/catalog/presets-layers';
import {
  createRng,
  type PoolName,
  type PresetName,
  type RunResult,
  type TaskDeclaration,
  type TrainingOptions,
} from '@/lib/science/core';
import { createParameters, forward, initialWeights, type Weights } from '../networks';
import { evaluate } from './evaluate';
import { type TrainingOutcome, train } from './loop';
import { lossTensor } from './losses';
import { taskMetric } from './metrics';
import { outputBias } from './output-bias';
import { createPause } from './pause';
import { poolLabels, taskLoss } from './pools';
import { renderSamples } from './samples';
import type { RunContext } from './types';

const OUTPUT_BIAS = 'decoder/output/bias';

/** Feeds one pool to a network: `gather` gives the input tensor of the images named. */
export interface Feed {
  gather(indices: Int32Array): Tensor;
}

/** A supervised training: one network, one task, one pool of examples. Sources, scratch and readouts are this. */
export interface SupervisedTraining {
  task: TaskDeclaration;
  preset: PresetName;
  plan: LayerPlan;
  /** Where the training examples come from, and how many of the pool's first images are used. */
  pool: 'source' | 'transfer';
  images: number;
  training: TrainingOptions;
  seed: number;
  /** Purpose, so that equal seeds of different kinds draw different numbers. */
  purpose: string;
  /** Parameters that stay as they are: matched by name. */
  frozen?: RegExp;
  /** Starting weights that replace random ones, by name. */
  restored?: Weights;
  feed(pool: PoolName): Feed;
}

export interface SupervisedResult {
  weights: Weights;
  result: Omit<RunResult, 'artifacts'>;
}

/** Trains, evaluates on the test pool, renders samples. */
export async function trainSupervised(
  context: RunContext,
  request: SupervisedTraining,
): Promise<SupervisedResult> {
  const { engine, dataset } = context;
  const { tf } = engine;
  const { task, preset, plan, training } = request;
  const pause = createPause();
  const spec = await taskLoss(dataset, task, preset, pause);
  const labels = await poolLabels(dataset, request.pool, task, preset, pause);
  const selection = await poolLabels(dataset, 'selection', task, preset, pause);
  const start = initialWeights(plan, createRng(request.seed, request.purpose, 'weights'));
  const bias = start.get(OUTPUT_BIAS)?.length ?? 0;
  const parameters = createParameters(
    tf,
    plan,
    new Map([
      ...start,
      [OUTPUT_BIAS, outputBias(spec, labels, bias, request.images)] as const,
      ...(request.restored ?? []),
    ]),
  );
  const feeds = new Map<PoolName, Feed>();
  const feedOf = (pool: PoolName): Feed => {
    const feed = feeds.get(pool) ?? request.feed(pool);
    feeds.set(pool, feed);
    return feed;
  };
  const output = (pool: PoolName, indices: Int32Array): Tensor =>
    forward(tf, plan, parameters.get, feedOf(pool).gather(indices));
  try {
    const outcome = await train(
      context,
      {
        parameters,
        trainable: parameters.names.filter((name) => !request.frozen?.test(name)),
        examples: request.images,
        loss: (indices, step) => lossTensor(tf, spec, output(request.pool, indices), labels, indices, step),
        selectionLosses: async (turn) =>
          (await evaluate(context, spec, selection, (part) => output('selection', part), turn)).losses,
      },
      training,
      { seed: request.seed, looks: PRESETS[preset].looks },
    );
    const test = await poolLabels(dataset, 'test', task, preset, pause);
    const tested = await evaluate(context, spec, test, (part) => output('test', part), pause);
    return {
      weights: parameters.snapshot(),
      result: {
        testLosses: tested.losses,
        metric: taskMetric(task, tested.outputs, test),
        curve: outcome.curve,
        samples: renderSamples(context, task, preset, test, tested.outputs),
        cost: costOf(outcome, plan),
      },
    };
  } finally {
    parameters.dispose();
  }
}

const costOf = (outcome: TrainingOutcome, plan: LayerPlan): RunResult['cost'] => ({
  steps: outcome.steps,
  images: outcome.images,
  seconds: outcome.seconds,
  flops: outcome.images * trainingFlops(plan),
});
