import { readNpy } from '../folders/npy';
import { resizeMean, resizeNearest } from '../folders/picture';
import { decodePng, pngFault } from '../folders/png';
import type { Section } from '../folders/store';
import { type DomainForm, domainOf } from './domains';

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

function pictureOf(form: DomainForm, bytes: Uint8Array, size: number): Uint8Array {
  const raster = decodePng(bytes, form.kind === 'bytes' ? form.channels : 1);
  const wide = raster.data instanceof Uint16Array;
  if (form.kind === 'distance' && !wide) throw new Error('has 8 bits per pixel; distances need 16 (1/512 m)');
  if (form.kind === 'distance') return asBytes(resizeNearest(raster, size));
  if (form.kind === 'response') {
    const data = wide ? raster.data : Uint16Array.from(raster.data, (v) => v * 257);
    return asBytes(resizeMean({ ...raster, data }, size));
  }
  const narrow = wide ? { ...raster, data: Uint8Array.from(raster.data, (v) => v >> 8) } : raster;
  return asBytes(form.kind === 'labels' ? resizeNearest(narrow, size) : resizeMean(narrow, size));
}

/** The stored form of one file. Throws a plain error that says what is wrong with it. */
export function decodeDomain(id: string, bytes: Uint8Array, size: number): Record<string, Uint8Array> {
  const form = domainOf(id)?.form;
  if (!form) throw new Error(`is of the unknown domain ${id}`);
  if (form.kind === 'vanishing-points') return { [id]: asBytes(vanishingOf(bytes)) };
  if (form.kind !== 'vector') return { [id]: pictureOf(form, bytes, size) };
  const vector = readNpy(bytes);
  if (vector.length !== form.length) throw new Error(`has ${vector.length} numbers, not ${form.length}`);
  return { [id]: asBytes(vector) };
}

/** Why a file cannot be used, without decoding pictures; null = sound. */
export function domainFault(id: string, bytes: Uint8Array): string | null {
  if (domainOf(id)?.extension === 'png') return pngFault(bytes);
  try {
    decodeDomain(id, bytes, 1);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
