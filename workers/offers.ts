import { METHODS } from '@/lib/science/catalog/methods';
import type { DatasetSpec } from '@/lib/science/core';
import { DATASET_VERSIONS, declareTasks } from '@/lib/science/datasets';

/** Versions of methods, data sets and tasks that this build has, as lib/service/sweeps/needs.ts names them. */
export function offersHere(): string[] {
  const kinds = Object.keys(DATASET_VERSIONS) as DatasetSpec['kind'][];
  return [
    ...METHODS.map(({ id, version }) => `method ${id} ${version}`),
    ...kinds.flatMap((kind) => [
      `dataset ${kind} ${DATASET_VERSIONS[kind]}`,
      ...declareTasks(kind).map(({ id, version }) => `task ${kind}/${id} ${version}`),
    ]),
  ].sort();
}
