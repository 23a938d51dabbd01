import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type pg from 'pg';
import { TaskatlasError } from '@/lib/science/core';
import { checkRights, connectClient, databaseFault } from './database-faults';

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
  try {
    await client.query(migration.sql);
    await client.query(
      `insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       values ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    );
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TaskatlasError('internal', `Migration ${migration.name} failed and was rolled back: ${why}`, {
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

/** A newer version has changed the tables: this one would read and write them wrongly. */
function assertKnown(migrations: readonly Migration[], recorded: readonly string[]): void {
  const unknown = recorded.filter((name) => !migrations.some((migration) => migration.name === name));
  if (unknown.length === 0) return;
  throw new TaskatlasError(
    'conflict',
    `This database was migrated by a newer version of Taskatlas (${unknown.join(', ')}). ` +
      'Update this clone, or use another database.',
  );
}

interface Applied {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
}

async function appliedMigrations(client: pg.Client): Promise<ReadonlyMap<string, Applied>> {
  const { rows } = await client.query<{ there: boolean }>(
    `select to_regclass('_prisma_migrations') is not null as there`,
  );
  // A user who may not make tables may not say "if not exists" either.
  if (!rows[0]?.there) return new Map();
  const applied = await client.query<Applied>(
    'select migration_name, checksum, finished_at from _prisma_migrations where rolled_back_at is null',
  );
  return new Map(applied.rows.map((row) => [row.migration_name, row]));
}

async function applyPending(client: pg.Client, migrations: readonly Migration[]): Promise<readonly string[]> {
  const recorded = await appliedMigrations(client);
  for (const migration of migrations) {
    const row = recorded.get(migration.name);
    if (row) assertAgrees(migration, row);
  }
  assertKnown(migrations, [...recorded.keys()]);
  const pending = migrations.filter(({ name }) => !recorded.has(name));
  await checkRights(client, pending.length);
  if (pending.length > 0) await client.query(TABLE);
  for (const migration of pending) await applyOne(client, migration);
  return pending.map(({ name }) => name);
}

/**
 * Applies what `prisma migrate deploy` would, with its table, checksums and lock, without its engine (which
 * has to be downloaded). Any number of processes may call it at once: each migration runs once. All of it is one
 * transaction, whose end gives the lock back: behind pgbouncer a lock of a session would stay with a connection that
 * others use.
 * @returns the names that were applied.
 * @throws TaskatlasError `unavailable` where the server or the user's rights do not do, `conflict` where the history differs
 */
export async function migrate(
  databaseUrl: string,
  options: { directory?: string } = {},
): Promise<readonly string[]> {
  const migrations = await listMigrations(options.directory);
  const client = await connectClient(databaseUrl);
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1)', [PRISMA_LOCK]);
    const applied = await applyPending(client, migrations);
    await client.query('commit');
    return applied;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw databaseFault(error, databaseUrl);
  } finally {
    await client.end().catch(() => undefined);
  }
}
