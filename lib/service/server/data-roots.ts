import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { TaskatlasError } from '@/lib/science/core';
import type { DatasetCatalog } from '../sweeps';

/** Folders below which requests may name files of this machine, without symbolic links in their paths. */
export type DataRoots = readonly string[];

/** The path without symbolic links; where it ends in something that is not there, its existing part without them. */
function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) return null;
    const real = realPath(parent);
    return real === null ? null : join(real, relative(parent, path));
  }
}

/**
 * The folders of `TASKATLAS_DATA`, separated by colons. Without it the clone and the home of whoever started the server,
 * as long as that serves this machine alone: with `TASKATLAS_HOSTS` there are no others than those that are named.
 * @throws TaskatlasError `invalid-input` where one is no absolute path
 */
export function dataRoots(
  environment: Readonly<Record<string, string | undefined>>,
  clone: string,
): DataRoots {
  const named = (environment.TASKATLAS_DATA ?? '').split(':').filter(Boolean);
  const strange = named.find((folder) => !isAbsolute(folder));
  if (strange !== undefined) {
    throw new TaskatlasError(
      'invalid-input',
      `TASKATLAS_DATA has "${strange}": list absolute paths, separated by colons, e.g. /data:/home/me/pictures.`,
    );
  }
  const own = environment.TASKATLAS_HOSTS ? [] : [clone, homedir()];
  return (named.length > 0 ? named : own).flatMap((folder) => realPath(resolve(folder)) ?? []);
}

const isWithin = (path: string, root: string): boolean =>
  path === root || path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`);

/**
 * Refuses a path that leads out of the roots, by the same words whether there is anything or not.
 * @throws TaskatlasError `invalid-input`
 */
function assertWithin(roots: DataRoots, given: string, field: string): void {
  const path = given.includes('\0') ? null : realPath(resolve(given));
  if (path !== null && roots.some((root) => isWithin(path, root))) return;
  const message =
    `"${given.slice(0, 300)}" is not in a data folder of this server. Start the server with TASKATLAS_DATA set to the folders ` +
    'that it may read (several with colons); without it these are the clone and the home folder.';
  throw new TaskatlasError('invalid-input', message, { issues: [{ path: field, message }] });
}

/** The catalogue for requests that come from outside: every path that they name is checked before anything is read. */
export function guarded(catalog: DatasetCatalog, roots: DataRoots): DatasetCatalog {
  return {
    ...catalog,
    resolve(input) {
      if (input.kind === 'rooms') {
        const { furniture } = input;
        if (furniture) assertWithin(roots, furniture.library, 'dataset.furniture.library');
      } else {
        assertWithin(roots, input.directory, 'dataset.directory');
        if ('target' in input && input.target)
          assertWithin(roots, input.target.directory, 'dataset.target.directory');
      }
      return catalog.resolve(input);
    },
    external(sources) {
      for (const [i, { model }] of sources.entries())
        assertWithin(roots, model, `externalSources[${i}].model`);
      return catalog.external(sources);
    },
  };
}
