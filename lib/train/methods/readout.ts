import { transferPlan } from '@/lib/science/catalog/presets-layers';
import type { TransferRecipe } from '@/lib/science/core';
import { rowsTensor } from '../engine';
import { imagesOf, taskOf } from './evaluate';
import { type FeaturePool, transferFeatures } from './features';
import { createPause } from './pause';
import { trainSupervised } from './trained';
import type { Method } from './types';

/**
 * Readout transfer (Taskonomy, section 3.2): the encoders stay frozen, only their cached codes are seen.
 * Codes are standardised with the transfer pool's statistics, clipped to ±5σ, joined channel-wise; a shallow
 * readout and a decoder from scratch are trained. A task's own source gives the re-transfer T→T.
 */
export const readout: Method<TransferRecipe> = {
  id: 'readout',
  execute: async (recipe, context) => {
    const { tf } = context.engine;
    const task = taskOf(context, recipe.task);
    const order = recipe.sources.length;
    const fingerprints = recipe.sources.map((source) => source.fingerprint);
    const features = await transferFeatures(context, fingerprints, task.input, createPause(context.signal));
    const sources = recipe.sources.map((source) => source.task).join('+');
    const { result } = await trainSupervised(context, {
      task,
      preset: recipe.preset,
      plan: transferPlan(recipe.preset, context.dataset.size, task, order),
      pool: 'transfer',
      images: imagesOf(context, 'transfer', recipe.images),
      training: recipe.training,
      seed: recipe.seed,
      purpose: `readout ${sources} > ${task.id}`,
      feed: (pool) => {
        const { values, shape } = features[pool as FeaturePool];
        const size = shape.side ** 2 * shape.channels;
        return {
          gather: (indices) =>
            rowsTensor(tf, values, size, indices, [indices.length, shape.side, shape.side, shape.channels]),
        };
      },
    });
    return { ...result, artifacts: [] };
  },
};
