import type { Scalar } from '@tensorflow/tfjs-core';
import type { LayerPlan } from '@/lib/science/catalog/presets-layers';
import { createRng, type PoolName, type PresetName } from '@/lib/science/core';
import { differenceCurvature, type LossAndGradient, type MetaTask } from '@/lib/science/learning';
import {
  createParameters,
  forward,
  initialWeights,
  type PackedLabels,
  type ParameterStore,
  valuesOf,
  type Weights,
} from '../../networks';
import { lossTensor } from '../losses';
import { outputBias } from '../output-bias';
import { isClasses } from '../soft';
import type { RunContext } from '../types';
import { type Gather, headPlan, type TaskData, taskEncoder } from './common';
import { type FlatNetwork, flatNetwork } from './flat-network';

/** Labelled examples of one pool: what an episode learns from or is asked about. */
export interface Examples {
  pool: PoolName;
  labels: PackedLabels;
  indices: Int32Array;
}

/** One task's network for episodes, in a store of its own: an encoder that comes from outside, and a new head. */
export interface Learner {
  task: TaskData;
  plan: LayerPlan;
  /** All parameters; the encoder's come first. */
  network: FlatNetwork;
  encoderSize: number;
  /**
   * The start of an episode: the encoder's weights, and a head that nobody has trained. Its output layer starts as the
   * constant predictor of the labels known (kernel 0, bias at their mean): a random one would cost the few steps that an
   * episode has (the zeroing trick of Kao, Chiu & Chen 2022).
   */
  start(encoder: Weights, known: Examples, seed: readonly (string | number)[]): Float64Array;
  /** Loss relative to the constant predictor, and its gradient. */
  slope(w: Float64Array, examples: Examples): LossAndGradient;
  /** Outputs with the weights that were written last. */
  outputs(pool: PoolName, indices: Int32Array): Float32Array;
  dispose(): void;
}

/**
 * How far apart the gradients are taken whose difference stands for the Hessian, relative to the weights: small enough
 * that few ReLUs change sides in between, large enough for single precision (meta.test.ts measures both).
 */
export const DIFFERENCE = 1e-3;

const isEncoder = (name: string): boolean => name.startsWith('encoder/');

function encoderFirst(parameters: ParameterStore): string[] {
  const { names } = parameters;
  return [...names.filter(isEncoder), ...names.filter((name) => !isEncoder(name))];
}

/** @param columns of its encoder */
export function createLearner(
  context: RunContext,
  preset: PresetName,
  task: TaskData,
  gather: Gather,
  columns = 1,
): Learner {
  const { tf } = context.engine;
  const { size } = context.dataset;
  const { spec, scale } = task;
  const { input, id } = task.task;
  const head = headPlan(preset, size, task.task);
  const plan = [...taskEncoder(preset, size, task.task, columns), ...head];
  const parameters = createParameters(tf, plan, initialWeights(plan, createRng('learner')));
  const names = encoderFirst(parameters);
  const network = flatNetwork(tf, parameters, names);
  const sizeOf = (list: readonly string[]): number => list.reduce((sum, name) => sum + numbersOf(name), 0);
  const output = `heads/${id}/output`;
  const numbersOf = (name: string): number => parameters.get(name).size;
  return {
    task,
    plan,
    network,
    encoderSize: sizeOf(names.filter(isEncoder)),
    start: (encoder, { labels, indices }, seed) => {
      const weights = new Map(initialWeights(head, createRng('head', ...seed)));
      const [kernel, bias] = [`${output}/kernel`, `${output}/bias`];
      weights.set(kernel, new Float32Array(numbersOf(kernel)));
      const constant = outputBias(spec, pick(labels, indices), numbersOf(bias), indices.length);
      weights.set(bias, isClasses(spec) ? smoothed(constant, labels.channels, indices.length) : constant);
      return network.pack(new Map([...encoder, ...weights]));
    },
    slope: (w, { pool, labels, indices }) =>
      network.slope(w, () => {
        const output = forward(tf, plan, parameters.get, gather(pool, input, indices));
        return tf.div(lossTensor(tf, spec, output, labels, indices), scale) as Scalar;
      }),
    outputs: (pool, indices) =>
      valuesOf(tf, () => forward(tf, plan, parameters.get, gather(pool, input, indices))),
    dispose: () => parameters.dispose(),
  };
}

/** Logarithms of class shares with one example of every class, each counted as its share, added to those seen. */
const smoothed = (logShares: Float32Array, classes: number, examples: number): Float32Array =>
  logShares.map((log) => Math.log((Math.exp(log) * examples + 1 / classes) / (examples + 1)));

/** The labels of some examples alone. */
function pick(labels: PackedLabels, indices: Int32Array): PackedLabels {
  const { rows, channels } = labels;
  const gatherRows = <T extends Float32Array | Uint16Array | Uint8Array>(from: T, to: T, size: number): T => {
    indices.forEach((example, i) => {
      to.set(from.subarray(example * size, (example + 1) * size), i * size);
    });
    return to;
  };
  const count = indices.length;
  return {
    ...labels,
    examples: count,
    values:
      labels.values && gatherRows(labels.values, new Float32Array(count * rows * channels), rows * channels),
    ids: labels.ids && gatherRows(labels.ids, new Uint16Array(count * rows), rows),
    valid: gatherRows(labels.valid, new Uint8Array(count * rows), rows),
  };
}

/** Longest gradient of an inner step, as a multiple of the episode's first one. */
const GROWTH = 4;

const lengthOf = (v: Float64Array): number => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));

/**
 * An episode as a task of the meta-learning formulas. `support` may have several batches: each inner step takes the
 * next one. Gradients longer than `GROWTH` times the first are shortened to that, so that no episode can run away; to
 * the derivative the factor is a constant. Convolutions and losses of the engine have first derivatives only: the
 * Hessian's product is a difference of gradients (`differenceCurvature`); without it the method is first-order.
 */
export function episode(
  learner: Learner,
  support: readonly Examples[],
  query: Examples,
  secondOrder: boolean,
): MetaTask {
  const [first] = support;
  /** Of the inner steps taken; the formulas come back over them from the last to the first. */
  const factors: number[] = [];
  let step = 0;
  let longest = Number.POSITIVE_INFINITY;
  return {
    support: (w) => {
      const { loss, gradient } = learner.slope(w, support[step % support.length] as Examples);
      const length = lengthOf(gradient);
      if (step === 0) longest = GROWTH * length;
      step++;
      const factor = length > longest ? longest / length : 1;
      factors.push(factor);
      return { loss, gradient: gradient.map((g) => g * factor) };
    },
    query: (w) => learner.slope(w, query),
    ...(secondOrder && first
      ? {
          curvature: (w, v) => {
            const factor = factors.pop() ?? 1;
            const product = differenceCurvature((at) => learner.slope(at, first).gradient, w, v, DIFFERENCE);
            return product.map((x) => x * factor);
          },
        }
      : {}),
  };
}
