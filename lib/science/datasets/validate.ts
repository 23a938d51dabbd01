import { createRng, type PoolName, type TaskDeclaration } from '../core';
import { matvec, ridgeSolve } from '../numerics';
import type { Dataset } from './dataset';

/**
 * Checks that labels are not near-functions of each other or of the place in the picture
 * (DESIGN §4, "validity first"). All figures are R² of linear regressions on a sample of
 * pixels or images, split in two halves: fitted on one, measured on the other.
 */
export interface LabelReport {
  task: string;
  /** From the place alone: all monomials of (x, y) up to degree 3. Pixel tasks only. */
  fromPosition: number | null;
  /** From each other task's label at the same pixel (its channels, their squares and the place). */
  fromOther: Readonly<Record<string, number>>;
  /** Standard deviation of the label, mean over channels: about 1 for an L1 loss of order 1. */
  spread: number;
}

const PIXELS_PER_IMAGE = 24;

interface Columns {
  names: string[];
  rows: number;
  /** Rows × channels of each task. */
  values: Map<string, { data: Float64Array; channels: number }>;
  /** Rows × 9: monomials of (x, y) without the constant. */
  place: Float64Array;
}

const isDense = (task: TaskDeclaration): boolean => task.head.kind === 'pixels' && !task.untrained;

function sampleColumns(dataset: Dataset, pool: PoolName, images: number): Columns {
  const { size } = dataset;
  const rng = createRng('validate', images);
  const tasks = dataset.tasks.filter(isDense);
  const rows = images * PIXELS_PER_IMAGE;
  const pixels = Int32Array.from({ length: rows }, () => rng.int(size * size));
  const place = new Float64Array(rows * 9);
  pixels.forEach((p, r) => {
    const x = (p % size) / size - 0.5;
    const y = Math.floor(p / size) / size - 0.5;
    place.set([x, y, x * x, x * y, y * y, x * x * x, x * x * y, x * y * y, y * y * y], r * 9);
  });
  const values: Columns['values'] = new Map();
  for (const task of tasks) {
    const channels = task.head.kind === 'pixels' ? task.head.channels : 1;
    const data = new Float64Array(rows * channels);
    for (let i = 0; i < images; i++) {
      const batch = dataset.labels(pool, task.id, [i]).values;
      for (let s = 0; s < PIXELS_PER_IMAGE; s++) {
        const r = i * PIXELS_PER_IMAGE + s;
        const from = (pixels[r] as number) * channels;
        for (let c = 0; c < channels; c++) data[r * channels + c] = batch[from + c] as number;
      }
    }
    values.set(task.id, { data, channels });
  }
  return { names: tasks.map((t) => t.id), rows, values, place };
}

/** R² on the second half of a ridge regression fitted on the first; features rows × d, with a constant added. */
export function heldOutR2(features: Float64Array, d: number, target: Float64Array, rows: number): number {
  const half = Math.floor(rows / 2);
  const width = d + 1;
  const x = new Float64Array(rows * width);
  for (let r = 0; r < rows; r++) {
    x.set(features.subarray(r * d, (r + 1) * d), r * width);
    x[r * width + d] = 1;
  }
  const fit = x.subarray(0, half * width);
  const w = ridgeSolve(fit, target.subarray(0, half), { n: half, d: width, m: 1 }, 1e-6 * half);
  const test = x.subarray(half * width);
  const predicted = matvec(test, w, rows - half, width);
  const mean = target.subarray(0, half).reduce((s, v) => s + v, 0) / half;
  let error = 0;
  let total = 0;
  for (let r = half; r < rows; r++) {
    error += ((target[r] as number) - (predicted[r - half] as number)) ** 2;
    total += ((target[r] as number) - mean) ** 2;
  }
  return total === 0 ? 1 : 1 - error / total;
}

const channel = (data: Float64Array, channels: number, c: number): Float64Array =>
  Float64Array.from({ length: data.length / channels }, (_, r) => data[r * channels + c] as number);

const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;

function deviation(xs: Float64Array): number {
  const m = xs.reduce((a, b) => a + b, 0) / xs.length;
  return Math.sqrt(xs.reduce((a, b) => a + (b - m) ** 2, 0) / xs.length);
}

/** Features of one task at each row: channels, squares, place. */
function featuresOf(
  { data, channels }: { data: Float64Array; channels: number },
  columns: Columns,
): { x: Float64Array; d: number } {
  const d = 2 * channels + 9;
  const x = new Float64Array(columns.rows * d);
  for (let r = 0; r < columns.rows; r++) {
    for (let c = 0; c < channels; c++) {
      const v = data[r * channels + c] as number;
      x[r * d + c] = v;
      x[r * d + channels + c] = v * v;
    }
    x.set(columns.place.subarray(r * 9, (r + 1) * 9), r * d + 2 * channels);
  }
  return { x, d };
}

/** Reports on every dense task of a data set, from the first `images` images of a pool. */
export function validateLabels(dataset: Dataset, pool: PoolName, images: number): readonly LabelReport[] {
  const columns = sampleColumns(dataset, pool, images);
  return columns.names.map((task) => {
    const own = columns.values.get(task);
    if (!own) throw new Error(`no column of ${task}`);
    const parts = Array.from({ length: own.channels }, (_, c) => channel(own.data, own.channels, c));
    const r2 = (x: Float64Array, d: number): number =>
      mean(parts.map((p) => heldOutR2(x, d, p, columns.rows)));
    const fromOther: Record<string, number> = {};
    for (const other of columns.names) {
      const values = columns.values.get(other);
      if (other === task || !values) continue;
      const { x, d } = featuresOf(values, columns);
      fromOther[other] = r2(x, d);
    }
    return { task, fromPosition: r2(columns.place, 9), fromOther, spread: mean(parts.map(deviation)) };
  });
}

/**
 * How well colours alone tell an image-level class: share of test images whose class is
 * that of the nearest class mean in (mean, deviation of R, G, B), standardised; fitted on
 * the source pool. Compare with the share of the most frequent class.
 */
export function classFromPalette(
  dataset: Dataset,
  classOf: (pool: PoolName, index: number) => number,
  images: number,
): { accuracy: number; base: number } {
  const stats = (pool: PoolName, i: number): number[] => {
    const x = dataset.inputs(pool, 'rgb', [i]);
    return [0, 1, 2].flatMap((c) => {
      const values = channel(Float64Array.from(x), 3, c);
      return [values.reduce((a, b) => a + b, 0) / values.length, deviation(values)];
    });
  };
  const fit = Array.from({ length: images }, (_, i) => ({ x: stats('source', i), y: classOf('source', i) }));
  const dims = [0, 1, 2, 3, 4, 5];
  const scale = dims.map((d) => deviation(Float64Array.from(fit, (f) => f.x[d] as number)) || 1);
  const classes = [...new Set(fit.map((f) => f.y))];
  const means = classes.map((k) =>
    dims.map((d) => mean(fit.filter((f) => f.y === k).map((f) => f.x[d] as number))),
  );
  const guess = (x: readonly number[]): number => {
    const far = means.map((m) =>
      dims.reduce((s, d) => s + (((x[d] as number) - (m[d] as number)) / (scale[d] as number)) ** 2, 0),
    );
    return classes[far.indexOf(Math.min(...far))] as number;
  };
  const count = Math.min(images, dataset.count('test'));
  const truth = Array.from({ length: count }, (_, i) => classOf('test', i));
  const right = truth.filter((y, i) => guess(stats('test', i)) === y).length;
  const base = Math.max(...classes.map((k) => truth.filter((y) => y === k).length));
  return { accuracy: right / count, base: base / count };
}
