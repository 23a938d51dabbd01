import {
  type DatasetSpec,
  type DomainShift,
  type PictureKind,
  type PoolName,
  TaskatlasError,
  type TaskDeclaration,
} from '../core';
import type { Dataset, LabelBatch } from './dataset';
import { shiftedRecord } from './domain-shift';
import { fillInput, viewOf } from './inputs';
import type { Labellers, PictureRecord } from './labels/labeller';

/** What a kind of data set brings; `assemble` makes the common contract of it. */
export interface DatasetParts<R extends PictureRecord> {
  spec: DatasetSpec;
  tasks: readonly TaskDeclaration[];
  labellers: Labellers<R>;
  record(pool: PoolName, index: number): R;
  /** Scene number of an image; pools share none. */
  scene(pool: PoolName, index: number): number;
  /** Number that fixes an image's noise, hole, turn and tile order. */
  key(pool: PoolName, index: number): number;
  /** Computed once, when it is first asked for. */
  contentHash(): string;
}

function labelBatch<R extends PictureRecord>(
  parts: DatasetParts<R>,
  pool: PoolName,
  task: string,
  indices: ArrayLike<number>,
): LabelBatch {
  const { size } = parts.spec;
  const labeller = parts.labellers[task];
  if (!labeller || !parts.tasks.some((t) => t.id === task)) {
    const known = parts.tasks.filter((t) => parts.labellers[t.id]).map((t) => t.id);
    throw new TaskatlasError(
      'not-found',
      `The data set "${parts.spec.kind}" has no labels for a task "${task}". It has: ${known.join(', ')}.`,
    );
  }
  const shape = labeller.shape(size);
  const step = shape.reduce((a, b) => a * b, 1);
  const values = new Float32Array(indices.length * step);
  const maskStep = labeller.mask === 'pixel' ? size * size : labeller.mask === 'image' ? 1 : 0;
  const mask = maskStep > 0 ? new Uint8Array(indices.length * maskStep) : null;
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i] as number;
    const record = parts.record(pool, index);
    labeller.fill(record, values, i * step, parts.key(pool, index), mask, i * maskStep);
  }
  return { values, shape, mask };
}

/** The stored picture behind a kind of input. */
function pictureOf(record: PictureRecord, kind: PictureKind, key: number): PictureRecord {
  const view = viewOf(kind, key);
  if (view === null) return record;
  if (!record.view)
    throw new TaskatlasError('invalid-input', `This data set has no further views ("${kind}").`);
  return record.view(view);
}

/**
 * The data set in two domains: the source pool as it is, the other pools under another appearance. Labels of the scene
 * (classes, depth …) stay; those that are made from the picture (autoencoding, 2D edges …) are the changed picture's, so
 * that every task asks the same in both domains.
 */
function inTwoDomains<R extends PictureRecord>(parts: DatasetParts<R>, shift: DomainShift): DatasetParts<R> {
  return {
    ...parts,
    record: (pool, index) => {
      const record = parts.record(pool, index);
      return pool === 'source' ? record : shiftedRecord(record, shift, parts.key(pool, index));
    },
    contentHash: () => `${parts.contentHash()} ${shift.kind} ${shift.strength}`,
  };
}

export function assemble<R extends PictureRecord>(given: DatasetParts<R>): Dataset {
  const { spec } = given;
  const { size, shift } = spec;
  const parts = shift ? inTwoDomains(given, shift) : given;
  let id: string | null = null;
  return {
    spec,
    get id() {
      id ??= parts.contentHash();
      return id;
    },
    size,
    tasks: parts.tasks,
    count: (pool) => spec.pools[pool],
    scenes: (pool) => Int32Array.from({ length: spec.pools[pool] }, (_, i) => parts.scene(pool, i)),
    inputs: (pool, kind, indices) => {
      const step = size * size * 3;
      const out = new Float32Array(indices.length * step);
      for (let i = 0; i < indices.length; i++) {
        const index = indices[i] as number;
        const key = parts.key(pool, index);
        fillInput(kind, pictureOf(parts.record(pool, index), kind, key).rgb, size, key, out, i * step);
      }
      return out;
    },
    labels: (pool, task, indices) => labelBatch(parts, pool, task, indices),
  };
}
