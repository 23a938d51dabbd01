import { resolve } from 'node:path';
import { type DatasetSpec, type ExternalEncoder, TaskatlasError } from '@/lib/science/core';
import {
  classesFault,
  declareTasks,
  domainPools,
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
  scanImageFolder,
} from '@/lib/science/datasets';
import type { ExternalSourceInput, SweepSpec } from '../contracts';
import type { DatasetCatalog } from '../sweeps';

type Input = SweepSpec['dataset'];
type Resolved = Awaited<ReturnType<DatasetCatalog['resolve']>>;
type Imported = Exclude<Input, { kind: 'rooms' }>;
type WithoutTarget<T> = T extends unknown ? Omit<T, 'target'> : never;
/** One folder. */
type Folder = WithoutTarget<Imported>;

async function readFolder(input: Folder): Promise<Resolved> {
  const directory = resolve(input.directory);
  if (input.kind === 'taskonomy')
    return { dataset: await resolveTaskonomy({ ...input, directory }), notes: [] };
  if (input.kind === 'image-folder') {
    const { spec: dataset, notes } = await resolveImageFolder({ ...input, directory });
    return { dataset, notes };
  }
  const spec = { ...input, directory, version: IDX_VERSION, manifest: idxManifest(directory).manifest };
  openIdx(spec);
  return { dataset: spec, notes: [] };
}

/** A folder is read once at submission: its manifest goes into every fingerprint, its faults to the person. */
async function resolveFolder(input: Folder, field = 'dataset'): Promise<Resolved> {
  try {
    return await readFolder(input);
  } catch (cause) {
    if (!(cause instanceof TaskatlasError)) throw cause;
    const path = cause.code === 'not-found' ? `${field}.directory` : (cause.issues[0]?.path ?? field);
    throw new TaskatlasError('invalid-input', `The data set cannot be used: ${cause.message}`, {
      issues: [{ path, message: cause.message }],
      cause,
    });
  }
}

interface Target {
  directory: string;
  sameClasses?: boolean | undefined;
}

/** What is wrong with two folders as two domains, or null: one task needs the same classes in both. */
async function domainFault(
  kind: DatasetSpec['kind'],
  source: string,
  target: Target,
): Promise<string | null> {
  const { directory, sameClasses = false } = target;
  if (source === directory) return 'is the source domain’s folder: the domains must not share pictures';
  const namesOf = async (folder: string) =>
    kind === 'image-folder' ? (await scanImageFolder(folder)).classes : null;
  return classesFault(await namesOf(source), await namesOf(directory), sameClasses);
}

/** The source pool of one folder, all other pools of another. */
async function resolveFolders(input: Folder, target: Target): Promise<Resolved> {
  const pools = domainPools(input.pools);
  const { dataset: source, notes } = await resolveFolder({ ...input, pools: pools.source });
  const { dataset: other, notes: more } = await resolveFolder(
    { ...input, directory: target.directory, pools: pools.target },
    'dataset.target',
  );
  if (source.kind === 'rooms' || other.kind === 'rooms')
    throw new TaskatlasError('internal', 'Rooms have no folder.');
  const fault = await domainFault(source.kind, source.directory, { ...target, directory: other.directory });
  if (fault !== null) {
    throw new TaskatlasError('invalid-input', `The target domain cannot be used: it ${fault}.`, {
      issues: [{ path: 'dataset.target.directory', message: fault }],
    });
  }
  const { directory, manifest } = other;
  const skipped = 'skipped' in other && other.skipped > 0 ? { skipped: other.skipped } : {};
  const bits = 'bits' in other ? { bits: other.bits } : {};
  return {
    dataset: { ...source, pools: input.pools, target: { directory, manifest, ...skipped, ...bits } },
    notes: [...notes, ...more],
  };
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

async function resolveImported(input: Imported): Promise<Resolved> {
  if (!('target' in input)) return await resolveFolder(input);
  const { target, ...own } = input;
  return await (target ? resolveFolders(own, target) : resolveFolder(own));
}

/** The dictionaries and versions that plans are made from. */
export const datasetCatalog: DatasetCatalog = {
  resolve: async ({ shift, ...input }) => {
    const { dataset, notes } =
      input.kind === 'rooms' ? { dataset: resolveRooms(input), notes: [] } : await resolveImported(input);
    return { dataset: shift ? { ...dataset, shift } : dataset, notes };
  },
  tasks: (dataset) => declareTasks(dataset),
  external: async (sources) => new Map(sources.map((source, i) => [source.name, readEncoder(source, i)])),
};
