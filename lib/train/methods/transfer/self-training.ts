import { optionsOf } from '@/lib/science/catalog/methods';
import { transferPlan } from '@/lib/science/catalog/presets-layers';
import { TaskatlasError, type TransferRecipe } from '@/lib/science/core';
import { pseudoLabels } from '@/lib/science/learning';
import type { PackedLabels } from '../../networks';
import { imagesOf, spacingOf, taskOf } from '../evaluate';
import { transferFeatures } from '../features';
import { hideLabels } from '../hidden-labels';
import type { LossSpec } from '../losses';
import { createPause } from '../pause';
import { poolLabels } from '../pools';
import { combineOutputs, isClasses, softmaxRows } from '../soft';
import { type Stage, stageFiles, sumStages, trainStage } from '../stages';
import { networkPredictor, type SupervisedTraining } from '../trained';
import type { MethodContext, TransferMethod } from '../types';
import { answer, poolOutputs, teachableLoss } from './answers';
import { featureFeeds } from './readout';
import { storeTransfer } from './transfer-method';

/** Pseudo-labels of a pool, and the images that they are trusted on. */
export interface Trusted {
  labels: PackedLabels;
  images: number[];
}

/** Most confident first, no predicted class giving more than its even share of all that were confident. */
function balanced(images: readonly number[], classOf: (i: number) => number, sure: (i: number) => number) {
  const byClass = new Map<number, number[]>();
  for (const image of images) byClass.set(classOf(image), [...(byClass.get(classOf(image)) ?? []), image]);
  const share = Math.ceil(images.length / Math.max(1, byClass.size));
  return [...byClass.values()]
    .flatMap((list) => list.sort((a, b) => sure(b) - sure(a) || a - b).slice(0, share))
    .sort((a, b) => a - b);
}

/**
 * Images whose class the networks are sure of (mean probability of the likeliest class ≥ threshold), with that class.
 * Images before `labelled` keep their own label.
 */
export function trustClasses(
  labels: PackedLabels,
  logits: Float32Array,
  labelled: number,
  { threshold, balance }: { threshold: number; balance: boolean },
): Trusted {
  const found = pseudoLabels(logits, labels.channels, threshold);
  const guess = new Map(found.selected.map((image, i) => [image, found.labels[i] as number]));
  const sure = found.selected.filter((image) => image >= labelled);
  const images = balance
    ? balanced(
        sure,
        (i) => guess.get(i) ?? 0,
        (i) => found.confidence[i] ?? 0,
      )
    : sure;
  const ids = (labels.ids ?? new Uint16Array(labels.examples)).slice();
  const valid = labels.valid.slice();
  for (const image of images) {
    ids[image] = guess.get(image) ?? 0;
    valid[image] = 1;
  }
  return { labels: { ...labels, ids, valid }, images };
}

/**
 * The regression analogue: two networks from different starts are trusted where they agree. Of the images after
 * `labelled` the share `keep` with the smallest mean |a − b| gets their mean as label.
 */
export function trustAgreement(
  labels: PackedLabels,
  [a, b]: readonly [Float32Array, Float32Array],
  mean: Float32Array,
  labelled: number,
  keep: number,
): Trusted {
  const size = labels.rows * labels.channels;
  const apart = (image: number): number => {
    let sum = 0;
    for (let i = image * size; i < (image + 1) * size; i++)
      sum += Math.abs((a[i] as number) - (b[i] as number));
    return sum;
  };
  const unlabelled = Array.from({ length: labels.examples - labelled }, (_, i) => i + labelled);
  const images = unlabelled
    .map((image) => ({ image, apart: apart(image) }))
    .sort((x, y) => x.apart - y.apart || x.image - y.image)
    .slice(0, Math.round(keep * unlabelled.length))
    .map(({ image }) => image)
    .sort((x, y) => x - y);
  const values = (labels.values ?? new Float32Array(mean.length)).slice();
  const valid = labels.valid.slice();
  for (const image of images) {
    values.set(mean.subarray(image * size, (image + 1) * size), image * size);
    valid.fill(1, image * labels.rows, (image + 1) * labels.rows);
  }
  return { labels: { ...labels, values, valid }, images };
}

