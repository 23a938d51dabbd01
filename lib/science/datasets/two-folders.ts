import { type DatasetSpec, type PoolName, type PoolSizes, TaskatlasError } from '../core';
import type { Dataset } from './dataset';

/** Sizes of the pools that each domain's folder is dealt to. No pool may be empty: one picture goes where none is used. */
export const domainPools = (pools: PoolSizes): { source: PoolSizes; target: PoolSizes } => ({
  source: { source: pools.source, transfer: 1, selection: 1, test: 1 },
  target: { ...pools, source: 1 },
});

/** The data sets of one folder behind a data set of two; null where there is one. */
export function domainSpecs(spec: DatasetSpec): { source: DatasetSpec; target: DatasetSpec } | null {
  const { target, ...own } = spec;
  if (!target) return null;
  if (own.kind !== 'idx' && own.kind !== 'image-folder') {
    throw new TaskatlasError(
      'invalid-input',
      `A target domain in a folder of its own is for idx and image-folder, not ${own.kind}.`,
    );
  }
  const pools = domainPools(own.pools);
  const { directory, manifest, skipped = 0, bits = 16 } = target;
  // Another appearance on top is the target domain's.
  const { shift: _, ...plain } = own;
  const other = { ...own, directory, manifest, pools: pools.target };
  return {
    source: { ...plain, pools: pools.source },
    target: other.kind === 'image-folder' ? { ...other, skipped, bits } : other,
  };
}

/** One data set of two: the source pool of the first, all other pools of the second. */
export function joinDomains(spec: DatasetSpec, source: Dataset, target: Dataset): Dataset {
  const of = (pool: PoolName): Dataset => (pool === 'source' ? source : target);
  // Scenes are numbered through: those of the target domain come after those of the source domain.
  const first = Math.max(...source.scenes('source')) + 1;
  return {
    spec,
    get id() {
      return `${source.id} ${target.id}`;
    },
    size: spec.size,
    tasks: source.tasks,
    count: (pool) => spec.pools[pool],
    scenes: (pool) => (pool === 'source' ? source.scenes(pool) : target.scenes(pool).map((n) => first + n)),
    inputs: (pool, kind, indices) => of(pool).inputs(pool, kind, indices),
    labels: (pool, task, indices) => of(pool).labels(pool, task, indices),
  };
}
