import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { jointFlops } from '@/lib/science/catalog/adaptation';
import { trainingSteps } from '@/lib/science/catalog/costs';
import { optionsOf, type ResolvedMethodOptions } from '@/lib/science/catalog/methods';
import type { LayerPlan } from '@/lib/science/catalog/presets-layers';
import { createRng, hash32, type RunResult } from '@/lib/science/core';
import { type DomainDistances, domainDistances } from '@/lib/science/learning';
import {
  createParameters,
  forward,
  initialWeights,
  type PackedLabels,
  type ParameterStore,
  pickWeights,
  type Weights,
} from '../../networks';
import { spacingOf } from '../evaluate';
import { hideLabels } from '../hidden-labels';
import { createBatches, train } from '../loop';
import { lossTensor } from '../losses';
import { outputBias } from '../output-bias';
import { createPause } from '../pause';
import { poolLabels } from '../pools';
import type { TransferMethod } from '../types';
import {
  type Adaptation,
  codesOf,
  encode,
  lastWeights,
  prepareAdaptation,
  targetBatches,
} from './adaptation';
import { distanceTable, finish, networkOf, workOf } from './finish';
import { sourceTask } from './source-task';

const OUTPUT_BIAS = 'decoder/output/bias';

/** What the term of a step may look at. */
export interface DomainView {
  a: Adaptation;
  parameters: ParameterStore;
  options: ResolvedMethodOptions;
  /** Codes of the batch of either domain; gradients flow through them. */
  source: Tensor;
  target: Tensor;
  /** Share of the training that is done, 0 … 1. */
  progress: number;
}

/** What a method does beside learning the task: a term of both domains' codes, and the layers that it needs for it. */
export interface DomainTerm {
  layers?(a: Adaptation): LayerPlan;
  loss(view: DomainView): Tensor;
}

/** Labels of the target domain's first images, for supervised adaptation; what lies beyond them is blotted out. */
async function knownLabels(a: Adaptation, options: ResolvedMethodOptions): Promise<PackedLabels | null> {
  if (!options.flag('supervised')) return null;
  const { context, recipe, task } = a;
  const labels = await poolLabels(
    context.dataset,
    'transfer',
    task,
    recipe.preset,
    createPause(context.signal),
  );
  return hideLabels(labels, recipe.images);
}

/** The loss of a step: the task on the source domain, on known labels of the target domain, and the method's term. */
function jointLoss(
  a: Adaptation,
  parameters: ParameterStore,
  term: DomainTerm | null,
  known: PackedLabels | null,
): (indices: Int32Array, step: number) => Scalar {
  const { tf, recipe, spec, images } = a;
  const options = optionsOf(recipe.method, recipe.options);
  const size = Math.min(recipe.training.batchSize, images.source);
  const totalSteps = trainingSteps(images.source, recipe.training.epochs, size);
  const nextTarget = targetBatches(a);
  const nextKnown = known && createBatches(hash32(recipe.seed, 'known labels'), recipe.images, size);
  const taskLoss = (code: Tensor, labels: PackedLabels, indices: Int32Array, step: number): Tensor =>
    lossTensor(tf, spec, forward(tf, a.head, parameters.get, code), labels, indices, step);
  return (indices, step) => {
    const source = encode(a, parameters, 'source', indices);
    let loss = taskLoss(source, a.labels, indices, step);
    if (known && nextKnown) {
      const few = nextKnown(step);
      loss = tf.add(loss, taskLoss(encode(a, parameters, 'transfer', few), known, few, step));
    }
    if (term) {
      const target = encode(a, parameters, 'transfer', nextTarget(step));
      const view = { a, parameters, options, source, target, progress: step / totalSteps };
      loss = tf.add(loss, term.loss(view));
    }
    return loss as Scalar;
  };
}

/** The network with random weights, its output's bias at the mean of the source domain's labels; `known` in their place. */
function freshNetwork(a: Adaptation, extra: LayerPlan, known: Weights): ParameterStore {
  const plan = [...a.encoder, ...a.head, ...extra];
  // The same for every method of a seed: what differs between them is the adaptation.
  const start = initialWeights(plan, createRng(a.recipe.seed, `domains ${a.task.id}`, 'weights'));
  const bias = start.get(OUTPUT_BIAS)?.length ?? 0;
  return createParameters(
    a.tf,
    plan,
    new Map([...start, [OUTPUT_BIAS, outputBias(a.spec, a.labels, bias, a.images.source)], ...known]),
  );
}

/** A network that has learned from both domains. */
export interface Learned extends Pick<RunResult, 'curve' | 'cost'> {
  /** Of `encoder/…` and `decoder/…`. */
  weights: Weights;
  /** Between the codes, before and after. */
  codes: { before: DomainDistances; after: DomainDistances };
}

/** Trains one network on both domains at once, from random weights but for those of `start`. */
export async function learnJointly(
  a: Adaptation,
  term: DomainTerm | null,
  start: Weights = new Map(),
): Promise<Learned> {
  const { context, recipe } = a;
  const known = await knownLabels(a, optionsOf(recipe.method, recipe.options));
  const extra = term ? (term.layers?.(a) ?? []) : null;
  const parameters = freshNetwork(a, extra ?? [], start);
  const distances = () =>
    domainDistances(codesOf(a, parameters, 'source'), codesOf(a, parameters, 'transfer'));
  try {
    const before = distances();
    const outcome = await train(
      context,
      {
        parameters,
        trainable: parameters.names,
        examples: a.images.source,
        loss: jointLoss(a, parameters, term, known),
        selectionLosses: lastWeights,
      },
      recipe.training,
      { seed: recipe.seed, spacing: spacingOf(context, recipe) },
    );
    return {
      ...workOf(outcome, jointFlops(a.shape, extra, known !== null)),
      weights: pickWeights(parameters.snapshot(), /^(encoder|decoder)\//),
      codes: { before, after: distances() },
    };
  } finally {
    parameters.dispose();
  }
}

/**
 * A method that trains one network on both domains at once: labelled pictures of the source domain, unlabelled ones of
 * the target domain. Without a term it learns from the source domain alone.
 */
export const jointMethod = (id: string, term: DomainTerm | null): TransferMethod => ({
  id,
  execute: async (recipe, context) => {
    const a = await prepareAdaptation(recipe, context);
    const { weights, codes, ...work } = await learnJointly(a, term);
    return await finish(a, weights, work, [distanceTable(a, codes), ...sourceTask(a, weights)]);
  },
  predictor: networkOf,
});
