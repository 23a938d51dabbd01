import { appendFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diffDatabaseToSchema } from '../../../prisma/schema-engine';
import { type TestDatabase, testDatabase } from '../ports/testing/postgres';
import { listMigrations, migrate } from './migrate';

const real = path.resolve(import.meta.dirname, '../../../prisma/migrations');

let database: TestDatabase;
let folder: string;
beforeEach(async () => {
  database = await testDatabase({ migrated: false });
  folder = await mkdtemp(path.join(tmpdir(), 'taskatlas-migrations-'));
});
afterEach(async () => {
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

let admin: pg.Client;
async function query<T extends pg.QueryResultRow>(text: string): Promise<T[]> {
  admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  try {
    return (await admin.query<T>(text)).rows;
  } finally {
    await admin.end();
  }
}

async function addMigration(name: string, sql: string): Promise<void> {
  await mkdir(path.join(folder, name), { recursive: true });
  await writeFile(path.join(folder, name, 'migration.sql'), sql);
}

describe('migrate', () => {
  it('leads to exactly what schema.prisma says', async () => {
    await migrate(database.url);
    expect(await diffDatabaseToSchema(database.url)).toBe('');
  });

  it('notices when schema and migrations part ways', async () => {
    await migrate(database.url);
    await query('alter table runs drop column published_at');
    expect(await diffDatabaseToSchema(database.url)).toContain('ADD COLUMN     "published_at"');
  });

  it('applies each migration once, in the order of names, whoever comes at the same time', async () => {
    await addMigration('2_second', 'insert into log values (2);');
    await addMigration('1_first', 'create table log (n int); insert into log values (1);');
    const runs = await Promise.all([1, 2, 3].map(() => migrate(database.url, { directory: folder })));
    expect(runs.flat().sort()).toEqual(['1_first', '2_second']);
    expect(await query('select n from log')).toEqual([{ n: 1 }, { n: 2 }]);
    expect(await migrate(database.url, { directory: folder })).toEqual([]);
  });

  it('keeps the table that Prisma’s own migrate reads', async () => {
    await migrate(database.url);
    const expected = await listMigrations(real);
    const rows = await query(
      'select migration_name, checksum, applied_steps_count, finished_at is not null as done, rolled_back_at from _prisma_migrations order by migration_name',
    );
    expect(rows).toEqual(
      expected.map(({ name, checksum }) => ({
        migration_name: name,
        checksum,
        applied_steps_count: 1,
        done: true,
        rolled_back_at: null,
      })),
    );
  });

  it('rolls a failing migration back whole, and goes on when it is mended', async () => {
    await addMigration('1_bad', 'create table half (n int); select no_such_function();');
    await expect(migrate(database.url, { directory: folder })).rejects.toThrow(
      /1_bad failed and was rolled back/,
    );
    expect(await query("select to_regclass('half') as half")).toEqual([{ half: null }]);
    await addMigration('1_bad', 'create table half (n int);');
    expect(await migrate(database.url, { directory: folder })).toEqual(['1_bad']);
  });

  it('refuses a database whose history differs', async () => {
    await cp(real, folder, { recursive: true });
    const [first] = await migrate(database.url, { directory: folder });
    await appendFile(path.join(folder, first ?? '', 'migration.sql'), '\n-- edited\n');
    await expect(migrate(database.url, { directory: folder })).rejects.toMatchObject({ code: 'conflict' });
  });
});
