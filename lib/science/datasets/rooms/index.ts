import { ROOMS_TASKS } from '../../catalog/tasks-rooms';
import { hash32, type PoolName, TaskatlasError } from '../../core';
import type { Dataset, LabelBatch } from '../dataset';
import { fillInput } from '../inputs';
import { ROOM_LABELS } from './labels';
import {
  checkRoomsSpec,
  listChunks,
  openRoomChunk,
  openStore,
  type RoomsSpec,
  renderChunk,
  sceneOf,
} from './store';

export { ROOMS_VERSION } from './render';
export type { RoomsSpec } from './store';

export interface CacheOptions {
  cacheDirectory: string;
}

/** Number per image that fixes noise, holes, turns and tile orders. */
const inputKey = (spec: RoomsSpec, pool: PoolName, index: number): number =>
  hash32('rooms input', spec.seed, sceneOf(pool, index));

/** Open a rendered data set; files missing in the cache are rendered when they are first needed. */
export function openRooms(spec: RoomsSpec, { cacheDirectory }: CacheOptions): Dataset {
  checkRoomsSpec(spec);
  const store = openStore(cacheDirectory, spec);
  const { size } = spec;
  let id: string | null = null;
  return {
    spec,
    get id() {
      id ??= store.contentHash();
      return id;
    },
    size,
    tasks: ROOMS_TASKS,
    count: (pool) => spec.pools[pool],
    scenes: (pool) => Int32Array.from({ length: spec.pools[pool] }, (_, i) => sceneOf(pool, i)),
    inputs: (pool, kind, indices) => {
      const step = size * size * 3;
      const out = new Float32Array(indices.length * step);
      for (let i = 0; i < indices.length; i++) {
        const index = indices[i] as number;
        fillInput(kind, store.record(pool, index).rgb, size, inputKey(spec, pool, index), out, i * step);
      }
      return out;
    },
    labels: (pool, task, indices): LabelBatch => {
      const labeller = ROOM_LABELS[task];
      if (!labeller) {
        const known = Object.keys(ROOM_LABELS).join(', ');
        throw new TaskatlasError(
          'not-found',
          `Rooms have no labels for a task "${task}". There are: ${known}.`,
        );
      }
      const shape = labeller.shape(size);
      const step = shape.reduce((a, b) => a * b, 1);
      const values = new Float32Array(indices.length * step);
      const maskStep = labeller.mask === 'pixel' ? size * size : labeller.mask === 'image' ? 1 : 0;
      const mask = maskStep > 0 ? new Uint8Array(indices.length * maskStep) : null;
      for (let i = 0; i < indices.length; i++) {
        const index = indices[i] as number;
        const record = store.record(pool, index);
        labeller.fill(record, values, i * step, inputKey(spec, pool, index), mask, i * maskStep);
      }
      return { values, shape, mask };
    },
  };
}

export interface ShardOptions {
  /** Called after each image with the numbers done and wanted in this shard. */
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/**
 * Render shard `shard` of `shards` into the cache. The files of a data set are dealt out
 * round robin; their bytes do not depend on the number of shards. Files that are already
 * there are kept. Gives the event loop a turn after each image.
 */
export async function renderShard(
  spec: RoomsSpec,
  shard: number,
  shards: number,
  cacheDirectory: string,
  options: ShardOptions = {},
): Promise<{ images: number; rendered: number; seconds: number }> {
  checkRoomsSpec(spec);
  if (!Number.isInteger(shard) || !Number.isInteger(shards) || shard < 0 || shard >= shards) {
    throw new TaskatlasError('invalid-input', `Shard ${shard} of ${shards} does not exist.`);
  }
  const started = performance.now();
  const mine = listChunks(spec).filter((_, c) => c % shards === shard);
  const total = mine.reduce((sum, c) => sum + c.images, 0);
  let done = 0;
  let rendered = 0;
  for (const chunk of mine) {
    if (openRoomChunk(cacheDirectory, spec, chunk)) {
      done += chunk.images;
      options.onProgress?.(done, total);
      continue;
    }
    const job = renderChunk(cacheDirectory, spec, chunk);
    for (let i = 0; i < chunk.images; i++) {
      options.signal?.throwIfAborted();
      job.step(i);
      done++;
      rendered++;
      options.onProgress?.(done, total);
      await new Promise((resolve) => setImmediate(resolve));
    }
    job.finish();
  }
  return { images: total, rendered, seconds: (performance.now() - started) / 1000 };
}
