import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { TaskatlasError } from '../core';
import { PictureFault } from './folders/fault';
import { readRegularFile } from './folders/regular-file';

/**
 * Files of the data set cache. A file holds some images, section by section:
 *   "TATLAS01" · u32 header length · header (JSON) · sections, each aligned to 8 bytes.
 * A file is written under a temporary name, synced and renamed, so that a file that exists is whole.
 */
interface Header {
  key: string;
  images: number;
  sections: readonly { name: string; bytes: number; offset: number; sha256: string }[];
}

const MAGIC = 'TATLAS01';
const align = (n: number): number => (n + 7) & ~7;

const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** Write a cache file; `data` maps each section's name to its images, one after another. */
export function writeChunk(
  path: string,
  key: string,
  images: number,
  data: Readonly<Record<string, Uint8Array>>,
): void {
  let offset = 0;
  const sections = Object.entries(data).map(([name, bytes]) => {
    const section = { name, bytes: bytes.length / images, offset, sha256: sha256(bytes) };
    offset += align(bytes.length);
    return section;
  });
  const header = Buffer.from(JSON.stringify({ key, images, sections } satisfies Header));
  const start = align(MAGIC.length + 4 + header.length);
  const file = Buffer.alloc(start + offset);
  file.write(MAGIC, 0, 'latin1');
  file.writeUInt32LE(header.length, MAGIC.length);
  header.copy(file, MAGIC.length + 4);
  for (const s of sections) file.set(data[s.name] as Uint8Array, start + s.offset);
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  let begun = false;
  try {
    mkdirSync(dirname(path), { recursive: true });
    const handle = openSync(temporary, 'wx');
    begun = true;
    try {
      for (let at = 0; at < file.length; ) at += writeSync(handle, file, at);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, path);
  } catch (cause) {
    // What did not fit must not fill the disk for whoever tries again.
    if (begun) rmSync(temporary, { force: true });
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TaskatlasError('data', `The data set cache file ${path} cannot be written: ${why}.`, { cause });
  }
}

const broken = (path: string, why: string): TaskatlasError =>
  new TaskatlasError('data', `The data set cache file ${path} ${why}. Delete it; it will be rendered again.`);

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** Reads sections of one cache file; null when there is no such file. */
export interface ChunkFile {
  /** Hash over all sections' hashes. */
  readonly hash: string;
  read(section: string): Uint8Array;
}

/** Sections kept in memory, least recently used dropped above this. */
const MEMORY_BYTES = 700e6;

/** Remembers sections of one data set's files; `read` is asked for what is not there. */
export function createSectionMemory(): (key: string, read: () => Uint8Array) => Uint8Array {
  const memory = new Map<string, Uint8Array>();
  let held = 0;
  return (key, read) => {
    const found = memory.get(key);
    memory.delete(key);
    const data = found ?? read();
    if (!found) held += data.length;
    memory.set(key, data);
    for (const [old, bytes] of memory) {
      if (held <= MEMORY_BYTES || old === key) break;
      memory.delete(old);
      held -= bytes.length;
    }
    return data;
  };
}

function readAt(handle: number, path: string, from: number, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const got = readSync(handle, out, at, length - at, from + at);
    if (got === 0) throw broken(path, 'ends too early');
    at += got;
  }
  return out;
}

function readHeader(path: string): { header: Header; start: number } {
  const handle = openSync(path, 'r');
  try {
    const head = readAt(handle, path, 0, MAGIC.length + 4);
    if (Buffer.from(head.subarray(0, MAGIC.length)).toString('latin1') !== MAGIC)
      throw broken(path, 'is of another kind');
    const length = Buffer.from(head).readUInt32LE(MAGIC.length);
    if (length > 1 << 20) throw broken(path, 'has a damaged header');
    const text = Buffer.from(readAt(handle, path, MAGIC.length + 4, length)).toString();
    return { header: JSON.parse(text) as Header, start: align(MAGIC.length + 4 + length) };
  } catch (error) {
    throw error instanceof SyntaxError ? broken(path, 'has a damaged header') : error;
  } finally {
    closeSync(handle);
  }
}

/** Open a cache file written for `key`; null when it does not exist, an error when it is damaged. */
export function openChunk(path: string, key: string): ChunkFile | null {
  let opened: ReturnType<typeof readHeader>;
  try {
    opened = readHeader(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  const { header, start } = opened;
  if (header.key !== key) throw broken(path, `was written for ${header.key}, not for ${key}`);
  return {
    hash: sha256(Buffer.from(header.sections.map((s) => `${s.name}:${s.sha256}`).join('\n'))),
    read: (name) => {
      const section = header.sections.find((s) => s.name === name);
      if (!section) throw broken(path, `has no section "${name}"`);
      const handle = openSync(path, 'r');
      try {
        const data = readAt(handle, path, start + section.offset, section.bytes * header.images);
        if (sha256(data) !== section.sha256) throw broken(path, `has a damaged section "${name}"`);
        return data;
      } finally {
        closeSync(handle);
      }
    },
  };
}

/** Larger files are refused before they are read. */
const MAX_FILE_BYTES = 2 ** 30;

/** Reads a whole regular file. @throws TaskatlasError `not-found` or `data`, naming it */
export function readWhole(path: string, what: string): Uint8Array {
  try {
    return readRegularFile(path, MAX_FILE_BYTES);
  } catch (error) {
    if (!(error instanceof PictureFault)) throw error;
    const code = isMissing(error.cause) ? 'not-found' : 'data';
    throw new TaskatlasError(code, `${what} ${path} ${error.message}.`, { cause: error });
  }
}
