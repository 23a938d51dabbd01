import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { POOLS, type PoolName, type PoolSizes, TaskatlasError } from '../../core';
import { type Fault, printable } from './fault';
import { readRegularFile } from './regular-file';

/** Larger files are refused before they are read. */
export const MAX_PICTURE_BYTES = 512e6;

/** One image of a folder with the files of its labels, by domain, relative to the folder. */
export interface FolderItem {
  id: string;
  /** What is resampled together and never shared by two pools: a building; of an image folder the image itself. */
  scene: string;
  label: number;
  files: Readonly<Record<string, string>>;
}

export interface ChosenItem extends FolderItem {
  /** SHA-256 of each file, by domain. */
  hashes: Readonly<Record<string, string>>;
}

/** What a data set in a folder consists of. Kept in the cache, so that a folder is read through once. */
export interface Choice {
  pools: Readonly<Record<PoolName, readonly ChosenItem[]>>;
  /** Images that were left out for their faults. */
  faults: readonly Fault[];
  skipped: number;
  manifest: string;
}

export type OnError = 'skip' | 'fail';

/** How the files of a kind of folder are judged. */
export interface FolderRules {
  directory: string;
  /** Domains that every image must have. */
  domains: readonly string[];
  /** What else determines the pixels, such as the decoder: part of the manifest. */
  reading: string;
  /** Throws a plain error that says why a file's bytes cannot be used. */
  check(domain: string, bytes: Uint8Array): Promise<void>;
}

const NAMED = 8;

const describeFaults = (faults: readonly Fault[]): string =>
  faults
    .slice(0, NAMED)
    .map(({ path, why }) => `${printable(path)} ${why}`)
    .join('; ') + (faults.length > NAMED ? `; and ${faults.length - NAMED} more` : '');

/** Reads and judges every file of an image. */
async function inspect(
  item: FolderItem,
  rules: FolderRules,
): Promise<{ item: ChosenItem | null; faults: Fault[] }> {
  const faults: Fault[] = [];
  const hashes: Record<string, string> = {};
  for (const domain of rules.domains) {
    const path = item.files[domain];
    if (path === undefined) {
      faults.push({ path: item.id, why: `has no ${domain}` });
      continue;
    }
    try {
      const bytes = readRegularFile(join(rules.directory, path), MAX_PICTURE_BYTES);
      await rules.check(domain, bytes);
      hashes[domain] = createHash('sha256').update(bytes).digest('hex');
    } catch (error) {
      faults.push({ path, why: error instanceof Error ? error.message : String(error) });
    }
  }
  return { item: faults.length === 0 ? { ...item, hashes } : null, faults };
}

/** The hash of what was chosen, pool by pool (ids, scenes, labels, contents), and of how it is read. */
export function manifestOf(pools: Choice['pools'], domains: readonly string[], reading: string): string {
  const hash = createHash('sha256').update(`${reading}\n`);
  for (const pool of POOLS) {
    for (const { id, scene, label, hashes } of pools[pool])
      hash.update(`${JSON.stringify([pool, id, scene, label, domains.map((d) => hashes[d])])}\n`);
  }
  return hash.digest('hex');
}

/** @throws TaskatlasError `data`: a submission that is to fail on faults names them */
export function refuseFaults(directory: string, faults: readonly Fault[]): void {
  if (faults.length === 0) return;
  throw new TaskatlasError(
    'data',
    `${directory} has files that cannot be used: ${describeFaults(faults)}. Repair or remove them, or set ` +
      'onError: skip to leave such images out.',
  );
}

/** Candidates of one or several pools, in the order in which they are taken. */
export type Candidates = Iterator<FolderItem>;

async function fill(
  pool: PoolName,
  wanted: number,
  candidates: Candidates,
  rules: FolderRules,
  onError: OnError,
  seen: Map<string, string>,
): Promise<{ items: ChosenItem[]; faults: Fault[]; skipped: number }> {
  const items: ChosenItem[] = [];
  const faults: Fault[] = [];
  let skipped = 0;
  while (items.length < wanted) {
    const next = candidates.next();
    if (next.done) break;
    const found = await inspect(next.value, rules);
    const first = found.item?.hashes[rules.domains[0] ?? ''] ?? '';
    // the same picture under two names would sit in two pools
    const twin = seen.get(first);
    if (found.item && twin !== undefined)
      found.faults.push({ path: found.item.id, why: `is a copy of ${twin}` });
    if (found.item && found.faults.length === 0) {
      seen.set(first, found.item.id);
      items.push(found.item);
      continue;
    }
    skipped++;
    faults.push(...found.faults);
    if (onError === 'fail' && faults.length >= NAMED) break;
  }
  if (onError === 'fail') refuseFaults(rules.directory, faults);
  if (items.length < wanted) {
    const message =
      `The ${pool} pool asks for ${wanted} images; ${rules.directory} has ${items.length} for it` +
      `${skipped > 0 ? ` and ${skipped} that cannot be used (${describeFaults(faults)})` : ''}.`;
    throw new TaskatlasError('invalid-input', message, {
      issues: [{ path: `dataset.pools.${pool}`, message }],
    });
  }
  return { items, faults, skipped };
}

/**
 * Takes the images of every pool from its candidates, reading every file of each: damaged, missing and doubled ones
 * are left out and named (`skip`), or end it (`fail`). The manifest is the hash of what was chosen: ids, scenes,
 * labels and file contents, pool by pool.
 */
export async function choose(
  rules: FolderRules,
  candidates: Readonly<Record<PoolName, Candidates>>,
  pools: PoolSizes,
  onError: OnError,
): Promise<Choice> {
  const seen = new Map<string, string>();
  const of = (pool: PoolName) => fill(pool, pools[pool], candidates[pool], rules, onError, seen);
  // in this order: a copy stays in the pool that is asked first
  const test = await of('test');
  const selection = await of('selection');
  const transfer = await of('transfer');
  const filled = { source: await of('source'), transfer, selection, test };
  const items = (pool: PoolName): readonly ChosenItem[] => filled[pool].items;
  const chosen = {
    source: items('source'),
    transfer: items('transfer'),
    selection: items('selection'),
    test: items('test'),
  };
  return {
    pools: chosen,
    faults: POOLS.flatMap((pool) => filled[pool].faults),
    skipped: POOLS.reduce((sum, pool) => sum + filled[pool].skipped, 0),
    manifest: manifestOf(chosen, rules.domains, rules.reading),
  };
}
