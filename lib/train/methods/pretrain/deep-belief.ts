import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { optionsOf } from '@/lib/science/catalog/methods';
import { encoderPlan, planLayers } from '@/lib/science/catalog/presets-layers';
import { createRng, type PretrainRecipe, TaskatlasError } from '@/lib/science/core';
import { rowsTensor, type Tf } from '../../engine';
import { createParameters, type ParameterStore, valuesOf, type Weights } from '../../networks';
import { imagesOf, spacingOf } from '../evaluate';
import { batchTensor } from '../features';
import { train } from '../loop';
import { createPause, type Pause } from '../pause';
import { chunks, poolInputs } from '../pools';
import { keptStage, type Stage, stageFiles, sumStages } from '../stages';
import type { Method, MethodContext } from '../types';
import { contrastiveDivergence, hiddenUnits, type Machine, reconstructionErrors } from './boltzmann';
import { storeEncoder } from './common';

/** A layer of the encoder as a machine: its inputs are the visible units, its outputs the hidden ones. */
interface Level {
  /** Full name of the layer. */
  name: string;
  visible: number;
  hidden: number;
}

/** @throws TaskatlasError `invalid-input` if the encoder is not made of sigmoid units over the whole picture */
function levelsOf({ preset }: PretrainRecipe, size: number): Level[] {
  return planLayers(encoderPlan(preset, size)).map((layer): Level => {
    if (layer.kind !== 'conv' || layer.inSide !== 1 || layer.activation !== 'sigmoid') {
      throw new TaskatlasError(
        'invalid-input',
        `deep-belief trains fully connected sigmoid layers: use preset mlp, not ${preset}.`,
      );
    }
    return { name: layer.name, visible: layer.inChannels, hidden: layer.outChannels };
  });
}

const parts = ({ visible, hidden }: Level) => [
  { name: 'weights', shape: [visible, hidden] },
  { name: 'visible-bias', shape: [visible] },
  { name: 'hidden-bias', shape: [hidden] },
];

/** Small Gaussian weights, biases zero (Hinton 2010, section 8). */
function startOf(level: Level, seed: number, index: number): Weights {
  const rng = createRng(seed, 'deep-belief', index);
  return new Map(
    parts(level).map(({ name, shape }): [string, Float32Array] => [
      name,
      Float32Array.from({ length: shape.reduce((product, side) => product * side, 1) }, () =>
        name === 'weights' ? 0.01 * rng.normal() : 0,
      ),
    ]),
  );
}

const machineOf = (parameters: ParameterStore): Machine => ({
  weights: parameters.get('weights') as unknown as Tensor2D,
  visibleBias: parameters.get('visible-bias') as unknown as Tensor1D,
  hiddenBias: parameters.get('hidden-bias') as unknown as Tensor1D,
});

/** Visible units of one level on one pool: rows of probabilities. */
interface Units {
  count: number;
  batch(indices: Int32Array): Tensor2D;
}
type LevelUnits = Record<'source' | 'selection', Units>;

/** Pixels in [−1, 1] as probabilities (x + 1)/2. */
async function pixelUnits(context: MethodContext, { preset }: PretrainRecipe): Promise<LevelUnits> {
  const { dataset, engine } = context;
  const { tf } = engine;
  const pause = createPause(context.signal);
  const of = async (pool: 'source' | 'selection'): Promise<Units> => {
    const inputs = await poolInputs(dataset, pool, 'rgb', preset, { pause });
    return {
      count: inputs.count,
      batch: (indices) => {
        const pixels = batchTensor(tf, [inputs], indices, preset, dataset.size);
        return tf.div(tf.add(tf.reshape(pixels, [indices.length, inputs.size]), 1), 2) as Tensor2D;
      },
    };
  };
  return { source: await of('source'), selection: await of('selection') };
}

/** What a trained machine hands up: the probabilities of its hidden units. */
async function unitsAbove(
  tf: Tf,
  level: Level,
  weights: Weights,
  below: LevelUnits,
  pause: Pause,
): Promise<LevelUnits> {
  const parameters = createParameters(tf, [], weights, parts(level));
  const machine = machineOf(parameters);
  const of = async ({ count, batch }: Units): Promise<Units> => {
    const rows = new Float32Array(count * level.hidden);
    for (const part of chunks(count)) {
      const hidden = valuesOf(tf, () => hiddenUnits(tf, machine, batch(part)));
      rows.set(hidden, (part[0] as number) * level.hidden);
      await pause();
    }
    return {
      count,
      batch: (indices) =>
        rowsTensor(tf, rows, level.hidden, indices, [indices.length, level.hidden]) as Tensor2D,
    };
  };
  try {
    return { source: await of(below.source), selection: await of(below.selection) };
  } finally {
    parameters.dispose();
  }
}

