import { optionsOf } from '@/lib/science/catalog/methods';
import { sameOutputs, scratchPlan } from '@/lib/science/catalog/presets-layers';
import { type PresetName, TaskatlasError, type TransferRecipe } from '@/lib/science/core';
import { imagesOf, spacingOf, taskOf } from '../evaluate';
import { createPause } from '../pause';
import { poolLabels } from '../pools';
import { combineOutputs, softLabels, studentObjective } from '../soft';
import { imageFeeds } from '../source';
import type { MethodContext } from '../types';
import { memberOutputs, teachableLoss } from './answers';
import { networkMethod } from './transfer-method';

/** The student's preset. @throws TaskatlasError `invalid-input` if its output pixels are laid out in another order */
function studentPreset(context: MethodContext, recipe: TransferRecipe, wanted: string): PresetName {
  if (wanted === 'same') return recipe.preset;
  const preset = wanted as PresetName;
  const { size } = context.dataset;
  const { head } = taskOf(context, recipe.task);
  const pixels = head.kind === 'pixels' || head.kind === 'pixel-classes';
  if (pixels && !sameOutputs(preset, recipe.preset, size)) {
    throw new TaskatlasError(
      'invalid-input',
      `A ${preset} student cannot copy a ${recipe.preset} teacher pixel by pixel: their outputs differ in size.`,
    );
  }
  return preset;
}

/**
 * Knowledge distillation (Hinton, Vinyals & Dean 2015): the scratch network, of this or another preset, learns the
 * transfer pool's labels and the answers that one teacher or several together give to the same pictures. The teacher is
 * the target's own network, or transfers of the same sweep.
 */
export const distill = networkMethod('distill', async (recipe, context) => {
  const options = optionsOf(recipe.method, recipe.options);
  const task = taskOf(context, recipe.task);
  const preset = studentPreset(context, recipe, options.text('student'));
  const spec = await teachableLoss(context, recipe);
  const teachers = recipe.members ?? recipe.sources;
  const outputs = await memberOutputs(context, teachers, task.id, 'transfer');
  const labels = await poolLabels(context.dataset, 'transfer', task, preset, createPause(context.signal));
  const [temperature, weight] = [options.number('temperature'), options.number('weight')];
  const soft = softLabels(spec, labels, combineOutputs(spec, labels.channels, outputs), temperature);
  return {
    task,
    preset,
    plan: scratchPlan(preset, context.dataset.size, task),
    pool: 'transfer',
    images: imagesOf(context, 'transfer', recipe.images),
    training: recipe.training,
    spacing: spacingOf(context, recipe),
    seed: recipe.seed,
    purpose: `distill > ${task.id}`,
    feed: await imageFeeds(context, { task: task.id, preset }, ['transfer', 'selection', 'test']),
    objective: studentObjective(context.engine.tf, soft, { weight, temperature }),
    separable: true,
  };
});
