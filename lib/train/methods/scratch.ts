import { scratchPlan } from '@/lib/science/catalog/presets-layers';
import type { ScratchRecipe } from '@/lib/science/core';
import { imagesOf, spacingOf, taskOf } from './evaluate';
import { imageFeeds } from './source';
import { trainSupervised } from './trained';
import type { Method } from './types';

/**
 * The reference of gain: encoder, readout and decoder exactly as a first-order transfer would use them, all
 * from random weights, trained on the same transfer images.
 */
export const scratch: Method<ScratchRecipe> = {
  id: 'scratch',
  execute: async (recipe, context) => {
    const task = taskOf(context, recipe.task);
    const { result } = await trainSupervised(context, {
      task,
      preset: recipe.preset,
      plan: scratchPlan(recipe.preset, context.dataset.size, task),
      pool: 'transfer',
      images: imagesOf(context, 'transfer', recipe.images),
      training: recipe.training,
      spacing: spacingOf(context, recipe),
      seed: recipe.seed,
      purpose: `scratch ${task.id}`,
      feed: await imageFeeds(context, recipe, ['transfer', 'selection', 'test']),
    });
    return { ...result, artifacts: [] };
  },
};
