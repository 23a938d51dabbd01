import { TaskatlasError } from '../../core';
import { decodeSamples, type Samples } from './decode';
import type { Raster } from './png';

/** Red, green and blue, 0–255. */
export type Colour = readonly [number, number, number];

/** What transparent pixels are put on. */
export const DEFAULT_BACKGROUND = '#ffffff';

/** `#rgb` or `#rrggbb` in its long, small form. @throws TaskatlasError `invalid-input` */
export function colourName(text: string): string {
  const [, short, long] = /^#?(?:([0-9a-f]{3})|([0-9a-f]{6}))$/i.exec(text.trim()) ?? [];
  const digits = long ?? short?.replace(/./g, '$&$&');
  if (digits === undefined) {
    const message = `"${text}" is not a colour: write #rrggbb or #rgb, for example #ffffff.`;
    throw new TaskatlasError('invalid-input', message, { issues: [{ path: 'dataset.background', message }] });
  }
  return `#${digits.toLowerCase()}`;
}

export function parseColour(text: string): Colour {
  const value = Number.parseInt(colourName(text).slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** How 16-bit pictures come to 8 bits, and what transparent pixels are put on. */
export interface Reading {
  background: Colour;
  /** 16-bit samples are divided by 2^bits − 1; larger ones are white. */
  bits: number;
}

/** Whether the last channel is alpha. */
export const hasAlpha = ({ cmyk, channels }: Samples): boolean => !cmyk && channels % 2 === 0;

export function isTransparent(samples: Samples): boolean {
  if (!hasAlpha(samples)) return false;
  const { data, channels } = samples;
  const opaque = data instanceof Uint16Array ? 65535 : 255;
  for (let i = channels - 1; i < data.length; i += channels) if ((data[i] as number) < opaque) return true;
  return false;
}

/** The largest colour sample of a 16-bit picture; null for others. */
export function largestSample(samples: Samples): number | null {
  const { data, channels } = samples;
  if (!(data instanceof Uint16Array)) return null;
  const colours = hasAlpha(samples) ? channels - 1 : channels;
  let largest = 0;
  for (let i = 0; i < data.length; i += channels)
    for (let c = 0; c < colours; c++) largest = Math.max(largest, data[i + c] as number);
  return largest;
}

const SENSOR_BITS = 12;

/**
 * The significant bits of 16-bit samples. By sBIT where no sample is larger than it says (files that follow the PNG
 * specification spread their samples over 16 bits, whatever sBIT says); without sBIT 12 where no sample is above 4095,
 * else 16.
 */
export function significantBits(largest: number, sBit: number | null): number {
  const bits = sBit ?? SENSOR_BITS;
  return bits >= 1 && bits < 16 && largest < 2 ** bits ? bits : 16;
}

/** CMYK as stored, inks on white paper: (255 − c)(255 − k)/255. No profile is applied. */
function inksToRgb({ data }: Samples, out: Uint8Array): void {
  for (let i = 0, o = 0; i < data.length; i += 4, o += 3) {
    const paper = 255 - (data[i + 3] as number);
    for (let c = 0; c < 3; c++)
      out[o + c] = Math.max(0, paper - Math.round(((data[i + c] as number) * paper) / 255));
  }
}

/**
 * 8-bit RGB. A sample s with straight alpha a on the background b is (s·a + b·(255 − a))/255, rounded once; 16-bit
 * samples are first divided by the window's largest value, and the high byte of 16-bit alpha counts, as in Pillow.
 */
export function toRgb(samples: Samples, { background, bits }: Reading): Raster {
  const { width, height, channels, data } = samples;
  const out = new Uint8Array(width * height * 3);
  if (samples.cmyk) inksToRgb(samples, out);
  else {
    const wide = data instanceof Uint16Array;
    const scale = wide ? 255 / (2 ** bits - 1) : 1;
    const alphaAt = hasAlpha(samples) ? channels - 1 : null;
    const step = channels >= 3 ? 1 : 0;
    for (let i = 0, o = 0; o < out.length; i += channels, o += 3) {
      const stored = alphaAt === null ? 255 : (data[i + alphaAt] as number);
      const alpha = wide && alphaAt !== null ? stored >> 8 : stored;
      for (let c = 0; c < 3; c++) {
        const value = Math.min(255, (data[i + c * step] as number) * scale);
        const ground = background[c] as number;
        out[o + c] = Math.round((value * alpha + ground * (255 - alpha)) / 255);
      }
    }
  }
  return { width, height, channels: 3, data: out };
}

/** A picture as 8-bit RGB by its own window. @throws PictureFault */
export async function decodePicture(bytes: Uint8Array, background = DEFAULT_BACKGROUND): Promise<Raster> {
  const samples = await decodeSamples(bytes);
  const bits = significantBits(largestSample(samples) ?? 0, samples.significantBits);
  return toRgb(samples, { background: parseColour(background), bits });
}
