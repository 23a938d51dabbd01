import type { DatasetSpec, PictureKind, PoolName, TaskDeclaration, TaskId } from '../core';

/** One batch of labels, NHWC (pixels) or N×size (vectors); classes are integer ids as floats, N or N×H×W. */
export interface LabelBatch {
  values: Float32Array;
  /** Per-example shape, e.g. [64, 64, 3], [64, 64] for pixel classes, [12] for vectors, [] for one class id. */
  shape: readonly number[];
  /** 1 = valid. One value per pixel (N×H×W) or per example (N); null when everything is valid. */
  mask: Uint8Array | null;
}

/**
 * The one shape that every data set takes (rooms, IDX, folders). Random access by image
 * index within a pool; deterministic; safe to call from any process that has the cache.
 */
export interface Dataset {
  readonly spec: DatasetSpec;
  /** Content hash of the data (and so of the test set). */
  readonly id: string;
  /** Image side in pixels; images are size × size × 3. */
  readonly size: number;
  readonly tasks: readonly TaskDeclaration[];
  count(pool: PoolName): number;
  /** Scene index of each image of the pool; pools share no scene. Bootstrap resamples whole scenes. */
  scenes(pool: PoolName): Int32Array;
  /** Encoder inputs in [−1, 1], NHWC, length indices.length × size × size × 3; one picture per example. */
  inputs(pool: PoolName, kind: PictureKind, indices: ArrayLike<number>): Float32Array;
  /** Labels in the task's own normalised units (documented in the catalog). */
  labels(pool: PoolName, task: TaskId, indices: ArrayLike<number>): LabelBatch;
}
