import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { trainingFlops } from '@/lib/science/catalog/flops';
import type { LayerPlan } from '@/lib/science/catalog/presets-layers';
import {
  createRng,
  type PoolName,
  type PresetName,
  type RunResult,
  type TaskDeclaration,
  type TrainingOptions,
} from '@/lib/science/core';
import type { Tf } from '../engine';
import {
  createParameters,
  forward,
  initialWeights,
  type PackedLabels,
  type ParameterStore,
  valuesOf,
  type Weights,
} from '../networks';
import { evaluate, refuseBroken } from './evaluate';
import { type TrainingOutcome, train } from './loop';
import { examplesWeight, type LossSpec, lossTensor } from './losses';
import { taskMetrics } from './metrics';
import type { ParameterGroup } from './optimiser';
import { outputBias } from './output-bias';
import { createPause } from './pause';
import { poolLabels, taskLoss } from './pools';
import { renderSamples } from './samples';
import { type StagedLoss, stagedLoss } from './staged-loss';
import type { Predictor, RunContext, TrainingProblem } from './types';

const OUTPUT_BIAS = 'decoder/output/bias';

/** Feeds one pool to a network: `gather` gives the input tensor of the images named. */
export interface Feed {
  gather(indices: Int32Array): Tensor;
}

/** A network without weights: its shape and what it sees. */
export interface Network {
  plan: LayerPlan;
  feed(pool: PoolName): Feed;
  /** Layers that gradients do not pass: training computes them apart, so that they are constants to it. */
  detached?: number;
}

/** What a training step may look at. */
export interface StepView {
  /** The batch's outputs; gradients flow through it. */
  output: Tensor;
  indices: Int32Array;
  step: number;
  spec: LossSpec;
  labels: PackedLabels;
}

/**
 * A supervised training: one network, one task, one pool of examples. A method prepares this; the step that it takes
 * (`objective`, by default the task's loss) and the rates of its parameters (`groups`) are what makes it its own.
 */
export interface SupervisedTraining extends Network {
  task: TaskDeclaration;
  preset: PresetName;
  /** Where the training examples come from, and how many of the pool's first images are used. */
  pool: 'source' | 'transfer';
  images: number;
  training: TrainingOptions;
  /** Steps between two evaluations on the selection pool: `spacingOf` the recipe. */
  spacing: number;
  seed: number;
  /** Purpose, so that equal seeds of different kinds draw different numbers. */
  purpose: string;
  /** Parameters that stay as they are: matched by name. */
  frozen?: RegExp;
  /** Starting weights that replace random ones, by name. */
  restored?: Weights;
  /** Examples by their place in the pool, where they are not its first `images`. */
  chosen?: Int32Array;
  /** Labels to learn from instead of the task's own (soft or pseudo-labels), in the pool's order. */
  labels?: PackedLabels;
  /** Groups of trainable parameters, by name; all alike when absent. */
  groups?(names: readonly string[]): readonly ParameterGroup[];
  /** What a step minimises, differentiable; the task's loss when absent. */
  objective?(view: StepView): Scalar;
  /** Whether the objective of a batch is the mean of its parts', weighted by labelled rows; the task's own loss is. */
  separable?: boolean;
  /** A term of the parameters alone, added to what a step minimises. */
  penalty?(parameters: ParameterStore): Scalar;
}

export interface SupervisedResult {
  weights: Weights;
  /** Outputs on the test pool, for ensembles. */
  outputs: Float32Array;
  result: Omit<RunResult, 'artifacts'>;
}

/** The outputs of a network for a batch of a pool. */
function networkOutput(
  context: RunContext,
  network: Network,
  parameters: ParameterStore,
  feed: Feed,
  indices: Int32Array,
): Tensor {
  const { tf } = context.engine;
  return aboveDetached(tf, network, parameters, belowDetached(tf, network, parameters, feed.gather(indices)));
}

/** What the first `detached` blocks make of the input, as numbers without a history. */
function belowDetached(
  tf: Tf,
  { plan, detached = 0 }: Network,
  parameters: ParameterStore,
  input: Tensor,
): Tensor {
  if (detached === 0) return input;
  const below = forward(tf, plan.slice(0, detached), parameters.get, input);
  // tfjs has no stop_gradient: numbers without a history are constants to the tape.
  return tf.tensor(below.dataSync(), below.shape);
}

const aboveDetached = (
  tf: Tf,
  { plan, detached = 0 }: Network,
  parameters: ParameterStore,
  below: Tensor,
): Tensor => forward(tf, plan.slice(detached), parameters.get, below);

/** Starting weights: random, with the output's bias at the labels' mean and what is restored put in its place. */
function startingWeights(request: SupervisedTraining, spec: LossSpec, labels: PackedLabels): Weights {
  const start = initialWeights(request.plan, createRng(request.seed, request.purpose, 'weights'));
  const bias = start.get(OUTPUT_BIAS)?.length ?? 0;
  const restored = [...(request.restored ?? [])].filter(([name]) => start.has(name));
  return new Map([
    ...start,
    ...(bias > 0 ? [[OUTPUT_BIAS, outputBias(spec, labels, bias, request.images)] as const] : []),
    ...restored,
  ]);
}

