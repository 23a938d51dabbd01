import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { trainingFlops } from '@/lib/science/catalog/flops';
import { optionsOf, type ResolvedMethodOptions } from '@/lib/science/catalog/methods';
import { encoderPlan } from '@/lib/science/catalog/presets-layers';
import { createRng, type PretrainRecipe, type RunTable, TaskatlasError } from '@/lib/science/core';
import { adapt, type InnerRate, meanVector, metaGradient, reptileDirection } from '@/lib/science/learning';
import type { Tf } from '../../engine';
import { createParameters, initialWeights, type ParameterStore, type Weights } from '../../networks';
import { imagesOf, spacingOf } from '../evaluate';
import { adapterOf } from '../features';
import { train } from '../loop';
import { createPause, type Pause } from '../pause';
import type { Method, RunContext } from '../types';
import { adaptationCurve, searchRate, type Trial } from './adaptation';
import { imagePools, jointSelection, storeEncoder, tasksOf } from './common';
import { type FlatNetwork, flatNetwork } from './flat-network';
import { createLearner, type Examples, episode, type Learner } from './learner';

/** Episodes that the search of a task's inner rate is judged by. */
const TRIALS = 4;
/** Longest gradient of one lesson: an episode that shot past its goal must not rule the optimiser's moments for long. */
const LONGEST = 1;
/** Learned inner rates are parameters of this name, one for each of the encoder's. */
const RATES = 'rates/';

interface Settings {
  algorithm: string;
  /** Whether the Hessian enters. */
  secondOrder: boolean;
  innerRate: number;
  innerSteps: number;
  shots: number;
  seed: number;
}

function settingsOf(recipe: PretrainRecipe, options: ResolvedMethodOptions): Settings {
  const algorithm = options.text('algorithm');
  return {
    algorithm,
    secondOrder: algorithm === 'maml' || algorithm === 'meta-sgd',
    innerRate: options.number('inner-rate'),
    innerSteps: options.number('inner-steps'),
    shots: options.number('shots'),
    seed: recipe.seed,
  };
}

/** What is meta-learned: the encoder that episodes start from, and with Meta-SGD a rate for each of its weights. */
interface Meta {
  settings: Settings;
  parameters: ParameterStore;
  trainable: readonly string[];
  encoder: FlatNetwork;
  rates: FlatNetwork | null;
}

function createMeta(context: RunContext, recipe: PretrainRecipe, settings: Settings): Meta {
  const { tf } = context.engine;
  const plan = encoderPlan(recipe.preset, context.dataset.size);
  const start = new Map(initialWeights(plan, createRng(recipe.seed, 'meta', 'weights')));
  const names = [...start.keys()];
  const learnsRates = settings.algorithm === 'meta-sgd';
  const rates = learnsRates ? names.map((name) => `${RATES}${name}`) : [];
  const extra = rates.map((name, i) => {
    const { length } = start.get(names[i] as string) ?? [];
    start.set(name, new Float32Array(length ?? 0).fill(1));
    return { name, shape: [length ?? 0] };
  });
  const parameters = createParameters(tf, plan, start, extra);
  return {
    settings,
    parameters,
    trainable: [...names, ...rates],
    encoder: flatNetwork(tf, parameters, names),
    rates: learnsRates ? flatNetwork(tf, parameters, rates) : null,
  };
}

