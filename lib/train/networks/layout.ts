import { TaskatlasError, type TaskHead } from '@/lib/science/core';
import type { LabelBatch } from '@/lib/science/datasets/dataset';

/**
 * Data layout. Space-to-depth moves each b×b square of pixels into channels, in the order
 * (row in square, column in square, channel). It is a permutation: no loss of information,
 * and a loss summed over pixels is exactly the same number in either layout.
 */
function spaceToDepthInto(
  source: Float32Array,
  from: number,
  target: Float32Array,
  to: number,
  side: number,
  channels: number,
  block: number,
): void {
  const small = side / block;
  const run = block * channels;
  for (let y = 0; y < side; y++) {
    const rowIn = from + y * side * channels;
    const rowOut = to + Math.floor(y / block) * small * block * run + (y % block) * run;
    for (let x = 0; x < small; x++) {
      const out = rowOut + x * block * run;
      const start = rowIn + x * run;
      for (let i = 0; i < run; i++) target[out + i] = source[start + i] as number;
    }
  }
}

/** Space-to-depth of n images side × side × channels. */
export function spaceToDepth(
  images: Float32Array,
  side: number,
  channels: number,
  block: number,
): Float32Array {
  const size = side * side * channels;
  const packed = new Float32Array(images.length);
  for (let at = 0; at < images.length; at += size) {
    spaceToDepthInto(images, at, packed, at, side, channels, block);
  }
  return packed;
}

/** The inverse of `spaceToDepth`. */
export function depthToSpace(
  packed: Float32Array,
  side: number,
  channels: number,
  block: number,
): Float32Array {
  const images = new Float32Array(packed.length);
  const index = spaceToDepth(
    Float32Array.from({ length: side * side * channels }, (_, i) => i),
    side,
    channels,
    block,
  );
  for (let at = 0; at < packed.length; at += index.length) {
    for (let i = 0; i < index.length; i++) images[at + (index[i] as number)] = packed[at + i] as number;
  }
  return images;
}

/**
 * Labels of a pool, ready for the loss. Everything is rows × channels: a row is an output
 * pixel (in space-to-depth order) or an example (vectors, classes).
 */
export interface PackedLabels {
  examples: number;
  /** Rows per example. */
  rows: number;
  channels: number;
  /** Regression values or soft class distributions, examples × rows × channels; null for hard classes. */
  values: Float32Array | null;
  /** Hard class (embeddings: segment) of each row; null for values. */
  ids: Uint16Array | null;
  /** 1 = valid, 0 = no label; one per row. */
  valid: Uint8Array;
}

interface PixelGeometry {
  /** Side of the labels as the data set gives them, of the outputs, and of the spatial code. */
  labelSide: number;
  outputSide: number;
  codeSide: number;
}

/** For each output row of one example: the label pixels that fall into it. */
function rowPixels({ labelSide, outputSide, codeSide }: PixelGeometry): Int32Array[] {
  const factor = labelSide / outputSide;
  if (!Number.isInteger(factor) || factor < 1) {
    throw new TaskatlasError('data', `Labels of side ${labelSide} cannot be reduced to ${outputSide}.`);
  }
  const rowOfPixel = spaceToDepth(
    Float32Array.from({ length: outputSide ** 2 }, (_, i) => i),
    outputSide,
    1,
    outputSide / codeSide,
  );
  return Array.from(rowOfPixel, (pixel) => {
    const y = Math.floor(pixel / outputSide) * factor;
    const x = (pixel % outputSide) * factor;
    return Int32Array.from(
      { length: factor * factor },
      (_, i) => (y + Math.floor(i / factor)) * labelSide + x + (i % factor),
    );
  });
}

/** Mean over the valid pixels of each square; a row is valid when any of its pixels is. */
function averageRows(
  batch: LabelBatch,
  packed: PackedLabels,
  pixels: readonly Int32Array[],
  at: number,
): void {
  const { values, valid, rows, channels } = packed;
  const perExample = batch.values.length / packed.examples;
  const maskSize = perExample / channels;
  if (!values) return;
  for (let row = 0; row < rows; row++) {
    let count = 0;
    const out = (at * rows + row) * channels;
    for (const pixel of pixels[row] as Int32Array) {
      if (batch.mask && batch.mask[at * maskSize + pixel] === 0) continue;
      count++;
      const from = at * perExample + pixel * channels;
      for (let c = 0; c < channels; c++)
        values[out + c] = (values[out + c] as number) + (batch.values[from + c] as number);
    }
    for (let c = 0; c < channels; c++) values[out + c] = (values[out + c] as number) / Math.max(1, count);
    valid[at * rows + row] = count > 0 ? 1 : 0;
  }
}

