import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { type TermWeights, termWeights, translationFlops } from '@/lib/science/catalog/adaptation';
import type { ResolvedMethodOptions } from '@/lib/science/catalog/methods';
import { inputBlock } from '@/lib/science/catalog/presets-layers';
import { type Critic, criticPlan, type Direction, generatorPlan } from '@/lib/science/catalog/translators';
import { createRng, type PoolName } from '@/lib/science/core';
import type { Tf } from '../../engine';
import {
  createParameters,
  forward,
  type PackedLabels,
  type ParameterStore,
  valuesOf,
  type WeightLookup,
  type Weights,
} from '../../networks';
import { spacingOf } from '../evaluate';
import { train } from '../loop';
import type { LossSpec } from '../losses';
import { networkChunks } from '../pools';
import { isClasses, softmaxRows } from '../soft';
import { type StagedLoss, stagedLoss } from '../staged-loss';
import type { Stage } from '../stages';
import type { RunContext, TrainingProblem } from '../types';
import { type Adaptation, lastWeights, targetBatches } from './adaptation';
import { stopGradient } from './domains';
import { workOf } from './finish';
import { judge, relayout, translate, translationWeights } from './translators';

/** What the frozen network of the source domain says of pictures, as labels to be kept by their translations. */
export interface Answers {
  spec: LossSpec;
  labels: PackedLabels;
}

/**
 * The network's own answers for all pictures of both domains, the source's first: likeliest classes, shares, or the
 * outputs themselves. An embedding is kept as it is (mean squared distance).
 */
export async function answersOf(a: Adaptation, parameters: ParameterStore): Promise<Answers> {
  const { rows, channels } = a.labels;
  const { source, target } = a.images;
  const outputs = new Float32Array((source + target) * rows * channels);
  const fill = (pool: PoolName, images: number, offset: number): void => {
    for (const part of networkChunks(a.context, images)) {
      const said = valuesOf(a.tf, () =>
        forward(a.tf, [...a.encoder, ...a.head], parameters.get, a.feed(pool).gather(part)),
      );
      outputs.set(said, (offset + (part[0] as number)) * rows * channels);
    }
  };
  fill('source', source, 0);
  fill('transfer', target, source);
  const labels: PackedLabels = {
    examples: source + target,
    rows,
    channels,
    values: null,
    ids: null,
    valid: new Uint8Array((source + target) * rows).fill(1),
  };
  if (a.spec.name === 'metric')
    return { spec: { name: 'l2', classWeights: null }, labels: { ...labels, values: outputs } };
  if (!isClasses(a.spec)) return { spec: a.spec, labels: { ...labels, values: outputs } };
  if (a.labels.values) return { spec: a.spec, labels: { ...labels, values: softmaxRows(outputs, channels) } };
  const ids = Uint16Array.from({ length: outputs.length / channels }, (_, row) => {
    const own = outputs.subarray(row * channels, (row + 1) * channels);
    return own.indexOf(Math.max(...own));
  });
  return { spec: a.spec, labels: { ...labels, ids } };
}

/** Least squares (Mao et al. 2017): mean (D(x) − wanted)² over patches and pictures. */
const towards = (tf: Tf, score: Tensor, wanted: 0 | 1): Tensor => tf.mean(tf.square(tf.sub(score, wanted)));

/**
 * Mean |x − y|, whose gradient is 0 where x = y: tfjs takes −1 there, which would push every pixel one way as long as
 * the generators are the identity.
 */
function apart(tf: Tf, x: Tensor, y: Tensor): Tensor {
  const magnitude = tf.customGrad((...args: unknown[]) => {
    const [difference, save] = args as [Tensor, (tensors: Tensor[]) => void];
    save([tf.sign(difference)]);
    return {
      value: tf.abs(difference),
      gradFunc: (dy: Tensor, [slope]: Tensor[]) => tf.mul(dy, slope as Tensor),
    };
  });
  return tf.mean(magnitude(tf.sub(x, y)));
}

