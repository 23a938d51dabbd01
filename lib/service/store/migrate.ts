import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { TaskatlasError } from '@/lib/science/core';

/** The lock that Prisma's own `migrate deploy` takes, so that the two never run at once. */
const PRISMA_LOCK = 72707369;

/** As Prisma's schema engine makes it. */
const TABLE = `create table if not exists _prisma_migrations (
  id varchar(36) primary key not null,
  checksum varchar(64) not null,
  finished_at timestamptz,
  migration_name varchar(255) not null,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz not null default now(),
  applied_steps_count integer not null default 0
)`;

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

const defaultDirectory = (): string => path.resolve(import.meta.dirname, '../../../prisma/migrations');

/** Migrations on disk in the order of their names. */
export async function listMigrations(directory = defaultDirectory()): Promise<readonly Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return await Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(path.join(directory, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function applyOne(client: pg.Client, migration: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query(migration.sql);
    await client.query(
      `insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       values ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    );
    await client.query('commit');
  } catch (cause) {
    await client.query('rollback').catch(() => undefined);
    throw new TaskatlasError('internal', `Migration ${migration.name} failed and was rolled back.`, {
      cause,
    });
  }
}

/** Prisma counts a row without `finished_at` as failed; an edited file means two histories. */
function assertAgrees(migration: Migration, row: { checksum: string; finished_at: Date | null }): void {
  if (row.finished_at === null) {
    throw new TaskatlasError(
      'conflict',
      `Migration ${migration.name} is recorded as unfinished in this database. ` +
        'Resolve it with "npx prisma migrate resolve", then start again.',
    );
  }
  if (row.checksum !== migration.checksum) {
    throw new TaskatlasError(
      'conflict',
      `Migration ${migration.name} was applied to this database in another version than the file in prisma/migrations. ` +
        'Restore the file, or use another database.',
    );
  }
}

/**
 * Applies what `prisma migrate deploy` would, with its table, checksums and lock, without its engine (which
 * has to be downloaded). Any number of processes may call it at once: each migration runs once.
 * @returns the names that were applied.
 */
export async function migrate(
  databaseUrl: string,
  options: { directory?: string } = {},
): Promise<readonly string[]> {
  const migrations = await listMigrations(options.directory);
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 10_000,
    application_name: 'taskatlas-migrate',
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [PRISMA_LOCK]);
    await client.query(TABLE);
    const { rows } = await client.query<{
      migration_name: string;
      checksum: string;
      finished_at: Date | null;
    }>('select migration_name, checksum, finished_at from _prisma_migrations where rolled_back_at is null');
    const recorded = new Map(rows.map((row) => [row.migration_name, row]));
    const applied: string[] = [];
    for (const migration of migrations) {
      const row = recorded.get(migration.name);
      if (row) assertAgrees(migration, row);
      else {
        await applyOne(client, migration);
        applied.push(migration.name);
      }
    }
    return applied;
  } finally {
    await client.end().catch(() => undefined);
  }
}