/** Trains one machine by CD-1 through the shared loop; keeps the weights that reconstruct the selection pool best. */
async function trainMachine(
  context: MethodContext,
  recipe: PretrainRecipe,
  level: Level,
  index: number,
  units: LevelUnits,
): Promise<Stage> {
  const { tf } = context.engine;
  const options = optionsOf(recipe.method, recipe.options);
  const parameters = createParameters(tf, [], startOf(level, recipe.seed, index), parts(level));
  const machine = machineOf(parameters);
  const images = imagesOf(context, 'source', recipe.dataset.pools.source);
  try {
    const outcome = await train(
      context,
      {
        parameters,
        trainable: parameters.names,
        examples: images,
        loss: (indices, step) => {
          const rng = createRng(recipe.seed, 'gibbs', index, step);
          const uniforms = (width: number): Tensor2D =>
            tf.tensor2d(
              Float32Array.from({ length: indices.length * width }, () => rng.next()),
              [indices.length, width],
            );
          const draws = { hidden: uniforms(level.hidden), visible: uniforms(level.visible) };
          return contrastiveDivergence(tf, machine, units.source.batch(indices), draws);
        },
        selectionLosses: async (pause) => {
          const errors = new Float32Array(units.selection.count);
          for (const part of chunks(errors.length)) {
            const of = (): Tensor1D => reconstructionErrors(tf, machine, units.selection.batch(part));
            errors.set(valuesOf(tf, of), part[0] as number);
            await pause();
          }
          return errors;
        },
      },
      {
        ...recipe.training,
        optimiser: 'sgd',
        momentum: options.number('momentum'),
        schedule: 'constant',
        learningRate: options.number('rate'),
      },
      { seed: recipe.seed, spacing: spacingOf(context, recipe) },
    );
    const { curve, steps, seconds } = outcome;
    const flops = 10 * level.visible * level.hidden * outcome.images;
    return { weights: parameters.snapshot(), curve, cost: { steps, images: outcome.images, seconds, flops } };
  } finally {
    parameters.dispose();
  }
}

/**
 * A machine as a layer of the encoder. The first one saw pixels as probabilities (x + 1)/2, the encoder sees x in
 * [−1, 1]: W·(x + 1)/2 + c = (W/2)·x + (c + ΣW/2), exactly the same unit.
 */
function layerWeights({ name, hidden }: Level, weights: Weights, first: boolean): [string, Float32Array][] {
  const kernel = weights.get('weights') ?? new Float32Array(0);
  const bias = weights.get('hidden-bias') ?? new Float32Array(0);
  if (!first)
    return [
      [`${name}/kernel`, kernel],
      [`${name}/bias`, bias],
    ];
  const sums = Float64Array.from(bias);
  kernel.forEach((w, i) => {
    sums[i % hidden] = (sums[i % hidden] as number) + w / 2;
  });
  return [
    [`${name}/kernel`, kernel.map((w) => w / 2)],
    [`${name}/bias`, Float32Array.from(sums)],
  ];
}

/**
 * Generative pre-training (Hinton, Osindero & Teh 2006): a stack of restricted Boltzmann machines, each trained by
 * contrastive divergence on the hidden probabilities of the one below, becomes the encoder. No labels. The curve holds
 * the reconstruction error of one layer after the other.
 */
export const deepBelief: Method<PretrainRecipe> = {
  id: 'deep-belief',
  execute: async (recipe, context) => {
    const { tf } = context.engine;
    const levels = levelsOf(recipe, context.dataset.size);
    const stages: Stage[] = [];
    const encoder = new Map<string, Float32Array>();
    let units = await pixelUnits(context, recipe);
    for (const [index, level] of levels.entries()) {
      const place = { index, of: levels.length };
      const stage = await keptStage(context, place, (own) => trainMachine(own, recipe, level, index, units));
      stages.push(stage);
      for (const [name, values] of layerWeights(level, stage.weights, index === 0)) encoder.set(name, values);
      if (index < levels.length - 1)
        units = await unitsAbove(tf, level, stage.weights, units, createPause(context.signal));
    }
    const { curve, cost } = sumStages(stages);
    const outcome = { curve, steps: cost.steps, images: cost.images, seconds: cost.seconds };
    const result = await storeEncoder(context, recipe, { weights: encoder, outcome, flops: cost.flops });
    return { ...result, artifacts: [...result.artifacts, ...stageFiles(context.fingerprint, stages.length)] };
  },
};