/** A batch of either domain with its translations, N × size × size × 3; gradients flow. */
export interface Game {
  source: Tensor;
  target: Tensor;
  /** G_ST(source) and G_TS(target). */
  asTarget: Tensor;
  asSource: Tensor;
}

/** The networks of a translation by name. */
export interface Players {
  a: Adaptation;
  translate(direction: Direction, x: Tensor, weight?: WeightLookup): Tensor;
  judge(critic: Critic, x: Tensor, weight?: WeightLookup): Tensor;
  /** The frozen network's outputs. */
  answer(x: Tensor): Tensor;
  /** Weights that a player takes as they are. */
  fixed: WeightLookup;
}

export function playersOf(a: Adaptation, parameters: ParameterStore): Players {
  const { tf, recipe } = a;
  const { size } = a.context.dataset;
  const block = inputBlock(recipe.preset, size);
  const { get } = parameters;
  return {
    a,
    translate: (direction, x, weight = get) => translate(tf, direction, size, weight, x),
    judge: (critic, x, weight = get) => judge(tf, critic, size, weight, x),
    answer: (x) => forward(tf, [...a.encoder, ...a.head], get, relayout(tf, x, size, 1, block)),
    fixed: (name) => stopGradient(tf, get(name)),
  };
}

export const gameOf = ({ translate }: Players, source: Tensor, target: Tensor): Game => ({
  source,
  target,
  asTarget: translate('to-target', source),
  asSource: translate('to-source', target),
});

/**
 * What the generators lower, the critics held fixed:
 *   mean (D_T(G_ST(x_s)) − 1)² + mean (D_S(G_TS(x_t)) − 1)²
 *   + cycle · (mean |G_TS(G_ST(x_s)) − x_s| + mean |G_ST(G_TS(x_t)) − x_t|)
 *   + semantic · (L_task(f_S(G_ST(x_s)), f_S(x_s)) + L_task(f_S(G_TS(x_t)), f_S(x_t)))
 *   + identity · (mean |G_ST(x_t) − x_t| + mean |G_TS(x_s) − x_s|)
 * The semantic sum is twice the mean over both halves together: the same where all rows weigh alike.
 * @param semantic loss of the frozen network's outputs for x_s and x_t translated, one after the other
 */
export function generatorLoss(
  { a: { tf }, translate, judge, answer, fixed }: Players,
  { source, target, asTarget, asSource }: Game,
  weights: TermWeights,
  semantic: ((outputs: Tensor) => Tensor) | null,
): Scalar {
  let loss = tf.add(
    towards(tf, judge('knows-target', asTarget, fixed), 1),
    towards(tf, judge('knows-source', asSource, fixed), 1),
  );
  const add = (weight: number, term: () => Tensor): void => {
    if (weight > 0) loss = tf.add(loss, tf.mul(term(), weight));
  };
  add(weights.cycle, () =>
    tf.add(
      apart(tf, translate('to-source', asTarget), source),
      apart(tf, translate('to-target', asSource), target),
    ),
  );
  // The mean over both domains' pictures; twice that is the sum of both directions.
  if (semantic) add(2 * weights.semantic, () => semantic(tf.concat([answer(asTarget), answer(asSource)], 0)));
  add(weights.identity, () =>
    tf.add(
      apart(tf, translate('to-target', target), target),
      apart(tf, translate('to-source', source), source),
    ),
  );
  return loss as Scalar;
}

/** What the critics lower, the translations held fixed: half of mean (D(own) − 1)² + mean D(translated)² of both. */
export function criticLoss({ a: { tf }, judge }: Players, game: Game): Scalar {
  const knows = (critic: Critic, own: Tensor, translated: Tensor): Tensor =>
    tf.add(towards(tf, judge(critic, own), 1), towards(tf, judge(critic, stopGradient(tf, translated)), 0));
  const both = tf.add(
    knows('knows-target', game.target, game.asTarget),
    knows('knows-source', game.source, game.asSource),
  );
  return tf.div(both, 2) as Scalar;
}

