import { createHash } from 'node:crypto';
import { TaskatlasError } from '@/lib/science/core';

/** Numbers that a file holds by name; `f16` entries are rounded to half precision. */
export type StoredArray = Float32Array | Int32Array | Uint8Array;

export interface StoredFile {
  /** Small facts about the file, JSON. */
  meta: Readonly<Record<string, unknown>>;
  arrays: ReadonlyMap<string, StoredArray>;
}

interface Entry {
  name: string;
  type: 'f32' | 'f16' | 'i32' | 'u8';
  length: number;
}

const MAGIC = 0x32415454; // "TTA2"
/** Files of before: SHA-256 of the arrays alone, inside the header. */
const MAGIC_1 = 0x31415454;
/** Where the SHA-256 of everything else in the file lies, and where the header begins. */
const HASH_AT = 8;
const HEADER_AT = 40;
const scratch = new DataView(new ArrayBuffer(4));

/** IEEE 754 half-precision bits of a number, rounded to nearest even; beyond ±65504 it saturates. */
export function toHalf(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const rest = bits & 0x7fffffff;
  if (rest > 0x7f800000) return sign | 0x7e00;
  if (rest >= 0x477ff000) return sign | 0x7bff;
  if (rest < 0x38800000) {
    // Subnormal half: units of 2^-24. Math.round rounds ties up; correct them to even.
    const units = Math.abs(value) * 16777216;
    const floor = Math.floor(units);
    const up = units - floor > 0.5 || (units - floor === 0.5 && floor % 2 === 1);
    return sign | (floor + (up ? 1 : 0));
  }
  const rounded = rest + 0xfff + ((rest >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

const halfTable = new Float32Array(65536);
for (let bits = 0; bits < 65536; bits++) {
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  const magnitude =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
        ? fraction === 0
          ? Number.POSITIVE_INFINITY
          : Number.NaN
        : (1 + fraction / 1024) * 2 ** (exponent - 15);
  halfTable[bits] = bits & 0x8000 ? -magnitude : magnitude;
}

/** Number with the given half-precision bits. */
export const fromHalf = (bits: number): number => halfTable[bits & 0xffff] as number;

/** A plain loop: `Float32Array.from` with a function takes ten times as long, and every transfer reads features. */
function fromHalves(halves: Uint16Array): Float32Array {
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) values[i] = halfTable[halves[i] as number] as number;
  return values;
}

/** Rounds to half precision in place, so that what is kept in memory equals what is read back. */
export function roundToHalf(values: Float32Array): Float32Array {
  for (let i = 0; i < values.length; i++) values[i] = fromHalf(toHalf(values[i] as number));
  return values;
}

const BYTES = { f32: 4, f16: 2, i32: 4, u8: 1 } as const;
const pad8 = (n: number): number => (n + 7) & ~7;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Of the magic, the header's length, the header and the arrays: of every byte but its own. */
const hashOf = (bytes: Uint8Array): Buffer =>
  createHash('sha256').update(bytes.subarray(0, HASH_AT)).update(bytes.subarray(HEADER_AT)).digest();

function bytesOf(entry: Entry, values: StoredArray): Uint8Array {
  if (entry.type === 'f16') {
    const half = Uint16Array.from(values, (value) => toHalf(value));
    return new Uint8Array(half.buffer);
  }
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

interface Header {
  meta: Record<string, unknown>;
  entries: Entry[];
  /** Of the arrays as they lie in the file; files of before only. */
  sha256?: string;
}

/**
 * One binary file: magic, header length, SHA-256 of all the rest, JSON header, arrays at 8-byte boundaries (little endian).
 * Arrays whose names are in `half` are stored in half precision.
 */
export function packFile(file: StoredFile, half: ReadonlySet<string> = new Set()): Uint8Array {
  const entries = [...file.arrays].map(([name, values]): Entry => {
    const type =
      values instanceof Uint8Array
        ? 'u8'
        : values instanceof Int32Array
          ? 'i32'
          : half.has(name)
            ? 'f16'
            : 'f32';
    return { name, type, length: values.length };
  });
  const header = new TextEncoder().encode(JSON.stringify({ meta: file.meta, entries } satisfies Header));
  let at = pad8(HEADER_AT + header.length);
  const size = entries.reduce((sum, entry) => sum + pad8(entry.length * BYTES[entry.type]), at);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, header.length, true);
  bytes.set(header, HEADER_AT);
  for (const entry of entries) {
    bytes.set(bytesOf(entry, file.arrays.get(entry.name) as StoredArray), at);
    at += pad8(entry.length * BYTES[entry.type]);
  }
  bytes.set(hashOf(bytes), HASH_AT);
  return bytes;
}

function readArray(entry: Entry, bytes: Uint8Array, at: number): StoredArray {
  const size = entry.length * BYTES[entry.type];
  if (at + size > bytes.length) throw new TaskatlasError('data', `The array ${entry.name} is cut short.`);
  const copy = bytes.slice(at, at + size);
  switch (entry.type) {
    case 'u8':
      return copy;
    case 'i32':
      return new Int32Array(copy.buffer);
    case 'f32':
      return new Float32Array(copy.buffer);
    case 'f16':
      return fromHalves(new Uint16Array(copy.buffer));
  }
}

const damaged = (cause?: unknown): TaskatlasError =>
  new TaskatlasError('data', 'The file is damaged: it does not hold what was written.', { cause });

/** Where the header begins, once the hash of the file is checked. */
function checkedStart(bytes: Uint8Array, view: DataView): number {
  const magic = bytes.length < 8 ? 0 : view.getUint32(0, true);
  if (magic === MAGIC_1) return 8;
  if (magic !== MAGIC) {
    throw new TaskatlasError('data', 'This is not a file of weights, features or a checkpoint.');
  }
  if (bytes.length < HEADER_AT || !hashOf(bytes).equals(bytes.subarray(HASH_AT, HEADER_AT))) throw damaged();
  return HEADER_AT;
}

function readHeader(bytes: Uint8Array): Header {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Header;
  } catch (cause) {
    throw damaged(cause);
  }
}

/** @throws TaskatlasError `data` if the bytes are not such a file, are cut short or are not those that were written. */
export function unpackFile(bytes: Uint8Array): StoredFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = checkedStart(bytes, view);
  const end = start + view.getUint32(4, true);
  if (end > bytes.length) throw damaged();
  const header = readHeader(bytes.subarray(start, end));
  if (start < HEADER_AT && header.sha256 !== sha256(bytes.subarray(pad8(end)))) throw damaged();
  const arrays = new Map<string, StoredArray>();
  let at = pad8(end);
  for (const entry of header.entries) {
    arrays.set(entry.name, readArray(entry, bytes, at));
    at += pad8(entry.length * BYTES[entry.type]);
  }
  return { meta: header.meta, arrays };
}

/** Whether the bytes are such a file, as it was written. */
export function isIntact(bytes: Uint8Array): boolean {
  try {
    unpackFile(bytes);
    return true;
  } catch {
    return false;
  }
}

/** An array of floats of the file. @throws TaskatlasError `data` if it is missing. */
export function floatsOf(file: StoredFile, name: string): Float32Array {
  const values = file.arrays.get(name);
  if (!(values instanceof Float32Array))
    throw new TaskatlasError('data', `The file has no floats "${name}".`);
  return values;
}
