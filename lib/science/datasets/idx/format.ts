import { gunzipSync } from 'node:zlib';
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

const MAX_BYTES = 1 << 30;
const MAX_SIDE = 512;

const bad = (file: string, why: string): TaskatlasError => new TaskatlasError('data', `${file}: ${why}`);

/** The bytes of a file that may be gzipped; more than 1 GiB is refused. */
export function inflate(bytes: Uint8Array, file: string): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    const big = error instanceof RangeError;
    throw new TaskatlasError(
      'data',
      `${file}: ${big ? 'unpacks to more than 1 GiB' : 'the gzip data is damaged'}.`,
      {
        cause: error,
      },
    );
  }
}

function dimensions(bytes: Uint8Array, file: string, rank: number): number[] {
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
  if (bytes.length !== wanted) {
    throw bad(
      file,
      `should be ${wanted} bytes long by its header (${sizes.join(' × ')}), but is ${bytes.length}.`,
    );
  }
  return sizes;
}

export function readImages(raw: Uint8Array, file: string): IdxImages {
  const bytes = inflate(raw, file);
  const [count = 0, rows = 0, columns = 0] = dimensions(bytes, file, 3);
  if (count === 0 || rows === 0 || columns === 0) throw bad(file, 'holds no pixels.');
  if (rows > MAX_SIDE || columns > MAX_SIDE)
    throw bad(file, `pictures of ${columns} × ${rows} are larger than ${MAX_SIDE}.`);
  return { count, rows, columns, data: bytes.subarray(16) };
}

/** Class of each image. */
export function readLabels(raw: Uint8Array, file: string, classes: number): Uint8Array {
  const bytes = inflate(raw, file);
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
