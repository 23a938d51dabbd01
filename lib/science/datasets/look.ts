import { TaskatlasError } from '../core';
import { MAX_PICTURE_BYTES } from './folders/choose';
import { decodeSamples, type Samples } from './folders/decode';
import { count, PictureFault } from './folders/fault';
import {
  colourName,
  DEFAULT_BACKGROUND,
  hasAlpha,
  largestSample,
  parseColour,
  significantBits,
  toRgb,
} from './folders/picture';
import { readRegularFile } from './folders/regular-file';
import { resizeMean } from './folders/resize';

/** More are not listed. */
const LISTED_PIXELS = 4096;

export interface LookOptions {
  /** The middle square at size × size, as data sets read it; the whole picture when absent. */
  size?: number | undefined;
  background?: string | undefined;
  /** Significant bits of 16-bit samples; found in the picture when absent. */
  bits?: number | undefined;
}

/** What the reader makes of a picture. */
export interface Look {
  width: number;
  height: number;
  /** Row by row from the top left; the first 4,096 pixels of larger pictures. */
  rgb: readonly (readonly [number, number, number])[];
  /** How the file was read, in sentences. */
  notes: readonly string[];
}

function windowNote(samples: Samples, largest: number, bits: number, given: boolean): string {
  const { significantBits: sBit } = samples;
  const why = given
    ? 'as asked'
    : sBit !== null
      ? `its sBIT chunk says ${count(sBit, 'bit')} and its largest sample is ${largest}`
      : `its largest sample is ${largest}`;
  return `16-bit samples are read as ${count(bits, 'bit')} (divided by ${2 ** bits - 1}): ${why}.`;
}

function notesOf(samples: Samples, background: string): string[] {
  const { format, palette, cmyk, bits, channels, orientation, profile, pages } = samples;
  const colours = cmyk ? 'CMYK' : palette ? 'palette' : channels <= 2 ? 'grey' : 'RGB';
  return [
    `${format}, ${colours}, ${count(bits, 'bit')} per sample.`,
    ...(hasAlpha(samples) ? [`Transparent pixels are put on ${background}.`] : []),
    ...(cmyk ? ['CMYK is converted without a profile: (255 − ink)(255 − black)/255.'] : []),
    ...(orientation > 1 ? [`EXIF orientation ${orientation} is applied.`] : []),
    ...(profile ? ['The ICC profile is not applied: values are read as stored.'] : []),
    ...(pages > 1 ? [`The first of ${pages} frames or pages is read.`] : []),
  ];
}

/**
 * Reads one picture as data sets do.
 * @throws TaskatlasError `not-found`, `invalid-input` for options, `data` naming what is wrong with the file
 */
export async function lookAtPicture(path: string, options: LookOptions = {}): Promise<Look> {
  const background = colourName(options.background ?? DEFAULT_BACKGROUND);
  try {
    const samples = await decodeSamples(readRegularFile(path, MAX_PICTURE_BYTES));
    const largest = largestSample(samples);
    const bits = options.bits ?? significantBits(largest ?? 0, samples.significantBits);
    const whole = toRgb(samples, { background: parseColour(background), bits });
    const { size } = options;
    const raster = size === undefined ? whole : { width: size, height: size, data: resizeMean(whole, size) };
    const pixels = raster.width * raster.height;
    const notes = notesOf(samples, background);
    if (largest !== null) notes.push(windowNote(samples, largest, bits, options.bits !== undefined));
    if (size !== undefined)
      notes.push(
        `The middle square of ${whole.width} × ${whole.height} pixels, by the mean over each pixel.`,
      );
    if (pixels > LISTED_PIXELS)
      notes.push(`The first ${LISTED_PIXELS} of ${pixels} pixels are listed; --size N shows the whole.`);
    const rgb = Array.from({ length: Math.min(pixels, LISTED_PIXELS) }, (_, k): [number, number, number] => {
      const [r = 0, g = 0, b = 0] = raster.data.subarray(3 * k, 3 * k + 3);
      return [r, g, b];
    });
    return { width: raster.width, height: raster.height, rgb, notes };
  } catch (error) {
    if (!(error instanceof PictureFault)) throw error;
    const { cause } = error;
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw new TaskatlasError(missing ? 'not-found' : 'data', `${path} ${error.message}.`, { cause: error });
  }
}
