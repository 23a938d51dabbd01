import { codeShape, outputSide } from '@/lib/science/catalog/presets-layers';
import { type PresetName, picturesOf, type SampleImage, type TaskDeclaration } from '@/lib/science/core';
import { encodePng } from '@/lib/science/datasets';
import { depthToSpace, type PackedLabels } from '../networks';
import { embeddingColours } from './samples-embedding';
import type { RunContext } from './types';

/** Test images that every run shows: the same ones, spread over the pool. */
const SAMPLES = 6;

/** Red, green and blue; null is transparent. */
type Pixel = Colour | null;
type Colour = readonly [number, number, number];

/** Colours told apart at a glance (Tableau 20, the strong half first). */
const PALETTE: readonly Colour[] = [
  [78, 121, 167],
  [242, 142, 43],
  [225, 87, 89],
  [118, 183, 178],
  [89, 161, 79],
  [237, 201, 72],
  [176, 122, 161],
  [255, 157, 167],
  [156, 117, 95],
  [186, 176, 172],
  [160, 203, 232],
  [255, 190, 125],
  [140, 209, 125],
  [182, 153, 45],
  [73, 152, 148],
  [134, 188, 182],
  [211, 114, 149],
  [250, 191, 210],
  [121, 112, 110],
  [212, 166, 200],
];
const UNKNOWN: Colour = [38, 38, 42];
const PAPER: Colour = [245, 244, 240];
const INK: Colour = [70, 76, 88];
const ACCENT: Colour = [225, 87, 89];

/** Control points of a perceptually even map for one-channel fields (viridis). */
const FIELD: readonly Colour[] = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
];

const clamp = (x: number): number => Math.min(1, Math.max(0, x));

function fieldColour(at: number): Colour {
  const place = clamp(at) * (FIELD.length - 1);
  const index = Math.min(FIELD.length - 2, Math.floor(place));
  const [from, to] = [FIELD[index] as Colour, FIELD[index + 1] as Colour];
  const mix = (c: 0 | 1 | 2): number => from[c] + (to[c] - from[c]) * (place - index);
  return [mix(0), mix(1), mix(2)];
}

function encode(width: number, height: number, pixelAt: (x: number, y: number) => Pixel): Uint8Array {
  const data = new Uint8Array(4 * width * height);
  for (let p = 0; p < width * height; p++) {
    const pixel = pixelAt(p % width, Math.floor(p / width));
    for (let c = 0; c < 3; c++) data[p * 4 + c] = Math.round(pixel?.[c] ?? 0);
    data[p * 4 + 3] = pixel === null ? 0 : 255;
  }
  return encodePng({ width, height, channels: 4, data });
}

/** Transparent columns between the pictures of one example: whatever the page's colour is shows through. */
const GAP = 2;

/** Pictures in [−1, 1] as bytes, side by side. */
export const inputPng = (images: readonly Float32Array[], size: number): Uint8Array =>
  encode(images.length * (size + GAP) - GAP, size, (x, y) => {
    const image = images[Math.floor(x / (size + GAP))] as Float32Array;
    const column = x % (size + GAP);
    if (column >= size) return null;
    const at = (y * size + column) * 3;
    const level = (c: number): number => 255 * clamp(((image[at + c] as number) + 1) / 2);
    return [level(0), level(1), level(2)];
  });

/** Range that truth and prediction of one sample are both drawn in. */
interface Range {
  low: number;
  high: number;
}

function rangeOf(values: Float32Array, valid: Uint8Array, channels: number): Range {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  values.forEach((value, i) => {
    if (valid[Math.floor(i / channels)] === 0) return;
    low = Math.min(low, value);
    high = Math.max(high, value);
  });
  // Colours and directions use their whole range, so that all samples look alike.
  if (channels === 3) return { low: low < -0.01 ? -1 : 0, high: 1 };
  if (low > high) return { low: 0, high: 1 }; // no valid label at all
  return high > low ? { low, high } : { low: low - 0.5, high: low + 0.5 };
}

/** One pixel of a regressed field: two or three channels as colours, one channel on the map. */
function pixelColour(values: Float32Array, at: number, channels: number, { low, high }: Range): Colour {
  const level = (c: number): number =>
    c < channels ? clamp(((values[at + c] as number) - low) / (high - low)) : 0.5;
  if (channels === 1) return fieldColour(level(0));
  return [255 * level(0), 255 * level(1), 255 * level(2)];
}

const likeliest = (values: Float32Array, at: number, channels: number): number => {
  let best = 0;
  for (let c = 1; c < channels; c++) if ((values[at + c] as number) > (values[at + best] as number)) best = c;
  return best;
};

/** Least side of a chart of bars, which is square like a picture, and least width of a bar. */
const BARS_SIDE = 48;
const BAR_WIDTH = 6;

/** Bars without text: one per value, from the zero line; `marked` is drawn in the accent colour. */
function barsPng(values: ArrayLike<number>, { low, high }: Range, marked: number): Uint8Array {
  const barWidth = Math.max(BAR_WIDTH, Math.floor(BARS_SIDE / values.length));
  const side = Math.max(BARS_SIDE, values.length * barWidth);
  const rowOf = (value: number): number =>
    Math.round((1 - clamp((value - low) / (high - low))) * (side - 5)) + 2;
  const zero = rowOf(Math.min(high, Math.max(low, 0)));
  return encode(side, side, (x, y) => {
    const bar = Math.floor(x / barWidth);
    const inside = x % barWidth > 0 && x % barWidth < barWidth - 1 && bar < values.length;
    const end = inside ? rowOf(values[bar] as number) : zero;
    if (inside && y >= Math.min(zero, end) && y <= Math.max(zero, end)) return bar === marked ? ACCENT : INK;
    return y === zero ? INK : PAPER;
  });
}

