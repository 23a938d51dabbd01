import { optionsOf } from '@/lib/science/catalog/methods';
import { scratchPlan } from '@/lib/science/catalog/presets-layers';
import { levelOf } from '@/lib/science/catalog/stitched';
import { TaskatlasError } from '@/lib/science/core';
import { pickWeights, type Weights } from '../../networks';
import { imagesOf, spacingOf, taskOf } from '../evaluate';
import { readSource } from '../features';
import type { ParameterGroup } from '../optimiser';
import { tiePenalty } from '../penalties';
import { imageFeeds } from '../source';
import type { MethodContext } from '../types';
import { networkMethod } from './transfer-method';

/** Where in the encoder a parameter lies: its layer, the same for all columns of a cross-stitched one. */
const levelAt = (name: string): string => levelOf(name.slice(0, name.lastIndexOf('/')));

/** Layers of the encoder in order, input first, by the names of their parameters. */
const encoderLayers = (names: readonly string[]): string[] => [
  ...new Set(names.filter((name) => name.startsWith('encoder/')).map(levelAt)),
];

/**
 * Rates of full fine-tuning, with the encoder's layers numbered 1 … L from the input:
 *   η_l = η · r · d^(L − l)   (discriminative rates, ULMFiT section 3.2; new layers at η)
 * and, with gradual unfreezing over a share u of the training, layer l is freed after the share u·(L − l + 1)/L.
 */
export function fineTuneGroups(
  names: readonly string[],
  { rate, decay, unfreeze }: { rate: number; decay: number; unfreeze: number },
): ParameterGroup[] {
  const layers = encoderLayers(names);
  const groups = layers.map((layer, i): ParameterGroup => {
    const above = layers.length - 1 - i;
    return {
      names: names.filter((name) => levelAt(name) === layer),
      rate: rate * decay ** above,
      from: (unfreeze * (above + 1)) / layers.length,
    };
  });
  return [{ names: names.filter((name) => !name.startsWith('encoder/')), rate: 1, from: 0 }, ...groups];
}

/** The one encoder that a method starts from. @throws TaskatlasError `data` if it is of another preset or size */
export async function startingEncoder(
  context: MethodContext,
  recipe: { sources: readonly { task: string; fingerprint: string }[]; preset: string },
) {
  const [from, ...more] = recipe.sources;
  if (!from || more.length > 0)
    throw new TaskatlasError('invalid-input', 'Fine-tuning starts from exactly one source.');
  const stored = await readSource(context, from.fingerprint);
  if (stored.external) {
    throw new TaskatlasError(
      'invalid-input',
      `${from.task} comes from outside: its code can be read out, but it is no ${recipe.preset} encoder to start from.`,
    );
  }
  if (stored.preset !== recipe.preset || stored.size !== context.dataset.size) {
    throw new TaskatlasError(
      'data',
      `The encoder of ${from.task} is a ${stored.preset} network for ${stored.size}×${stored.size} pictures; ` +
        `this transfer wants ${recipe.preset} at ${context.dataset.size}.`,
    );
  }
  const encoder: Weights = pickWeights(stored.weights, /^encoder\//);
  return { from, adapter: stored.adapter, columns: stored.columns, encoder };
}

/**
 * Full fine-tuning: the network of the scratch reference with its encoder from the source, everything trained, the
 * encoder at a smaller rate; optionally discriminative rates, gradual unfreezing (ULMFiT, Howard & Ruder 2018) and the
 * tie to the starting point L2-SP (Li, Grandvalet & Davoine 2018, eq. 3): α/2·‖w − w⁰‖².
 */
export const fineTune = networkMethod('fine-tune', async (recipe, context) => {
  const options = optionsOf(recipe.method, recipe.options);
  const task = taskOf(context, recipe.task);
  const { from, adapter, columns, encoder } = await startingEncoder(context, recipe);
  const tie = options.number('l2-sp');
  return {
    task,
    preset: recipe.preset,
    plan: scratchPlan(recipe.preset, context.dataset.size, task, columns),
    pool: 'transfer',
    images: imagesOf(context, 'transfer', recipe.images),
    training: recipe.training,
    spacing: spacingOf(context, recipe),
    seed: recipe.seed,
    purpose: `fine-tune ${from.task} > ${task.id}`,
    restored: encoder,
    adapter,
    columns,
    feed: await imageFeeds(context, recipe, ['transfer', 'selection', 'test'], adapter),
    groups: (names) =>
      fineTuneGroups(names, {
        rate: options.number('encoder-rate'),
        decay: options.number('layer-decay'),
        unfreeze: options.number('unfreeze'),
      }),
    ...(tie > 0 ? { penalty: tiePenalty(context.engine.tf, encoder, tie) } : {}),
  };
});
