import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { TaskatlasError } from '@/lib/science/core';
import { writeStateFile } from '../state-file';
import type { Place } from './place';

/** The one user of the embedded server. */
export const USER = 'taskatlas';

const fileOf = (place: Place): string => path.join(place.directory, 'password');

/** The password on file; a new one where the file is missing or holds no password. */
export function passwordOf(place: Place): string {
  try {
    const known = readFileSync(fileOf(place), 'utf8').trim();
    if (/^[0-9a-f]{48}$/.test(known)) return known;
  } catch {
    // Missing or unreadable: the server is told the new one when it refuses it.
  }
  const fresh = randomBytes(24).toString('hex');
  writeStateFile(fileOf(place), `${fresh}\n`);
  return fresh;
}

/**
 * Gives the cluster the password on file, for one that was lost: Postgres alone with its data, without connections.
 * The server must not be running.
 * @throws TaskatlasError `unavailable` with what Postgres said
 */
export async function resetPassword(
  place: Place,
  postgres: string,
  password: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const { identity } = place;
  const child = spawn(postgres, ['--single', '-D', path.join(place.directory, 'data'), 'postgres'], {
    ...(identity ? { uid: identity.uid, gid: identity.gid } : {}),
    cwd: '/',
    env,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
  child.stdin.on('error', () => undefined);
  child.stdin.end(`alter role "${USER}" password '${password}'\n`);
  const code = await new Promise<number>((resolve) => {
    child.once('error', () => resolve(-1));
    child.once('close', (status) => resolve(status ?? -1));
  });
  if (code !== 0 || /\bERROR:|\bFATAL:/.test(output)) {
    throw new TaskatlasError(
      'unavailable',
      `The password of the embedded Postgres was lost (${fileOf(place)}) and could not be set again:\n${output}`,
    );
  }
}
