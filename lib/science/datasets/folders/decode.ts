import sharp, { type Metadata, type SharpOptions } from 'sharp';
import { decodeBmp, readBmpHeader } from './bmp';
import { PictureFault } from './fault';
import { formatOf, type PictureFormat } from './format';
import { checkGif } from './gif';
import { checkPixelData, readPngHeader } from './png';
import { checkTiff } from './tiff';

// one thread a picture and no cache: folders are decoded picture by picture, and a picture is never asked for twice
sharp.concurrency(1);
sharp.cache(false);

/** More pixels are refused before any is decoded (8192 × 8192). */
const MAX_PIXELS = 2 ** 26;

/**
 * The decoders whose pixels may differ between versions. Part of every manifest: machines that share a fingerprint share
 * pixels.
 */
export const DECODER = (() => {
  const { vips, mozjpeg, webp, tiff, heif, aom } = sharp.versions;
  return `libvips ${vips}, mozjpeg ${mozjpeg}, libwebp ${webp}, libtiff ${tiff}, libheif ${heif}, aom ${aom}, nsbmp 0.1.3`;
})();

/** A picture's samples as its file holds them, upright. */
export interface Samples {
  format: PictureFormat;
  width: number;
  height: number;
  /** Grey, grey + alpha, RGB, RGB + alpha; four channels of ink where `cmyk`. */
  channels: number;
  cmyk: boolean;
  /** 0–255 or 0–65535; samples of fewer than 8 bits are spread over 0–255. */
  data: Uint8Array | Uint16Array;
  /** Bits per sample in the file. */
  bits: number;
  /** By a PNG's sBIT chunk. */
  significantBits: number | null;
  palette: boolean;
  /** EXIF orientation that was applied, 1–8; 1 = stored upright. */
  orientation: number;
  /** Has an ICC profile, which is not applied. */
  profile: boolean;
  /** Frames or pages of the file; the first is read. */
  pages: number;
}

const READ: SharpOptions = { failOn: 'error', ignoreIcc: true, limitInputPixels: MAX_PIXELS };

/** Decoded bytes that may be in memory at once; a larger picture is decoded alone. */
const BYTES_AT_ONCE = 256e6;
let held = 0;
const waiting: (() => void)[] = [];

async function withMemory<T>(bytes: number, work: () => Promise<T>): Promise<T> {
  while (held > 0 && held + bytes > BYTES_AT_ONCE) await new Promise<void>((go) => waiting.push(go));
  held += bytes;
  try {
    return await work();
  } finally {
    held -= bytes;
    for (const go of waiting.splice(0)) go();
  }
}

function checkSize(width: number, height: number): void {
  if (width < 1 || height < 1) throw new PictureFault('has no pixels');
  if (width * height > MAX_PIXELS)
    throw new PictureFault(`has ${width} × ${height} pixels; at most ${MAX_PIXELS} are read`);
}

/** libvips speaks of its loaders; the person knows the file. */
function faultOf(error: unknown): PictureFault {
  if (error instanceof PictureFault) return error;
  const text = error instanceof Error ? (error.message.trim().split('\n')[0] ?? '') : String(error);
  const early = /premature end|truncated|end of (file|stream|data)|not enough|unexpected end/i.test(text);
  return new PictureFault(early ? 'ends too early' : `is damaged (${text})`, { cause: error });
}

const WIDE = { grey16: true, rgb16: true };
/** Interpretations of libvips that are grey, RGB or CMYK. */
const SPACES = ['b-w', 'srgb', 'rgb', 'grey16', 'rgb16', 'cmyk'];

/** @throws PictureFault for kinds of samples that would be read wrongly */
function checkKind({ space, depth, channels }: Metadata): void {
  if (depth !== 'uchar' && depth !== 'ushort')
    throw new PictureFault(`has samples of the type ${depth}; unsigned samples of 1 to 16 bits are read`);
  if (!SPACES.includes(space) || channels > 4 || (space === 'cmyk' && depth !== 'uchar'))
    throw new PictureFault(`has ${channels} channels of ${space}; grey, RGB and 8-bit CMYK are read`);
}

