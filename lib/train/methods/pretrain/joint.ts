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

/** How tasks share: one trunk, networks of their own, or such networks joined by cross-stitch units. */
export type Sharing = 'hard' | 'soft' | 'cross-stitch';

/** One task's way through the joint network. */
interface Branch extends TaskData {
  /** Layers that it runs through first: one pass serves all branches of the same `pass`. */
  trunk: LayerPlan;
  pass: string;
  /** What follows for this task alone: its own part of the last cross-stitch unit, and its head. */
  own: LayerPlan;
}

/** A joint network under training. */
export interface Joint {
  tf: Tf;
  sharing: Sharing;
  branches: readonly Branch[];
  parameters: ParameterStore;
  gather: Gather;
}

/** Where the parameters of a task's encoder lie: one place for all, or one for each task. */
const place = (task: string, sharing: Sharing): string =>
  sharing === 'soft' ? `networks/${task}/encoder` : 'encoder';

/** Output of one task's branch. */
export function branchOutput(
  { tf, branches, parameters, gather }: Joint,
  pool: 'source' | 'selection',
  task: number,
  indices: Int32Array,
): Tensor {
  const { trunk, own, task: declared } = branches[task] as Branch;
  return forward(tf, [...trunk, ...own], parameters.get, gather(pool, declared.input, indices));
}

/**
 * Losses of all tasks on one batch of the source pool, relative to their constant predictors. With a shared trunk, or
 * columns that see each other, tasks of one input kind share one pass; with own networks each runs its own.
 */
export function taskLosses(joint: Joint, indices: Int32Array, step: number): Scalar[] {
  const { tf, branches, parameters, gather } = joint;
  const passes = new Map<string, Tensor>();
  return branches.map(({ task, trunk, pass, own, spec, labels, scale }) => {
    const top = passes.get(pass) ?? forward(tf, trunk, parameters.get, gather('source', task.input, indices));
    passes.set(pass, top);
    const output = forward(tf, own, parameters.get, top);
    return tf.div(lossTensor(tf, spec, output, labels, indices, step), scale) as Scalar;
  });
}

const wholePlan = (branches: readonly Branch[]): LayerPlan =>
  branches.flatMap(({ trunk, own }) => [...trunk, ...own]);

/** Where the networks lie that begin as one: every task's own, or the columns. */
const networkPlaces = (branches: readonly Branch[], sharing: Sharing): string[] =>
  branches.map(({ task }, i) =>
    sharing === 'cross-stitch' ? `encoder/column${i + 1}` : place(task.id, sharing),
  );

/** Random weights, outputs' biases at their labels' means; networks of their own begin as one. */
function startingWeights(
  branches: readonly Branch[],
  sharing: Sharing,
  seed: number,
): Map<string, Float32Array> {
  const start = new Map(initialWeights(wholePlan(branches), createRng(seed, 'multi-task', 'weights')));
  for (const { task, spec, labels } of branches) {
    const name = `heads/${task.id}/output/bias`;
    const size = start.get(name)?.length ?? 0;
    start.set(name, outputBias(spec, labels, size, labels.examples));
  }
  const places = networkPlaces(branches, sharing);
  const [first = ''] = places;
  for (const [name, values] of [...start]) {
    if (!name.startsWith(`${first}/`) || name.endsWith('/mix')) continue;
    for (const other of places) start.set(name.replace(first, other), values.slice());
  }
  return start.set(LOG_VARIANCE, new Float32Array(branches.length));
}

/** The whole joint network on the engine, with the extra parameter of its weighting. */
export function createJoint(
  context: RunContext,
  recipe: PretrainRecipe,
  tasks: readonly TaskData[],
  options: { sharing: Sharing; gather: Gather },
): Joint {
  const { size } = context.dataset;
  const { tf } = context.engine;
  const { sharing, gather } = options;
  const branches = tasks.map((data, i): Branch => {
    const { task } = data;
    const head = headPlan(recipe.preset, size, task);
    if (sharing === 'cross-stitch') {
      const encoder = taskEncoder(recipe.preset, size, task, tasks.length, i + 1);
      return { ...data, trunk: encoder.slice(0, -1), pass: task.input, own: [...encoder.slice(-1), ...head] };
    }
    const encoder = taskEncoder(recipe.preset, size, task);
    const trunk = renameLayers(encoder, (name) => name.replace(/^encoder/, place(task.id, sharing)));
    return { ...data, trunk, pass: sharing === 'hard' ? task.input : task.id, own: head };
  });
  const start = startingWeights(branches, sharing, recipe.seed);
  const extra = [{ name: LOG_VARIANCE, shape: [tasks.length] }];
  return {
    tf,
    sharing,
    branches,
    parameters: createParameters(tf, wholePlan(branches), start, extra),
    gather,
  };
}

/** Weights of every task's encoder, task by task in one order: what a soft tie draws together. */
export const encoderTensors = ({ branches, parameters }: Joint): Tensor[][] =>
  branches.map(({ trunk }) => planParameters(trunk).map(({ name }) => parameters.get(name)));

/** The encoder that others start from: the trunk, the first task's own, or all columns that give the first's code. */
export function encoderWeights({ branches, parameters, sharing }: Joint): Weights {
  const [first] = branches;
  const encoder = first ? [...first.trunk, ...first.own] : [];
  const own = place(first?.task.id ?? '', sharing);
  const names = planParameters(encoder).flatMap(({ name }) => (name.startsWith(`${own}/`) ? [name] : []));
  return new Map(
    [...parameters.snapshot(names)].map(([name, values]) => [name.replace(own, 'encoder'), values]),
  );
}

/** Work of training on one image of the source pool; what a branch has of its own sends a gradient to its trunk. */
export function jointFlops({ branches }: Joint): number {
  const passes = new Map(branches.map(({ pass, trunk }) => [pass, trainingFlops(trunk)]));
  const own = branches.reduce(
    (sum, branch) => sum + trainingFlops([...branch.trunk, ...branch.own]) - trainingFlops(branch.trunk),
    0,
  );
  return own + [...passes.values()].reduce((sum, flops) => sum + flops, 0);
}
