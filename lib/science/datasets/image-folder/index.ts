import { imageFolderTasks } from '../../catalog/tasks-image-folder';
import { type DatasetSpec, hash32, POOLS, type PoolName, TaskatlasError } from '../../core';
import { assemble } from '../assemble';
import type { Dataset } from '../dataset';
import { DECODER, decodeSamples } from '../folders/decode';
import { parseColour, toRgb } from '../folders/picture';
import { resizeMean } from '../folders/resize';
import { type FolderSource, openFolderStore, rememberedChoice } from '../folders/store';
import type { SurveyOptions } from '../folders/survey';
import { classLabel, type Labellers, PICTURE_LABELS, type PictureRecord } from '../labels/labeller';
import { chooseImages, type ImageFolderInput } from './survey';

export type ImageFolderSpec = Extract<DatasetSpec, { kind: 'image-folder' }>;

/** Raised by hand when the same files would give other pictures or pools. */
export const IMAGE_FOLDER_VERSION = 2;

/**
 * Reads a folder through: every picture is decoded once, so that a submission knows what a check knows.
 * @returns the spec, and sentences on what was left out and how pictures are read
 * @throws TaskatlasError as `chooseImages`
 */
export async function resolveImageFolder(
  input: ImageFolderInput,
  options: SurveyOptions = {},
): Promise<{ spec: ImageFolderSpec; notes: readonly string[] }> {
  const { choice, survey, notes } = await chooseImages(input, options);
  const { directory, seed, size, pools, onError } = input;
  const spec: ImageFolderSpec = {
    kind: 'image-folder',
    version: IMAGE_FOLDER_VERSION,
    seed,
    size,
    pools,
    directory,
    manifest: choice.manifest,
    classes: survey.classes.length,
    background: survey.background,
    bits: survey.bits,
    decoder: DECODER,
    onError,
    skipped: choice.skipped,
  };
  return { spec, notes };
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
  if (spec.decoder !== DECODER) {
    throw new TaskatlasError(
      'conflict',
      `This data set was planned with pictures decoded by ${spec.decoder}; this build decodes by ${DECODER}, which may ` +
        'give other pixels. Submit the sweep anew.',
    );
  }
  const name = `image-folder-v${spec.version}-${spec.manifest.slice(0, 24)}-${spec.size}px`;
  return {
    directory: spec.directory,
    name,
    choice: await rememberedChoice(
      cacheDirectory,
      name,
      spec.manifest,
      async () => (await chooseImages(spec)).choice,
    ),
    sections: [{ name: 'rgb', bytes: spec.size * spec.size * 3 }],
    decode: async (_, bytes) => {
      const rgb = toRgb(await decodeSamples(bytes), {
        background: parseColour(spec.background),
        bits: spec.bits,
      });
      return { rgb: resizeMean(rgb, spec.size) as Uint8Array };
    },
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