const softmax = (values: Float32Array): Float32Array => {
  const top = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = values.map((value) => Math.exp(value - top));
  const total = powers.reduce((sum, p) => sum + p, 0);
  return powers.map((p) => p / total);
};

/** One example's rows cut out of packed arrays. */
interface Sample {
  values: Float32Array | null;
  ids: Uint16Array | null;
  valid: Uint8Array;
  output: Float32Array;
}

function cut(labels: PackedLabels, outputs: Float32Array, example: number): Sample {
  const { rows, channels } = labels;
  const [from, to] = [example * rows, (example + 1) * rows];
  return {
    values: labels.values?.slice(from * channels, to * channels) ?? null,
    ids: labels.ids?.slice(from, to) ?? null,
    valid: labels.valid.slice(from, to),
    output: outputs.slice(from * channels, to * channels),
  };
}

type Pair = { truth: Uint8Array; prediction: Uint8Array };

function pixelPair(
  sample: Sample,
  channels: number,
  side: number,
  block: number,
  kind: 'pixels' | 'pixel-classes' | 'pixel-embedding',
): Pair {
  const unpack = (values: Float32Array, depth: number) => depthToSpace(values, side, depth, block);
  const valid = unpack(Float32Array.from(sample.valid), 1);
  const output = unpack(sample.output, channels);
  const draw = (colourAt: (pixel: number) => Colour): Uint8Array =>
    encode(side, side, (x, y) => colourAt(y * side + x));
  if (kind !== 'pixels') {
    const ids = sample.ids ? unpack(Float32Array.from(sample.ids), 1) : null;
    const soft = sample.values ? unpack(sample.values, channels) : null;
    const truth = (p: number): number =>
      ids ? (ids[p] as number) : likeliest(soft ?? output, p * channels, channels);
    const colour = (id: number): Colour => PALETTE[id % PALETTE.length] as Colour;
    const components = kind === 'pixel-embedding' ? embeddingColours(output, channels) : null;
    return {
      truth: draw((p) => (valid[p] === 0 ? UNKNOWN : colour(truth(p)))),
      prediction: draw((p) =>
        components
          ? pixelColour(components, p * 3, 3, { low: 0, high: 1 })
          : colour(likeliest(output, p * channels, channels)),
      ),
    };
  }
  const values = sample.values ?? sample.output;
  const range = rangeOf(values, sample.valid, channels);
  const image = unpack(values, channels);
  return {
    truth: draw((p) => (valid[p] === 0 ? UNKNOWN : pixelColour(image, p * channels, channels, range))),
    prediction: draw((p) => pixelColour(output, p * channels, channels, range)),
  };
}

function vectorPair(sample: Sample, channels: number, classes: boolean): Pair {
  if (!classes) {
    const values = sample.values ?? sample.output;
    const reach = Math.max(1e-6, ...values.map(Math.abs), ...sample.output.map(Math.abs));
    const range = { low: -reach, high: reach };
    return { truth: barsPng(values, range, -1), prediction: barsPng(sample.output, range, -1) };
  }
  const right = sample.ids
    ? (sample.ids[0] as number)
    : likeliest(sample.values ?? sample.output, 0, channels);
  const truth = sample.values ?? Float32Array.from({ length: channels }, (_, c) => (c === right ? 1 : 0));
  const range = { low: 0, high: 1 };
  return { truth: barsPng(truth, range, right), prediction: barsPng(softmax(sample.output), range, right) };
}

/** Indices of the sample images of a pool: evenly spread, the same for every run. */
export const sampleIndices = (count: number): number[] =>
  Array.from({ length: Math.min(SAMPLES, count) }, (_, i) =>
    Math.floor(((i + 0.5) * count) / Math.min(SAMPLES, count)),
  );

/**
 * Input, truth and prediction of the fixed test images as PNG. Fields of one channel are drawn on the viridis
 * map in the truth's range, colours and normals as RGB, classes and segments by palette (dark: no label), embeddings
 * by their principal components, vectors and class shares as bars. Several pictures of an input stand side by side.
 * @param outputs outputs of the whole test pool in packed layout
 */
export function renderSamples(
  context: RunContext,
  task: TaskDeclaration,
  preset: PresetName,
  labels: PackedLabels,
  outputs: Float32Array,
): SampleImage[] {
  const { dataset } = context;
  const side = outputSide(preset, dataset.size);
  const block = side / codeShape(preset, dataset.size).side;
  return sampleIndices(labels.examples).flatMap((index): SampleImage[] => {
    const sample = cut(labels, outputs, index);
    const { kind } = task.head;
    const pair =
      kind === 'pixels' || kind === 'pixel-classes' || kind === 'pixel-embedding'
        ? pixelPair(sample, labels.channels, side, block, kind)
        : vectorPair(sample, labels.channels, kind === 'classes');
    const images = picturesOf(task.input).map((picture) => dataset.inputs('test', picture, [index]));
    return [
      { index, role: 'input', png: inputPng(images, dataset.size) },
      { index, role: 'truth', png: pair.truth },
      { index, role: 'prediction', png: pair.prediction },
    ];
  });
}