/** Feeds by pool, each made once. */
function feedsOf(network: Network): (pool: PoolName) => Feed {
  const feeds = new Map<PoolName, Feed>();
  return (pool) => {
    const feed = feeds.get(pool) ?? network.feed(pool);
    feeds.set(pool, feed);
    return feed;
  };
}

/** The task's loss (and the penalty) in the two parts that an engine can compile; a method's own objective has none. */
function stagedObjective(
  tf: Tf,
  request: SupervisedTraining,
  parameters: ParameterStore,
  feed: Feed,
  loss: StagedLoss | null,
): TrainingProblem['staged'] | null {
  if (loss === null || request.objective) return null;
  return {
    inputs: (indices) => {
      const places = request.chosen ? indices.map((i) => request.chosen?.[i] ?? i) : indices;
      const below = belowDetached(tf, request, parameters, feed.gather(places));
      return [below, ...loss.inputs(tf, places)];
    },
    loss: ([below, ...labels]) => {
      const mean = loss.loss(tf, aboveDetached(tf, request, parameters, below as Tensor), labels);
      const penalty = request.penalty?.(parameters);
      return penalty ? tf.add(mean, penalty) : mean;
    },
  };
}

/** Trains, evaluates on the test pool, renders samples. */
export async function trainSupervised(
  context: RunContext,
  request: SupervisedTraining,
): Promise<SupervisedResult> {
  const { engine, dataset } = context;
  const { tf } = engine;
  const { task, preset, training } = request;
  const pause = createPause();
  const spec = await taskLoss(dataset, task, preset, pause);
  const labels = request.labels ?? (await poolLabels(dataset, request.pool, task, preset, pause));
  const selection = await poolLabels(dataset, 'selection', task, preset, pause);
  const parameters = createParameters(tf, request.plan, startingWeights(request, spec, labels));
  const trainable = parameters.names.filter((name) => !request.frozen?.test(name));
  const feedOf = feedsOf(request);
  const staged = stagedObjective(tf, request, parameters, feedOf(request.pool), stagedLoss(spec, labels));
  const output = (pool: PoolName, indices: Int32Array): Tensor =>
    networkOutput(context, request, parameters, feedOf(pool), indices);
  const placesOf = (indices: Int32Array): Int32Array =>
    request.chosen ? indices.map((i) => request.chosen?.[i] ?? i) : indices;
  const splits = request.objective ? request.separable && !spec.classWeights : true;
  const objective = (indices: Int32Array, step: number): Scalar => {
    const places = placesOf(indices);
    const view = { output: output(request.pool, places), indices: places, step, spec, labels };
    const loss = request.objective?.(view) ?? lossTensor(tf, spec, view.output, labels, places, step);
    const penalty = request.penalty?.(parameters);
    return penalty ? tf.add(loss, penalty) : loss;
  };
  try {
    const outcome = await train(
      context,
      {
        parameters,
        trainable,
        ...(request.groups ? { groups: request.groups(trainable) } : {}),
        examples: request.images,
        ...(staged ? { staged } : {}),
        loss: objective,
        ...(splits
          ? { weightOf: (indices: Int32Array) => examplesWeight(spec, labels, placesOf(indices)) }
          : {}),
        selectionLosses: async (turn) =>
          (await evaluate(context, spec, selection, (part) => output('selection', part), turn)).losses,
      },
      training,
      { seed: request.seed, spacing: request.spacing },
    );
    const test = await poolLabels(dataset, 'test', task, preset, pause);
    const tested = await evaluate(context, spec, test, (part) => output('test', part), pause);
    refuseBroken(tested.outputs, 'The outputs on the test pool');
    return {
      weights: parameters.snapshot(),
      outputs: tested.outputs,
      result: {
        testLosses: tested.losses,
        ...taskMetrics(task, tested.outputs, test),
        curve: outcome.curve,
        samples: renderSamples(context, task, preset, test, tested.outputs),
        cost: costOf(outcome, request.plan),
      },
    };
  } finally {
    parameters.dispose();
  }
}

/** A network with its weights, to be asked for outputs. */
export function networkPredictor(context: RunContext, network: Network, weights: Weights): Predictor {
  const { tf } = context.engine;
  const parameters = createParameters(tf, network.plan, weights);
  const feedOf = feedsOf(network);
  return {
    outputs: (pool, indices) =>
      valuesOf(tf, () => networkOutput(context, network, parameters, feedOf(pool), indices)),
    dispose: () => parameters.dispose(),
  };
}

const costOf = (outcome: TrainingOutcome, plan: LayerPlan): RunResult['cost'] => ({
  steps: outcome.steps,
  images: outcome.images,
  seconds: outcome.seconds,
  flops: outcome.images * trainingFlops(plan),
});
