import { codeShape, outputSide } from '@/lib/science/catalog/presets-layers';
import type { MeanRecipe, RunResult } from '@/lib/science/core';
import { type PackedLabels, spaceToDepth } from '../networks';
import { taskOf } from './evaluate';
import { imageLosses, type LossSpec } from './losses';
import { placeEmbedding } from './metric-loss';
import { taskMetrics } from './metrics';
import { createPause } from './pause';
import { chunks, poolLabels, taskLoss } from './pools';
import { renderSamples } from './samples';
import type { Method } from './types';

/** A mean recipe names no preset: every plain preset reduces labels alike, only the order of rows differs. */
const PRESET = 'tiny' as const;

/** Weight of the overall class shares in each pixel's own counts. */
const PRIOR_STRENGTH = 10;

function middle(sorted: Float64Array): number {
  const half = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] as number)) / 2;
}

/** Best constant of each output row and channel: median for l1, mean for everything else. */
function constantValues(spec: LossSpec, labels: PackedLabels): Float32Array {
  const { rows, channels, valid, examples } = labels;
  const values = labels.values as Float32Array;
  const output = new Float32Array(rows * channels);
  const seen = new Float64Array(examples);
  for (let i = 0; i < output.length; i++) {
    const row = Math.floor(i / channels);
    let count = 0;
    let sum = 0;
    for (let e = 0; e < examples; e++) {
      if (valid[e * rows + row] === 0) continue;
      const value = values[e * rows * channels + i] as number;
      seen[count++] = value;
      sum += value;
    }
    output[i] = spec.name === 'l1' ? middle(seen.slice(0, count).sort()) : sum / Math.max(1, count);
  }
  return output;
}

/** Log of the class shares of each row, smoothed by the overall shares; class weights count as in the loss. */
function classPrior(spec: LossSpec, labels: PackedLabels): Float32Array {
  const { rows, channels, valid, examples, ids, values } = labels;
  const counts = new Float64Array(rows * channels);
  const overall = new Float64Array(channels);
  const add = (row: number, c: number, amount: number): void => {
    counts[row * channels + c] = (counts[row * channels + c] as number) + amount;
    overall[c] = (overall[c] as number) + amount;
  };
  for (let i = 0; i < examples * rows; i++) {
    if (valid[i] === 0) continue;
    if (ids) {
      const id = ids[i] as number;
      add(i % rows, id, spec.classWeights ? (spec.classWeights[id] as number) : 1);
    } else {
      for (let c = 0; c < channels; c++)
        add(i % rows, c, (values as Float32Array)[i * channels + c] as number);
    }
  }
  const total = overall.reduce((sum, n) => sum + n, 0) + channels * 1e-3;
  return Float32Array.from(counts, (n, i) => {
    const row = Math.floor(i / channels);
    const share = ((overall[i % channels] as number) + 1e-3) / total;
    const inRow = counts.subarray(row * channels, (row + 1) * channels).reduce((sum, m) => sum + m, 0);
    return Math.log((n + PRIOR_STRENGTH * share) / (inRow + PRIOR_STRENGTH));
  });
}

/** Output pixel (row-major) of each row of an image: rows lie in the layout of the code's positions. */
function placesOf({ rows }: PackedLabels, size: number): Float32Array {
  const side = Math.round(Math.sqrt(rows));
  const block = outputSide(PRESET, size) / codeShape(PRESET, size).side;
  return spaceToDepth(
    Float32Array.from({ length: rows }, (_, i) => i),
    side,
    1,
    block,
  );
}

/** The output that knows the transfer pool's labels and no image. `size`: image side of the data set. */
export function meanOutput(spec: LossSpec, labels: PackedLabels, size: number): Float32Array {
  if (spec.name === 'metric') return placeEmbedding(labels, placesOf(labels, size));
  return spec.name === 'l1' || spec.name === 'l2' ? constantValues(spec, labels) : classPrior(spec, labels);
}

/** Outputs of every example: the same one. */
function repeat(output: Float32Array, times: number): Float32Array {
  const all = new Float32Array(output.length * times);
  for (let i = 0; i < times; i++) all.set(output, i * output.length);
  return all;
}

/** Mean predictor: the reference of skill 1 − L / L_mean. */
export const mean: Method<MeanRecipe> = {
  id: 'mean',
  execute: async (recipe, context): Promise<RunResult> => {
    const { dataset } = context;
    const started = performance.now();
    const pause = createPause(context.signal);
    const task = taskOf(context, recipe.task);
    const spec = await taskLoss(dataset, task, PRESET, pause);
    const transfer = await poolLabels(dataset, 'transfer', task, PRESET, pause);
    const test = await poolLabels(dataset, 'test', task, PRESET, pause);
    const output = meanOutput(spec, transfer, dataset.size);
    const outputs = repeat(output, test.examples);
    const losses = new Float32Array(test.examples);
    for (const part of chunks(test.examples)) {
      const from = part[0] as number;
      losses.set(imageLosses(spec, repeat(output, part.length), test, part), from);
      await pause();
    }
    return {
      testLosses: losses,
      ...taskMetrics(task, outputs, test),
      curve: [],
      samples: renderSamples(context, task, PRESET, test, outputs),
      artifacts: [],
      cost: { steps: 0, images: transfer.examples, seconds: (performance.now() - started) / 1000, flops: 0 },
    };
  },
};
