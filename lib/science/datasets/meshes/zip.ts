import { inflateRawSync } from 'node:zlib';
import { TaskatlasError } from '../../core';

const END = 0x06054b50;
const ENTRY = 0x02014b50;
/** Larger entries are refused before they are inflated. */
const MAX_ENTRY = 128 * 1024 * 1024;
const MAX_ENTRIES = 20_000;

/** A file of an archive; it is inflated when it is read. */
interface Entry {
  /** Bytes when inflated. */
  size: number;
  read(): Uint8Array;
}

/** The files of a zip archive by name. */
export type Archive = ReadonlyMap<string, Entry>;

const damaged = (name: string, why: string): TaskatlasError =>
  new TaskatlasError('data', `${name} is no whole zip archive: ${why}.`);

/**
 * Reads a zip archive's directory (stored and deflated entries, no encryption, no zip64).
 * @throws TaskatlasError `data` naming the archive.
 */
export function readZip(bytes: Uint8Array, name: string): Archive {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = file.length - 22;
  // a comment of at most 65,535 bytes may follow
  const first = Math.max(0, end - 0xffff);
  while (end >= first && file.readUInt32LE(end) !== END) end--;
  if (end < first) throw damaged(name, 'it has no directory');
  const count = file.readUInt16LE(end + 10);
  if (count > MAX_ENTRIES) throw damaged(name, `it has more than ${MAX_ENTRIES} entries`);
  const entries = new Map<string, Entry>();
  let at = file.readUInt32LE(end + 16);
  for (let i = 0; i < count; i++) {
    if (at + 46 > file.length || file.readUInt32LE(at) !== ENTRY)
      throw damaged(name, 'its directory is cut short');
    const method = file.readUInt16LE(at + 10);
    const packed = file.readUInt32LE(at + 20);
    const size = file.readUInt32LE(at + 24);
    const lengths = [28, 30, 32].map((offset) => file.readUInt16LE(at + offset));
    const [nameLength = 0, extra = 0, comment = 0] = lengths;
    const local = file.readUInt32LE(at + 42);
    const entry = file.toString('utf8', at + 46, at + 46 + nameLength);
    const read = (): Uint8Array => {
      if (size > MAX_ENTRY) throw damaged(name, `${entry} is larger than 128 MB`);
      if (local + 30 > file.length) throw damaged(name, `${entry} lies outside of it`);
      const start = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
      const data = file.subarray(start, start + packed);
      if (data.length !== packed || (method !== 0 && method !== 8))
        throw damaged(name, `${entry} cannot be read`);
      if (method === 0) return data;
      try {
        return inflateRawSync(data, { maxOutputLength: MAX_ENTRY });
      } catch (cause) {
        const why = cause instanceof RangeError ? 'unpacks to more than 128 MB' : 'is damaged';
        throw new TaskatlasError('data', `${name} is no whole zip archive: ${entry} ${why}.`, { cause });
      }
    };
    entries.set(entry, { size, read });
    at += 46 + nameLength + extra + comment;
  }
  return entries;
}
