import { optionsOf } from '@/lib/science/catalog/methods';
import { inputBlock } from '@/lib/science/catalog/presets-layers';
import { picturesOf, type RunResult, type TransferRecipe } from '@/lib/science/core';
import { type DomainDistances, domainDistances } from '@/lib/science/learning';
import { createParameters, pickWeights, spaceToDepth, type Weights } from '../../networks';
import { batchTensor } from '../features';
import { createPause } from '../pause';
import { chunks, type PoolInputs, poolInputs } from '../pools';
import { keptStage, stageFiles, sumStages } from '../stages';
import type { Feed } from '../trained';
import type { MethodContext, TransferMethod } from '../types';
import { type Adaptation, codesOf, picturesOfPool, prepareAdaptation } from './adaptation';
import { adversary } from './dann';
import { distanceTable, finish, networkOf } from './finish';
import { learnJointly } from './joint';
import { sourceTask } from './source-task';
import { startingNetwork } from './start';
import { learnTranslation } from './translation';
import { translationSamples } from './translation-samples';
import { createTranslator, type Translator } from './translators';

/** The source pool's pictures as the target domain would show them: made once where they fit into memory. */
async function translatedSource(a: Adaptation, translator: Translator): Promise<Feed> {
  const { context, recipe, tf, task } = a;
  const { dataset } = context;
  const block = inputBlock(recipe.preset, dataset.size);
  const pause = createPause(context.signal);
  const views: PoolInputs[] = [];
  for (const picture of picturesOf(task.input)) {
    const { size, rows } = await poolInputs(dataset, 'source', picture, recipe.preset, { pause });
    const gather = (indices: Int32Array): Float32Array =>
      spaceToDepth(
        translator.pictures('to-target', dataset.inputs('source', picture, indices)),
        dataset.size,
        3,
        block,
      );
    const count = a.images.source;
    const all = rows && new Float32Array(count * size);
    for (const part of all ? chunks(count) : []) {
      all?.set(gather(part), (part[0] as number) * size);
      await pause();
    }
    views.push({ count, size, rows: all, gather });
  }
  return { gather: (indices) => batchTensor(tf, views, indices, recipe.preset, dataset.size) };
}

/** Between the codes of both domains' first pictures, by the encoder of `weights`. */
function codeDistances(a: Adaptation, weights: Weights): DomainDistances {
  const parameters = createParameters(a.tf, a.encoder, pickWeights(weights, /^encoder\//));
  try {
    return domainDistances(codesOf(a, parameters, 'source'), codesOf(a, parameters, 'transfer'));
  } finally {
    parameters.dispose();
  }
}

async function execute(recipe: TransferRecipe, context: MethodContext): Promise<RunResult> {
  const a = await prepareAdaptation(recipe, context);
  const start = await startingNetwork(a);
  const options = optionsOf(recipe.method, recipe.options);
  const first = await keptStage(context, { index: 0, of: 2 }, (own) =>
    learnTranslation(a, own, start, options),
  );
  const translator = createTranslator(a.tf, context.dataset.size, first.weights);
  try {
    const translated = await translatedSource(a, translator);
    const b: Adaptation = { ...a, feed: (pool) => (pool === 'source' ? translated : a.feed(pool)) };
    const term = options.number('features') > 0 ? adversary('features') : null;
    const second = await keptStage(context, { index: 1, of: 2 }, (own) =>
      learnJointly({ ...b, context: own }, term, options.flag('warm') ? start : undefined),
    );
    const codes = { before: codeDistances(a, start), after: codeDistances(b, second.weights) };
    const pictures = picturesOfPool(a, 'source');
    const table = distanceTable(a, codes, {
      ...pictures,
      values: translator.pictures('to-target', pictures.values),
    });
    const work = { curve: second.curve, cost: sumStages([first, second]).cost };
    const result = await finish(a, second.weights, work, [table, ...sourceTask(b, second.weights)]);
    return {
      ...result,
      samples: [...result.samples, ...translationSamples(a, translator)],
      artifacts: [...result.artifacts, ...stageFiles(context.fingerprint, 2)],
    };
  } finally {
    translator.dispose();
  }
}

/**
 * Cycle-consistent adversarial domain adaptation (Hoffman et al. 2018), small: two generators learn to show pictures of
 * either domain as the other would, by a game against two critics, and to find the way back; where `semantic` is above
 * 0 also to keep what a frozen network of the source domain says of them. Then a network learns the task on the source
 * domain's pictures so translated, with their labels.
 */
export const cycada: TransferMethod = { id: 'cycada', execute, predictor: networkOf };
