import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { trainingFlops } from '@/lib/science/catalog/flops';
import type { LayerPlan } from '@/lib/science/catalog/presets-layers';
import { createRng, type PretrainRecipe } from '@/lib/science/core';
import type { Tf } from '../../engine';
import {
  createParameters,
  forward,
  initialWeights,
  type ParameterStore,
  planParameters,
  type Weights,
} from '../../networks';
import { lossTensor } from '../losses';
import { outputBias } from '../output-bias';
import type { RunContext } from '../types';
import { type Gather, headPlan, renameLayers, type TaskData, taskEncoder } from './common';

/** Extra parameter of uncertainty weighting: sₜ = ln σₜ² of each task. */
export const LOG_VARIANCE = 'weighting/log-variance';

/** One task's way through the joint network. */
interface Branch extends TaskData {
  /** Encoder that it runs through: shared by all (hard), or its own (soft). */
  encoder: LayerPlan;
  head: LayerPlan;
}

/** A joint network under training. */
export interface Joint {
  tf: Tf;
  shared: boolean;
  branches: readonly Branch[];
  parameters: ParameterStore;
  gather: Gather;
}

/** Where the parameters of a task's encoder lie: one place for all, or one for each task. */
const place = (task: string, shared: boolean): string => (shared ? 'encoder' : `networks/${task}/encoder`);

/** Output of one task's branch. */
export function branchOutput(
  { tf, branches, parameters, gather }: Joint,
  pool: 'source' | 'selection',
  task: number,
  indices: Int32Array,
): Tensor {
  const { encoder, head, task: declared } = branches[task] as Branch;
  const code = forward(tf, encoder, parameters.get, gather(pool, declared.input, indices));
  return forward(tf, head, parameters.get, code);
}

/**
 * Losses of all tasks on one batch of the source pool, relative to their constant predictors. With a shared trunk tasks
 * of one input kind share one pass of it; with own networks each runs its own.
 */
export function taskLosses(joint: Joint, indices: Int32Array, step: number): Scalar[] {
  const { tf, branches, parameters, gather, shared } = joint;
  const codes = new Map<string, Tensor>();
  return branches.map(({ task, encoder, head, spec, labels, scale }) => {
    const key = shared ? task.input : task.id;
    const code =
      codes.get(key) ?? forward(tf, encoder, parameters.get, gather('source', task.input, indices));
    codes.set(key, code);
    const output = forward(tf, head, parameters.get, code);
    return tf.div(lossTensor(tf, spec, output, labels, indices, step), scale) as Scalar;
  });
}

/** Random weights, outputs' biases at their labels' means; networks of their own begin as one. */
function startingWeights(
  branches: readonly Branch[],
  shared: boolean,
  seed: number,
): Map<string, Float32Array> {
  const plan = branches.flatMap(({ encoder, head }) => [...encoder, ...head]);
  const start = new Map(initialWeights(plan, createRng(seed, 'multi-task', 'weights')));
  for (const { task, spec, labels } of branches) {
    const name = `heads/${task.id}/output/bias`;
    const size = start.get(name)?.length ?? 0;
    start.set(name, outputBias(spec, labels, size, labels.examples));
  }
  const first = place(branches[0]?.task.id ?? '', shared);
  for (const [name, values] of [...start]) {
    if (shared || !name.startsWith(`${first}/`)) continue;
    for (const { task } of branches) start.set(name.replace(first, place(task.id, false)), values.slice());
  }
  return start.set(LOG_VARIANCE, new Float32Array(branches.length));
}

/** The whole joint network on the engine, with the extra parameter of its weighting. */
export function createJoint(
  context: RunContext,
  recipe: PretrainRecipe,
  tasks: readonly TaskData[],
  options: { shared: boolean; gather: Gather },
): Joint {
  const { size } = context.dataset;
  const { tf } = context.engine;
  const { shared, gather } = options;
  const branches = tasks.map((data): Branch => {
    const own = place(data.task.id, shared);
    const encoder = taskEncoder(recipe.preset, size, data.task);
    return {
      ...data,
      encoder: renameLayers(encoder, (name) => name.replace(/^encoder/, own)),
      head: headPlan(recipe.preset, size, data.task),
    };
  });
  const plan = branches.flatMap(({ encoder, head }) => [...encoder, ...head]);
  const start = startingWeights(branches, shared, recipe.seed);
  const extra = [{ name: LOG_VARIANCE, shape: [tasks.length] }];
  return { tf, shared, branches, parameters: createParameters(tf, plan, start, extra), gather };
}

/** Weights of every task's encoder, task by task in one order: what a soft tie draws together. */
export const encoderTensors = ({ branches, parameters }: Joint): Tensor[][] =>
  branches.map(({ encoder }) => planParameters(encoder).map(({ name }) => parameters.get(name)));

/** The encoder that others start from: the trunk, or the first task's own. */
export function encoderWeights({ branches, parameters, shared }: Joint): Weights {
  const own = place(branches[0]?.task.id ?? '', shared);
  const names = parameters.names.filter((name) => name.startsWith(`${own}/`));
  return new Map(
    [...parameters.snapshot(names)].map(([name, values]) => [name.replace(own, 'encoder'), values]),
  );
}

/** Work of training on one image of the source pool. */
export function jointFlops({ branches, shared }: Joint): number {
  const passes = new Map(
    branches.map(({ task, encoder }) => [shared ? task.input : task.id, trainingFlops(encoder)]),
  );
  const heads = branches.reduce((sum, { head }) => sum + trainingFlops(head), 0);
  return heads + [...passes.values()].reduce((sum, flops) => sum + flops, 0);
}
