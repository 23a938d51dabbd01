import type { Scalar } from '@tensorflow/tfjs-core';
import { addaFlops, discriminatorPlan } from '@/lib/science/catalog/adaptation';
import { optionsOf } from '@/lib/science/catalog/methods';
import type { LayerPlan } from '@/lib/science/catalog/presets-layers';
import { createRng, type TransferRecipe } from '@/lib/science/core';
import { domainDistances } from '@/lib/science/learning';
import {
  createParameters,
  initialWeights,
  type ParameterStore,
  pickWeights,
  type Weights,
} from '../../networks';
import { spacingOf } from '../evaluate';
import { train } from '../loop';
import type { MethodContext, TransferMethod } from '../types';
import {
  type Adaptation,
  codesOf,
  encode,
  lastWeights,
  prepareAdaptation,
  targetBatches,
} from './adaptation';
import { discriminate, domainLoss, stopGradient, tellDomain } from './domains';
import { distanceTable, finish, networkOf, workOf } from './finish';
import { startingNetwork } from './start';

/** Weights that are trained: the target domain's encoder and the discriminator. */
export const ADDA_TRAINED = /^(adapted|domain)\//;

const renamed = (weights: Weights, from: string, to: string): Weights =>
  new Map([...weights].map(([name, values]) => [name.replace(from, to), values]));

/** The encoder's layers under the name of the target domain's own. */
export const adaptedPlan = ({ encoder }: Adaptation): LayerPlan =>
  encoder.map((block) => ({
    ...block,
    streams: block.streams.map((stream) =>
      stream.map((layer) => ({ ...layer, name: layer.name.replace('encoder/', 'adapted/') })),
    ),
  }));

/** Both encoders from the start's, and a new discriminator. */
export function addaNetwork(a: Adaptation, start: Weights): ParameterStore {
  const discriminator = discriminatorPlan(a.code);
  const encoder = pickWeights(start, /^encoder\//);
  const rng = createRng(a.recipe.seed, 'adda', 'weights');
  const weights = new Map([
    ...encoder,
    ...renamed(encoder, 'encoder/', 'adapted/'),
    ...initialWeights(discriminator, rng),
  ]);
  return createParameters(a.tf, [...a.encoder, ...adaptedPlan(a), ...discriminator], weights);
}

/**
 * One step for both players (eq. 9): the discriminator on codes held fixed, the target's encoder against a
 * discriminator held fixed, which it wants to take its codes for the source domain's (inverted labels, eq. 7).
 */
export function addaLoss(
  a: Adaptation,
  parameters: ParameterStore,
): (indices: Int32Array, step: number) => Scalar {
  const { tf } = a;
  const own = adaptedPlan(a);
  const discriminator = discriminatorPlan(a.code);
  const nextTarget = targetBatches(a);
  const fixed = (name: string) => stopGradient(tf, parameters.get(name));
  return (indices, step) => {
    const source = stopGradient(tf, encode(a, parameters, 'source', indices));
    const target = encode(a, parameters, 'transfer', nextTarget(step), own);
    const told = discriminate(tf, discriminator, parameters.get, source, stopGradient(tf, target));
    const fooled = domainLoss(tf, tellDomain(tf, discriminator, fixed, target), true);
    return tf.add(told, fooled) as Scalar;
  };
}

async function execute(recipe: TransferRecipe, context: MethodContext) {
  const a = await prepareAdaptation(recipe, context);
  const start = await startingNetwork(a);
  const { training } = recipe;
  const options = optionsOf(recipe.method, recipe.options);
  const own = adaptedPlan(a);
  const parameters = addaNetwork(a, start);
  const distances = () =>
    domainDistances(codesOf(a, parameters, 'source'), codesOf(a, parameters, 'transfer', own));
  try {
    const before = distances();
    const outcome = await train(
      context,
      {
        parameters,
        trainable: parameters.matching(ADDA_TRAINED),
        groups: [
          { names: parameters.matching(/^domain\//), rate: 1, from: 0 },
          { names: parameters.matching(/^adapted\//), rate: options.number('encoder-rate'), from: 0 },
        ],
        examples: a.images.source,
        loss: addaLoss(a, parameters),
        selectionLosses: lastWeights,
      },
      { ...training, learningRate: training.learningRate * options.number('rate') },
      { seed: recipe.seed, spacing: spacingOf(context, recipe) },
    );
    const adapted = renamed(parameters.snapshot(parameters.matching(/^adapted\//)), 'adapted/', 'encoder/');
    const weights = new Map([...adapted, ...pickWeights(start, /^decoder\//)]);
    return await finish(a, weights, workOf(outcome, addaFlops(a.shape)), [
      distanceTable(a, { before, after: distances() }),
    ]);
  } finally {
    parameters.dispose();
  }
}

/**
 * Adversarial discriminative domain adaptation (Tzeng et al. 2017): a network learns the task in the source domain; then
 * the target domain gets an encoder of its own, started from that one, which learns to make its codes look like the
 * source's. The source's encoder and the head stay as they are.
 */
export const adda: TransferMethod = {
  id: 'adda',
  execute,
  predictor: networkOf,
};
