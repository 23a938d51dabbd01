import { createRng } from '@/lib/science/core';
import type { PackedLabels } from '../networks';

/** Pixels drawn of an image for a training step, and for measurement; every pair of them counts. */
const TRAINED_PIXELS = 32;
const MEASURED_PIXELS = 64;

/** Added to the squared distance of unlike pixels: keeps their loss finite where two embeddings coincide. */
const LEAST_DISTANCE = 0.01;

/** Distances below this mean "same segment": the similarity 2 / (1 + e^d) is then above ½. */
const SAME_BELOW = Math.log(3);

/**
 * The pixels of an image that are compared: a function of the image and of `draw` alone. Training draws others at
 * every step; `draw` −1 is for selection and test, where all candidates must be measured on the same pairs.
 */
function drawnRows({ rows, valid }: PackedLabels, example: number, draw: number): Int32Array {
  const rng = createRng('metric pairs', draw, example);
  const labelled = new Int32Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row++) if (valid[example * rows + row] !== 0) labelled[count++] = row;
  const wanted = Math.min(draw < 0 ? MEASURED_PIXELS : TRAINED_PIXELS, count);
  // the beginning of a Fisher–Yates shuffle
  for (let i = 0; i < wanted; i++) {
    const j = i + rng.int(count - i);
    const held = labelled[i] as number;
    labelled[i] = labelled[j] as number;
    labelled[j] = held;
  }
  return labelled.subarray(0, wanted);
}

/** The drawn pixels of an image and how much each of their pairs counts. */
interface Drawn {
  rows: Int32Array;
  ids: Int32Array;
  /** Weight of a pair of one segment and of any other pair: either kind counts half of an image's loss. */
  like: number;
  unlike: number;
  pairs: number;
}

function drawPixels(labels: PackedLabels, example: number, draw: number): Drawn {
  const rows = drawnRows(labels, example, draw);
  const ids = Int32Array.from(
    rows,
    (row) => (labels.ids as Uint16Array)[example * labels.rows + row] as number,
  );
  const pairs = (rows.length * (rows.length - 1)) / 2;
  let same = 0;
  for (let i = 0; i < ids.length; i++) for (let j = 0; j < i; j++) if (ids[i] === ids[j]) same++;
  const share = same === 0 || same === pairs ? 1 : 0.5;
  return { rows, ids, like: share / Math.max(1, same), unlike: share / Math.max(1, pairs - same), pairs };
}

/** Embeddings of the drawn pixels, one after another. */
function embeddingsOf(output: Float32Array, from: number, rows: Int32Array, size: number): Float64Array {
  const values = new Float64Array(rows.length * size);
  rows.forEach((row, i) => {
    values.set(output.subarray(from + row * size, from + (row + 1) * size), i * size);
  });
  return values;
}

function squaredDistance(values: Float64Array, i: number, j: number, size: number): number {
  const [p, q] = [i * size, j * size];
  let sum = 0;
  for (let c = 0; c < size; c++) {
    const difference = (values[p + c] as number) - (values[q + c] as number);
    sum += difference * difference;
  }
  return sum;
}

/** Loss of one pair at squared distance d: −ln σ for pixels of one segment, −ln(1 − σ) for others. */
export function pairLoss(d: number, same: boolean): number {
  if (same) return d > 30 ? d - Math.LN2 : Math.log1p(Math.exp(d)) - Math.LN2;
  return -Math.log(Math.tanh((d + LEAST_DISTANCE) / 2));
}

/** Its derivative by d. */
const pairSlope = (d: number, same: boolean): number =>
  same ? 1 / (1 + Math.exp(-d)) : -1 / Math.sinh(Math.min(300, d + LEAST_DISTANCE));

/** Adds slope · (e_i − e_j) to the gradient of pixel i and takes it from that of pixel j. */
function pull(
  values: Float64Array,
  gradient: Float64Array,
  i: number,
  j: number,
  size: number,
  slope: number,
) {
  const [p, q] = [i * size, j * size];
  for (let c = 0; c < size; c++) {
    const g = slope * ((values[p + c] as number) - (values[q + c] as number));
    gradient[p + c] = (gradient[p + c] as number) + g;
    gradient[q + c] = (gradient[q + c] as number) - g;
  }
}

/**
 * Metric loss of one image (Fathi et al. 2017, as in Taskonomy's 2D and 2.5D segmentation): over pairs of drawn
 * pixels with embeddings e, similarity σ = 2 / (1 + exp ‖e_p − e_q‖²),
 *   L = ½ mean over pairs of one segment of −ln σ + ½ mean over other pairs of −ln(1 − σ).
 * The paper weighs pairs by the inverse size of their segments; here the two kinds of pairs are balanced.
 * Writes `scale` × its gradient where `gradient` (zero so far) is given. No pairs, and loss 0, where fewer than two
 * pixels have a label.
 */
