import { extname } from 'node:path';
import { TaskatlasError } from '../../core';
import type { FolderItem } from '../folders/choose';
import {
  type Entry,
  entriesOf,
  isHidden,
  isSystemFile,
  isSystemFolder,
  openFolder,
} from '../folders/entries';
import type { Fault } from '../folders/fault';
import { count, nameSome, printable } from '../folders/fault';
import { PICTURE_NAME } from '../folders/format';

/** Names of split folders in use. */
const SPLITS = {
  train: ['train', 'training'],
  val: ['val', 'valid', 'validation'],
  test: ['test', 'testing'],
} as const;
export type Split = keyof typeof SPLITS;
export const SPLIT_NAMES = ['train', 'val', 'test'] as const satisfies readonly Split[];

/** Deeper folders are left out. */
const MAX_DEPTH = 32;

const LAYOUT =
  '<class>/picture.png for at least two classes, or train/<class>/picture.png with val/ and test/';

/** What was not taken for a picture or a class, by reason. */
export interface LeftOut {
  reason: string;
  count: number;
  paths: readonly string[];
}

/** What a folder of pictures by class holds. */
export interface ImageFolderScan {
  classes: readonly string[];
  /** By split; everything is `train` where there are no split folders. */
  items: Readonly<Record<Split, readonly FolderItem[]>>;
  leftOut: readonly LeftOut[];
  /** Entries with the name of a picture that cannot be one: pipes, broken links. */
  faults: readonly Fault[];
  notes: readonly string[];
}

/** One walk through a folder. */
class Walk {
  readonly leftOut = new Map<string, string[]>();
  readonly faults: Fault[] = [];
  readonly nested: string[] = [];

  constructor(readonly root: string) {}

  leave(reason: string, path: string): void {
    const paths = this.leftOut.get(reason) ?? [];
    paths.push(path);
    this.leftOut.set(reason, paths);
  }

  /** Entries that people put there: hidden ones and those of systems are left out. */
  async visible(folder: string): Promise<Entry[]> {
    let entries: Entry[];
    try {
      entries = await entriesOf(this.root, folder);
    } catch {
      this.leave('folder that cannot be read', `${folder}/`);
      return [];
    }
    return entries.filter(({ name, path, kind }) => {
      const [shown, what] = kind === 'folder' ? [`${path}/`, 'folder'] : [path, 'file'];
      const system = kind === 'folder' ? isSystemFolder(name) : isSystemFile(name);
      if (system) this.leave(`${what} of the system`, shown);
      else if (isHidden(name)) this.leave(`hidden ${what}`, shown);
      return !system && !isHidden(name);
    });
  }

  /** Why a file is no picture. */
  leaveFile({ name, path }: Entry, otherwise: string): void {
    const extension = extname(name).toLowerCase();
    const other = extension === '' ? 'file without an extension' : `other format (${extension})`;
    this.leave(PICTURE_NAME.test(name) ? otherwise : other, path);
  }

  /** The pictures in a folder of a class and below it. */
  async pictures(folder: string, found: string[] = [], depth = 0): Promise<string[]> {
    const entries = await this.visible(folder);
    for (const entry of entries) {
      const { name, path } = entry;
      if (entry.kind === 'folder') {
        if (depth >= MAX_DEPTH) this.leave(`folder more than ${MAX_DEPTH} deep`, `${path}/`);
        else await this.pictures(path, found, depth + 1);
      } else if (entry.kind === 'odd') {
        if (PICTURE_NAME.test(name)) this.faults.push({ path, why: entry.why });
        else this.leave(entry.why.replace(/^(is an? |has a )/, ''), path);
      } else if (PICTURE_NAME.test(name)) {
        found.push(path);
        if (depth > 0) this.nested.push(path);
      } else this.leaveFile(entry, '');
    }
    if (entries.length === 0 && depth > 0) this.leave('empty folder', `${folder}/`);
    return found;
  }

  /** Folders at one level; files and odd entries beside them are left out. */
  async folders(folder: string): Promise<Entry[]> {
    const entries = await this.visible(folder);
    for (const entry of entries) {
      if (entry.kind === 'odd') this.leave(entry.why.replace(/^(is an? |has a )/, ''), entry.path);
      else if (entry.kind === 'file') this.leaveFile(entry, 'picture outside of a class folder');
    }
    return entries.filter(({ kind }) => kind === 'folder');
  }
}

const splitOf = (name: string): Split | undefined =>
  SPLIT_NAMES.find((split) => (SPLITS[split] as readonly string[]).includes(name.toLowerCase()));

/** A split folder holds class folders; a folder of that name with pictures only is a class like any other. */
async function holdsFolders(root: string, { path }: Entry): Promise<boolean> {
  try {
    const entries = await entriesOf(root, path);
    return entries.some(({ kind, name }) => kind === 'folder' && !isHidden(name) && !isSystemFolder(name));
  } catch {
    return false;
  }
}

