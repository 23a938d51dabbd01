import { type Dirent, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TaskatlasError } from '../../core';
import { readWhole } from '../cache';
import type { FolderItem } from '../folders/choose';
import type { Fault } from '../folders/fault';
import { DOMAINS, type Domain } from './domains';

/** Deepest layout: component / domain / component / building. */
const MAX_DEPTH = 6;

const FILE = /^point_(\d+)_view_(\d+)_domain_([A-Za-z0-9_]+)\.([a-z]+)$/;

type Split = 'train' | 'val' | 'test';

/** What a folder in the Taskonomy or Omnidata layout holds. */
export interface Scan {
  items: readonly FolderItem[];
  /** Domains that any file has, in the order of the table. */
  domains: readonly string[];
  /** Split of a building, where the folder has a split file. */
  splits: ReadonlyMap<string, Split>;
  /** Files that are not of the layout, or of a domain that is not read. */
  ignored: number;
  /** Links, which are not followed. */
  links: readonly string[];
  faults: readonly Fault[];
}

function entriesIn(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

/** Files below a folder. Links are not followed: they may lead out of it, or to themselves. */
function* filesBelow(
  directory: string,
  folders: readonly string[],
  links: string[],
): Generator<[readonly string[], string]> {
  for (const entry of entriesIn(join(directory, ...folders))) {
    if (entry.isSymbolicLink()) links.push([...folders, entry.name].join('/'));
    else if (entry.isDirectory() && folders.length < MAX_DEPTH)
      yield* filesBelow(directory, [...folders, entry.name], links);
    else if (entry.isFile()) yield [folders, entry.name];
  }
}

/** The folder decides, since suffixes are shared; the suffix where no folder is named for a domain. */
function placeOf(folders: readonly string[], suffix: string): { domain: Domain; building: string } | null {
  for (let i = folders.length - 1; i >= 0; i--) {
    const domain = DOMAINS.find((d) => d.folders.includes(folders[i] as string));
    if (!domain) continue;
    const below = folders.slice(i + 1);
    // `<building>_<domain>/<domain>/…`, as the archives of the release unpack
    const above = (folders[i - 1] ?? '').replace(new RegExp(`_${folders[i]}$`), '');
    return { domain, building: below.length > 0 ? below.join('/') : above };
  }
  const domain = DOMAINS.find((d) => d.id !== 'mask_valid' && d.suffixes.includes(suffix));
  return domain ? { domain, building: folders.join('/') } : null;
}

/** `train_val_test_*.csv` or `splits.csv`: id, train, val, test with 0 or 1. */
function readSplits(directory: string): Map<string, Split> {
  const splits = new Map<string, Split>();
  const name = readdirSync(directory).find((f) => /^(train_val_test.*|splits)\.csv$/.test(f));
  if (!name) return splits;
  const [head = '', ...lines] = Buffer.from(readWhole(join(directory, name), 'The split file'))
    .toString('utf8')
    .split(/\r?\n/);
  const columns = head.split(',').map((c) => c.trim());
  for (const split of ['train', 'val', 'test'] as const) {
    if (!columns.includes(split) || !columns.includes('id'))
      throw new TaskatlasError(
        'data',
        `${join(directory, name)}: the first line must name id, train, val, test.`,
      );
    for (const line of lines) {
      const cells = line.split(',').map((c) => c.trim());
      if (cells[columns.indexOf(split)] === '1') splits.set(cells[columns.indexOf('id')] ?? '', split);
    }
  }
  return splits;
}

/**
 * Finds every image of a folder by its file names: `point_<P>_view_<V>_domain_<D>.<ext>` under `<domain>/`,
 * `<domain>/<building>/`, `<domain>/<component>/<building>/` or `<building>/<domain>/`. Nothing is opened.
 * @throws TaskatlasError `not-found` when the folder does not exist or holds no such file.
 */
export function scanTaskonomy(directory: string): Scan {
  if (!existsSync(directory))
    throw new TaskatlasError('not-found', `The folder ${directory} does not exist.`);
  const items = new Map<
    string,
    { id: string; scene: string; label: number; files: Record<string, string> }
  >();
  const faults: Fault[] = [];
  const found = new Set<string>();
  let ignored = 0;
  const links: string[] = [];
  for (const [folders, name] of filesBelow(directory, [], links)) {
    const [, point, view, suffix = '', extension] = FILE.exec(name) ?? [];
    const place = point === undefined ? null : placeOf(folders, suffix);
    const path = [...folders, name].join('/');
    if (!place?.domain.suffixes.includes(suffix) || place.domain.extension !== extension) {
      ignored++;
      continue;
    }
    const { domain, building } = place;
    const id = `${building}/point_${point}_view_${view}`;
    const item = items.get(id) ?? { id, scene: building, label: 0, files: {} };
    if (item.files[domain.id] !== undefined) {
      // points/ holds a pose and an info file for the same view; the info is what is read
      if (suffix === 'point_info') item.files[domain.id] = path;
      else if (domain.id !== 'point_info') faults.push({ path, why: `is a second ${domain.id} of ${id}` });
    } else item.files[domain.id] = path;
    items.set(id, item);
    found.add(domain.id);
  }
  if (items.size === 0) {
    throw new TaskatlasError(
      'not-found',
      `${directory} holds no file like rgb/<building>/point_0_view_0_domain_rgb.png.`,
    );
  }
  return {
    items: [...items.values()],
    domains: DOMAINS.map((d) => d.id).filter((id) => found.has(id)),
    splits: readSplits(directory),
    ignored,
    links,
    faults,
  };
}
