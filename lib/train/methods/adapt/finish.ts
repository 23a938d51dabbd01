import { sourcePlan } from '@/lib/science/catalog/presets-layers';
import {
  DOMAIN_DISTANCES,
  DOMAIN_PLACES,
  type RunResult,
  type RunTable,
  type TransferRecipe,
} from '@/lib/science/core';
import { type DomainDistances, domainDistances, type FeatureMaps } from '@/lib/science/learning';
import type { Weights } from '../../networks';
import { taskOf } from '../evaluate';
import { adapterOf } from '../features';
import type { TrainingOutcome } from '../loop';
import { imageFeeds } from '../source';
import { networkPredictor } from '../trained';
import { answer, poolOutputs } from '../transfer/answers';
import { storeTransfer } from '../transfer/transfer-method';
import type { MethodContext, Predictor } from '../types';
import { type Adaptation, picturesOfPool } from './adaptation';

const DISTANCES: readonly [keyof DomainDistances, string][] = [
  ['proxyA', 'proxy A-distance'],
  ['mmd', 'MMD²'],
  ['coral', 'CORAL'],
];

/**
 * How far the domains lie apart in their pictures, and in the codes before and after the training.
 * @param translated the source domain's pictures as the target domain would show them, where a method makes such
 */
export function distanceTable(
  a: Adaptation,
  codes: { before: DomainDistances; after: DomainDistances },
  translated?: FeatureMaps,
): RunTable {
  const [source, target] = [picturesOfPool(a, 'source'), picturesOfPool(a, 'transfer')];
  const all: [string, DomainDistances][] = [
    [DOMAIN_PLACES.pictures, domainDistances(source, target)],
    ...(translated
      ? [['pictures translated', domainDistances(translated, target)] as [string, DomainDistances]]
      : []),
    [DOMAIN_PLACES.before, codes.before],
    [DOMAIN_PLACES.after, codes.after],
  ];
  const count = ({ values, side, channels }: FeatureMaps): number => values.length / (side * side * channels);
  return {
    name: DOMAIN_DISTANCES,
    meaning: `between ${count(source)} pictures of the source domain and ${count(target)} of the target domain, by mean and spread of each quadrant; proxy A: 2 = told apart always, 0 = by chance`,
    rows: DISTANCES.map(([, name]) => name),
    columns: all.map(([name]) => name),
    values: DISTANCES.map(([key]) => all.map(([, distances]) => distances[key])),
  };
}

/** What a training did, with the work of one image. */
export const workOf = (
  { curve, steps, images, seconds }: TrainingOutcome,
  flopsPerImage: number,
): Pick<RunResult, 'curve' | 'cost'> => ({
  curve,
  cost: { steps, images, seconds, flops: images * flopsPerImage },
});

/** The network that serves the target domain: the stored encoder and head on the target's own pictures. */
export async function networkOf(
  recipe: TransferRecipe,
  context: MethodContext,
  weights: Weights,
): Promise<Predictor> {
  const plan = sourcePlan(recipe.preset, context.dataset.size, taskOf(context, recipe.task));
  const feed = await imageFeeds(context, recipe, ['transfer', 'selection', 'test']);
  return networkPredictor(context, { plan, feed }, weights);
}

/**
 * Stores the network and scores it on the target domain's test pool: the only place where labels of the target domain
 * are read.
 * @param weights of `encoder/…` and `decoder/…`, as a task-specific network has them
 */
export async function finish(
  a: Adaptation,
  weights: Weights,
  work: Pick<RunResult, 'curve' | 'cost'>,
  tables: readonly RunTable[],
): Promise<RunResult> {
  const { context, recipe } = a;
  const predictor = await networkOf(recipe, context, weights);
  try {
    const outputs = await poolOutputs(context, predictor, 'test');
    const adapter = adapterOf(taskOf(context, recipe.task));
    const result = await answer(context, recipe, outputs, {
      ...work,
      artifacts: await storeTransfer(context, recipe, weights, { adapter }),
    });
    return { ...result, tables };
  } finally {
    predictor.dispose();
  }
}