async function readPixels(bytes: Uint8Array, options: SharpOptions, space: string, channels: number) {
  const picture = sharp(bytes, options).autoOrient();
  if (space === 'cmyk') picture.pipelineColourspace('cmyk').toColourspace('cmyk');
  else if (space in WIDE || (space === 'b-w' && channels === 1)) picture.toColourspace(space);
  const raw = picture.raw({ depth: space in WIDE ? 'ushort' : 'uchar' });
  return await raw.toBuffer({ resolveWithObject: true });
}

/**
 * Other programs read JPEGs in spite of libjpeg's warnings (bytes between segments), so they are read here; but not one
 * whose data end before its last row, which libjpeg fills with grey.
 */
async function readStrictly(format: PictureFormat, bytes: Uint8Array, space: string, channels: number) {
  if (format !== 'JPEG') return await readPixels(bytes, READ, space, channels);
  try {
    return await readPixels(bytes, { ...READ, failOn: 'warning' }, space, channels);
  } catch (error) {
    if (/premature end/i.test(String(error))) throw error;
    return await readPixels(bytes, READ, space, channels);
  }
}

async function decodeByVips(format: PictureFormat, bytes: Uint8Array): Promise<Samples> {
  const png = format === 'PNG' ? readPngHeader(bytes) : null;
  if (png) checkSize(png.width, png.height);
  if (format === 'TIFF') checkTiff(bytes);
  const about = await sharp(bytes, { ...READ, limitInputPixels: false }).metadata();
  checkSize(about.width, about.height);
  checkKind(about);
  // AVIF of 10 and 12 bits is rounded to 8 by the decoder
  const space = format === 'AVIF' ? 'srgb' : about.space;
  return await withMemory(about.width * about.height * about.channels * (space in WIDE ? 4 : 2), async () => {
    if (png) await checkPixelData(png);
    if (format === 'GIF') checkGif(bytes);
    const { data, info } = await readStrictly(format, bytes, space, about.channels);
    return {
      format,
      width: info.width,
      height: info.height,
      channels: info.channels,
      cmyk: space === 'cmyk',
      data: space in WIDE ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2) : data,
      bits: png?.depth ?? about.bitsPerSample ?? (about.depth === 'ushort' ? 16 : 8),
      significantBits: png?.significantBits ?? null,
      palette: png?.palette ?? about.isPalette ?? false,
      orientation: about.orientation ?? 1,
      profile: about.hasProfile,
      pages: about.pages ?? 1,
    };
  });
}

async function decodeByNsbmp(bytes: Uint8Array): Promise<Samples> {
  const header = readBmpHeader(bytes);
  checkSize(header.width, header.height);
  return await withMemory(header.width * header.height * 8, async () => {
    const { alpha, ...pixels } = await decodeBmp(bytes, header);
    if (!alpha) for (let i = 3; i < pixels.data.length; i += 4) pixels.data[i] = 255;
    const plain = { cmyk: false, significantBits: null, orientation: 1, profile: false, pages: 1 };
    return { ...plain, ...pixels, format: 'BMP', channels: 4, bits: 8, palette: header.bits <= 8 };
  });
}

/**
 * Decodes a picture file, judged first by its header: format by content, size, kind of samples; a PNG also by its
 * checksums and the length of its unpacked data. EXIF orientation is applied; ICC profiles are not.
 * @throws PictureFault naming what is wrong; no pixel of a file with missing data is ever made up
 */
export async function decodeSamples(bytes: Uint8Array): Promise<Samples> {
  try {
    const format = formatOf(bytes);
    return await (format === 'BMP' ? decodeByNsbmp(bytes) : decodeByVips(format, bytes));
  } catch (error) {
    throw faultOf(error);
  }
}
