import { resolve } from 'node:path';
import { type DatasetSpec, TaskatlasError } from '@/lib/science/core';
import { declareTasks, IDX_VERSION, idxManifest, openIdx, ROOMS_VERSION } from '@/lib/science/datasets';
import type { SweepSpec } from '../contracts';
import type { DatasetCatalog } from '../sweeps';

type IdxInput = Extract<SweepSpec['dataset'], { kind: 'idx' }>;

/** A folder of IDX files is read once at submission: its manifest goes into every fingerprint, its faults to the person. */
function resolveIdx(input: IdxInput): DatasetSpec {
  const directory = resolve(input.directory);
  try {
    const spec = { ...input, directory, version: IDX_VERSION, manifest: idxManifest(directory).manifest };
    openIdx(spec);
    return spec;
  } catch (cause) {
    if (!(cause instanceof TaskatlasError)) throw cause;
    const path = cause.code === 'not-found' ? 'dataset.directory' : 'dataset';
    throw new TaskatlasError('invalid-input', `The data set cannot be used: ${cause.message}`, {
      issues: [{ path, message: cause.message }],
      cause,
    });
  }
}

/** The dictionaries and versions that plans are made from. */
export const datasetCatalog: DatasetCatalog = {
  resolve: async (input) => (input.kind === 'idx' ? resolveIdx(input) : { ...input, version: ROOMS_VERSION }),
  tasks: (dataset) => declareTasks(dataset.kind),
};
