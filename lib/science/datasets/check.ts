import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type PoolSizes, TaskatlasError } from '../core';
import { type FolderItem, MAX_PICTURE_BYTES } from './folders/choose';
import { DECODER } from './folders/decode';
import { openFolder } from './folders/entries';
import { type Fault, nameSome } from './folders/fault';
import { readRegularFile } from './folders/regular-file';
import type { SurveyOptions } from './folders/survey';
import { idxManifest } from './idx';
import { isIdxFolder } from './idx/format';
import { absentClasses, dealPictures } from './image-folder/deal';
import { type LeftOut, SPLIT_NAMES } from './image-folder/scan';
import { absentNotes, type FolderSurvey, type ReadingInput, surveyImageFolder } from './image-folder/survey';
import { decodeDomain } from './taskonomy/decode';
import { scanTaskonomy } from './taskonomy/scan';

/** What was found in a folder. */
export interface FolderReport {
  kind: 'taskonomy' | 'image-folder' | 'idx';
  images: number;
  /** Buildings, or classes. */
  groups: number;
  /** Files by domain (Taskonomy), pictures by class (image folder), pictures by part (IDX). */
  counts: Readonly<Record<string, number>>;
  /** Images that lack nothing and whose files are sound. */
  complete: number;
  /** Entries that were not taken for data. */
  ignored: number;
  /** The same by reason, with their names (image folder). */
  leftOut: readonly LeftOut[];
  faults: readonly Fault[];
  /** How pictures are read, and what a person should know, in sentences. */
  notes: readonly string[];
  /** Of an image folder: what else determines the pixels. */
  reading?: { background: string; bits: number; decoder: string };
  /** Classes that a pool has no picture of; where pools are asked for. */
  absent?: readonly { pool: string; classes: readonly string[] }[];
}

export interface CheckOptions extends SurveyOptions, ReadingInput {
  /** Deals the pools, to tell which classes they lack. */
  pools?: PoolSizes | undefined;
  seed?: number | undefined;
}

/** Decodes every file of the items; a fault per file that cannot be used or is missing. */
async function inspectAll(
  directory: string,
  items: readonly FolderItem[],
  domains: readonly string[],
  { onProgress, signal }: CheckOptions,
): Promise<{ complete: number; faults: Fault[] }> {
  const faults: Fault[] = [];
  let complete = 0;
  for (const [i, item] of items.entries()) {
    signal?.throwIfAborted();
    const before = faults.length;
    for (const domain of domains) {
      const path = item.files[domain];
      if (path === undefined) {
        faults.push({ path: item.id, why: `has no ${domain}` });
        continue;
      }
      try {
        await decodeDomain(domain, readRegularFile(join(directory, path), MAX_PICTURE_BYTES), 16);
      } catch (error) {
        faults.push({ path, why: error instanceof Error ? error.message : String(error) });
      }
    }
    if (faults.length === before) complete++;
    onProgress?.(i + 1, items.length);
  }
  return { complete, faults };
}

async function checkTaskonomy(directory: string, options: CheckOptions): Promise<FolderReport> {
  const scan = scanTaskonomy(directory);
  const { complete, faults } = await inspectAll(directory, scan.items, scan.domains, options);
  return {
    kind: 'taskonomy',
    images: scan.items.length,
    groups: new Set(scan.items.map((item) => item.scene)).size,
    counts: Object.fromEntries(
      scan.domains.map((domain) => [domain, scan.items.filter((i) => i.files[domain] !== undefined).length]),
    ),
    complete,
    ignored: scan.ignored + scan.links.length,
    leftOut:
      scan.links.length > 0
        ? [{ reason: 'link, which is not followed', count: scan.links.length, paths: scan.links }]
        : [],
    faults: [...scan.faults, ...faults],
    notes: [],
  };
}

const POOLS_OF_A_SWEEP = 4;

/** Classes that no dealing can bring into every pool. */
function smallClasses({ classes, sound }: FolderSurvey): string[] {
  const split = sound.test.length > 0 || sound.val.length > 0;
  const lacking = SPLIT_NAMES.filter((name) => sound[name].length > 0).flatMap((name) => {
    const present = new Set(sound[name].map(({ item }) => item.label));
    const missing = classes.filter((_, label) => !present.has(label));
    const where = split ? `The ${name} split` : 'The folder';
    return missing.length > 0 ? [`${where} has no sound picture of: ${nameSome(missing)}.`] : [];
  });
  if (split) return lacking;
  const few = classes.filter(
    (_, label) => sound.train.filter(({ item }) => item.label === label).length < POOLS_OF_A_SWEEP,
  );
  return [
    ...lacking,
    ...(few.length > 0
      ? [
          `Classes with fewer than ${POOLS_OF_A_SWEEP} sound pictures are absent from some pool: ${nameSome(few)}.`,
        ]
      : []),
  ];
}

async function checkImageFolder(directory: string, options: CheckOptions): Promise<FolderReport> {
  const survey = await surveyImageFolder(directory, options, options);
  const { classes, items, sound, leftOut, faults, background, bits, notes } = survey;
  const { pools, seed = 1 } = options;
  const dealt = pools ? dealPictures(sound, { directory, classes, seed, pools }) : null;
  const counts = new Map(classes.map((name, label) => [name, items.filter((i) => i.label === label).length]));
  return {
    kind: 'image-folder',
    images: items.length,
    groups: classes.length,
    counts: Object.fromEntries(counts),
    complete: sound.train.length + sound.val.length + sound.test.length,
    ignored: leftOut.reduce((sum, { count }) => sum + count, 0),
    leftOut,
    faults,
    notes: [...(dealt ? absentNotes(dealt, classes) : smallClasses(survey)), ...notes],
    reading: { background, bits, decoder: DECODER },
    ...(dealt ? { absent: absentClasses(dealt, classes) } : {}),
  };
}

function checkIdx(directory: string): FolderReport {
  const { train, heldOut } = idxManifest(directory);
  return {
    kind: 'idx',
    images: train + heldOut,
    groups: 10,
    counts: { train, t10k: heldOut },
    complete: train + heldOut,
    ignored: 0,
    leftOut: [],
    faults: [],
    notes: [],
  };
}

const isMissing = (error: unknown): boolean => error instanceof TaskatlasError && error.code === 'not-found';

/**
 * Reads every file of a folder (Taskonomy layout, pictures by class, or IDX, recognised by what is there) and reports
 * what was found and what cannot be used.
 * @throws TaskatlasError `not-found` when there is no such folder, `invalid-input` when it is none of them
 */
export async function checkFolder(directory: string, options: CheckOptions = {}): Promise<FolderReport> {
  const root = await openFolder(directory);
  if (isIdxFolder(readdirSync(root))) return checkIdx(directory);
  try {
    return await checkTaskonomy(directory, options);
  } catch (error) {
    if (!isMissing(error)) throw error;
    return await checkImageFolder(directory, options);
  }
}