async function prepare(recipe: TransferRecipe, context: MethodContext) {
  const task = taskOf(context, recipe.task);
  const pause = createPause(context.signal);
  const fingerprints = recipe.sources.map((source) => source.fingerprint);
  const features = await transferFeatures(context, fingerprints, task.input, pause);
  return {
    task,
    preset: recipe.preset,
    plan: transferPlan(recipe.preset, context.dataset.size, task, recipe.sources.length),
    pool: 'transfer' as const,
    images: imagesOf(context, 'transfer', recipe.images),
    training: recipe.training,
    spacing: spacingOf(context, recipe),
    seed: recipe.seed,
    feed: featureFeeds(context, features),
  };
}

/** What the last two networks (for classes: the last one) make of the unlabelled images. */
function trust(
  spec: LossSpec,
  hidden: PackedLabels,
  outputs: readonly Float32Array[],
  labelled: number,
  options: { threshold: number; balance: boolean; keep: number },
): Trusted {
  const [a, b = a] = outputs;
  if (!a || !b) throw new TaskatlasError('internal', 'Nothing was predicted.');
  const mean = combineOutputs(spec, hidden.channels, outputs);
  if (hidden.ids && hidden.rows === 1) return trustClasses(hidden, mean, labelled, options);
  if (hidden.ids) {
    throw new TaskatlasError('invalid-input', 'Self-training serves classes of pictures and regression.');
  }
  const answers = isClasses(spec) ? softmaxRows(mean, hidden.channels) : mean;
  return trustAgreement(hidden, [a, b], answers, labelled, options.keep);
}

/**
 * Self-training (Yarowsky 1995; Lee 2013): a readout learns from the labelled images, answers for the rest of the
 * transfer pool, and a new one learns from both, the trusted answers taken as labels; repeated. The labels of the rest
 * are blotted out before anything is trained.
 */
export const selfTraining: TransferMethod = {
  id: 'self-training',
  predictor: async (recipe, context, weights) =>
    networkPredictor(context, await prepare(recipe, context), weights),
  execute: async (recipe, context) => {
    const options = optionsOf(recipe.method, recipe.options);
    const base = await prepare(recipe, context);
    const spec = await teachableLoss(context, recipe);
    const pool = await poolLabels(context.dataset, 'transfer', base.task, base.preset, createPause());
    if (base.images >= pool.examples) {
      throw new TaskatlasError(
        'invalid-input',
        'Self-training needs unlabelled images: plan it at a transfer size below the pool (transferSizes).',
      );
    }
    const hidden = hideLabels(pool, base.images);
    const twins = hidden.ids ? 1 : 2;
    const rounds = options.number('rounds');
    const of = twins * (rounds + 1);
    const stages: Stage[] = [];
    const learn = async (round: number, part: Partial<SupervisedTraining>): Promise<Stage[]> => {
      const made: Stage[] = [];
      for (let twin = 0; twin < twins; twin++) {
        const purpose = `self-training ${round}.${twin} > ${base.task.id}`;
        const request = { ...base, purpose, labels: hidden, ...part };
        made.push(await trainStage(context, { index: stages.length + twin, of }, request));
      }
      stages.push(...made);
      return made;
    };
    let networks = await learn(0, {});
    for (let round = 1; round <= rounds; round++) {
      const outputs: Float32Array[] = [];
      for (const { weights } of networks) {
        const predictor = networkPredictor(context, base, weights);
        outputs.push(await poolOutputs(context, predictor, 'transfer'));
        predictor.dispose();
      }
      const { labels, images } = trust(spec, hidden, outputs, base.images, {
        threshold: options.number('threshold'),
        balance: options.flag('balance'),
        keep: options.number('keep'),
      });
      const own = Array.from({ length: base.images }, (_, i) => i);
      const chosen = Int32Array.from([...own, ...images]);
      networks = await learn(round, { labels, chosen, images: chosen.length });
    }
    const weights = networks[0]?.weights ?? new Map();
    const last = networkPredictor(context, base, weights);
    const outputs = await poolOutputs(context, last, 'test');
    last.dispose();
    const files = await storeTransfer(context, recipe, weights);
    return await answer(context, recipe, outputs, {
      ...sumStages(stages),
      artifacts: [...files, ...stageFiles(context.fingerprint, stages.length)],
    });
  },
};
