import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, link, mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { TaskatlasError } from '@/lib/science/core';

const run = promisify(execFile);

/** Where one clone's embedded Postgres lives, and as whom it runs. */
export interface Place {
  /** Holds `data/`, `password`, `state.json`, `server.log`. */
  directory: string;
  /** Where root keeps its copy of the executables; the clone's default place, whatever `directory` is. */
  binaries: string;
  /** Set when we are root: Postgres refuses root, so it runs as this user. */
  identity: { uid: number; gid: number; name: string } | null;
}

const recorded = z.object({ key: z.string().regex(/^[0-9a-f]{12}$/), clone: z.string() });

/**
 * Key of a clone's database, kept in `.taskatlas/clone.json`. Random, since a path may be used again: a fresh clone
 * must not find its predecessor's data. Bound to the path: a copied folder is another clone.
 */
async function cloneKey(clone: string): Promise<string> {
  const real = await realpath(clone);
  const file = path.join(real, '.taskatlas', 'clone.json');
  const read = async (): Promise<string | null> => {
    const text = await readFile(file, 'utf8').catch(() => 'null');
    const parsed = recorded.safeParse(JSON.parse(text));
    return parsed.success && parsed.data.clone === real ? parsed.data.key : null;
  };
  const known = await read().catch(() => null);
  if (known) return known;
  const key = randomBytes(6).toString('hex');
  const fresh = `${file}.${process.pid}-${key}`;
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(fresh, `${JSON.stringify({ key, clone: real })}\n`);
    // A link fails where the file exists: of two that come at once the first one names the key.
    await link(fresh, file).catch(async () => {
      if ((await read().catch(() => null)) === null) await rename(fresh, file);
    });
    return (await read()) ?? key;
  } catch {
    // A clone that cannot be written to is known by its path alone.
    return createHash('sha256').update(real).digest('hex').slice(0, 12);
  } finally {
    await rm(fresh, { force: true });
  }
}

function home(): string {
  const { TASKATLAS_HOME: own, HOME } = process.env;
  if (own) return path.resolve(own);
  // `homedir()` answers '' when HOME is set but empty; the password file knows better.
  return path.join(HOME || userInfo().homedir || homedir() || '/tmp', '.taskatlas');
}

async function lookUp(name: string): Promise<Place['identity']> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { name, uid: Number.parseInt(uid.stdout, 10), gid: Number.parseInt(gid.stdout, 10) };
  } catch {
    return null;
  }
}

/** As root: the user `postgres`, made when absent; `nobody` where no user can be made (read-only /etc). */
async function serverIdentity(): Promise<NonNullable<Place['identity']>> {
  const existing = await lookUp('postgres');
  if (existing) return existing;
  const makers: [string, string[]][] = [
    ['useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', 'postgres']],
    ['adduser', ['-S', '-D', '-H', 'postgres']],
  ];
  for (const [command, args] of makers) {
    await run(command, args).catch(() => undefined);
    const made = await lookUp('postgres');
    if (made) return made;
  }
  const nobody = await lookUp('nobody');
  if (nobody) return nobody;
  throw new TaskatlasError(
    'unavailable',
    'Postgres refuses to run as root and there is no user "postgres" or "nobody" to run it as. ' +
      'Create a user "postgres", run taskatlas as an ordinary user, or set DATABASE_URL to a server of your own.',
  );
}

/**
 * Chooses and makes the directory. Root: `/var/lib/taskatlas/<clone>` (the clone itself and /root may be
 * 0700, and the server's user must be able to enter); ordinary users: `~/.taskatlas/postgres/<clone>`.
 */
export async function choosePlace(options: { clone: string; directory?: string }): Promise<Place> {
  const root = process.getuid?.() === 0;
  const key = await cloneKey(options.clone);
  const base = process.env.TASKATLAS_HOME || (root ? '/var/lib/taskatlas' : home());
  const binaries = path.resolve(base, 'postgres', key);
  const directory = path.resolve(options.directory ?? binaries);
  const identity = root ? await serverIdentity() : null;
  try {
    await mkdir(directory, { recursive: true, mode: root ? 0o755 : 0o700 });
    if (root) {
      await mkdir(binaries, { recursive: true, mode: 0o755 });
      for (const folder of [directory, binaries]) await chmod(folder, 0o711);
    }
    const data = path.join(directory, 'data');
    await mkdir(data, { recursive: true, mode: 0o700 });
    if (identity) await chown(data, identity.uid, identity.gid);
  } catch (cause) {
    throw new TaskatlasError(
      'unavailable',
      `Cannot make the directory ${directory} for the embedded Postgres. ` +
        'Set TASKATLAS_HOME to a directory that can be written, or DATABASE_URL to a server of your own.',
      { cause },
    );
  }
  if (identity) await assertReachable(directory, identity);
  // One spelling of the path: the running server is known by it.
  return {
    directory: await realpath(directory),
    binaries: await realpath(binaries).catch(() => binaries),
    identity,
  };
}

/** The server's user must be able to enter every folder above its data. */
async function assertReachable(directory: string, identity: NonNullable<Place['identity']>): Promise<void> {
  try {
    await run('/bin/sh', ['-c', 'cd -- "$0/data"', directory], {
      uid: identity.uid,
      gid: identity.gid,
      cwd: '/',
    });
  } catch (cause) {
    throw new TaskatlasError(
      'unavailable',
      `The user "${identity.name}", as whom Postgres runs, cannot enter ${directory}: a folder above it is closed. ` +
        'Set TASKATLAS_HOME to a directory below one that everybody may enter, e.g. /var/lib/taskatlas.',
      { cause },
    );
  }
}
