import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isAlive } from '../../store/processes';

const PREFIX = 'taskatlas-test-postgres-';

async function forget(directory: string): Promise<void> {
  const { stopEmbeddedPostgres } = await import('../../store/embedded');
  await stopEmbeddedPostgres(directory);
  await rm(directory, { recursive: true, force: true });
}

/** A test run that was killed could not stop its server: the next run does. */
async function forgetTheDead(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const directory = path.join(tmpdir(), name);
    const owner = Number(await readFile(path.join(directory, 'owner'), 'utf8').catch(() => ''));
    if (owner > 0 && !isAlive(owner)) await forget(directory).catch(() => undefined);
  }
}

/**
 * Vitest's global set-up: names a folder for the one Postgres of a test run. The first test file that needs it
 * starts it (see postgres.ts); here it is stopped and forgotten.
 */
export default async function setup(): Promise<() => Promise<void>> {
  await forgetTheDead();
  const directory = await mkdtemp(path.join(tmpdir(), PREFIX));
  await writeFile(path.join(directory, 'owner'), String(process.pid));
  process.env.TASKATLAS_TEST_POSTGRES = directory;
  return () => forget(directory);
}
