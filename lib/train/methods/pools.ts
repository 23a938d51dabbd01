import { codeShape, inputBlock, outputSide } from '@/lib/science/catalog/presets-layers';
import type { PictureKind, PoolName, PresetName, TaskDeclaration } from '@/lib/science/core';
import type { Dataset } from '@/lib/science/datasets/dataset';
import { type PackedLabels, packLabels, spaceToDepth } from '../networks';
import { balancedWeights, type LossSpec } from './losses';
import type { Pause } from './pause';
import { CACHE_BYTES, cached } from './pool-cache';

/** How an input picture is changed before the encoder of a source sees it. */
export type InputAdapter = 'none' | 'grey';

/** Encoder inputs of one pool in packed layout. */
export interface PoolInputs {
  readonly count: number;
  /** Floats of one image. */
  readonly size: number;
  /** All images, where they are kept in memory. */
  readonly rows: Float32Array | null;
  /** The images `indices`, one after another. */
  gather(indices: Int32Array): Float32Array;
}

const CHUNK = 64;

/** Luminance in all three channels (ITU-R BT.601), as the `grey` input kind of the data sets. */
function greyInPlace(images: Float32Array): Float32Array {
  for (let i = 0; i < images.length; i += 3) {
    const grey =
      0.299 * (images[i] as number) + 0.587 * (images[i + 1] as number) + 0.114 * (images[i + 2] as number);
    images[i] = grey;
    images[i + 1] = grey;
    images[i + 2] = grey;
  }
  return images;
}

function prepare(
  dataset: Dataset,
  pool: PoolName,
  kind: PictureKind,
  adapter: InputAdapter,
  block: number,
  indices: Int32Array,
): Float32Array {
  const images = dataset.inputs(pool, kind, indices);
  if (adapter === 'grey') greyInPlace(images);
  return spaceToDepth(images, dataset.size, 3, block);
}

/** Indices 0 … count−1 in chunks. */
export const chunks = (count: number, size = CHUNK): Int32Array[] =>
  Array.from({ length: Math.ceil(count / size) }, (_, c) =>
    Int32Array.from({ length: Math.min(size, count - c * size) }, (_, i) => c * size + i),
  );

/** The same for images on their way through a network: smaller where memory ran out before. */
export const networkChunks = (
  { imagesAtOnce = CHUNK }: { imagesAtOnce?: number },
  count: number,
  size = CHUNK,
): Int32Array[] => chunks(count, Math.min(size, imagesAtOnce));

/** Inputs of a pool: kept whole in memory where they fit, else made batch by batch. */
export async function poolInputs(
  dataset: Dataset,
  pool: PoolName,
  kind: PictureKind,
  preset: PresetName,
  options: { adapter?: InputAdapter; pause: Pause },
): Promise<PoolInputs> {
  const { adapter = 'none', pause } = options;
  const block = inputBlock(preset, dataset.size);
  const count = dataset.count(pool);
  const size = dataset.size ** 2 * 3;
  if (count * size * 4 > CACHE_BYTES / 2) {
    return {
      count,
      size,
      rows: null,
      gather: (indices) => prepare(dataset, pool, kind, adapter, block, indices),
    };
  }
  const key = `inputs ${pool} ${kind} ${adapter} ${block}`;
  const all = await cached(dataset, key, count * size * 4, async () => {
    const values = new Float32Array(count * size);
    for (const part of chunks(count)) {
      values.set(prepare(dataset, pool, kind, adapter, block, part), (part[0] as number) * size);
      await pause();
    }
    return values;
  });
  return { count, size, rows: all, gather: (indices) => gatherRows(all, size, indices) };
}

/** Copies the rows `indices` of a matrix with rows of `size` floats. */
function gatherRows(all: Float32Array, size: number, indices: ArrayLike<number>): Float32Array {
  const out = new Float32Array(indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    const from = (indices[i] as number) * size;
    out.set(all.subarray(from, from + size), i * size);
  }
  return out;
}

function joinLabels(parts: readonly PackedLabels[], count: number): PackedLabels {
  const [first] = parts;
  const rows = first?.rows ?? 1;
  const channels = first?.channels ?? 1;
  const joined: PackedLabels = {
    examples: count,
    rows,
    channels,
    values: first?.values ? new Float32Array(count * rows * channels) : null,
    ids: first?.ids ? new Uint16Array(count * rows) : null,
    valid: new Uint8Array(count * rows),
  };
  let at = 0;
  for (const part of parts) {
    if (part.values) joined.values?.set(part.values, at * rows * channels);
    if (part.ids) joined.ids?.set(part.ids, at * rows);
    joined.valid.set(part.valid, at * rows);
    at += part.examples;
  }
  return joined;
}

/** Labels of a pool in the output layout of a preset. */
export const poolLabels = (
  dataset: Dataset,
  pool: PoolName,
  task: TaskDeclaration,
  preset: PresetName,
  pause: Pause,
): Promise<PackedLabels> => {
  const { size } = dataset;
  const sides = { outputSide: outputSide(preset, size), codeSide: codeShape(preset, size).side };
  return labelsAt(dataset, pool, task, sides, pause);
};

/** Side of pixel labels, and of the code by whose positions they are ordered. */
export interface LabelSides {
  outputSide: number;
  codeSide: number;
}

/** Labels of a pool, pixels of the given side in the order of the given code. */
export async function labelsAt(
  dataset: Dataset,
  pool: PoolName,
  task: TaskDeclaration,
  sides: LabelSides,
  pause: Pause,
): Promise<PackedLabels> {
  const count = dataset.count(pool);
  const perImage = task.head.kind === 'pixels' ? task.head.channels * 5 : 3;
  const bytes = count * sides.outputSide ** 2 * perImage;
  const key = `labels ${pool} ${task.id} ${task.version} ${sides.outputSide}/${sides.codeSide}`;
  return cached(dataset, key, bytes, async () => {
    const parts: PackedLabels[] = [];
    for (const part of chunks(count)) {
      parts.push(packLabels(dataset.labels(pool, task.id, part), part.length, task.head, sides));
      await pause();
    }
    return joinLabels(parts, count);
  });
}

/** The loss of a task; class weights come from the transfer pool for every kind of run. */
export async function taskLoss(
  dataset: Dataset,
  task: TaskDeclaration,
  preset: PresetName,
  pause: Pause,
): Promise<LossSpec> {
  if (task.loss !== 'balanced-cross-entropy') return { name: task.loss, classWeights: null };
  const labels = await poolLabels(dataset, 'transfer', task, preset, pause);
  return { name: task.loss, classWeights: balancedWeights(labels) };
}
