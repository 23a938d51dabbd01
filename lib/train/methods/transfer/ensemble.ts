import type { TransferRecipe } from '@/lib/science/core';
import { taskOf } from '../evaluate';
import { createPause } from '../pause';
import { poolLabels } from '../pools';
import { combineOutputs } from '../soft';
import type { MethodContext, Predictor, TransferMethod } from '../types';
import { answer, memberOutputs, teachableLoss } from './answers';
import { storeTransfer } from './transfer-method';

/** The members' networks, all in memory, answering as one. */
async function ensemblePredictor(recipe: TransferRecipe, context: MethodContext): Promise<Predictor> {
  const spec = await teachableLoss(context, recipe);
  const task = taskOf(context, recipe.task);
  const { channels } = await poolLabels(context.dataset, 'test', task, recipe.preset, createPause());
  const members: Predictor[] = [];
  for (const { fingerprint } of recipe.members ?? [])
    members.push(await context.predictorOf(fingerprint, task.id));
  return {
    outputs: (pool, indices) =>
      combineOutputs(
        spec,
        channels,
        members.map((member) => member.outputs(pool, indices)),
      ),
    dispose: () => {
      for (const member of members) member.dispose();
    },
  };
}

/**
 * Ensemble (Hansen & Salamon 1990; Dietterich 2000): finished transfers of the target answer together, by the mean of
 * their outputs, for classes of their probabilities. Nothing is trained.
 */
export const ensemble: TransferMethod = {
  id: 'ensemble',
  execute: async (recipe, context) => {
    const started = performance.now();
    const spec = await teachableLoss(context, recipe);
    const task = taskOf(context, recipe.task);
    const { channels } = await poolLabels(context.dataset, 'test', task, recipe.preset, createPause());
    const outputs = await memberOutputs(context, recipe.members ?? [], recipe.task, 'test');
    return await answer(context, recipe, combineOutputs(spec, channels, outputs), {
      curve: [],
      cost: { steps: 0, images: 0, seconds: (performance.now() - started) / 1000, flops: 0 },
      artifacts: await storeTransfer(context, recipe, new Map()),
    });
  },
  predictor: (recipe, context) => ensemblePredictor(recipe, context),
};
