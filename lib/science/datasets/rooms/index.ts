import { ROOMS_TASKS } from '../../catalog/tasks-rooms';
import { hash32, TaskatlasError } from '../../core';
import { assemble } from '../assemble';
import type { Dataset } from '../dataset';
import { ROOM_LABELS } from './labels';
import {
  checkRoomsSpec,
  listChunks,
  loadFurniture,
  openRoomChunk,
  openStore,
  type RoomsSpec,
  renderChunk,
  sceneOf,
} from './store';
import { ROOM_VIEWS } from './views';

export { ROOMS_VERSION } from './render';
export type { RoomsSpec } from './store';
export { loadMissingFurniture } from './store';

export interface CacheOptions {
  cacheDirectory: string;
}

/**
 * Open a rendered data set; files missing in the cache are rendered when they are first needed. Rooms with a furniture
 * library need its meshes by then (`loadMissingFurniture`).
 */
export function openRooms(spec: RoomsSpec, { cacheDirectory }: CacheOptions): Dataset {
  checkRoomsSpec(spec);
  const store = openStore(cacheDirectory, spec);
  return assemble({
    spec,
    tasks: ROOMS_TASKS,
    labellers: ROOM_LABELS,
    record: store.record,
    scene: sceneOf,
    key: (pool, index) => hash32('rooms input', spec.seed, sceneOf(pool, index)),
    contentHash: store.contentHash,
  });
}

export interface ShardOptions {
  /** Render the further views of the images instead of the images. */
  views?: boolean;
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
  const wanted = options.views ? ROOM_VIEWS.flatMap((view) => listChunks(spec, view)) : listChunks(spec);
  const mine = wanted.filter((_, c) => c % shards === shard);
  const total = mine.reduce((sum, c) => sum + c.images, 0);
  let done = 0;
  let rendered = 0;
  for (const chunk of mine) {
    if (openRoomChunk(cacheDirectory, spec, chunk)) {
      done += chunk.images;
      options.onProgress?.(done, total);
      continue;
    }
    await loadFurniture(spec, chunk.pool);
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
