import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type DatasetSpec, POOLS, type PoolName, TaskatlasError } from '../../core';
import { type ChunkFile, createSectionMemory, openChunk, writeChunk } from '../cache';
import { type FurnitureLibrary, openLibrary } from '../meshes/library';
import { creditsOf, dealLibrary, furnitureOf } from './furniture-set';
import { openRecord, packFrame, type RoomMap, type RoomRecord, roomSections } from './record';
import { ROOMS_VERSION, renderFurther, renderRoom } from './render';
import { ROOM_VIEWS, type RoomView, VIEWS_VERSION } from './views';

export type RoomsSpec = Extract<DatasetSpec, { kind: 'rooms' }>;

/** Beside the pictures: who made the meshes that they show. */
const CREDITS_FILE = 'CREDITS.txt';

/** Raised by hand when a library would give other rooms. */
const MESHES_VERSION = 2;

/** Images per cache file. A multiple of 4 keeps every section of every image aligned. */
const CHUNK_IMAGES = 48;

/** Scene numbers of a pool start at its multiple of this: pools can grow and never share a scene. */
const SCENES_PER_POOL = 10_000_000;

export const sceneOf = (pool: PoolName, index: number): number =>
  POOLS.indexOf(pool) * SCENES_PER_POOL + index;

export interface Chunk {
  pool: PoolName;
  /** Null for the images themselves. */
  view: RoomView | null;
  start: number;
  images: number;
}

export function checkRoomsSpec(spec: RoomsSpec): void {
  if (spec.version !== ROOMS_VERSION) {
    throw new TaskatlasError(
      'invalid-input',
      `This build renders rooms of version ${ROOMS_VERSION}; the data set asks for version ${spec.version}. ` +
        'Run it with the build that made it, or plan it anew.',
    );
  }
  for (const pool of POOLS) {
    const n = spec.pools[pool];
    if (!Number.isInteger(n) || n < 1 || n > SCENES_PER_POOL) {
      throw new TaskatlasError(
        'invalid-input',
        `The ${pool} pool must have 1 to ${SCENES_PER_POOL} images, not ${n}.`,
        {
          issues: [{ path: `dataset.pools.${pool}`, message: 'out of range' }],
        },
      );
    }
  }
  if (!Number.isInteger(spec.size) || spec.size < 16 || spec.size > 512) {
    throw new TaskatlasError(
      'invalid-input',
      `Rooms can be rendered at 16 to 512 pixels, not ${spec.size}.`,
      {
        issues: [{ path: 'dataset.size', message: 'out of range' }],
      },
    );
  }
}

/** Every cache file of the images of a data set, or of one of their further views, in order. Its bytes depend only on its own name. */
export function listChunks(spec: RoomsSpec, view: RoomView | null = null): readonly Chunk[] {
  return POOLS.flatMap((pool) => {
    const count = spec.pools[pool];
    return Array.from({ length: Math.ceil(count / CHUNK_IMAGES) }, (_, c) => {
      const start = c * CHUNK_IMAGES;
      return { pool, view, start, images: Math.min(CHUNK_IMAGES, count - start) };
    });
  });
}

/** What distinguishes the cache of rooms with meshes: their library, and the version of what is made of it. */
const furnitureKey = ({ furniture }: RoomsSpec): string =>
  furniture ? `-sh3f-v${MESHES_VERSION}-${furniture.hash?.slice(0, 16)}` : '';

function libraryOf({ furniture }: RoomsSpec): FurnitureLibrary | null {
  if (!furniture) return null;
  const { library, hash } = furniture;
  if (!hash)
    throw new TaskatlasError('invalid-input', `The furniture library ${library} has no hash: plan it anew.`);
  return openLibrary(library, hash);
}

/** Reads the meshes that rooms of a pool can show, with their textures. */
export async function loadFurniture(spec: RoomsSpec, pool: PoolName): Promise<void> {
  const library = libraryOf(spec);
  if (library) await library.load(Object.values(dealLibrary(library).roles).flatMap((pools) => pools[pool]));
}

/** Reads the meshes of the pools of which the cache lacks pictures. */
export async function loadMissingFurniture(spec: RoomsSpec, directory: string): Promise<void> {
  if (!spec.furniture) return;
  for (const pool of POOLS) {
    const chunks = [null, ...ROOM_VIEWS]
      .flatMap((view) => listChunks(spec, view))
      .filter((c) => c.pool === pool);
    if (chunks.some((chunk) => !openRoomChunk(directory, spec, chunk))) await loadFurniture(spec, pool);
  }
}

const chunkKey = (spec: RoomsSpec, c: Chunk): string =>
  `rooms v${spec.version} seed ${spec.seed} size ${spec.size} ${c.pool} ${c.start}+${c.images}${furnitureKey(spec)}` +
  (c.view ? ` ${c.view} v${VIEWS_VERSION}` : '');