/** Where the class folders of each split lie: in the root, or in split folders. */
async function splitFolders(walk: Walk, directory: string): Promise<[Split, string, Entry[]][]> {
  const top = await walk.folders('');
  const named: [Split, Entry][] = [];
  for (const entry of top) {
    const split = splitOf(entry.name);
    if (split && (await holdsFolders(walk.root, entry))) named.push([split, entry]);
  }
  if (named.length === 0) return [['train', '', top]];
  if (!named.some(([split]) => split === 'train')) {
    throw new TaskatlasError(
      'invalid-input',
      `${directory} has ${nameSome(named.map(([, { name }]) => `${name}/`))} but no train/. Expected: ${LAYOUT}.`,
    );
  }
  const twice = named.find(([split], i) => named.findIndex(([other]) => other === split) !== i);
  if (twice) {
    throw new TaskatlasError(
      'invalid-input',
      `${directory} has several folders for the ${twice[0]} split: keep one of ${SPLITS[twice[0]].join(', ')}.`,
    );
  }
  for (const entry of top)
    if (!named.some(([, { path }]) => path === entry.path))
      walk.leave('folder beside the split folders', `${entry.path}/`);
  const places: [Split, string, Entry[]][] = [];
  for (const [split, { path }] of named) places.push([split, path, await walk.folders(path)]);
  return places;
}

function missingLayout(directory: string, classes: readonly string[], walk: Walk): TaskatlasError {
  const loose = walk.leftOut.get('picture outside of a class folder')?.length ?? 0;
  const has = [
    classes.length === 0 ? 'no class folder with pictures' : `pictures of only one class (${classes.join()})`,
    ...(loose > 0 ? [`${count(loose, 'picture')} outside of class folders`] : []),
    ...[...walk.leftOut]
      .filter(([reason]) => reason.startsWith('other format'))
      .map(([reason, paths]) => `${count(paths.length, 'file')} of ${reason}`),
  ];
  return new TaskatlasError('invalid-input', `${directory} has ${has.join(', ')}. Expected: ${LAYOUT}.`);
}

/**
 * Finds the pictures: `<class>/…` or `<split>/<class>/…` with train, val and test (also validation, testing …). A class
 * is the first folder below the root or the split; pictures in folders below it count to it. Names that differ only in
 * their Unicode form (NFC, NFD) are one class. Nothing but folders is opened; whatever is left out is named by reason.
 * @throws TaskatlasError `not-found`, `invalid-input` for another layout or fewer than two classes
 */
export async function scanImageFolder(directory: string): Promise<ImageFolderScan> {
  const walk = new Walk(await openFolder(directory));
  const places = await splitFolders(walk, directory);
  const found: { split: Split; name: string; path: string }[] = [];
  const spellings = new Map<string, Set<string>>();
  for (const [split, , folders] of places) {
    for (const folder of folders) {
      const name = folder.name.normalize('NFC');
      const pictures = await walk.pictures(folder.path);
      const faulty = walk.faults.some(({ path }) => path.startsWith(`${folder.path}/`));
      if (pictures.length === 0 && !faulty) walk.leave('class folder without pictures', `${folder.path}/`);
      else spellings.set(name, (spellings.get(name) ?? new Set()).add(folder.name));
      for (const path of pictures) found.push({ split, name, path });
    }
  }
  const classes = [...spellings.keys()].sort();
  const items: Record<Split, FolderItem[]> = { train: [], val: [], test: [] };
  const ids = new Set<string>();
  for (const { split, name, path } of found.sort((a, b) => (a.path < b.path ? -1 : 1))) {
    // the same id on systems that store names in another Unicode form
    const plain = path.normalize('NFC');
    const id = ids.has(plain) ? path : plain;
    ids.add(id);
    items[split].push({ id, scene: id, label: classes.indexOf(name), files: { rgb: path } });
  }
  if (classes.length < 2 || items.train.length === 0) throw missingLayout(directory, classes, walk);
  const merged = [...spellings].filter(([, names]) => names.size > 1).map(([name]) => name);
  return {
    classes,
    items,
    leftOut: [...walk.leftOut].map(([reason, paths]) => ({ reason, count: paths.length, paths })),
    faults: walk.faults,
    notes: [
      ...(merged.length > 0
        ? [
            `Class folders whose names differ only in Unicode form (NFC, NFD) are one class: ${nameSome(merged)}.`,
          ]
        : []),
      ...(walk.nested.length > 0
        ? [
            `In folders below a class folder, counted to that class: ${count(walk.nested.length, 'picture')}: ` +
              `${nameSome(walk.nested.map(printable))}.`,
          ]
        : []),
    ],
  };
}
