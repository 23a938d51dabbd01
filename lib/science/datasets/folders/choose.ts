import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { POOLS, type PoolName, type PoolSizes, TaskatlasError } from '../../core';

/** One image of a folder with the files of its labels, by domain, relative to the folder. */
export interface FolderItem {
  id: string;
  /** What is resampled together and never shared by two pools: a building; of an image folder the image itself. */
  scene: string;
  label: number;
  files: Readonly<Record<string, string>>;
}

/** A file that cannot be used, and why. */
export interface Fault {
  path: string;
  why: string;
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
  /** Why a file's bytes cannot be used; null = sound. */
  fault(domain: string, bytes: Uint8Array): string | null;
}

const NAMED = 8;

const describeFaults = (faults: readonly Fault[]): string =>
  faults
    .slice(0, NAMED)
    .map(({ path, why }) => `${path} ${why}`)
    .join('; ') + (faults.length > NAMED ? `; and ${faults.length - NAMED} more` : '');

/** Reads and judges every file of an image. */
function inspect(item: FolderItem, rules: FolderRules): { item: ChosenItem | null; faults: Fault[] } {
  const faults: Fault[] = [];
  const hashes: Record<string, string> = {};
  for (const domain of rules.domains) {
    const path = item.files[domain];
    if (path === undefined) {
      faults.push({ path: item.id, why: `has no ${domain}` });
      continue;
    }
    try {
      const bytes = readFileSync(join(rules.directory, path));
      const why = rules.fault(domain, bytes);
      if (why) faults.push({ path, why });
      hashes[domain] = createHash('sha256').update(bytes).digest('hex');
    } catch (error) {
      faults.push({ path, why: `cannot be read (${error instanceof Error ? error.message : error})` });
    }
  }
  return { item: faults.length === 0 ? { ...item, hashes } : null, faults };
}

/** Candidates of one or several pools, in the order in which they are taken. */
export type Candidates = Iterator<FolderItem>;

function fill(
  pool: PoolName,
  wanted: number,
  candidates: Candidates,
  rules: FolderRules,
  onError: OnError,
  seen: Set<string>,
): { items: ChosenItem[]; faults: Fault[]; skipped: number } {
  const items: ChosenItem[] = [];
  const faults: Fault[] = [];
  let skipped = 0;
  while (items.length < wanted) {
    const next = candidates.next();
    if (next.done) break;
    const found = inspect(next.value, rules);
    const first = found.item?.hashes[rules.domains[0] ?? ''] ?? '';
    // the same picture under two names would sit in two pools
    if (found.item && seen.has(first))
      found.faults.push({ path: found.item.id, why: 'is a copy of another picture' });
    if (found.item && found.faults.length === 0) {
      seen.add(first);
      items.push(found.item);
      continue;
    }
    skipped++;
    faults.push(...found.faults);
    if (onError === 'fail' && faults.length >= NAMED) break;
  }
  if (faults.length > 0 && onError === 'fail') {
    throw new TaskatlasError(
      'data',
      `${rules.directory} has files that cannot be used: ${describeFaults(faults)}. Mend them, or set onError: skip ` +
        'to leave such images out.',
    );
  }
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
export function choose(
  rules: FolderRules,
  candidates: Readonly<Record<PoolName, Candidates>>,
  pools: PoolSizes,
  onError: OnError,
): Choice {
  const seen = new Set<string>();
  const filled = Object.fromEntries(
    (['test', 'selection', 'transfer', 'source'] as const).map((pool) => [
      pool,
      fill(pool, pools[pool], candidates[pool], rules, onError, seen),
    ]),
  ) as Record<PoolName, ReturnType<typeof fill>>;
  const hash = createHash('sha256');
  for (const pool of POOLS) {
    for (const { id, scene, label, hashes } of filled[pool].items)
      hash.update(`${JSON.stringify([pool, id, scene, label, rules.domains.map((d) => hashes[d])])}\n`);
  }
  return {
    pools: Object.fromEntries(POOLS.map((pool) => [pool, filled[pool].items])) as unknown as Choice['pools'],
    faults: POOLS.flatMap((pool) => filled[pool].faults),
    skipped: POOLS.reduce((sum, pool) => sum + filled[pool].skipped, 0),
    manifest: hash.digest('hex'),
  };
}
