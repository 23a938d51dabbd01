import { type RunResult, TaskatlasError, type TaskDeclaration } from '@/lib/science/core';
import type { PackedLabels } from '../networks';
import { pairAccuracy } from './metric-loss';

/**
 * The figure for people of one image, from the outputs of the whole pool; rows without a label do not count, and an
 * image without any labelled row has NaN.
 */
type ImageMetric = (outputs: Float32Array, labels: PackedLabels, example: number) => number;

const argmax = (values: Float32Array, at: number, channels: number): number => {
  let best = 0;
  for (let c = 1; c < channels; c++) {
    if ((values[at + c] as number) > (values[at + best] as number)) best = c;
  }
  return best;
};

/** Calls `visit(row, offset of its first channel)` for every valid row of an example; returns their number. */
function eachValid(labels: PackedLabels, example: number, visit: (row: number, at: number) => void): number {
  let count = 0;
  for (let row = example * labels.rows; row < (example + 1) * labels.rows; row++) {
    if (labels.valid[row] === 0) continue;
    visit(row, row * labels.channels);
    count++;
  }
  return count;
}

/** Mean of |o − y|^power over channels and valid rows. */
const meanPower =
  (power: 1 | 2): ImageMetric =>
  (outputs, labels, example) => {
    const values = labels.values as Float32Array;
    let sum = 0;
    const count = eachValid(labels, example, (_, at) => {
      for (let c = 0; c < labels.channels; c++) {
        const difference = Math.abs((outputs[at + c] as number) - (values[at + c] as number));
        sum += power === 1 ? difference : difference * difference;
      }
    });
    return sum / (count * labels.channels);
  };

/** Mean angle between predicted and true 3-vectors, degrees. */
const angularError: ImageMetric = (outputs, labels, example) => {
  const values = labels.values as Float32Array;
  let sum = 0;
  const count = eachValid(labels, example, (_, at) => {
    let dot = 0;
    let own = 0;
    let other = 0;
    for (let c = 0; c < labels.channels; c++) {
      const [o, y] = [outputs[at + c] as number, values[at + c] as number];
      dot += o * y;
      own += o * o;
      other += y * y;
    }
    const cosine = dot / Math.max(1e-12, Math.sqrt(own * other));
    sum += (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI;
  });
  return sum / count;
};

/** Class of a labelled row: its id, or the likeliest of a soft label. */
const trueClass = (labels: PackedLabels, row: number, at: number): number =>
  labels.ids ? (labels.ids[row] as number) : argmax(labels.values as Float32Array, at, labels.channels);

/** Percent of valid rows whose likeliest class is the true one: 0 or 100 where an image has one class. */
const accuracy: ImageMetric = (outputs, labels, example) => {
  let hits = 0;
  const count = eachValid(labels, example, (row, at) => {
    if (argmax(outputs, at, labels.channels) === trueClass(labels, row, at)) hits++;
  });
  return (100 * hits) / count;
};

/** Mean over the classes that occur in the image of intersection / union, percent. */
const meanIou: ImageMetric = (outputs, labels, example) => {
  const { channels } = labels;
  const both = new Float64Array(channels);
  const either = new Float64Array(channels);
  const seen = new Uint8Array(channels);
  eachValid(labels, example, (row, at) => {
    const truth = trueClass(labels, row, at);
    const guess = argmax(outputs, at, channels);
    seen[truth] = 1;
    either[truth] = (either[truth] as number) + 1;
    if (guess === truth) both[truth] = (both[truth] as number) + 1;
    else either[guess] = (either[guess] as number) + 1;
  });
  let sum = 0;
  let count = 0;
  seen.forEach((bit, c) => {
    if (bit === 0) return;
    sum += (both[c] as number) / (either[c] as number);
    count++;
  });
  return (100 * sum) / count;
};

/** By the name in the task's declaration; the first pattern that matches. */
const METRICS: readonly (readonly [RegExp, ImageMetric])[] = [
  [/angular|angle/i, angularError],
  [/\biou\b|intersection/i, meanIou],
  [/pair accuracy/i, pairAccuracy],
  [/accuracy/i, accuracy],
  [/mean.square|mse/i, meanPower(2)],
  [/absolute|mae|l1/i, meanPower(1)],
];

/** The function of a declared metric. @throws TaskatlasError `invalid-input` for a name that nothing computes */
export function metricOf(task: TaskDeclaration): ImageMetric {
  const found = METRICS.find(([pattern]) => pattern.test(task.metric.name));
  if (!found) {
    throw new TaskatlasError(
      'invalid-input',
      `Nothing computes the metric "${task.metric.name}" of ${task.id}.`,
    );
  }
  return found[1];
}

/**
 * The task's metric of every test image, in the metric's unit (NaN where the image has no label), and of the run: the
 * mean over the images that have one, null if none has.
 */
export function taskMetrics(
  task: TaskDeclaration,
  outputs: Float32Array,
  labels: PackedLabels,
): { testMetrics: Float32Array; metric: RunResult['metric'] } {
  const of = metricOf(task);
  const testMetrics = Float32Array.from({ length: labels.examples }, (_, example) =>
    of(outputs, labels, example),
  );
  const known = testMetrics.filter(Number.isFinite);
  const total = known.reduce((sum, value) => sum + value, 0);
  return { testMetrics, metric: known.length > 0 ? total / known.length : null };
}
