import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { TaskatlasError } from '../../core';

/** What an entry of a folder is, and why it is not read where that is so. */
export type Entry = { name: string; path: string } & (
  | { kind: 'file' | 'folder' }
  | { kind: 'odd'; why: string }
);

/** Folders that systems and programs make beside pictures. */
const SYSTEM_FOLDERS =
  /^(__MACOSX|@eaDir|@Recycle|#recycle|\$RECYCLE\.BIN|System Volume Information|lost\+found|__pycache__|node_modules)$/i;
const SYSTEM_FILES = /^(Thumbs\.db|ehthumbs\.db|desktop\.ini|Icon\r)$/i;

export const isSystemFolder = (name: string): boolean => SYSTEM_FOLDERS.test(name);
export const isSystemFile = (name: string): boolean => SYSTEM_FILES.test(name);
export const isHidden = (name: string): boolean => name.startsWith('.');

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

/** The real place of a data set's folder. @throws TaskatlasError `not-found`, `invalid-input` */
export async function openFolder(directory: string): Promise<string> {
  try {
    const root = await realpath(directory);
    await readdir(root);
    return root;
  } catch (cause) {
    const code = codeOf(cause);
    if (code === 'ENOENT')
      throw new TaskatlasError('not-found', `The folder ${directory} does not exist.`, { cause });
    const why =
      code === 'ENOTDIR'
        ? 'is not a folder'
        : code === 'ELOOP'
          ? 'is a link that leads to itself'
          : 'cannot be read (no permission)';
    throw new TaskatlasError('invalid-input', `${directory} ${why}; give the folder of a data set.`, {
      cause,
    });
  }
}

/** What a link leads to: files inside of the root are read; folders are read where they lie. */
async function linkKind(root: string, path: string): Promise<'file' | string> {
  try {
    const target = await realpath(join(root, path));
    if (target !== root && !target.startsWith(root + sep)) return 'is a link out of the folder';
    const stats = await stat(target);
    if (stats.isFile()) return 'file';
    return stats.isDirectory() ? 'is a link to a folder' : 'is a link to a pipe, socket or device';
  } catch (error) {
    return codeOf(error) === 'ELOOP' ? 'is a link that leads to itself' : 'is a broken link';
  }
}

async function entryOf(root: string, folder: string, found: Dirent): Promise<Entry> {
  const { name } = found;
  const path = folder === '' ? name : `${folder}/${name}`;
  const odd = (why: string): Entry => ({ name, path, kind: 'odd', why });
  if (name.includes('\ufffd')) return odd('has a name that is not valid UTF-8');
  if (found.isFile()) return { name, path, kind: 'file' };
  if (found.isDirectory()) return { name, path, kind: 'folder' };
  if (found.isSymbolicLink()) {
    const kind = await linkKind(root, path);
    return kind === 'file' ? { name, path, kind } : odd(kind);
  }
  return odd(found.isFIFO() ? 'is a named pipe' : found.isSocket() ? 'is a socket' : 'is a device');
}

/** The entries of a folder below `root`, in the order of their names; nothing but folders is opened. */
export async function entriesOf(root: string, folder: string): Promise<Entry[]> {
  const found = await readdir(join(root, folder), { withFileTypes: true });
  const entries: Entry[] = [];
  for (const entry of found.sort((a, b) => (a.name < b.name ? -1 : 1)))
    entries.push(await entryOf(root, folder, entry));
  return entries;
}
