import { optionsOf, type ResolvedMethodOptions } from '@/lib/science/catalog/methods';
import { scratchPlan } from '@/lib/science/catalog/presets-layers';
import { createRng, type Rng, TaskatlasError, type TransferRecipe } from '@/lib/science/core';
import type { PackedLabels, Weights } from '../../networks';
import { imagesOf, spacingOf, taskOf } from '../evaluate';
import { type LossSpec, lossTensor } from '../losses';
import { createPause } from '../pause';
import { poolLabels } from '../pools';
import { combineOutputs, isClasses, softLabels, studentObjective } from '../soft';
import { imageFeeds } from '../source';
import { type Stage, stageFiles, sumStages, trainStage } from '../stages';
import { networkPredictor, type SupervisedTraining } from '../trained';
import type { MethodContext, Predictor, TransferMethod } from '../types';
import { answer, poolOutputs, teachableLoss } from './answers';
import { storeTransfer } from './transfer-method';

/**
 * Dark knowledge with permuted predictions (DKPP): the likeliest class keeps its probability, the others' are shuffled
 * within each row, so that only how they are spread is left.
 */
export function permuteOthers(soft: Float32Array, channels: number, rng: Rng): Float32Array {
  const mixed = soft.slice();
  for (let from = 0; from < soft.length; from += channels) {
    const row = soft.subarray(from, from + channels);
    const top = row.indexOf(Math.max(...row));
    const others = Array.from({ length: channels }, (_, c) => c).filter((c) => c !== top);
    const order = rng.permutation(others.length);
    others.forEach((c, i) => {
      mixed[from + c] = row[others[order[i] as number] as number] as number;
    });
  }
  return mixed;
}

/**
 * Confidence-weighted by teacher max (CWTM): the true class of each row, weighted by the teacher's largest probability
 * over its mean. A soft label that sums to w gives w times the cross-entropy.
 */
export function confidenceWeighted(labels: PackedLabels, soft: Float32Array): PackedLabels {
  const { channels, ids, valid } = labels;
  const rows = soft.length / channels;
  const top = Float32Array.from({ length: rows }, (_, row) =>
    Math.max(...soft.subarray(row * channels, (row + 1) * channels)),
  );
  const counted = top.filter((_, row) => valid[row] !== 0);
  const mean = counted.reduce((sum, w) => sum + w, 0) / Math.max(1, counted.length);
  const values = new Float32Array(soft.length);
  for (let row = 0; row < rows; row++) {
    const weight = (top[row] as number) / Math.max(mean, 1e-12);
    for (let c = 0; c < channels; c++) {
      const at = row * channels + c;
      values[at] = weight * (ids ? (ids[row] === c ? 1 : 0) : (labels.values?.[at] ?? 0));
    }
  }
  return { ...labels, values, ids: null };
}

/** What a generation learns from the one before it. */
function objectiveOf(
  context: MethodContext,
  options: ResolvedMethodOptions,
  spec: LossSpec,
  labels: PackedLabels,
  teacher: Float32Array,
  rng: Rng,
): NonNullable<SupervisedTraining['objective']> {
  const { tf } = context.engine;
  const variant = options.text('variant');
  const temperature = options.number('temperature');
  const weight = options.flag('labels') ? options.number('weight') : 1;
  const soft = softLabels(spec, labels, teacher, temperature);
  if (variant === 'plain') return studentObjective(tf, soft, { weight, temperature });
  if (!isClasses(spec) || !soft.values)
    throw new TaskatlasError('invalid-input', `Variant ${variant} needs a target of classes.`);
  if (variant === 'dkpp') {
    const mixed = { ...soft, values: permuteOthers(soft.values, soft.channels, rng) };
    return studentObjective(tf, mixed, { weight, temperature });
  }
  const weighted = confidenceWeighted(labels, soft.values);
  const name = 'soft-cross-entropy' as const;
  return ({ output, indices, step }) =>
    lossTensor(tf, { name, classWeights: null }, output, weighted, indices, step);
}

