import { decodeSamples, type Samples } from '../folders/decode';
import { PictureFault } from '../folders/fault';
import { formatOf } from '../folders/format';
import { readNpy } from '../folders/npy';
import { DEFAULT_BACKGROUND, parseColour, toRgb } from '../folders/picture';
import { checkPixelData, type PngHeader, type Raster, readPngHeader } from '../folders/png';
import { resizeMean, resizeNearest } from '../folders/resize';
import type { Section } from '../folders/store';
import { type Domain, type DomainForm, domainOf } from './domains';

/** Three unit vectors. */
const VANISHING_NUMBERS = 9;

const bytesPerImage = (form: DomainForm, size: number): number => {
  const pixels = size * size;
  if (form.kind === 'bytes') return form.channels * pixels;
  if (form.kind === 'labels') return pixels;
  if (form.kind === 'vector') return 4 * form.length;
  return form.kind === 'vanishing-points' ? 4 * VANISHING_NUMBERS : 2 * pixels;
};

/** One section per domain, in its stored form. */
export const sectionsOf = (domains: readonly string[], size: number): Section[] =>
  domains.flatMap((id) => {
    const domain = domainOf(id);
    return domain ? [{ name: id, bytes: bytesPerImage(domain.form, size) }] : [];
  });

/** Vanishing points x, y, z of a point_info.json in the camera frame; zeros where the file has none. */
function vanishingOf(bytes: Uint8Array): Float32Array {
  const parsed: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  const record = (Array.isArray(parsed) ? parsed[0] : parsed) as Record<string, unknown> | null;
  if (record === null || typeof record !== 'object') throw new Error('holds no object');
  const points = record.vanishing_points_gaussian_sphere as Record<string, unknown> | undefined;
  const out = new Float32Array(VANISHING_NUMBERS);
  if (points === undefined || points === null) return out;
  ['x', 'y', 'z'].forEach((axis, i) => {
    const vector = points[axis];
    if (!Array.isArray(vector) || vector.length !== 3 || !vector.every((v) => Number.isFinite(v)))
      throw new Error(`has no vanishing point ${axis} of three numbers`);
    out.set(vector as number[], 3 * i);
  });
  return out;
}

const asBytes = (values: Float32Array | Uint16Array | Uint8Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** What the kind of domain asks of a file's samples. */
function checkSamples(form: DomainForm, bits: number, palette: boolean): void {
  if (form.kind === 'distance' && bits !== 16)
    throw new PictureFault(`has ${bits} bits per pixel; distances need 16 (1/512 m)`);
  if (form.kind === 'labels' && palette)
    throw new PictureFault('is a palette PNG; classes are read from grey values');
}

/** The first `channels` channels as stored: samples of fewer than 8 bits are labels' own numbers. */
function storedValues({ width, height, channels: held, data, bits }: Samples, channels: number): Raster {
  const out =
    data instanceof Uint16Array
      ? new Uint16Array(width * height * channels)
      : new Uint8Array(width * height * channels);
  const step = held >= 3 ? 1 : 0;
  const unit = bits < 8 ? 255 / (2 ** bits - 1) : 1;
  for (let k = 0; k < width * height; k++)
    for (let c = 0; c < channels; c++) out[k * channels + c] = (data[k * held + c * step] as number) / unit;
  return { width, height, channels, data: out };
}

const spread = (raster: Raster, from: Uint8Array | Uint16Array, scale: number): Raster => ({
  ...raster,
  data:
    scale > 1
      ? Uint16Array.from(from, (v) => v * scale)
      : Uint8Array.from(from, (v) => Math.round(v * scale)),
});

async function pictureOf(domain: Domain, bytes: Uint8Array, size: number): Promise<Uint8Array> {
  const { id, form } = domain;
  if (formatOf(bytes) !== 'PNG') throw new PictureFault('is not a PNG file');
  const samples = await decodeSamples(bytes);
  checkSamples(form, samples.bits, samples.palette);
  if (id === 'rgb') {
    const background = parseColour(DEFAULT_BACKGROUND);
    return asBytes(resizeMean(toRgb(samples, { background, bits: 16 }), size));
  }
  // low bit depths are numbers in label files, and shades elsewhere
  const whole = form.kind === 'labels' ? samples : { ...samples, bits: Math.max(8, samples.bits) };
  const raster = storedValues(whole, form.kind === 'bytes' ? form.channels : 1);
  const wide = raster.data instanceof Uint16Array;
  if (form.kind === 'distance') return asBytes(resizeNearest(raster, size));
  if (form.kind === 'response')
    return asBytes(resizeMean(wide ? raster : spread(raster, raster.data, 257), size));
  const narrow = wide ? spread(raster, raster.data, 1 / 257) : raster;
  return asBytes(form.kind === 'labels' ? resizeNearest(narrow, size) : resizeMean(narrow, size));
}

/** A response's 16-bit values, for its scale. */
export async function responseValues(bytes: Uint8Array): Promise<Raster> {
  const raster = storedValues({ ...(await decodeSamples(bytes)), bits: 8 }, 1);
  return raster.data instanceof Uint16Array ? raster : spread(raster, raster.data, 257);
}

/** The stored form of one file. Throws a plain error that says what is wrong with it. */
export async function decodeDomain(
  id: string,
  bytes: Uint8Array,
  size: number,
): Promise<Record<string, Uint8Array>> {
  const domain = domainOf(id);
  if (!domain) throw new Error(`is of the unknown domain ${id}`);
  const { form } = domain;
  if (form.kind === 'vanishing-points') return { [id]: asBytes(vanishingOf(bytes)) };
  if (form.kind !== 'vector') return { [id]: await pictureOf(domain, bytes, size) };
  const vector = readNpy(bytes);
  if (vector.length !== form.length) throw new Error(`has ${vector.length} numbers, not ${form.length}`);
  return { [id]: asBytes(vector) };
}

/** Finds what is wrong with a file; of a PNG by its chunks and the length of its pixel data, without decoding it. */
export async function checkDomain(id: string, bytes: Uint8Array): Promise<void> {
  const domain = domainOf(id);
  if (domain?.extension !== 'png') {
    await decodeDomain(id, bytes, 1);
    return;
  }
  if (formatOf(bytes) !== 'PNG') throw new PictureFault('is not a PNG file');
  const header: PngHeader = readPngHeader(bytes);
  checkSamples(domain.form, header.depth, header.palette);
  await checkPixelData(header);
}
