import { optionsOf } from '@/lib/science/catalog/methods';
import { affinePlan, codeShape } from '@/lib/science/catalog/presets-layers';
import { spaceToDepth } from '../../networks';
import { imagesOf, spacingOf, taskOf } from '../evaluate';
import { FEATURE_POOLS, type FeaturePool, type Features, transferFeatures } from '../features';
import { createPause } from '../pause';
import { featureFeeds } from './readout';
import { networkMethod } from './transfer-method';

/** Activations at the code's side: those of an earlier, larger layer move into channels, and nothing is lost. */
function atSide(features: Features, side: number): Features {
  const { shape, values } = features;
  const block = shape.side / side;
  if (block === 1) return features;
  return {
    ...features,
    shape: { side, channels: shape.channels * block * block },
    values: spaceToDepth(values, shape.side, shape.channels, block),
  };
}

/**
 * Feature extraction: the encoder stays frozen and its activations at one layer are cached; all that is learned is one
 * affine map from them to the output (Yosinski et al. 2014; the "bottleneck features" of practice). Activations are
 * standardised with the transfer pool's statistics.
 */
export const features = networkMethod('features', async (recipe, context) => {
  const layer = optionsOf(recipe.method, recipe.options).text('layer');
  const task = taskOf(context, recipe.task);
  const { preset } = recipe;
  const { size } = context.dataset;
  const fingerprints = recipe.sources.map((source) => source.fingerprint);
  const found = await transferFeatures(context, fingerprints, task.input, createPause(context.signal), layer);
  const { side } = codeShape(preset, size);
  const pixels = task.head.kind.startsWith('pixel');
  const shaped = Object.fromEntries(
    FEATURE_POOLS.map((pool) => [pool, pixels ? atSide(found[pool], side) : found[pool]]),
  ) as Record<FeaturePool, Features>;
  const sources = recipe.sources.map((source) => source.task).join('+');
  return {
    task,
    preset,
    plan: affinePlan(preset, size, task.head, shaped.transfer.shape),
    pool: 'transfer',
    images: imagesOf(context, 'transfer', recipe.images),
    training: recipe.training,
    spacing: spacingOf(context, recipe),
    seed: recipe.seed,
    purpose: `features ${layer} ${sources} > ${task.id}`,
    feed: featureFeeds(context, shaped),
  };
});
