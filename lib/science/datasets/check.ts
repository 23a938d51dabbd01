import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TaskatlasError } from '../core';
import { type FolderItem, MAX_PICTURE_BYTES } from './folders/choose';
import { decodeSamples } from './folders/decode';
import type { Fault } from './folders/fault';
import { readRegularFile } from './folders/regular-file';
import { idxManifest } from './idx';
import { scanImageFolder } from './image-folder';
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
  ignored: number;
  faults: readonly Fault[];
}

export interface CheckOptions {
  onProgress?: (done: number, total: number) => void;
}

/** Decodes every file of the items; a fault per file that cannot be used or is missing. */
async function inspectAll(
  directory: string,
  items: readonly FolderItem[],
  domains: readonly string[],
  decode: (domain: string, bytes: Uint8Array) => Promise<unknown>,
  { onProgress }: CheckOptions,
): Promise<{ complete: number; faults: Fault[] }> {
  const faults: Fault[] = [];
  let complete = 0;
  for (const [i, item] of items.entries()) {
    const before = faults.length;
    for (const domain of domains) {
      const path = item.files[domain];
      if (path === undefined) {
        faults.push({ path: item.id, why: `has no ${domain}` });
        continue;
      }
      try {
        await decode(domain, readRegularFile(join(directory, path), MAX_PICTURE_BYTES));
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
  const decode = (domain: string, bytes: Uint8Array) => decodeDomain(domain, bytes, 16);
  const { complete, faults } = await inspectAll(directory, scan.items, scan.domains, decode, options);
  return {
    kind: 'taskonomy',
    images: scan.items.length,
    groups: new Set(scan.items.map((item) => item.scene)).size,
    counts: Object.fromEntries(
      scan.domains.map((domain) => [domain, scan.items.filter((i) => i.files[domain] !== undefined).length]),
    ),
    complete,
    ignored: scan.ignored,
    faults: [...scan.faults, ...faults],
  };
}

async function checkImageFolder(directory: string, options: CheckOptions): Promise<FolderReport> {
  const scan = scanImageFolder(directory);
  const items = Object.values(scan.items).flat();
  const { complete, faults } = await inspectAll(
    directory,
    items,
    ['rgb'],
    (_, bytes) => decodeSamples(bytes),
    options,
  );
  return {
    kind: 'image-folder',
    images: items.length,
    groups: scan.classes.length,
    counts: Object.fromEntries(
      scan.classes.map((name, label) => [name, items.filter((item) => item.label === label).length]),
    ),
    complete,
    ignored: scan.ignored,
    faults,
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
    faults: [],
  };
}

const isMissing = (error: unknown): boolean => error instanceof TaskatlasError && error.code === 'not-found';

/**
 * Reads every file of a folder (Taskonomy layout, pictures by class, or IDX, recognised by what is there) and reports
 * what was found and what cannot be used.
 * @throws TaskatlasError `not-found` when it is none of them.
 */
export async function checkFolder(directory: string, options: CheckOptions = {}): Promise<FolderReport> {
  if (!existsSync(directory))
    throw new TaskatlasError('not-found', `The folder ${directory} does not exist.`);
  if (readdirSync(directory).some((name) => /^train-(images|labels)[-.]idx/.test(name)))
    return checkIdx(directory);
  try {
    return await checkTaskonomy(directory, options);
  } catch (error) {
    if (!isMissing(error)) throw error;
    return await checkImageFolder(directory, options);
  }
}