/** Most frequent class among the valid pixels of each square; the lower id wins a tie. */
function majorityRows(
  batch: LabelBatch,
  packed: PackedLabels,
  pixels: readonly Int32Array[],
  at: number,
  classes: number,
): void {
  const { ids, valid, rows } = packed;
  const perExample = batch.values.length / packed.examples;
  const votes = new Uint16Array(classes);
  if (!ids) return;
  for (let row = 0; row < rows; row++) {
    votes.fill(0);
    let best = -1;
    for (const pixel of pixels[row] as Int32Array) {
      const from = at * perExample + pixel;
      if (batch.mask && batch.mask[from] === 0) continue;
      const id = batch.values[from] as number;
      if (!Number.isInteger(id) || id < 0 || id >= classes) {
        throw new TaskatlasError('data', `A label names class ${id} of a task with ${classes} classes.`);
      }
      votes[id] = (votes[id] as number) + 1;
      const lead = best < 0 ? 0 : (votes[best] as number);
      if ((votes[id] as number) > lead || (votes[id] === lead && id < best)) best = id;
    }
    ids[at * rows + row] = Math.max(0, best);
    valid[at * rows + row] = best >= 0 ? 1 : 0;
  }
}

function packPixels(
  batch: LabelBatch,
  examples: number,
  channels: number,
  /** Number of hard classes, or null for values and soft classes. */
  classes: number | null,
  geometry: PixelGeometry,
): PackedLabels {
  const pixels = rowPixels(geometry);
  const rows = pixels.length;
  const packed: PackedLabels = {
    examples,
    rows,
    channels,
    values: classes === null ? new Float32Array(examples * rows * channels) : null,
    ids: classes === null ? null : new Uint16Array(examples * rows),
    valid: new Uint8Array(examples * rows),
  };
  for (let at = 0; at < examples; at++) {
    if (classes === null) averageRows(batch, packed, pixels, at);
    else majorityRows(batch, packed, pixels, at, classes);
  }
  return packed;
}

function packVectors(batch: LabelBatch, examples: number, channels: number, soft: boolean): PackedLabels {
  return {
    examples,
    rows: 1,
    channels,
    values: soft ? batch.values.slice() : null,
    ids: soft ? null : Uint16Array.from(batch.values),
    valid: batch.mask ? batch.mask.slice() : new Uint8Array(examples).fill(1),
  };
}

/** Puts a data set's labels into the network's output layout, reduced to its output side. */
export function packLabels(
  batch: LabelBatch,
  examples: number,
  head: TaskHead,
  sides: { outputSide: number; codeSide: number },
): PackedLabels {
  const channels = headChannels(head);
  const labelSide = batch.shape[0] ?? 0;
  switch (head.kind) {
    case 'pixels':
      return packPixels(batch, examples, channels, null, { ...sides, labelSide });
    case 'pixel-embedding':
      return packPixels(batch, examples, channels, MAX_SEGMENTS, { ...sides, labelSide });
    case 'pixel-classes':
      return packPixels(batch, examples, channels, batch.shape.length === 3 ? null : channels, {
        ...sides,
        labelSide,
      });
    case 'vector':
      return packVectors(batch, examples, channels, true);
    case 'classes':
      return packVectors(batch, examples, channels, batch.shape.length === 1);
  }
}

/** Segments of one image at most; their ids are local to the image. */
const MAX_SEGMENTS = 256;

/** Channels of an output row: regressed values, classes or coordinates of an embedding. */
function headChannels(head: TaskHead): number {
  switch (head.kind) {
    case 'pixels':
      return head.channels;
    case 'vector':
    case 'pixel-embedding':
      return head.size;
    default:
      return head.classes;
  }
}
