import type { Tensor } from '@tensorflow/tfjs-core';
import { trainingFlops } from '@/lib/science/catalog/flops';
import { optionsOf } from '@/lib/science/catalog/methods';
import { inputBlock } from '@/lib/science/catalog/presets-layers';
import { contrastivePlan, EMBEDDING } from '@/lib/science/catalog/projection';
import { createRng, type PretrainRecipe } from '@/lib/science/core';
import { contrastiveLoss } from '@/lib/science/learning';
import { hostLoss } from '../../engine';
import {
  createParameters,
  depthToSpace,
  forward,
  initialWeights,
  pickWeights,
  spaceToDepth,
  valuesOf,
} from '../../networks';
import { imagesOf, spacingOf } from '../evaluate';
import { train } from '../loop';
import { createPause, type Pause } from '../pause';
import { chunks, poolInputs } from '../pools';
import type { Method, RunContext } from '../types';
import { type Augmentation, augment } from './augment';
import { storeEncoder } from './common';

type ViewPool = 'source' | 'selection';
/** Two views of each picture, the first views first, as the encoder's input. `moment` tells occasions apart. */
type Views = (pool: ViewPool, indices: Int32Array, moment: number) => Tensor;

async function viewMaker(
  context: RunContext,
  { preset, seed }: PretrainRecipe,
  augmentation: Augmentation,
): Promise<Views> {
  const { dataset, engine } = context;
  const { size } = dataset;
  const block = inputBlock(preset, size);
  const pixels = size * size * 3;
  const pause = createPause(context.signal);
  const pools = {
    source: await poolInputs(dataset, 'source', 'rgb', preset, { pause }),
    selection: await poolInputs(dataset, 'selection', 'rgb', preset, { pause }),
  };
  return (pool, indices, moment) => {
    const pictures = depthToSpace(pools[pool].gather(indices), size, 3, block);
    const both = new Float32Array(2 * pictures.length);
    for (const view of [0, 1]) {
      indices.forEach((image, i) => {
        const picture = pictures.subarray(i * pixels, (i + 1) * pixels);
        const made = augment(picture, size, augmentation, [seed, pool, moment, image, view]);
        both.set(made, (view * indices.length + i) * pixels);
      });
    }
    const side = size / block;
    const shape = [2 * indices.length, side, side, 3 * block * block];
    return engine.tf.tensor(spaceToDepth(both, size, 3, block), shape);
  };
}

/**
 * Loss of each held-out picture, the mean of its two views', in batches of the training's size: it depends on how many
 * rivals there are. A last picture without a rival has none.
 */
async function heldOut(
  images: number,
  batch: number,
  rowsOf: (part: Int32Array) => Float64Array,
  pause: Pause,
): Promise<Float32Array> {
  const losses = new Float32Array(images).fill(Number.NaN);
  for (const part of chunks(images, batch)) {
    if (part.length < 2) continue;
    const rows = rowsOf(part);
    part.forEach((image, i) => {
      losses[image] = ((rows[i] as number) + (rows[i + part.length] as number)) / 2;
    });
    await pause();
  }
  return losses;
}

/**
 * Contrastive self-supervision (SimCLR: Chen et al. 2020): two random views of one picture should have like codes, views
 * of different pictures unlike ones (NT-Xent on a projection of the code). No labels. The encoder becomes a source, the
 * projection head is dropped.
 */
export const contrastive: Method<PretrainRecipe> = {
  id: 'contrastive',
  execute: async (recipe, context) => {
    const { tf } = context.engine;
    const { preset, seed } = recipe;
    const options = optionsOf(recipe.method, recipe.options);
    const temperature = options.number('temperature');
    const images = imagesOf(context, 'source', recipe.dataset.pools.source);
    const batchSize = Math.min(options.number('batch'), images);
    const training = { ...recipe.training, batchSize };
    const views = await viewMaker(context, recipe, {
      crop: options.number('crop'),
      jitter: options.number('jitter'),
      grey: options.number('grey'),
      flip: options.flag('flip'),
    });
    const plan = contrastivePlan(preset, context.dataset.size);
    const start = initialWeights(plan, createRng(seed, 'contrastive', 'weights'));
    const parameters = createParameters(tf, plan, start);
    const embed: Views = (...of) => forward(tf, plan, parameters.get, views(...of));
    try {
      const outcome = await train(
        context,
        {
          parameters,
          trainable: parameters.names,
          examples: images,
          loss: (indices, step) =>
            hostLoss(tf, embed('source', indices, step), (values, slopes) => {
              const { loss, gradient } = contrastiveLoss(values, EMBEDDING, temperature);
              slopes.set(gradient);
              return loss;
            }),
          // The same views at every evaluation.
          selectionLosses: (pause) =>
            heldOut(
              context.dataset.count('selection'),
              batchSize,
              (part) => {
                const values = valuesOf(tf, () => embed('selection', part, 0));
                return contrastiveLoss(values, EMBEDDING, temperature).rows;
              },
              pause,
            ),
        },
        training,
        { seed, spacing: spacingOf(context, { preset, training }) },
      );
      return await storeEncoder(context, recipe, {
        weights: pickWeights(parameters.snapshot(), /^encoder\//),
        outcome,
        flops: 2 * outcome.images * trainingFlops(plan),
      });
    } finally {
      parameters.dispose();
    }
  },
};
