import { crc32, createInflate, deflateSync } from 'node:zlib';
import { PictureFault } from './fault';

/** A decoded picture: `channels` values per pixel, rows from the top. 16 bit where the file has 16. */
export interface Raster {
  width: number;
  height: number;
  channels: number;
  data: Uint8Array | Uint16Array;
}

/** What a PNG's chunks say about its pixels. */
export interface PngHeader {
  width: number;
  height: number;
  /** Bits per sample: 1, 2, 4, 8 or 16. */
  depth: number;
  palette: boolean;
  /** Most significant bits of any colour channel, by its sBIT chunk; null where there is none. */
  significantBits: number | null;
  /** Bytes of all rows with their filter types, after inflating. */
  rowBytes: number;
  /** The compressed pixel data. */
  data: readonly Uint8Array[];
}

export const PNG_SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const PALETTE_TYPE = 3;

/** Start and step of the seven passes of an interlaced picture, in x and y. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

function rowBytesOf(width: number, height: number, bitsPerPixel: number, interlaced: boolean): number {
  let total = 0;
  for (const [x, y, dx, dy] of interlaced ? ADAM7 : ([[0, 0, 1, 1]] as const)) {
    const columns = Math.ceil((width - x) / dx);
    const rows = Math.ceil((height - y) / dy);
    if (columns > 0 && rows > 0) total += rows * (1 + Math.ceil((columns * bitsPerPixel) / 8));
  }
  return total;
}

function* chunksOf(file: Buffer): Generator<{ name: string; data: Buffer }> {
  for (let at = PNG_SIGNATURE.length; at + 12 <= file.length; ) {
    const end = at + 8 + file.readUInt32BE(at);
    const name = file.toString('latin1', at + 4, at + 8);
    if (end + 4 > file.length) throw new PictureFault('ends too early');
    if (crc32(file.subarray(at + 4, end)) !== file.readUInt32BE(end))
      throw new PictureFault(`has a damaged ${name} chunk (checksum)`);
    yield { name, data: file.subarray(at + 8, end) };
    if (name === 'IEND') return;
    at = end + 4;
  }
  throw new PictureFault('ends too early');
}

/**
 * Reads a PNG's chunks and compares their checksums; nothing is inflated.
 * @throws PictureFault what is wrong with the file
 */
export function readPngHeader(bytes: Uint8Array): PngHeader {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: Omit<PngHeader, 'data' | 'significantBits'> | null = null;
  let significantBits: number | null = null;
  const data: Uint8Array[] = [];
  for (const chunk of chunksOf(file)) {
    if (header === null) {
      if (chunk.name !== 'IHDR' || chunk.data.length !== 13)
        throw new PictureFault('does not start with a PNG header');
      const [width, height] = [chunk.data.readUInt32BE(0), chunk.data.readUInt32BE(4)];
      const [depth = 0, type = 0, , , interlace = 0] = chunk.data.subarray(8);
      const bits = depth * (CHANNELS[type] ?? 0);
      const rowBytes = rowBytesOf(width, height, bits, interlace === 1);
      header = { width, height, depth, palette: type === PALETTE_TYPE, rowBytes };
      if (width === 0 || height === 0 || bits === 0)
        throw new PictureFault('has a PNG header without pixels');
    }
    // of a palette picture sBIT speaks of the palette's colours
    if (chunk.name === 'sBIT' && !header.palette) {
      const colours = chunk.data.length === 2 ? 1 : Math.min(3, chunk.data.length);
      significantBits = Math.max(...chunk.data.subarray(0, colours));
    }
    if (chunk.name === 'IDAT') data.push(chunk.data);
  }
  if (header === null) throw new PictureFault('ends too early');
  return { ...header, significantBits, data };
}

/**
 * Inflates a PNG's pixel data without keeping them, until every row is there. More data than the header announces are
 * left alone, as other readers do.
 * @throws PictureFault when rows are missing or the data are damaged
 */
export async function checkPixelData({ data, rowBytes }: PngHeader): Promise<void> {
  const found = await new Promise<number>((resolve, reject) => {
    const inflate = createInflate({ chunkSize: Math.min(1 << 20, Math.max(1 << 10, rowBytes)) });
    let bytes = 0;
    const stop = (): void => {
      resolve(bytes);
      inflate.destroy();
    };
    inflate.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes >= rowBytes) stop();
    });
    inflate.on('end', stop);
    inflate.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'Z_BUF_ERROR') stop();
      else reject(new PictureFault('has damaged pixel data', { cause: error }));
    });
    for (const part of data) inflate.write(part);
    inflate.end();
  });
  if (found < rowBytes) {
    throw new PictureFault(
      `lacks pixels: its data unpack to ${found} of the ${rowBytes} bytes that its header announces`,
    );
  }
}

function chunk(name: string, data: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(name, 4, 'latin1');
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

const COLOUR_TYPES: Readonly<Record<number, number>> = { 1: 0, 2: 4, 3: 2, 4: 6 };

/** A PNG of grey or RGB, with or without alpha (1 to 4 channels), 8 or 16 bit by the type of `data`. */
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
  header.set([8 * bytes, COLOUR_TYPES[channels] ?? 0, 0, 0, 0], 8);
  return Buffer.concat([
    PNG_SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', new Uint8Array(0)),
  ]);
}
