import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { TaskatlasError } from '@/lib/science/core';
import type { ArtifactStore } from '../ports';

const PARTIAL = '.partial-';

/** Names are `part/part/…` of letters, digits and . _ - only, so that none leads out of the folder. */
function fileOf(directory: string, name: string): string {
  const parts = name.split('/');
  if (parts.some((part) => !/^[A-Za-z0-9_+-][A-Za-z0-9._+-]*$/.test(part))) {
    throw new TaskatlasError('invalid-input', `"${name}" is no artifact name.`);
  }
  return path.join(directory, ...parts);
}

const gone = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

/** The rename itself is durable only when the folder is synced too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Artifacts as files below a folder. Written under a temporary name, synced, renamed: never seen half. */
export function folderArtifacts(directory: string): ArtifactStore {
  return {
    async read(name) {
      try {
        return new Uint8Array(await readFile(fileOf(directory, name)));
      } catch (error) {
        if (gone(error)) return null;
        throw error;
      }
    },

    async exists(name) {
      try {
        return (await stat(fileOf(directory, name))).isFile();
      } catch (error) {
        if (gone(error)) return false;
        throw error;
      }
    },

    async write(name, bytes) {
      const file = fileOf(directory, name);
      const folder = path.dirname(file);
      const partial = `${file}${PARTIAL}${process.pid}-${randomBytes(4).toString('hex')}`;
      try {
        await mkdir(folder, { recursive: true });
        const handle = await open(partial, 'wx');
        try {
          await handle.writeFile(bytes);
          await handle.sync();
        } finally {
          await handle.close();
        }
        await rename(partial, file);
        await syncFolder(folder);
      } catch (cause) {
        await rm(partial, { force: true }).catch(() => undefined);
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new TaskatlasError('data', `Cannot write the artifact ${name} below ${directory}: ${why}`, {
          cause,
        });
      }
    },

    async remove(name) {
      await rm(fileOf(directory, name), { force: true });
    },

    async list(prefix) {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(
        (error: unknown) => {
          if (gone(error)) return [];
          throw error;
        },
      );
      return entries
        .filter((entry) => entry.isFile() && !entry.name.includes(PARTIAL))
        .map((entry) =>
          path.relative(directory, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'),
        )
        .filter((name) => name.startsWith(prefix))
        .sort();
    },
  };
}
