import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { IDX_TASKS } from '../../catalog/tasks-idx';
import { createRng, type DatasetSpec, hash32, POOLS, type PoolName, TaskatlasError } from '../../core';
import { assemble } from '../assemble';
import { readWhole } from '../cache';
import type { Dataset } from '../dataset';
import { classLabel, type Labellers, PICTURE_LABELS, type PictureRecord } from '../labels/labeller';
import { type IdxImages, inflate, readImages, readLabels } from './format';

export type IdxSpec = Extract<DatasetSpec, { kind: 'idx' }>;

/** Raised by hand when the same files would give other pictures or pools. */
export const IDX_VERSION = 1;

const IDX_CLASSES = 10;

interface Part {
  images: IdxImages;
  labels: Uint8Array;
}

interface IdxFiles {
  train: Part;
  /** The t10k files; null when the folder has none. */
  heldOut: Part | null;
  manifest: string;
}

/** Spellings of MNIST's file names that are in use, each also with ".gz". */
function findFile(directory: string, set: string, what: 'images' | 'labels'): string | null {
  const rank = what === 'images' ? 3 : 1;
  const names = [`${set}-${what}-idx${rank}-ubyte`, `${set}-${what}.idx${rank}-ubyte`];
  for (const name of names.flatMap((n) => [n, `${n}.gz`])) {
    const path = join(directory, name);
    if (existsSync(path)) return path;
  }
  return null;
}

function readPart(imagesPath: string, labelsPath: string, hash: ReturnType<typeof createHash>): Part {
  const read = (path: string, rank: number): Uint8Array => {
    const bytes = inflate(readWhole(path, 'The IDX file'), path, rank);
    // of the unpacked bytes: a gzipped copy is the same data set
    hash.update(`${basename(path).replace(/\.gz$/, '')}:`).update(bytes);
    return bytes;
  };
  const images = readImages(read(imagesPath, 3), imagesPath);
  const labels = readLabels(read(labelsPath, 1), labelsPath, IDX_CLASSES);
  if (labels.length !== images.count) {
    throw new TaskatlasError(
      'data',
      `${labelsPath}: has ${labels.length} labels for the ${images.count} pictures of ${imagesPath}.`,
    );
  }
  return { images, labels };
}

function readFiles(directory: string): IdxFiles {
  if (!existsSync(directory))
    throw new TaskatlasError('not-found', `The folder ${directory} does not exist.`);
  const hash = createHash('sha256');
  const pair = (set: string): Part | null => {
    const images = findFile(directory, set, 'images');
    const labels = findFile(directory, set, 'labels');
    if (images && labels) return readPart(images, labels, hash);
    if (!images && !labels) return null;
    const missing = images ? `${set}-labels-idx1-ubyte` : `${set}-images-idx3-ubyte`;
    throw new TaskatlasError(
      'not-found',
      `${directory} has no ${missing} (raw or .gz) beside ${basename((images ?? labels) as string)}.`,
    );
  };
  const train = pair('train');
  if (!train) {
    throw new TaskatlasError(
      'not-found',
      `${directory} has no train-images-idx3-ubyte and train-labels-idx1-ubyte (raw or .gz).`,
    );
  }
  const heldOut = pair('t10k');
  if (
    heldOut &&
    (heldOut.images.rows !== train.images.rows || heldOut.images.columns !== train.images.columns)
  ) {
    throw new TaskatlasError('data', `${directory}: the train and t10k pictures differ in size.`);
  }
  return { train, heldOut, manifest: hash.digest('hex') };
}

/** What identifies the files of a folder: goes into the spec, and so into fingerprints. */
export function idxManifest(directory: string): {
  manifest: string;
  train: number;
  heldOut: number;
  side: number;
} {
  const files = readFiles(directory);
  return {
    manifest: files.manifest,
    train: files.train.images.count,
    heldOut: files.heldOut?.images.count ?? 0,
    side: Math.max(files.train.images.rows, files.train.images.columns),
  };
}

interface IdxRecord extends PictureRecord {
  label: number;
}

const IDX_LABELS: Labellers<IdxRecord> = {
  ...PICTURE_LABELS,
  classification: classLabel(({ label }) => label),
};

