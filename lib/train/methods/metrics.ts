import { TaskatlasError, type TaskDeclaration } from '@/lib/science/core';
import type { PackedLabels } from '../networks';
import { pairAccuracy } from './metric-loss';

/** Computes one figure for people from all outputs of a pool; rows without a label do not count. */
type MetricFunction = (outputs: Float32Array, labels: PackedLabels) => number;

const argmax = (values: Float32Array, at: number, channels: number): number => {
  let best = 0;
  for (let c = 1; c < channels; c++) {
    if ((values[at + c] as number) > (values[at + best] as number)) best = c;
  }
  return best;
};

/** Calls `visit(row, offset of its first channel)` for every valid row; returns their number. */
function eachValid(labels: PackedLabels, visit: (row: number, at: number) => void): number {
  let count = 0;
  for (let row = 0; row < labels.valid.length; row++) {
    if (labels.valid[row] === 0) continue;
    visit(row, row * labels.channels);
    count++;
  }
  return count;
}

/** Mean of |o − y|^power over channels and valid rows. */
function meanPower(outputs: Float32Array, labels: PackedLabels, power: 1 | 2): number {
  const values = labels.values as Float32Array;
  let sum = 0;
  const count = eachValid(labels, (_, at) => {
    for (let c = 0; c < labels.channels; c++) {
      const difference = Math.abs((outputs[at + c] as number) - (values[at + c] as number));
      sum += power === 1 ? difference : difference * difference;
    }
  });
  return sum / (count * labels.channels);
}

/** Mean angle between predicted and true 3-vectors, degrees. */
function angularError(outputs: Float32Array, labels: PackedLabels): number {
  const values = labels.values as Float32Array;
  let sum = 0;
  const count = eachValid(labels, (_, at) => {
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
}

/** Class of a labelled row: its id, or the likeliest of a soft label. */
const trueClass = (labels: PackedLabels, row: number, at: number): number =>
  labels.ids ? (labels.ids[row] as number) : argmax(labels.values as Float32Array, at, labels.channels);

/** Percent of valid rows whose likeliest class is the true one. */
function accuracy(outputs: Float32Array, labels: PackedLabels): number {
  let hits = 0;
  const count = eachValid(labels, (row, at) => {
    if (argmax(outputs, at, labels.channels) === trueClass(labels, row, at)) hits++;
  });
  return (100 * hits) / count;
}

/** Mean over the classes that occur of intersection / union, percent. */
function meanIou(outputs: Float32Array, labels: PackedLabels): number {
  const { channels } = labels;
  const both = new Float64Array(channels);
  const either = new Float64Array(channels);
  const seen = new Uint8Array(channels);
  eachValid(labels, (row, at) => {
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
}

/** Peak signal-to-noise ratio of values in [−1, 1], decibels. */
const psnr: MetricFunction = (outputs, labels) => 10 * Math.log10(4 / meanPower(outputs, labels, 2));

/** By the name in the task's declaration; the first pattern that matches. */
const METRICS: readonly (readonly [RegExp, MetricFunction])[] = [
  [/angular|angle/i, angularError],
  [/\biou\b|intersection/i, meanIou],
  [/pair accuracy/i, pairAccuracy],
  [/accuracy/i, accuracy],
  [/psnr|signal/i, psnr],
  [/root.mean.square|rmse/i, (outputs, labels) => Math.sqrt(meanPower(outputs, labels, 2))],
  [/mean.square|mse/i, (outputs, labels) => meanPower(outputs, labels, 2)],
  [/absolute|mae|l1/i, (outputs, labels) => meanPower(outputs, labels, 1)],
];

/** The function of a declared metric. @throws TaskatlasError `invalid-input` for a name that nothing computes */
export function metricOf(task: TaskDeclaration): MetricFunction {
  const found = METRICS.find(([pattern]) => pattern.test(task.metric.name));
  if (!found) {
    throw new TaskatlasError(
      'invalid-input',
      `Nothing computes the metric "${task.metric.name}" of ${task.id}.`,
    );
  }
  return found[1];
}

/** The task's metric over a pool; null if no row has a label. */
export function taskMetric(
  task: TaskDeclaration,
  outputs: Float32Array,
  labels: PackedLabels,
): number | null {
  const value = metricOf(task)(outputs, labels);
  return Number.isFinite(value) ? value : null;
}