export function metricLoss(
  output: Float32Array,
  from: number,
  labels: PackedLabels,
  example: number,
  options: { draw: number; gradient?: Float32Array; scale?: number },
): { loss: number; pairs: number } {
  const { channels } = labels;
  const { draw, gradient, scale = 1 } = options;
  const { rows, ids, like, unlike, pairs } = drawPixels(labels, example, draw);
  const values = embeddingsOf(output, from, rows, channels);
  const slopes = new Float64Array(gradient ? values.length : 0);
  let loss = 0;
  for (let i = 0; i < rows.length; i++) {
    for (let j = 0; j < i; j++) {
      const same = ids[i] === ids[j];
      const d = squaredDistance(values, i, j, channels);
      const weight = same ? like : unlike;
      loss += weight * pairLoss(d, same);
      if (gradient) pull(values, slopes, i, j, channels, 2 * scale * weight * pairSlope(d, same));
    }
  }
  if (gradient) {
    rows.forEach((row, i) => {
      gradient.set(slopes.subarray(i * channels, (i + 1) * channels), from + row * channels);
    });
  }
  return { loss, pairs };
}

/**
 * Percent of an image's pairs on the right side of σ = ½, like and unlike pairs counting half each (an image with one
 * of the two kinds: that kind alone; NaN without pairs).
 */
export function pairAccuracy(outputs: Float32Array, labels: PackedLabels, example: number): number {
  const { channels } = labels;
  const hits = [0, 0];
  const counts = [0, 0];
  const { rows, ids } = drawPixels(labels, example, -1);
  const values = embeddingsOf(outputs, example * labels.rows * channels, rows, channels);
  for (let i = 0; i < rows.length; i++) {
    for (let j = 0; j < i; j++) {
      const same = ids[i] === ids[j];
      const kind = same ? 0 : 1;
      counts[kind] = (counts[kind] as number) + 1;
      const near = squaredDistance(values, i, j, channels) < SAME_BELOW;
      if (near === same) hits[kind] = (hits[kind] as number) + 1;
    }
  }
  const rates = counts.flatMap((count, kind) => (count > 0 ? [(hits[kind] as number) / count] : []));
  return (100 * rates.reduce((sum, rate) => sum + rate, 0)) / rates.length;
}

/** Weight of like and unlike pairs of a pool by their distance in columns and rows: [|dy| · side + |dx|]. */
function pairsByOffset(labels: PackedLabels, placeOf: Float32Array, side: number): Float64Array[] {
  const like = new Float64Array(side * side);
  const unlike = new Float64Array(side * side);
  for (let example = 0; example < labels.examples; example++) {
    const drawn = drawPixels(labels, example, -1);
    const places = Array.from(drawn.rows, (row) => placeOf[row] as number);
    for (let i = 0; i < places.length; i++) {
      for (let j = 0; j < i; j++) {
        const [a, b] = [places[i] as number, places[j] as number];
        const dx = Math.abs((a % side) - (b % side));
        const at = Math.abs(Math.floor(a / side) - Math.floor(b / side)) * side + dx;
        const same = drawn.ids[i] === drawn.ids[j];
        const sums = same ? like : unlike;
        sums[at] = (sums[at] as number) + (same ? drawn.like : drawn.unlike);
      }
    }
  }
  return [like, unlike];
}

/** Squared scales tried for the predictor below, per pixel of distance (or as such for the spread). */
const SCALES = [0, ...Array.from({ length: 25 }, (_, i) => 1e-4 * 2 ** (0.6 * i))];

/**
 * The best embedding that knows no image: pixel (x, y) → (a·x, b·y, c·noise), since near pixels are more often of one
 * segment. a, b and c are fitted to a pool's pairs; the fixed noise makes any two pixels about 1 apart.
 * @param placeOf output pixel (row-major) of each row
 */
export function placeEmbedding(labels: PackedLabels, placeOf: Float32Array): Float32Array {
  const { rows, channels } = labels;
  const side = Math.round(Math.sqrt(rows));
  const [like, unlike] = pairsByOffset(labels, placeOf, side) as [Float64Array, Float64Array];
  const lossOf = (scales: readonly number[]): number => {
    let sum = 0;
    for (let at = 0; at < rows; at++) {
      const [dx, dy] = [at % side, Math.floor(at / side)];
      const d = (scales[0] as number) * dx * dx + (scales[1] as number) * dy * dy + (scales[2] as number);
      sum += (like[at] as number) * pairLoss(d, true) + (unlike[at] as number) * pairLoss(d, false);
    }
    return sum;
  };
  let best = [0, 0, 1];
  for (let round = 0; round < 4; round++) {
    for (const axis of [0, 1, 2]) {
      const tries = SCALES.map((s) => best.map((old, i) => (i === axis ? s : old)));
      best = tries.reduce((a, b) => (lossOf(b) < lossOf(a) ? b : a), best);
    }
  }
  const [a, b, c] = best.map(Math.sqrt) as [number, number, number];
  const rng = createRng('place embedding');
  const spread = c / Math.sqrt(2 * (channels - 2));
  return Float32Array.from({ length: rows * channels }, (_, i) => {
    const place = placeOf[Math.floor(i / channels)] as number;
    const channel = i % channels;
    if (channel === 0) return a * (place % side);
    return channel === 1 ? b * Math.floor(place / side) : spread * rng.normal();
  });
}