/**
 * Both players' losses of a step, in the two parts that an engine can compile.
 * @param answers what translations are to keep; null where the semantic term weighs nothing
 */
export function translationProblem(
  a: Adaptation,
  parameters: ParameterStore,
  weights: TermWeights,
  answers: Answers | null,
): NonNullable<TrainingProblem['staged']> {
  const { tf, recipe, images } = a;
  const { size } = a.context.dataset;
  const block = inputBlock(recipe.preset, size);
  const players = playersOf(a, parameters);
  const nextTarget = targetBatches(a);
  const semantic = answers && (stagedLoss(answers.spec, answers.labels) as StagedLoss);
  const gather = (pool: PoolName, indices: Int32Array): Tensor =>
    relayout(tf, a.feed(pool).gather(indices), size, block, 1);
  return {
    inputs: (indices, step) => {
      const targets = nextTarget(step);
      const pictures = [gather('source', indices), gather('transfer', targets)];
      if (!semantic) return pictures;
      const asked = Int32Array.of(...indices, ...targets.map((i) => i + images.source));
      return [...pictures, ...semantic.inputs(tf, asked)];
    },
    loss: ([source, target, ...said]) => {
      const game = gameOf(players, source as Tensor, target as Tensor);
      const kept = semantic && ((outputs: Tensor): Tensor => semantic.loss(tf, outputs, said));
      return tf.add(generatorLoss(players, game, weights, kept), criticLoss(players, game)) as Scalar;
    },
  };
}

/** The four networks and the frozen one. */
export function translationNetworks(a: Adaptation, start: Weights): ParameterStore {
  const { size } = a.context.dataset;
  const plan = [
    ...generatorPlan('to-target', size),
    ...generatorPlan('to-source', size),
    ...criticPlan('knows-target', size),
    ...criticPlan('knows-source', size),
    ...a.encoder,
    ...a.head,
  ];
  const rng = createRng(a.recipe.seed, 'cycada', 'weights');
  return createParameters(a.tf, plan, new Map([...translationWeights(size, rng), ...start]));
}

const TRANSLATION_TRAINED = /^(to-target|to-source|knows-target|knows-source)\//;

/** Learns to translate pictures between the domains: from pictures, and by `semantic` from the frozen network's answers. */
export async function learnTranslation(
  a: Adaptation,
  context: RunContext,
  start: Weights,
  options: ResolvedMethodOptions,
): Promise<Stage> {
  const { recipe } = a;
  const { training } = recipe;
  const parameters = translationNetworks(a, start);
  try {
    const weights = termWeights(options);
    const answers = weights.semantic > 0 ? await answersOf(a, parameters) : null;
    const staged = translationProblem(a, parameters, weights, answers);
    const pace = options.number('critic-rate');
    const outcome = await train(
      context,
      {
        parameters,
        trainable: parameters.matching(TRANSLATION_TRAINED),
        ...(pace === 1
          ? {}
          : {
              groups: [
                { names: parameters.matching(/^to-/), rate: 1, from: 0 },
                { names: parameters.matching(/^knows-/), rate: pace, from: 0 },
              ],
            }),
        examples: a.images.source,
        staged,
        loss: (indices, step) => staged.loss(staged.inputs(indices, step)),
        selectionLosses: lastWeights,
      },
      {
        ...training,
        epochs: options.number('translation-epochs') || training.epochs,
        learningRate: training.learningRate * options.number('rate'),
      },
      { seed: recipe.seed, spacing: spacingOf(context, recipe) },
    );
    const learned = parameters.snapshot(parameters.matching(TRANSLATION_TRAINED));
    return { weights: learned, ...workOf(outcome, translationFlops(a.shape, weights)) };
  } finally {
    parameters.dispose();
  }
}
