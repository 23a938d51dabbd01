import { crc32, deflateSync } from 'node:zlib';
import { PNG } from 'pngjs';

/** A decoded picture: `channels` values per pixel, rows from the top. 16 bit where the file has 16. */
export interface Raster {
  width: number;
  height: number;
  channels: number;
  data: Uint8Array | Uint16Array;
}

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
/** Larger pictures are refused before they are decoded. */
export const MAX_SIDE = 8192;

/** Why a PNG file cannot be used, judged by its chunks and their checksums without decoding it; null = sound. */
export function pngFault(bytes: Uint8Array): string | null {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length === 0) return 'is empty';
  if (!file.subarray(0, 8).equals(SIGNATURE)) return 'is no PNG file';
  for (let at = 8; at + 12 <= file.length; ) {
    const length = file.readUInt32BE(at);
    const name = file.toString('latin1', at + 4, at + 8);
    const end = at + 8 + length;
    if (end + 4 > file.length) return 'ends too early';
    if (crc32(file.subarray(at + 4, end)) !== file.readUInt32BE(end))
      return `has a damaged ${name} chunk (checksum)`;
    if (name === 'IHDR' && Math.max(file.readUInt32BE(at + 8), file.readUInt32BE(at + 12)) > MAX_SIDE)
      return `is larger than ${MAX_SIDE} pixels`;
    if (name === 'IEND') return null;
    at = end + 4;
  }
  return 'ends too early';
}

/** Decodes a PNG to RGB (`channels` 3) or to its first channel (1), without rescaling 16-bit values. Throws on damage. */
export function decodePng(bytes: Uint8Array, channels: number): Raster {
  const fault = pngFault(bytes);
  if (fault) throw new Error(fault);
  const png = PNG.sync.read(Buffer.from(bytes), { skipRescale: true }) as unknown as {
    width: number;
    height: number;
    data: Uint8Array | Uint16Array;
  };
  const { width, height, data } = png;
  const out =
    data instanceof Uint16Array
      ? new Uint16Array(width * height * channels)
      : new Uint8Array(width * height * channels);
  for (let k = 0; k < width * height; k++) {
    for (let c = 0; c < channels; c++) out[k * channels + c] = data[4 * k + c] as number;
  }
  return { width, height, channels, data: out };
}

function chunk(name: string, data: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(name, 4, 'latin1');
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

/** A PNG of 1 (grey) or 3 (RGB) channels, 8 or 16 bit by the type of `data`. */
export function encodePng({ width, height, channels, data }: Raster): Uint8Array {
  const bytes = data instanceof Uint16Array ? 2 : 1;
  const row = width * channels;
  const lines = Buffer.alloc(height * (1 + row * bytes));
  for (let y = 0; y < height; y++) {
    let at = y * (1 + row * bytes) + 1;
    for (let i = 0; i < row; i++, at += bytes) {
      const value = data[y * row + i] as number;
      if (bytes === 2) lines.writeUInt16BE(value, at);
      else lines[at] = value;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8 * bytes, channels === 3 ? 2 : 0, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', new Uint8Array(0)),
  ]);
}