export function chunkPath(directory: string, spec: RoomsSpec, c: Chunk): string {
  const folder = `rooms-v${spec.version}-seed${spec.seed}-${spec.size}px${furnitureKey(spec)}`;
  const view = c.view ? `-${c.view}-v${VIEWS_VERSION}` : '';
  return join(directory, folder, `${c.pool}-${c.start}-${c.images}${view}.bin`);
}

export const openRoomChunk = (directory: string, spec: RoomsSpec, c: Chunk): ChunkFile | null =>
  openChunk(chunkPath(directory, spec, c), chunkKey(spec, c));

/** Images of a chunk being rendered, one call per image, so that the caller can breathe between. */
export function renderChunk(
  directory: string,
  spec: RoomsSpec,
  chunk: Chunk,
): { step(i: number): void; finish(): void } {
  const data: Record<string, Uint8Array> = {};
  const sections = roomSections(spec.size, chunk.view);
  const library = libraryOf(spec);
  // pieces of a library are dealt to the pools as scenes are
  const furniture = library ? furnitureOf(library, chunk.pool) : undefined;
  const path = chunkPath(directory, spec, chunk);
  for (const s of sections) data[s.name] = new Uint8Array(s.bytes * chunk.images);
  return {
    step: (i) => {
      const scene = sceneOf(chunk.pool, chunk.start + i);
      const frame = chunk.view
        ? renderFurther(spec.seed, scene, chunk.view, spec.size, furniture)
        : renderRoom(spec.seed, scene, 0, spec.size, furniture);
      const packed = packFrame(frame);
      for (const s of sections) (data[s.name] as Uint8Array).set(packed[s.name], i * s.bytes);
    },
    finish: () => {
      writeChunk(path, chunkKey(spec, chunk), chunk.images, data);
      if (library) writeFileSync(join(dirname(path), CREDITS_FILE), creditsOf(library));
    },
  };
}

function renderNow(directory: string, spec: RoomsSpec, chunk: Chunk): ChunkFile {
  const job = renderChunk(directory, spec, chunk);
  for (let i = 0; i < chunk.images; i++) job.step(i);
  job.finish();
  const file = openRoomChunk(directory, spec, chunk);
  if (!file)
    throw new TaskatlasError('data', `The data set cache ${directory} lost a file that was just written.`);
  return file;
}

/** Random access to stored images; renders what is missing. */
export interface RoomStore {
  record(pool: PoolName, index: number): RoomRecord;
  /** Hash over all images. Renders what is missing. Further views follow from the same scenes. */
  contentHash(): string;
}

export function openStore(directory: string, spec: RoomsSpec): RoomStore {
  const chunks = listChunks(spec);
  const all = [null, ...ROOM_VIEWS].flatMap((view) => listChunks(spec, view));
  const byPlace = new Map(all.map((c) => [`${c.pool} ${c.view} ${c.start}`, c]));
  const files = new Map<Chunk, ChunkFile>();
  const remembered = createSectionMemory();
  const sizes = new Map(roomSections(spec.size).map((s) => [s.name, s.bytes]));

  const fileOf = (chunk: Chunk): ChunkFile => {
    let file = files.get(chunk);
    if (!file) {
      file = openRoomChunk(directory, spec, chunk) ?? renderNow(directory, spec, chunk);
      files.set(chunk, file);
    }
    return file;
  };
  const section = (chunk: Chunk, name: RoomMap | 'meta'): Uint8Array =>
    remembered(`${chunk.pool} ${chunk.view} ${chunk.start} ${name}`, () => fileOf(chunk).read(name));
  const record = (pool: PoolName, index: number, view: RoomView | null): RoomRecord => {
    const start = index - (index % CHUNK_IMAGES);
    const chunk = byPlace.get(`${pool} ${view} ${start}`);
    if (!chunk || index < 0 || index >= spec.pools[pool]) {
      throw new TaskatlasError('invalid-input', `The ${pool} pool has no image ${index}.`);
    }
    const at = index - start;
    const read = (name: RoomMap | 'meta'): Uint8Array => {
      const bytes = sizes.get(name) ?? 0;
      return section(chunk, name).subarray(at * bytes, (at + 1) * bytes);
    };
    return openRecord(spec.size, read, (other) => record(pool, index, other));
  };
  return {
    record: (pool, index) => record(pool, index, null),
    contentHash: () => {
      const hash = createHash('sha256');
      for (const chunk of chunks) hash.update(`${chunkKey(spec, chunk)}:${fileOf(chunk).hash}\n`);
      return hash.digest('hex');
    },
  };
}
