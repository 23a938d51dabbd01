import type { Scalar } from '@tensorflow/tfjs-core';
import { optionsOf } from '@/lib/science/catalog/methods';
import { type PretrainRecipe, TaskatlasError } from '@/lib/science/core';
import { valuesOf } from '../../networks';
import { imagesOf, spacingOf } from '../evaluate';
import { adapterOf } from '../features';
import { train } from '../loop';
import type { ParameterGroup } from '../optimiser';
import type { InputAdapter } from '../pools';
import type { Method } from '../types';
import { imagePools, jointSelection, storeEncoder, type TaskData, tasksOf } from './common';
import {
  branchOutput,
  createJoint,
  encoderTensors,
  encoderWeights,
  jointFlops,
  LOG_VARIANCE,
  type Sharing,
  taskLosses,
} from './joint';
import { combineLosses, tieLoss } from './joint-loss';
import { isStitch, stitchTable } from './stitch-table';
import { affinityLog } from './task-affinity';

/** `2+1+0.5` as numbers, one for each task; all 1 when empty. */
function fixedWeights(text: string, tasks: number): number[] {
  if (text === '') return Array.from({ length: tasks }, () => 1);
  const weights = text.split('+').map(Number);
  if (weights.length !== tasks) {
    const message = `multi-task has ${tasks} tasks, but weights names ${weights.length} numbers.`;
    throw new TaskatlasError('invalid-input', message);
  }
  return weights;
}

/** How pictures reach the encoder that is stored: grey where every task that shaped it saw grey ones. */
const adapter = (tasks: readonly TaskData[], sharing: Sharing): InputAdapter =>
  (sharing === 'soft' ? tasks.slice(0, 1) : tasks).every(({ task }) => adapterOf(task) === 'grey')
    ? 'grey'
    : 'none';

/** Rates of what is trained: cross-stitch units have their own. */
function groupsOf(names: readonly string[], stitchRate: number): ParameterGroup[] {
  const [units, layers] = [names.filter(isStitch), names.filter((name) => !isStitch(name))];
  if (units.length === 0 || stitchRate === 1) return [{ names, rate: 1, from: 0 }];
  return [
    { names: layers, rate: 1, from: 0 },
    { names: units, rate: stitchRate, from: 0 },
  ];
}

/**
 * Multi-task learning: one trunk with a head for each task (hard sharing, Caruana 1997); a network for each task with an
 * L2 tie between their encoders (soft sharing); or such networks joined by cross-stitch units (Misra et al. 2016). The
 * trunk, the first task's own encoder, or all columns with the first task's code becomes a source.
 * With a trunk, how much a step for each task helps each other one is measured at the evaluations (`task-affinity.ts`).
 */
export const multiTask: Method<PretrainRecipe> = {
  id: 'multi-task',
  execute: async (recipe, context) => {
    const { tf } = context.engine;
    const options = optionsOf(recipe.method, recipe.options);
    const sharing = options.text('sharing') as Sharing;
    const learned = options.text('weighting') === 'uncertainty';
    const tie = options.number('tie');
    const fixed = fixedWeights(options.text('weights'), recipe.tasks.length);
    const tasks = await tasksOf(context, recipe, 2);
    const kinds = tasks.map(({ task }) => task.input);
    const gather = await imagePools(context, recipe.preset, kinds, ['source', 'selection']);
    const joint = createJoint(context, recipe, tasks, { sharing, gather });
    const { parameters } = joint;
    const names = tasks.map(({ spec }) => spec.name);
    const affinity =
      sharing === 'hard'
        ? await affinityLog(context, joint, recipe.seed, recipe.training.learningRate)
        : null;
    let done = 0;
    const loss = (indices: Int32Array, step: number): Scalar => {
      done = step + 1;
      const weighting = learned ? { logVariance: parameters.get(LOG_VARIANCE) } : { fixed };
      const sum = combineLosses(tf, taskLosses(joint, indices, step), names, weighting);
      return sharing === 'soft' ? tf.add(sum, tieLoss(tf, encoderTensors(joint), tie)) : sum;
    };
    const trainable = parameters.names.filter((name) => learned || name !== LOG_VARIANCE);
    try {
      const outcome = await train(
        context,
        {
          parameters,
          trainable,
          groups: groupsOf(trainable, options.number('stitch-rate')),
          examples: imagesOf(context, 'source', recipe.dataset.pools.source),
          loss,
          selectionLosses: async (pause) => {
            // Before the first step there is no training to measure.
            if (done > 0) await affinity?.measure(done);
            return await jointSelection(
              tasks,
              (task, part) => valuesOf(tf, () => branchOutput(joint, 'selection', task, part)),
              pause,
            );
          },
        },
        recipe.training,
        { seed: recipe.seed, spacing: spacingOf(context, recipe) },
      );
      const stored = await storeEncoder(context, recipe, {
        weights: encoderWeights(joint),
        outcome,
        flops: outcome.images * jointFlops(joint),
        adapter: adapter(tasks, sharing),
        ...(sharing === 'cross-stitch' ? { columns: tasks.length } : {}),
      });
      if (sharing === 'cross-stitch') return { ...stored, tables: [stitchTable(joint)] };
      if (!affinity) return stored;
      return { ...stored, tables: [affinity.table()], artifacts: [...stored.artifacts, affinity.file] };
    } finally {
      parameters.dispose();
    }
  },
};
