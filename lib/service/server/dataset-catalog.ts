import { resolve } from 'node:path';
import { type DatasetSpec, type ExternalEncoder, TaskatlasError } from '@/lib/science/core';
import {
  declareTasks,
  furnitureOf,
  IDX_VERSION,
  idxManifest,
  libraryHash,
  openIdx,
  openLibrary,
  ROOMS_VERSION,
  readExternalModel,
  resolveImageFolder,
  resolveTaskonomy,
} from '@/lib/science/datasets';
import type { ExternalSourceInput, SweepSpec } from '../contracts';
import type { DatasetCatalog } from '../sweeps';

type Input = SweepSpec['dataset'];
type Imported = Exclude<Input, { kind: 'rooms' }>;

function readFolder(input: Imported): DatasetSpec {
  const directory = resolve(input.directory);
  if (input.kind === 'taskonomy') return resolveTaskonomy({ ...input, directory });
  if (input.kind === 'image-folder') return resolveImageFolder({ ...input, directory });
  const spec = { ...input, directory, version: IDX_VERSION, manifest: idxManifest(directory).manifest };
  openIdx(spec);
  return spec;
}

/** A folder is read once at submission: its manifest goes into every fingerprint, its faults to the person. */
function resolveFolder(input: Imported): DatasetSpec {
  try {
    return readFolder(input);
  } catch (cause) {
    if (!(cause instanceof TaskatlasError)) throw cause;
    const path = cause.code === 'not-found' ? 'dataset.directory' : (cause.issues[0]?.path ?? 'dataset');
    throw new TaskatlasError('invalid-input', `The data set cannot be used: ${cause.message}`, {
      issues: [{ path, message: cause.message }],
      cause,
    });
  }
}

/** The files are read once at submission: their hash is part of the source's identity. */
function readEncoder({ model, layer, range }: ExternalSourceInput, i: number): ExternalEncoder {
  const path = resolve(model);
  try {
    return { model: path, layer, range, sha256: readExternalModel(path).sha256 };
  } catch (cause) {
    if (!(cause instanceof TaskatlasError)) throw cause;
    throw new TaskatlasError('invalid-input', `External source ${i + 1} cannot be used: ${cause.message}`, {
      issues: [{ path: `externalSources[${i}].model`, message: cause.message }],
      cause,
    });
  }
}

/** A library of meshes is hashed at submission; what it holds is checked by opening it. */
function resolveRooms({ furniture, ...input }: Extract<Input, { kind: 'rooms' }>): DatasetSpec {
  const spec = { ...input, version: ROOMS_VERSION };
  if (!furniture) return spec;
  const library = resolve(furniture.library);
  try {
    const hash = furniture.hash ?? libraryHash(library);
    furnitureOf(openLibrary(library, hash), 'test');
    return { ...spec, furniture: { library, hash } };
  } catch (cause) {
    if (!(cause instanceof TaskatlasError)) throw cause;
    throw new TaskatlasError('invalid-input', cause.message, {
      issues: [{ path: 'dataset.furniture.library', message: cause.message }],
      cause,
    });
  }
}

/** The dictionaries and versions that plans are made from. */
export const datasetCatalog: DatasetCatalog = {
  resolve: async ({ shift, ...input }) => {
    const spec = input.kind === 'rooms' ? resolveRooms(input) : resolveFolder(input);
    return shift ? { ...spec, shift } : spec;
  },
  tasks: (dataset) => declareTasks(dataset),
  external: async (sources) => new Map(sources.map((source, i) => [source.name, readEncoder(source, i)])),
};