const encoderOf = ({ parameters }: Meta): Weights => parameters.snapshot(parameters.matching(/^encoder\//));

/** A task at school: its network, and the rate of its inner steps. */
interface Pupil extends Learner {
  rate: number;
}

/** Inner rates: the task's own number, for the encoder times what Meta-SGD has learned. */
function rateOf({ rates }: Meta, { network, rate }: Pupil): InnerRate {
  if (!rates) return rate;
  const whole = new Float64Array(network.size).fill(1);
  whole.set(rates.read());
  return whole.map((share) => share * rate);
}

/** `count` images of the source pool that are not among `taken`, a function of the step. */
function draw(seed: number, step: number, taken: Int32Array, count: number, images: number): Int32Array {
  const rng = createRng(seed, 'support', step);
  const used = new Set(taken);
  const found: number[] = [];
  while (found.length < count) {
    const image = rng.int(images);
    if (used.has(image)) continue;
    used.add(image);
    found.push(image);
  }
  return Int32Array.from(found);
}

/** What one learner's episode says about the encoder and its rates. */
interface Lesson {
  loss: number;
  gradient: Float64Array;
  rates: Float64Array;
}

function clipped(v: Float64Array): Float64Array {
  const length = Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
  return length > LONGEST ? v.map((x) => (x * LONGEST) / length) : v;
}

/** One episode: adapted on the support images, judged on the query images. */
function lesson(
  meta: Meta,
  learner: Pupil,
  t: number,
  step: number,
  pools: { support: Int32Array; query: Int32Array },
): Lesson {
  const { algorithm, secondOrder, innerSteps, shots, seed } = meta.settings;
  const examples = (indices: Int32Array): Examples => ({
    pool: 'source',
    labels: learner.task.labels,
    indices,
  });
  const support = Array.from({ length: pools.support.length / shots }, (_, i) =>
    examples(pools.support.slice(i * shots, (i + 1) * shots)),
  );
  const start = learner.start(encoderOf(meta), support[0] as Examples, [seed, step, t]);
  const task = episode(learner, support, examples(pools.query), secondOrder);
  const ofEncoder = (w: Float64Array): Float64Array => clipped(w.slice(0, learner.encoderSize));
  if (algorithm === 'reptile') {
    const adapted = adapt(task, start, rateOf(meta, learner), innerSteps);
    const gradient = ofEncoder(reptileDirection(start, [adapted])).map((d) => -d);
    return { loss: task.query(adapted).loss, gradient, rates: gradient };
  }
  const found = metaGradient(task, start, rateOf(meta, learner), innerSteps);
  return {
    loss: found.queryLoss,
    gradient: ofEncoder(found.gradient),
    rates: ofEncoder(found.rateGradient.map((slope) => slope * learner.rate)),
  };
}

/**
 * The mean lesson of all tasks as a scalar of the meta-parameters whose gradient is what was learned. The lessons are
 * computed before, in stores of their own: to the tape they are constants.
 */
function metaLoss(tf: Tf, meta: Meta, lessons: readonly Lesson[]): Scalar {
  const { parameters, trainable, encoder, rates } = meta;
  const gradients = [
    ...encoder.split(meanVector(lessons.map(({ gradient }) => gradient))),
    ...(rates?.split(meanVector(lessons.map((each) => each.rates))) ?? []),
  ];
  const loss = lessons.reduce((sum, each) => sum + each.loss / lessons.length, 0);
  const variables: Variable[] = trainable.map((name) => parameters.get(name));
  const apply = tf.customGrad(() => ({
    value: tf.scalar(loss),
    gradFunc: (dy: Tensor) =>
      variables.map(({ shape }, i) => tf.mul(tf.tensor(gradients[i] as Float32Array, shape), dy)),
  }));
  return apply(...variables) as Scalar;
}

/** How the encoder adapts at selection time: on the first K images of the source pool, with heads drawn once. */
function selectionStart(meta: Meta, learner: Learner, t: number): { known: Examples; start: Float64Array } {
  const indices = Int32Array.from({ length: meta.settings.shots }, (_, i) => i);
  const known: Examples = { pool: 'source', labels: learner.task.labels, indices };
  return { known, start: learner.start(encoderOf(meta), known, [meta.settings.seed, 'selection', t]) };
}

/** The rate is the one asked for, or found on the initial encoder. */
async function createPupil(meta: Meta, learner: Learner, t: number, pause: Pause): Promise<Pupil> {
  const { innerRate, innerSteps } = meta.settings;
  if (innerRate > 0) return { ...learner, rate: innerRate };
  const { shots, seed } = meta.settings;
  const { labels } = learner.task;
  const images = (from: number): Examples => ({
    pool: 'source',
    labels,
    indices: Int32Array.from({ length: shots }, (_, i) => (from + i) % labels.examples),
  });
  const trials = Array.from({ length: TRIALS }, (_, trial): Trial => {
    const known = images(2 * trial * shots);
    const start = learner.start(encoderOf(meta), known, [seed, 'rate', trial, t]);
    return { start, known, asked: images((2 * trial + 1) * shots) };
  });
  return { ...learner, rate: await searchRate(learner, trials, innerSteps, pause) };
}

/** Adapts the learner as at selection time; its network keeps the adapted weights. */
function adaptForSelection(meta: Meta, learner: Pupil, t: number): void {
  const { known, start } = selectionStart(meta, learner, t);
  const task = episode(learner, [known], known, false);
  learner.network.write(adapt(task, start, rateOf(meta, learner), meta.settings.innerSteps));
}

/** K-shot adaptation of the tasks that were meta-learned, on the selection pool. */
async function adaptationTable(meta: Meta, learners: readonly Pupil[], pause: Pause): Promise<RunTable> {
  const steps = Math.max(5, meta.settings.innerSteps);
  const values: number[][] = [];
  for (const [t, learner] of learners.entries()) {
    const { known, start } = selectionStart(meta, learner, t);
    const { selection } = learner.task;
    const indices = Int32Array.from({ length: selection.examples }, (_, i) => i);
    const asked: Examples = { pool: 'selection', labels: selection, indices };
    values.push(await adaptationCurve(learner, start, rateOf(meta, learner), steps, { known, asked }, pause));
  }
  return {
    name: 'Adaptation',
    meaning: `Loss on the selection pool, relative to the constant predictor, after so many gradient steps on ${meta.settings.shots} images with a new head.`,
    rows: learners.map(({ task }) => task.task.id),
    columns: Array.from({ length: steps + 1 }, (_, step) => String(step)),
    values,
  };
}

/** Work of all meta-steps: per inner step a gradient, with the Hessian's product two more; then the query's. */
function metaFlops({ settings }: Meta, learners: readonly Pupil[], steps: number, batch: number): number {
  const { innerSteps, shots, secondOrder } = settings;
  const images = innerSteps * shots * (secondOrder ? 3 : 1) + batch;
  return steps * images * learners.reduce((sum, { plan }) => sum + trainingFlops(plan), 0);
}

/**
 * Meta-learning over the task dictionary: an initial encoder from which a few gradient steps on K images, with a new
 * head, serve any of the tasks. MAML (Finn, Abbeel & Levine 2017), its first-order form, Reptile (Nichol, Achiam &
 * Schulman 2018), or Meta-SGD (Li et al. 2017), which learns a rate for each weight of the encoder too. A step is one
 * episode of every task: K support images, the batch as query. The encoder becomes a source.
 */
export const meta: Method<PretrainRecipe> = {
  id: 'meta',
  execute: async (recipe, context) => {
    const { tf } = context.engine;
    const settings = settingsOf(recipe, optionsOf(recipe.method, recipe.options));
    const images = imagesOf(context, 'source', recipe.dataset.pools.source);
    const support = settings.shots * (settings.algorithm === 'reptile' ? settings.innerSteps : 1);
    if (support + Math.min(recipe.training.batchSize, images) > images) {
      const message = `An episode needs ${support} support images beside its batch: the source pool has ${images}.`;
      throw new TaskatlasError('invalid-input', message);
    }
    const tasks = await tasksOf(context, recipe, 2);
    const kinds = tasks.map(({ task }) => task.input);
    const gather = await imagePools(context, recipe.preset, kinds, ['source', 'selection']);
    const state = createMeta(context, recipe, settings);
    const pause = createPause(context.signal);
    const made = tasks.map((task) => createLearner(context, recipe.preset, task, gather));
    try {
      const learners: Pupil[] = [];
      for (const [t, learner] of made.entries()) learners.push(await createPupil(state, learner, t, pause));
      const outcome = await train(
        context,
        {
          parameters: state.parameters,
          trainable: state.trainable,
          examples: images,
          loss: (query, step) => {
            const pools = { query, support: draw(recipe.seed, step, query, support, images) };
            return metaLoss(
              tf,
              state,
              learners.map((learner, t) => lesson(state, learner, t, step, pools)),
            );
          },
          selectionLosses: async (pause) => {
            for (const [t, learner] of learners.entries()) adaptForSelection(state, learner, t);
            return await jointSelection(
              tasks,
              (t, part) => (learners[t] as Pupil).outputs('selection', part),
              pause,
            );
          },
        },
        recipe.training,
        { seed: recipe.seed, spacing: spacingOf(context, recipe) },
      );
      const stored = await storeEncoder(context, recipe, {
        weights: encoderOf(state),
        outcome,
        flops: metaFlops(state, learners, outcome.steps, outcome.images / outcome.steps),
        adapter: tasks.every(({ task }) => adapterOf(task) === 'grey') ? 'grey' : 'none',
      });
      return { ...stored, tables: [await adaptationTable(state, learners, pause)] };
    } finally {
      state.parameters.dispose();
      for (const learner of made) learner.dispose();
    }
  },
};
