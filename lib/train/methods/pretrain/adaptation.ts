import { type PresetName, TaskatlasError, type TaskId } from '@/lib/science/core';
import { adapt, type InnerRate } from '@/lib/science/learning';
import { pickWeights, type Weights } from '../../networks';
import { imageLosses, meanLoss } from '../losses';
import { createPause, type Pause } from '../pause';
import { chunks, poolLabels } from '../pools';
import type { RunContext } from '../types';
import { imagePools, taskData } from './common';
import { createLearner, type Examples, episode, type Learner } from './learner';

/** Rates that a search tries. */
const RATES = Array.from({ length: 14 }, (_, i) => 2 ** (i - 8));

/** Share of the best rate that is taken: the best lies close to where steps shoot past their goal. */
const CAUTION = 0.5;

/** An adaptation that a rate is judged by: learn from some labels, be asked about others. */
export interface Trial {
  start: Float64Array;
  known: Examples;
  asked: Examples;
}

/**
 * The rate of a task's gradient steps: half of the one with the least loss on the examples asked, after so many steps on those
 * known, summed over trials. Heads of pixels and of vectors have gradients of very different lengths, so that no one
 * rate serves all tasks.
 */
export async function searchRate(
  learner: Learner,
  trials: readonly Trial[],
  steps: number,
  pause: Pause,
): Promise<number> {
  let best = { rate: RATES[0] as number, loss: Number.POSITIVE_INFINITY };
  for (const rate of RATES) {
    let sum = 0;
    for (const { start, known, asked } of trials) {
      const adapted = adapt(episode(learner, [known], known, false), start, rate, steps);
      sum += learner.slope(adapted, asked).loss;
      await pause();
    }
    if (sum < best.loss) best = { rate, loss: sum };
  }
  return CAUTION * best.rate;
}

/**
 * K-shot adaptation: mean loss on `asked` after 0, 1, …, `steps` gradient steps on the examples known, relative to the
 * constant predictor (1 = no better).
 */
export async function adaptationCurve(
  learner: Learner,
  start: Float64Array,
  rate: InnerRate,
  steps: number,
  { known, asked }: Omit<Trial, 'start'>,
  pause: Pause,
): Promise<number[]> {
  const { spec, scale } = learner.task;
  const lossAt = (w: Float64Array): number => {
    learner.network.write(w);
    const losses = chunks(asked.indices.length).flatMap((part) => {
      const indices = part.map((i) => asked.indices[i] as number);
      return [...imageLosses(spec, learner.outputs(asked.pool, indices), asked.labels, indices)];
    });
    return meanLoss(Float32Array.from(losses)) / scale;
  };
  const curve = [lossAt(start)];
  const task = episode(learner, [known], known, false);
  let w = start;
  for (let step = 0; step < steps; step++) {
    w = adapt(task, w, rate, 1);
    curve.push(lossAt(w));
    await pause();
  }
  return curve;
}

/**
 * The same for a task that an encoder was not taught: K images of the transfer pool (the `draw`-th K of them), a head
 * drawn by `seed`, the rate by a search on halves of these labels, judged on the test pool.
 * @throws TaskatlasError `invalid-input` if the pool has no such K images
 */
export async function heldOutCurve(
  context: RunContext,
  preset: PresetName,
  source: { weights: Weights; columns?: number },
  id: TaskId,
  { shots, draw, steps, seed }: { shots: number; draw: number; steps: number; seed: number },
): Promise<number[]> {
  const { dataset } = context;
  const pause = createPause();
  const task = await taskData(context, preset, id);
  if ((draw + 1) * shots > dataset.count('transfer'))
    throw new TaskatlasError('invalid-input', `The transfer pool has no ${draw + 1} times ${shots} images.`);
  const gather = await imagePools(context, preset, [task.task.input], ['transfer', 'test']);
  const known: Examples = {
    pool: 'transfer',
    labels: await poolLabels(dataset, 'transfer', task.task, preset, pause),
    indices: Int32Array.from({ length: shots }, (_, i) => draw * shots + i),
  };
  const asked: Examples = {
    pool: 'test',
    labels: await poolLabels(dataset, 'test', task.task, preset, pause),
    indices: Int32Array.from({ length: dataset.count('test') }, (_, i) => i),
  };
  const learner = createLearner(context, preset, task, gather, source.columns);
  const encoder = pickWeights(source.weights, /^encoder\//);
  try {
    const start = (from: Examples): Float64Array => learner.start(encoder, from, [seed, draw, id]);
    const half = (offset: number): Examples => ({
      ...known,
      indices: known.indices.filter((_, i) => i % 2 === offset),
    });
    // Each half of the labels judges the rate that the other half is learned with.
    const trials = [0, 1].map((offset): Trial => {
      const own = half(offset);
      return { start: start(own), known: own, asked: half(1 - offset) };
    });
    const rate = await searchRate(learner, trials, steps, pause);
    return await adaptationCurve(learner, start(known), rate, steps, { known, asked }, pause);
  } finally {
    learner.dispose();
  }
}