/** A picture enlarged by the largest whole factor that fits, in the middle of a black square, as grey RGB. */
function placePicture(images: IdxImages, index: number, size: number): Uint8Array {
  const { rows, columns, data } = images;
  const factor = Math.floor(size / Math.max(rows, columns));
  const left = Math.floor((size - factor * columns) / 2);
  const top = Math.floor((size - factor * rows) / 2);
  const out = new Uint8Array(size * size * 3);
  for (let y = 0; y < rows * factor; y++) {
    const row = index * rows * columns + Math.floor(y / factor) * columns;
    for (let x = 0; x < columns * factor; x++) {
      out.fill(
        data[row + Math.floor(x / factor)] as number,
        ((top + y) * size + left + x) * 3,
        ((top + y) * size + left + x + 1) * 3,
      );
    }
  }
  return out;
}

type Items = Record<PoolName, Int32Array>;

/**
 * Which items each pool has: a seeded shuffle of the train files dealt to source, transfer
 * and selection; test from the t10k files (numbered after the train ones), or from what is
 * left of train when there are none.
 */
function dealPools(spec: IdxSpec, files: IdxFiles): Items {
  const train = files.train.images.count;
  const order = createRng('idx pools', spec.seed).permutation(train);
  const held = files.heldOut
    ? createRng('idx test', spec.seed)
        .permutation(files.heldOut.images.count)
        .map((i) => train + i)
    : null;
  const wanted = POOLS.filter((p) => p !== 'test' || !held).reduce((sum, p) => sum + spec.pools[p], 0);
  const issue = (message: string): TaskatlasError =>
    new TaskatlasError('invalid-input', message, { issues: [{ path: 'dataset.pools', message }] });
  if (wanted > train)
    throw issue(`The pools ask for ${wanted} pictures; the train files of ${spec.directory} have ${train}.`);
  if (held && spec.pools.test > held.length) {
    throw issue(
      `The test pool asks for ${spec.pools.test} pictures; the t10k files of ${spec.directory} have ${held.length}.`,
    );
  }
  let at = 0;
  const take = (n: number): Int32Array => {
    at += n;
    return order.slice(at - n, at);
  };
  const source = take(spec.pools.source);
  const transfer = take(spec.pools.transfer);
  const selection = take(spec.pools.selection);
  return { source, transfer, selection, test: held ? held.slice(0, spec.pools.test) : take(spec.pools.test) };
}

function checkIdxSpec(spec: IdxSpec, files: IdxFiles): void {
  if (spec.version !== IDX_VERSION) {
    throw new TaskatlasError(
      'invalid-input',
      `This build reads IDX data sets of version ${IDX_VERSION}, not ${spec.version}.`,
    );
  }
  if (spec.manifest !== files.manifest) {
    throw new TaskatlasError(
      'data',
      `The files in ${spec.directory} are not those that were planned with (manifest ${files.manifest}, expected ${spec.manifest}).`,
    );
  }
  const side = Math.max(files.train.images.rows, files.train.images.columns);
  if (spec.size < side) {
    const message = `The pictures in ${spec.directory} are ${side} pixels wide; the size must be at least that, not ${spec.size}.`;
    throw new TaskatlasError('invalid-input', message, { issues: [{ path: 'dataset.size', message }] });
  }
}

/** Open a folder of IDX files (MNIST, Fashion-MNIST, KMNIST …). */
export function openIdx(spec: IdxSpec): Dataset {
  const files = readFiles(spec.directory);
  checkIdxSpec(spec, files);
  const items = dealPools(spec, files);
  const train = files.train.images.count;
  const itemOf = (pool: PoolName, index: number): number => {
    const item = items[pool][index];
    if (item === undefined)
      throw new TaskatlasError('invalid-input', `The ${pool} pool has no image ${index}.`);
    return item;
  };
  return assemble<IdxRecord>({
    spec,
    tasks: IDX_TASKS,
    labellers: IDX_LABELS,
    record: (pool, index) => {
      const item = itemOf(pool, index);
      const part = item < train ? files.train : (files.heldOut as Part);
      const at = item < train ? item : item - train;
      return {
        size: spec.size,
        rgb: placePicture(part.images, at, spec.size),
        label: part.labels[at] as number,
      };
    },
    scene: itemOf,
    key: (pool, index) => hash32('idx input', spec.seed, itemOf(pool, index)),
    contentHash: () =>
      createHash('sha256')
        .update(
          JSON.stringify([
            IDX_VERSION,
            files.manifest,
            spec.size,
            spec.seed,
            POOLS.map((p) => spec.pools[p]),
          ]),
        )
        .digest('hex'),
  });
}
