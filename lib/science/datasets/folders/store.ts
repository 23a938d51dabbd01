import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { POOLS, type PoolName, TaskatlasError } from '../../core';
import { type ChunkFile, createSectionMemory, openChunk, writeChunk } from '../cache';
import { type Choice, type ChosenItem, MAX_PICTURE_BYTES } from './choose';
import { readRegularFile } from './regular-file';

/** Images per cache file; a multiple of 4 keeps sections aligned. */
const CHUNK_IMAGES = 48;
/** A section of a cache file: bytes per image. */
export interface Section {
  name: string;
  bytes: number;
}

/** A data set in a folder whose decoded images are kept in the cache. */
export interface FolderSource {
  directory: string;
  /** Name of the cache folder: kind, manifest, size. */
  name: string;
  choice: Choice;
  sections: readonly Section[];
  /** Decodes a file of one image into its sections. Throws a plain error for a damaged file. */
  decode(domain: string, bytes: Uint8Array): Promise<Readonly<Record<string, Uint8Array>>>;
}

interface Chunk {
  pool: PoolName;
  start: number;
  images: number;
}

const listChunks = ({ pools }: Choice): Chunk[] =>
  POOLS.flatMap((pool) =>
    Array.from({ length: Math.ceil(pools[pool].length / CHUNK_IMAGES) }, (_, c) => ({
      pool,
      start: c * CHUNK_IMAGES,
      images: Math.min(CHUNK_IMAGES, pools[pool].length - c * CHUNK_IMAGES),
    })),
  );

const keyOf = (source: FolderSource, c: Chunk): string => `${source.name} ${c.pool} ${c.start}+${c.images}`;
const pathOf = (cache: string, source: FolderSource, c: Chunk): string =>
  join(cache, source.name, `${c.pool}-${c.start}-${c.images}.bin`);
const openIt = (cache: string, source: FolderSource, c: Chunk): ChunkFile | null =>
  openChunk(pathOf(cache, source, c), keyOf(source, c));

/** The sections of one image from its files, which must still be those that were chosen. */
async function decodeItem(source: FolderSource, item: ChosenItem): Promise<Record<string, Uint8Array>> {
  const out: Record<string, Uint8Array> = {};
  for (const [domain, hash] of Object.entries(item.hashes)) {
    const path = item.files[domain] ?? '';
    try {
      const bytes = readRegularFile(join(source.directory, path), MAX_PICTURE_BYTES);
      if (createHash('sha256').update(bytes).digest('hex') !== hash)
        throw new Error('has changed since the sweep was planned');
      Object.assign(out, await source.decode(domain, bytes));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new TaskatlasError('data', `${join(source.directory, path)} ${why}.`, { cause: error });
    }
  }
  return out;
}

function buildChunk(cache: string, source: FolderSource, chunk: Chunk) {
  const data = Object.fromEntries(
    source.sections.map((s) => [s.name, new Uint8Array(s.bytes * chunk.images)]),
  );
  return {
    step: async (i: number): Promise<void> => {
      const item = source.choice.pools[chunk.pool][chunk.start + i] as ChosenItem;
      const decoded = await decodeItem(source, item);
      for (const s of source.sections) {
        const bytes = decoded[s.name];
        if (bytes) data[s.name]?.set(bytes, i * s.bytes);
      }
    },
    finish: (): void => writeChunk(pathOf(cache, source, chunk), keyOf(source, chunk), chunk.images, data),
  };
}

export interface ShardProgress {
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** Decodes shard `shard` of `shards` into the cache; files that are there are kept. */
export async function decodeShard(
  source: FolderSource,
  shard: number,
  shards: number,
  cache: string,
  { onProgress, signal }: ShardProgress = {},
): Promise<{ images: number; seconds: number }> {
  const started = performance.now();
  const mine = listChunks(source.choice).filter((_, c) => c % shards === shard);
  const total = mine.reduce((sum, c) => sum + c.images, 0);
  let done = 0;
  for (const chunk of mine) {
    const job = openIt(cache, source, chunk) ? null : buildChunk(cache, source, chunk);
    for (let i = 0; i < chunk.images; i++) {
      signal?.throwIfAborted();
      await job?.step(i);
      onProgress?.(++done, total);
    }
    job?.finish();
  }
  return { images: total, seconds: (performance.now() - started) / 1000 };
}

/** Random access to the sections of decoded images. */
export interface FolderStore {
  read(pool: PoolName, index: number, section: string): Uint8Array;
}

/** Opens the decoded images of a folder; those that the cache lacks are decoded first. */
export async function openFolderStore(cache: string, source: FolderSource): Promise<FolderStore> {
  await decodeShard(source, 0, 1, cache);
  const chunks = new Map(listChunks(source.choice).map((c) => [`${c.pool} ${c.start}`, c]));
  const sizes = new Map(source.sections.map((s) => [s.name, s.bytes]));
  const files = new Map<Chunk, ChunkFile>();
  const remembered = createSectionMemory();
  const fileOf = (chunk: Chunk): ChunkFile => {
    const known = files.get(chunk) ?? openIt(cache, source, chunk);
    if (!known) {
      const path = pathOf(cache, source, chunk);
      throw new TaskatlasError('data', `The data set cache file ${path} is gone. Retry: it is made again.`);
    }
    files.set(chunk, known);
    return known;
  };
  const section = (chunk: Chunk, name: string): Uint8Array =>
    remembered(`${chunk.pool} ${chunk.start} ${name}`, () => fileOf(chunk).read(name));
  return {
    read: (pool, index, name) => {
      const chunk = chunks.get(`${pool} ${index - (index % CHUNK_IMAGES)}`);
      const bytes = sizes.get(name);
      if (!chunk || bytes === undefined || index >= chunk.start + chunk.images)
        throw new TaskatlasError('invalid-input', `The ${pool} pool has no image ${index} with "${name}".`);
      const at = index - chunk.start;
      return section(chunk, name).subarray(at * bytes, (at + 1) * bytes);
    },
  };
}

/**
 * The choice that a spec stands for: from the cache, or made anew and compared with the spec's manifest.
 * @throws TaskatlasError `data` when the files are not those that were planned with.
 */
export async function rememberedChoice(
  cache: string,
  name: string,
  manifest: string,
  make: () => Promise<Choice>,
): Promise<Choice> {
  const path = join(cache, name, 'index.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Choice;
  const choice = await make();
  if (choice.manifest !== manifest) {
    throw new TaskatlasError(
      'data',
      `The files of the data set are not those that were planned with (manifest ${choice.manifest.slice(0, 12)}…, ` +
        `expected ${manifest.slice(0, 12)}…). Plan the sweep anew.`,
    );
  }
  mkdirSync(join(cache, name), { recursive: true });
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  writeFileSync(temporary, JSON.stringify(choice), { flush: true });
  renameSync(temporary, path);
  return choice;
}
