import { constants, gunzipSync } from 'node:zlib';
import { TaskatlasError } from '../../core';

/**
 * IDX (Y. LeCun's MNIST files): big-endian; bytes 0 0 type rank, then one u32 per dimension,
 * then the data. Only unsigned bytes (type 8) are read: rank 3 images, rank 1 labels.
 */
export interface IdxImages {
  count: number;
  rows: number;
  columns: number;
  data: Uint8Array;
}

const MAX_BYTES = 2 ** 30;
/** Packed bytes that are enough for a header: they unpack to at most a few MB. */
const HEADER_PACKED = 4096;
const MAX_SIDE = 512;

const bad = (file: string, why: string): TaskatlasError => new TaskatlasError('data', `${file}: ${why}`);

/** Whether a folder's file names are those of IDX files. */
export const isIdxFolder = (names: readonly string[]): boolean =>
  names.some((name) => /^train-(images|labels)[-.]idx/.test(name));

const isPacked = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Bytes of a file of `rank` dimensions by its header. */
function lengthOf(start: Uint8Array, rank: number): number {
  const view = new DataView(start.buffer, start.byteOffset, start.length);
  let count = 1;
  for (let i = 0; i < rank; i++) count *= view.getUint32(4 + 4 * i);
  return 4 + 4 * rank + count;
}

/**
 * The bytes of a file that may be gzipped. No more are unpacked than its header announces, and at most 1 GiB.
 * @throws TaskatlasError `data`
 */
export function inflate(bytes: Uint8Array, file: string, rank: number): Uint8Array {
  if (!isPacked(bytes)) return bytes;
  try {
    const start = gunzipSync(bytes.subarray(0, HEADER_PACKED), { finishFlush: constants.Z_SYNC_FLUSH });
    if (start.length < 4 + 4 * rank) return start;
    dimensions(start, file, rank, false);
    const wanted = lengthOf(start, rank);
    if (wanted > MAX_BYTES)
      throw bad(file, `is ${wanted} bytes long by its header; at most ${MAX_BYTES} are read.`);
    return gunzipSync(bytes, { maxOutputLength: wanted });
  } catch (error) {
    if (error instanceof TaskatlasError) throw error;
    const more = error instanceof RangeError;
    const why = more
      ? 'unpacks to more bytes than its header announces'
      : 'the gzip data is damaged or cut short';
    throw new TaskatlasError('data', `${file}: ${why}.`, { cause: error });
  }
}

function dimensions(bytes: Uint8Array, file: string, rank: number, whole = true): number[] {
  const header = 4 + 4 * rank;
  if (bytes.length < header)
    throw bad(file, `is only ${bytes.length} bytes long, shorter than an IDX header.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes[0] !== 0 || bytes[1] !== 0) throw bad(file, 'does not start like an IDX file (two zero bytes).');
  if (bytes[2] !== 8)
    throw bad(file, `holds data of IDX type ${bytes[2]}; only unsigned bytes (8) are read.`);
  if (bytes[3] !== rank) throw bad(file, `has ${bytes[3]} dimensions where ${rank} are needed.`);
  const sizes = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const wanted = header + sizes.reduce((a, b) => a * b, 1);
  if (whole && bytes.length !== wanted) {
    throw bad(
      file,
      `should be ${wanted} bytes long by its header (${sizes.join(' × ')}), but is ${bytes.length}.`,
    );
  }
  return sizes;
}

export function readImages(raw: Uint8Array, file: string): IdxImages {
  const bytes = inflate(raw, file, 3);
  const [count = 0, rows = 0, columns = 0] = dimensions(bytes, file, 3);
  if (count === 0 || rows === 0 || columns === 0) throw bad(file, 'holds no pixels.');
  if (rows > MAX_SIDE || columns > MAX_SIDE)
    throw bad(file, `pictures of ${columns} × ${rows} are larger than ${MAX_SIDE}.`);
  return { count, rows, columns, data: bytes.subarray(16) };
}

/** Class of each image. */
export function readLabels(raw: Uint8Array, file: string, classes: number): Uint8Array {
  const bytes = inflate(raw, file, 1);
  dimensions(bytes, file, 1);
  const labels = bytes.subarray(8);
  const at = labels.findIndex((l) => l >= classes);
  if (at >= 0)
    throw bad(
      file,
      `label ${labels[at]} of item ${at} is not one of the ${classes} classes 0–${classes - 1}.`,
    );
  return labels;
}
