import { transferPlan } from '@/lib/science/catalog/presets-layers';
import { rowsTensor } from '../../engine';
import { imagesOf, spacingOf, taskOf } from '../evaluate';
import { type FeaturePool, type Features, transferFeatures } from '../features';
import { createPause } from '../pause';
import type { Feed } from '../trained';
import type { RunContext } from '../types';
import { networkMethod } from './transfer-method';

/** Cached activations as a network's input. */
export const featureFeeds =
  (context: RunContext, features: Readonly<Record<FeaturePool, Features>>) =>
  (pool: string): Feed => {
    const { values, shape } = features[pool as FeaturePool];
    const size = shape.side ** 2 * shape.channels;
    return {
      gather: (indices) =>
        rowsTensor(context.engine.tf, values, size, indices, [
          indices.length,
          shape.side,
          shape.side,
          shape.channels,
        ]),
    };
  };

/**
 * Readout transfer (Taskonomy, section 3.2): the encoders stay frozen, only their cached codes are seen.
 * Codes are standardised with the transfer pool's statistics, clipped to ±5σ, joined channel-wise; a shallow
 * readout and a decoder from scratch are trained. A task's own source gives the re-transfer T→T.
 */
export const readout = networkMethod('readout', async (recipe, context) => {
  const task = taskOf(context, recipe.task);
  const order = recipe.sources.length;
  const fingerprints = recipe.sources.map((source) => source.fingerprint);
  const features = await transferFeatures(context, fingerprints, task.input, createPause(context.signal));
  const sources = recipe.sources.map((source) => source.task).join('+');
  return {
    task,
    preset: recipe.preset,
    plan: transferPlan(recipe.preset, context.dataset.size, task, order),
    pool: 'transfer',
    images: imagesOf(context, 'transfer', recipe.images),
    training: recipe.training,
    spacing: spacingOf(context, recipe),
    seed: recipe.seed,
    purpose: `readout ${sources} > ${task.id}`,
    feed: featureFeeds(context, features),
  };
});
