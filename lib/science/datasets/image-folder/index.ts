import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { imageFolderTasks } from '../../catalog/tasks-image-folder';
import {
  createRng,
  type DatasetSpec,
  hash32,
  POOLS,
  type PoolName,
  type PoolSizes,
  TaskatlasError,
} from '../../core';
import { assemble } from '../assemble';
import type { Dataset } from '../dataset';
import { type Choice, choose, type FolderItem, type OnError } from '../folders/choose';
import { DECODER, decodeSamples } from '../folders/decode';
import { PICTURE_NAME } from '../folders/format';
import { decodePicture } from '../folders/picture';
import { resizeMean } from '../folders/resize';
import { type FolderSource, openFolderStore, rememberedChoice } from '../folders/store';
import { classLabel, type Labellers, PICTURE_LABELS, type PictureRecord } from '../labels/labeller';

export type ImageFolderSpec = Extract<DatasetSpec, { kind: 'image-folder' }>;

/** Raised by hand when the same files would give other pictures or pools. */
export const IMAGE_FOLDER_VERSION = 2;

export interface ImageFolderInput {
  directory: string;
  seed: number;
  size: number;
  pools: PoolSizes;
  onError: OnError;
}

/** Names of split folders in use. */
const SPLITS = {
  train: ['train', 'training'],
  val: ['val', 'valid', 'validation'],
  test: ['test', 'testing'],
} as const;
type Split = keyof typeof SPLITS;

const foldersIn = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => !name.startsWith('.') && statSync(join(directory, name)).isDirectory())
    .sort();

/** What a folder of pictures by class holds. */
export interface ImageFolderScan {
  classes: readonly string[];
  /** By split; everything is `train` where there are no split folders. */
  items: Readonly<Record<Split, readonly FolderItem[]>>;
  ignored: number;
}

/**
 * Finds the pictures: `<class>/…` or `<split>/<class>/…` with train, val and test (also validation, testing …).
 * @throws TaskatlasError `not-found`, `invalid-input` for fewer than two classes.
 */
export function scanImageFolder(directory: string): ImageFolderScan {
  if (!existsSync(directory))
    throw new TaskatlasError('not-found', `The folder ${directory} does not exist.`);
  const top = foldersIn(directory);
  const splitFolder = (split: Split): string | undefined =>
    top.find((name) => (SPLITS[split] as readonly string[]).includes(name.toLowerCase()));
  const places = (['train', 'val', 'test'] as const).flatMap((split): [Split, string][] => {
    const name = splitFolder(split);
    return name === undefined ? [] : [[split, name]];
  });
  const roots: readonly [Split, string][] = places.some(([split]) => split === 'train')
    ? places
    : [['train', '']];
  const classes = [...new Set(roots.flatMap(([, root]) => foldersIn(join(directory, root))))].sort();
  const items: Record<Split, FolderItem[]> = { train: [], val: [], test: [] };
  let ignored = 0;
  for (const [split, root] of roots) {
    classes.forEach((name, label) => {
      const folder = join(directory, root, name);
      for (const file of existsSync(folder) ? readdirSync(folder).sort() : []) {
        const path = [root, name, file].filter((part) => part !== '').join('/');
        if (PICTURE_NAME.test(file))
          items[split].push({ id: path, scene: path, label, files: { rgb: path } });
        else ignored++;
      }
    });
  }
  if (classes.length < 2 || items.train.length === 0) {
    throw new TaskatlasError(
      'invalid-input',
      `${directory} has ${classes.length} class folders with ${items.train.length} PNG or JPEG pictures; ` +
        'two classes are needed: <class>/picture.png or train/<class>/picture.png.',
    );
  }
  return { classes, items, ignored };
}

/** Where the pictures of a pool come from: its own split where there is one, else what is left of train. */
async function chooseImages(scan: ImageFolderScan, input: ImageFolderInput): Promise<Choice> {
  const { items } = scan;
  const stream = (split: Split) => {
    const order = createRng('image folder', split, input.seed).permutation(items[split].length);
    return [...order].map((i) => items[split][i] as FolderItem)[Symbol.iterator]();
  };
  const train = stream('train');
  const test = items.test.length > 0 ? stream('test') : items.val.length > 0 ? stream('val') : train;
  const selection = items.test.length > 0 && items.val.length > 0 ? stream('val') : train;
  const check = async (_: string, bytes: Uint8Array): Promise<void> => void (await decodeSamples(bytes));
  return await choose(
    { directory: input.directory, domains: ['rgb'], reading: DECODER, check },
    { source: train, transfer: train, selection, test },
    input.pools,
    input.onError,
  );
}

/** Reads a folder through once. @throws TaskatlasError as `scanImageFolder` and `choose`. */
export async function resolveImageFolder(input: ImageFolderInput): Promise<ImageFolderSpec> {
  const scan = scanImageFolder(input.directory);
  const choice = await chooseImages(scan, input);
  return {
    kind: 'image-folder',
    version: IMAGE_FOLDER_VERSION,
    seed: input.seed,
    size: input.size,
    pools: input.pools,
    directory: input.directory,
    manifest: choice.manifest,
    classes: scan.classes.length,
    onError: input.onError,
    skipped: choice.skipped,
  };
}

interface FolderRecord extends PictureRecord {
  label: number;
}

const LABELS: Labellers<FolderRecord> = {
  ...PICTURE_LABELS,
  classification: classLabel(({ label }) => label),
};

/** The decoded pictures that a spec stands for. */
export async function imageFolderSource(
  spec: ImageFolderSpec,
  cacheDirectory: string,
): Promise<FolderSource> {
  if (spec.version !== IMAGE_FOLDER_VERSION) {
    throw new TaskatlasError(
      'invalid-input',
      `This build reads image folders of version ${IMAGE_FOLDER_VERSION}, not ${spec.version}.`,
    );
  }
  const name = `image-folder-v${spec.version}-${spec.manifest.slice(0, 24)}-${spec.size}px`;
  return {
    directory: spec.directory,
    name,
    choice: await rememberedChoice(cacheDirectory, name, spec.manifest, () =>
      chooseImages(scanImageFolder(spec.directory), spec),
    ),
    sections: [{ name: 'rgb', bytes: spec.size * spec.size * 3 }],
    decode: async (_, bytes) => ({ rgb: resizeMean(await decodePicture(bytes), spec.size) as Uint8Array }),
  };
}

/** Open a folder of pictures by class. */
export async function openImageFolder(
  spec: ImageFolderSpec,
  { cacheDirectory }: { cacheDirectory: string },
): Promise<Dataset> {
  const source = await imageFolderSource(spec, cacheDirectory);
  const store = await openFolderStore(cacheDirectory, source);
  const { pools } = source.choice;
  const starts = new Map(
    POOLS.map((pool, i) => [pool, POOLS.slice(0, i).reduce((sum, p) => sum + pools[p].length, 0)]),
  );
  const item = (pool: PoolName, index: number) => {
    const found = pools[pool][index];
    if (!found) throw new TaskatlasError('invalid-input', `The ${pool} pool has no image ${index}.`);
    return found;
  };
  return assemble<FolderRecord>({
    spec,
    tasks: imageFolderTasks(spec.classes),
    labellers: LABELS,
    record: (pool, index) => ({
      size: spec.size,
      label: item(pool, index).label,
      get rgb() {
        return store.read(pool, index, 'rgb');
      },
    }),
    // every picture is a scene of its own
    scene: (pool, index) => (starts.get(pool) ?? 0) + index,
    key: (pool, index) => hash32('image folder input', spec.seed, item(pool, index).id),
    contentHash: () => spec.manifest,
  });
}
