import type { PoolSizes } from '../../core';
import type { FolderItem, OnError } from '../folders/choose';
import { type Choice, manifestOf, refuseFaults } from '../folders/choose';
import { DECODER } from '../folders/decode';
import { count, type Fault, nameSome } from '../folders/fault';
import { colourName, DEFAULT_BACKGROUND, significantBits } from '../folders/picture';
import { type SurveyedPicture, type SurveyOptions, surveyPictures } from '../folders/survey';
import { absentClasses, dealPictures } from './deal';
import { type LeftOut, type Split, scanImageFolder } from './scan';

export interface ReadingInput {
  /** What transparent pixels are put on; white by default. */
  background?: string | undefined;
  /** Significant bits of 16-bit samples; by the folder's pictures when absent. */
  bits?: number | undefined;
}

export interface ImageFolderInput extends ReadingInput {
  directory: string;
  seed: number;
  size: number;
  pools: PoolSizes;
  onError: OnError;
}

/** A folder of pictures by class, read through. */
export interface FolderSurvey {
  classes: readonly string[];
  /** Every picture, sound or not. */
  items: readonly FolderItem[];
  sound: Readonly<Record<Split, readonly SurveyedPicture[]>>;
  faults: readonly Fault[];
  leftOut: readonly LeftOut[];
  background: string;
  /** 16-bit samples of every picture are divided by 2^bits − 1. */
  bits: number;
  notes: readonly string[];
}

/** One window for all 16-bit pictures of a folder; sBIT counts where all of them have it. */
function windowOf(pictures: readonly SurveyedPicture[]): { wide: number; largest: number; bits: number } {
  let [wide, largest, sBit] = [0, 0, 0];
  let everyOne = true;
  for (const picture of pictures) {
    if (picture.largest === null) continue;
    wide++;
    largest = Math.max(largest, picture.largest);
    if (picture.significantBits === null) everyOne = false;
    else sBit = Math.max(sBit, picture.significantBits);
  }
  return { wide, largest, bits: wide === 0 ? 16 : significantBits(largest, everyOne ? sBit : null) };
}

function readingNotes(
  pictures: readonly SurveyedPicture[],
  background: string,
  bits: number | undefined,
): string[] {
  const of = (is: (picture: SurveyedPicture) => boolean): number => pictures.filter(is).length;
  const window = windowOf(pictures);
  const used = bits ?? window.bits;
  const say = (n: number, text: string): string[] => (n > 0 ? [`${count(n, 'picture')} ${text}`] : []);
  return [
    ...say(
      of((p) => p.transparent),
      `with transparent pixels: put on ${background}.`,
    ),
    ...say(
      window.wide,
      `of 16 bits: samples are read as ${used} bits (divided by ${2 ** used - 1}), ` +
        `${bits === undefined ? `since the largest in the folder is ${window.largest}` : 'as asked'}.`,
    ),
    ...say(
      of((p) => p.oriented),
      'turned upright by their EXIF orientation.',
    ),
    ...say(
      of((p) => p.cmyk),
      'in CMYK: converted without a profile.',
    ),
    ...say(
      of((p) => p.profile),
      'with an ICC profile, which is not applied.',
    ),
    ...say(
      of((p) => p.frames),
      'with several frames or pages: the first is read.',
    ),
  ];
}

/** Scans a folder and reads every picture: what checks report and what submissions deal from. */
export async function surveyImageFolder(
  directory: string,
  { background: asked = DEFAULT_BACKGROUND, bits }: ReadingInput = {},
  options: SurveyOptions = {},
): Promise<FolderSurvey> {
  const background = colourName(asked);
  const scan = await scanImageFolder(directory);
  // where a picture is in several splits it stays in the one that is tested on
  const items = [...scan.items.test, ...scan.items.val, ...scan.items.train];
  const { sound, faults } = await surveyPictures(directory, items, options);
  const train = new Set(scan.items.train.map(({ id }) => id));
  const test = new Set(scan.items.test.map(({ id }) => id));
  const splitOf = (id: string): Split => (train.has(id) ? 'train' : test.has(id) ? 'test' : 'val');
  const bySplit = (split: Split) => sound.filter(({ item }) => splitOf(item.id) === split);
  return {
    classes: scan.classes,
    items,
    sound: { train: bySplit('train'), val: bySplit('val'), test: bySplit('test') },
    faults: [...scan.faults, ...faults],
    leftOut: scan.leftOut,
    background,
    bits: bits ?? windowOf(sound).bits,
    notes: [...scan.notes, ...readingNotes(sound, background, bits)],
  };
}

/** Classes without a picture in some pool, in a sentence each. */
export function absentNotes(pools: Choice['pools'], classes: readonly string[]): string[] {
  return absentClasses(pools, classes).map(
    ({ pool, classes: missing }) =>
      `The ${pool} pool has no picture of ${missing.length} of ${classes.length} classes: ${nameSome(missing)}.`,
  );
}

const leftOutNote = (survey: FolderSurvey): string[] =>
  survey.leftOut.length === 0
    ? []
    : [
        `Left out: ${survey.leftOut.map((left) => `${left.count} × ${left.reason}`).join(', ')} (named by \`dataset check\`).`,
      ];

/**
 * Deals the sound pictures of a folder to the pools. The manifest is the hash over the chosen pictures, the background,
 * the window and the decoder.
 * @throws TaskatlasError `data` for faults (`onError: fail`), `invalid-input` for too few pictures
 */
export async function chooseImages(
  input: ImageFolderInput,
  options: SurveyOptions = {},
): Promise<{ choice: Choice; survey: FolderSurvey; notes: string[] }> {
  const survey = await surveyImageFolder(input.directory, input, options);
  const { classes, faults, background, bits, sound } = survey;
  if (input.onError === 'fail') refuseFaults(input.directory, faults);
  const pools = dealPictures(sound, { ...input, classes });
  const reading = JSON.stringify({ background, bits, decoder: DECODER });
  const choice = { pools, faults, skipped: faults.length, manifest: manifestOf(pools, ['rgb'], reading) };
  const skipped = faults.map(({ path, why }) => `${path} ${why}`);
  const notes = [
    ...(skipped.length > 0
      ? [`Left out for their faults: ${count(skipped.length, 'picture')}: ${nameSome(skipped)}.`]
      : []),
    ...absentNotes(pools, classes),
    ...leftOutNote(survey),
    ...survey.notes,
  ];
  return { choice, survey, notes };
}
