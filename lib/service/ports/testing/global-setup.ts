import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * Vitest's global set-up: names a folder for the one Postgres of a test run. The first test file that needs it
 * starts it (see postgres.ts); here it is stopped and forgotten.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const directory = await mkdtemp(path.join(tmpdir(), 'taskatlas-test-postgres-'));
  process.env.TASKATLAS_TEST_POSTGRES = directory;
  return async () => {
    if (existsSync(path.join(directory, 'state.json'))) {
      const { startEmbeddedPostgres } = await import('../../store/embedded');
      const server = await startEmbeddedPostgres({ directory });
      await server.stop({ force: true });
    }
    await rm(directory, { recursive: true, force: true });
  };
}
