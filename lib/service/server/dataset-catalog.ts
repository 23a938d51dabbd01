import { resolve } from 'node:path';
import { type DatasetSpec, TaskatlasError } from '@/lib/science/core';
import {
  declareTasks,
  IDX_VERSION,
  idxManifest,
  openIdx,
  ROOMS_VERSION,
  resolveImageFolder,
  resolveTaskonomy,
} from '@/lib/science/datasets';
import type { SweepSpec } from '../contracts';
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

/** The dictionaries and versions that plans are made from. */
export const datasetCatalog: DatasetCatalog = {
  resolve: async (input) =>
    input.kind === 'rooms' ? { ...input, version: ROOMS_VERSION } : resolveFolder(input),
  tasks: (dataset) => declareTasks(dataset),
};