const network = async (recipe: TransferRecipe, context: MethodContext) => ({
  plan: scratchPlan(recipe.preset, context.dataset.size, taskOf(context, recipe.task)),
  feed: await imageFeeds(context, recipe, ['transfer', 'selection', 'test']),
});

/** Weights of one generation among those stored together. */
const generation = (weights: Weights, index: number): Weights =>
  new Map(
    [...weights].flatMap(([name, values]) =>
      name.startsWith(`g${index}/`) ? [[name.slice(`g${index}/`.length), values] as const] : [],
    ),
  );

/** Which generations answer: all that were taught, or the last. */
const answering = (recipe: TransferRecipe): number[] => {
  const options = optionsOf(recipe.method, recipe.options);
  const last = options.number('generations');
  return options.flag('ensemble') ? Array.from({ length: last + 1 }, (_, i) => i) : [last];
};

async function predictor(
  recipe: TransferRecipe,
  context: MethodContext,
  weights: Weights,
): Promise<Predictor> {
  const net = await network(recipe, context);
  const spec = await teachableLoss(context, recipe);
  const task = taskOf(context, recipe.task);
  const { channels } = await poolLabels(context.dataset, 'test', task, recipe.preset, createPause());
  const members = answering(recipe).map((i) => networkPredictor(context, net, generation(weights, i)));
  return {
    outputs: (pool, indices) =>
      combineOutputs(
        spec,
        channels,
        members.map((member) => member.outputs(pool, indices)),
      ),
    dispose: () => {
      for (const member of members) member.dispose();
    },
  };
}

/** Trains generation 0 on labels, and each later one on what the one before it says. */
async function teach(recipe: TransferRecipe, context: MethodContext): Promise<Stage[]> {
  const options = optionsOf(recipe.method, recipe.options);
  const task = taskOf(context, recipe.task);
  const net = await network(recipe, context);
  const spec = await teachableLoss(context, recipe);
  const labels = await poolLabels(context.dataset, 'transfer', task, recipe.preset, createPause());
  const stages: Stage[] = [];
  const generations = options.number('generations');
  for (let i = 0; i <= generations; i++) {
    const before = stages.at(-1);
    let objective: SupervisedTraining['objective'];
    if (before) {
      const teacher = networkPredictor(context, net, before.weights);
      const outputs = await poolOutputs(context, teacher, 'transfer');
      teacher.dispose();
      const rng = createRng(recipe.seed, 'born-again', i);
      objective = objectiveOf(context, options, spec, labels, outputs, rng);
    }
    const request: SupervisedTraining = {
      ...net,
      task,
      preset: recipe.preset,
      pool: 'transfer',
      images: imagesOf(context, 'transfer', recipe.images),
      training: recipe.training,
      spacing: spacingOf(context, recipe),
      seed: recipe.seed,
      purpose: `born-again ${i} > ${task.id}`,
      ...(objective ? { objective, separable: true } : {}),
    };
    stages.push(await trainStage(context, { index: i, of: generations + 1 }, request));
  }
  return stages;
}

/**
 * Born-Again Networks (Furlanello et al. 2018): the scratch network, then generations of the same network that learn
 * from the one before, with or without the labels; variants CWTM and DKPP; the last generation or all of them answer.
 */
export const bornAgain: TransferMethod = {
  id: 'born-again',
  predictor,
  execute: async (recipe, context) => {
    const stages = await teach(recipe, context);
    const weights: Weights = new Map(
      stages.flatMap((stage, i) =>
        [...stage.weights].map(([name, values]) => [`g${i}/${name}`, values] as const),
      ),
    );
    const asked = await predictor(recipe, context, weights);
    try {
      const outputs = await poolOutputs(context, asked, 'test');
      const files = await storeTransfer(context, recipe, weights);
      return await answer(context, recipe, outputs, {
        ...sumStages(stages),
        artifacts: [...files, ...stageFiles(context.fingerprint, stages.length)],
      });
    } finally {
      asked.dispose();
    }
  },
};
