import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type FolderItem, MAX_PICTURE_BYTES } from './choose';
import { decodeSamples, type Samples } from './decode';
import { type Fault, nameSome, printable } from './fault';
import { isTransparent, largestSample, toRgb } from './picture';
import { readRegularFile } from './regular-file';

/** What is known of a sound picture after it was decoded once. */
export interface PictureFacts {
  /** SHA-256 of the file. */
  hash: string;
  /** SHA-256 of the pixels as they are seen: equal in copies that were saved anew. */
  pixels: string;
  /** Has pixels that are not opaque. */
  transparent: boolean;
  /** Largest sample of a 16-bit picture; null for others. */
  largest: number | null;
  significantBits: number | null;
  format: string;
  /** Kinds that a person should know of: orientation, CMYK, profile, several frames. */
  oriented: boolean;
  cmyk: boolean;
  profile: boolean;
  frames: boolean;
}

export interface SurveyedPicture extends PictureFacts {
  item: FolderItem;
}

export interface Survey {
  sound: readonly SurveyedPicture[];
  faults: readonly Fault[];
}

export interface SurveyOptions {
  onProgress?: ((done: number, total: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Pictures that are decoded at once; libvips has threads of its own. */
const AT_ONCE = 4;
const WHITE = [255, 255, 255] as const;
/** Judgements kept in the process, so that a dry run, a submission and a check decode a folder once. */
const REMEMBERED = 200_000;
const judged = new Map<string, PictureFacts | string>();

function pixelHash(samples: Samples): string {
  const { width, height, data } = samples;
  const seen = data instanceof Uint16Array ? data : toRgb(samples, { background: WHITE, bits: 16 }).data;
  return createHash('sha256')
    .update(`${width}x${height}`)
    .update(new Uint8Array(seen.buffer, seen.byteOffset, seen.byteLength))
    .digest('hex');
}

async function judge(path: string): Promise<PictureFacts> {
  const bytes = readRegularFile(path, MAX_PICTURE_BYTES);
  const samples = await decodeSamples(bytes);
  return {
    hash: createHash('sha256').update(bytes).digest('hex'),
    pixels: pixelHash(samples),
    transparent: isTransparent(samples),
    largest: largestSample(samples),
    significantBits: samples.significantBits,
    format: samples.format,
    oriented: samples.orientation > 1,
    cmyk: samples.cmyk,
    profile: samples.profile,
    frames: samples.pages > 1,
  };
}

/** The facts of a picture, or why it cannot be used. */
async function judgement(path: string): Promise<PictureFacts | string> {
  let key: string | null = null;
  try {
    const { size, mtimeMs, ctimeMs, ino } = await stat(path);
    key = [path, size, mtimeMs, ctimeMs, ino].join(' ');
    const known = judged.get(key);
    if (known !== undefined) return known;
  } catch {
    // reading says what is wrong
  }
  const found = await judge(path).catch((error: unknown) =>
    error instanceof Error ? error.message : String(error),
  );
  if (key !== null) judged.set(key, found);
  for (const old of judged.keys()) {
    if (judged.size <= REMEMBERED) break;
    judged.delete(old);
  }
  return found;
}

/**
 * Copies, by their pixels: of equal pictures of one class the first is kept; equal pictures of several classes are all faults,
 * since nobody knows which class is right. Every fault names the other files.
 */
function withoutCopies(pictures: readonly SurveyedPicture[]): Survey {
  const groups = new Map<string, SurveyedPicture[]>();
  for (const picture of pictures)
    groups.set(picture.pixels, [...(groups.get(picture.pixels) ?? []), picture]);
  const faults = new Map<SurveyedPicture, string>();
  for (const group of groups.values()) {
    const [first] = group;
    if (!first || group.length === 1) continue;
    const conflict = group.some(({ item }) => item.label !== first.item.label);
    for (const picture of conflict ? group : group.slice(1)) {
      const others = group.filter((other) => other !== picture && (conflict || other === first));
      const names = nameSome(others.map(({ item }) => printable(item.id)));
      faults.set(
        picture,
        conflict ? `is the same picture as ${names}, which is of another class` : `is a copy of ${names}`,
      );
    }
  }
  return {
    sound: pictures.filter((picture) => !faults.has(picture)),
    faults: [...faults].map(([{ item }, why]) => ({ path: item.id, why })),
  };
}

/**
 * Reads and decodes every picture once: which are sound, which are damaged, and which are copies. Checks and
 * submissions share it. Pictures given first are kept where there are copies.
 */
export async function surveyPictures(
  directory: string,
  items: readonly FolderItem[],
  { onProgress, signal }: SurveyOptions = {},
): Promise<Survey> {
  const results = new Array<PictureFacts | string>(items.length);
  let [next, done] = [0, 0];
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const i = next++;
      signal?.throwIfAborted();
      results[i] = await judgement(join(directory, items[i]?.files.rgb ?? ''));
      onProgress?.(++done, items.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const read: SurveyedPicture[] = [];
  const faults: Fault[] = [];
  for (const [i, item] of items.entries()) {
    const result = results[i] ?? 'was not read';
    if (typeof result === 'string') faults.push({ path: item.id, why: result });
    else read.push({ item, ...result });
  }
  const { sound, faults: copies } = withoutCopies(read);
  return { sound, faults: [...faults, ...copies] };
}
