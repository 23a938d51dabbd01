import type { PresetName, TransferRecipe } from '@/lib/science/core';
import type { Weights } from '../../networks';
import { packSource, type StoredSource, weightsName } from '../features';
import type { InputAdapter } from '../pools';
import { networkPredictor, type SupervisedTraining, trainSupervised } from '../trained';
import type { MethodContext, TransferMethod } from '../types';

/** What a method decides about a transfer; the shared loop trains and tests it. */
export interface Prepared extends SupervisedTraining {
  /** How pictures reach the network's encoder, for methods whose result is a source again. */
  adapter?: InputAdapter;
  /** Columns of the network's encoder; absent = 1. */
  columns?: number | undefined;
  /** Weights that were used without being part of the trained network (a frozen part whose outputs are cached). */
  kept?: Weights;
}

/** Stores a transfer's weights: it can be asked again, and where it has an encoder it can be a source. */
export async function storeTransfer(
  context: MethodContext,
  recipe: TransferRecipe,
  weights: Weights,
  options: { adapter?: InputAdapter | undefined; preset?: PresetName; columns?: number | undefined } = {},
): Promise<string[]> {
  const name = weightsName(context.fingerprint);
  const stored: StoredSource = {
    preset: options.preset ?? recipe.preset,
    size: context.dataset.size,
    adapter: options.adapter ?? 'none',
    ...(options.columns ? { columns: options.columns } : {}),
    weights,
    recipe,
  };
  await context.artifacts.write(name, packSource(stored));
  return [name];
}

/** A method that trains one network: `prepare` says which, from what, and how its steps and rates differ. */
export const networkMethod = (
  id: string,
  prepare: (recipe: TransferRecipe, context: MethodContext) => Promise<Prepared>,
): TransferMethod => ({
  id,
  execute: async (recipe, context) => {
    const prepared = await prepare(recipe, context);
    const { result, weights } = await trainSupervised(context, prepared);
    const all = new Map([...(prepared.kept ?? []), ...weights]);
    const { adapter, preset, columns } = prepared;
    return { ...result, artifacts: await storeTransfer(context, recipe, all, { adapter, preset, columns }) };
  },
  predictor: async (recipe, context, weights) =>
    networkPredictor(context, await prepare(recipe, context), weights),
});
