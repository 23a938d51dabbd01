import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { migrate } from '@/lib/service/store';
import { startEmbeddedPostgres } from '@/lib/service/store/embedded';
import { withLock } from '@/lib/service/store/embedded/lock';

const TEMPLATE = 'template_migrated';

export interface TestDatabase {
  readonly url: string;
  /** Drops the database; stops the server if it was started for this file alone. */
  close(): Promise<void>;
}

async function execute(url: string, text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}

const named = (url: string, database: string): string => {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
};

/**
 * A database of its own on a real embedded Postgres, cloned in some 50 ms from one that was migrated once per test
 * run. The server is shared by the files of a run (global-setup.ts); without that set-up the file has its own.
 */
export async function testDatabase(options: { migrated?: boolean } = {}): Promise<TestDatabase> {
  const shared = process.env.TASKATLAS_TEST_POSTGRES;
  const directory = shared ?? (await mkdtemp(path.join(tmpdir(), 'taskatlas-test-own-')));
  // What is written here is thrown away: no waiting for the disk.
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
  const server = await startEmbeddedPostgres({ directory, database: 'postgres', settings });
  await withLock(path.join(directory, 'template.lock'), async () => {
    const found = await execute(server.url, `select 1 from pg_database where datname = '${TEMPLATE}'`);
    if (found.rowCount === 0) {
      await execute(server.url, `create database ${TEMPLATE}`);
      await migrate(named(server.url, TEMPLATE));
    }
  });
  const name = `test_${randomBytes(6).toString('hex')}`;
  const template = options.migrated === false ? '' : ` template ${TEMPLATE}`;
  await execute(server.url, `create database ${name}${template}`);
  return {
    url: named(server.url, name),
    async close() {
      await execute(server.url, `drop database if exists ${name} with (force)`);
      if (shared === undefined) {
        await server.stop({ force: true });
        await rm(directory, { recursive: true, force: true });
      }
    },
  };
}
