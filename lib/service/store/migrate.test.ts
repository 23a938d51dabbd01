import { randomBytes } from 'node:crypto';
import { appendFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { diffDatabaseToSchema } from '../../../prisma/schema-engine';
import { type TestDatabase, testDatabase } from '../ports/testing/postgres';
import { checkRights } from './database-faults';
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

/** The database's address with parts of it replaced. */
function address(change: (url: URL) => void): string {
  const url = new URL(database.url);
  change(url);
  return url.href;
}

/** A user of the test's database with a name of its own, and what it may. */
async function makeUser(...grants: string[]): Promise<string> {
  const name = `user_${randomBytes(6).toString('hex')}`;
  const own = new URL(database.url).pathname.slice(1);
  await query(`create role ${name} login password 'secret'`);
  for (const grant of grants) await query(grant.replaceAll('USER', name).replaceAll('DATABASE', own));
  users.push(name);
  return address((url) => Object.assign(url, { username: name, password: 'secret' }));
}

const users: string[] = [];
afterEach(async () => {
  const server = new URL(database.url);
  server.pathname = '/postgres';
  const client = new pg.Client({ connectionString: server.href });
  await client.connect();
  for (const user of users.splice(0)) await client.query(`drop role ${user}`);
  await client.end();
});

describe('a place where the database cannot be used', () => {
  const line = async (url: string): Promise<string> => {
    const error: unknown = await migrate(url).catch((fault: unknown) => fault);
    expect(error).toMatchObject({ name: 'TaskatlasError', code: 'unavailable' });
    const { message } = error as Error;
    expect(message).not.toContain('\n');
    expect(message).not.toContain(new URL(database.url).password);
    return message;
  };

  it('is told in one line: address, password, name, TLS', async () => {
    expect(await line('nonsense')).toMatch(/no connection string/);
    expect(await line('postgresql://x:%zz@[')).toMatch(/no connection string.*postgresql:\/\//);
    expect(await line(address((url) => Object.assign(url, { password: 'wrong' })))).toMatch(
      /refuses the password/,
    );
    expect(await line(address((url) => Object.assign(url, { pathname: '/none' })))).toMatch(
      /no database "none".*createdb/,
    );
    expect(await line(address((url) => Object.assign(url, { search: 'sslmode=require' })))).toMatch(
      /has no TLS.*Remove sslmode/,
    );
    expect(await line(address((url) => Object.assign(url, { port: '1' })))).toMatch(/No Postgres answers at/);
    expect(await line(address((url) => Object.assign(url, { hostname: 'no-such-host.invalid' })))).toMatch(
      /No machine has the name/,
    );
  });

  it('is told in one line: rights that the user lacks', async () => {
    const nothing = await makeUser('revoke create on schema public from public');
    expect(await line(nothing)).toMatch(/may not make tables.*GRANT CREATE ON SCHEMA public TO "user_/);
    const tables = await makeUser('grant create on schema public to USER');
    expect(await line(tables)).toMatch(/may not make schemas.*GRANT CREATE ON DATABASE/);
    await migrate(database.url);
    const reader = await makeUser(
      'grant select on all tables in schema public to USER',
      'grant create on database DATABASE to USER',
    );
    expect(await line(reader)).toMatch(/may only read/);
    const standby = address((url) =>
      Object.assign(url, { search: 'options=-c%20default_transaction_read_only%3Don' }),
    );
    expect(await line(standby)).toMatch(/read-only.*primary/);
    await query(`drop owned by ${users.join(', ')}`);
  });

  it('is told in one line: a server that is too old', async () => {
    const old = { version: 120_022, name: '12.22' };
    const client = { query: async () => ({ rows: [old] }) } as unknown as pg.Client;
    await expect(checkRights(client, 0)).rejects.toThrow(/version 12.22; Taskatlas needs 13 or newer/);
  });

  it('lets a user write who may make nothing, once everything is made', async () => {
    await migrate(database.url);
    const writer = await makeUser(
      'revoke create on schema public from public',
      'create schema taskatlas_queue',
      'grant all on all tables in schema public to USER',
    );
    expect(await migrate(writer)).toEqual([]);
    await query(`drop owned by ${users.join(', ')}`);
  });
});

describe('migrate', () => {
  it('holds its lock for one transaction: behind pgbouncer a session’s lock would stay for ever', async () => {
    await addMigration('1_first', 'create table log (n int);');
    const asked = vi.spyOn(pg.Client.prototype, 'query');
    await migrate(database.url, { directory: folder });
    const said = asked.mock.calls.map(([text]) => String(text));
    asked.mockRestore();
    expect(said[0]).toBe('begin');
    expect(said[1]).toContain('pg_advisory_xact_lock');
    expect(said.filter((text) => /^(begin|commit|rollback)/.test(text))).toEqual(['begin', 'commit']);
    expect(said.at(-1)).toBe('commit');
    expect(said.join()).not.toMatch(/advisory_lock|listen|prepare|^set /i);
  });

  it('leads to exactly what schema.prisma says', async () => {
    await migrate(database.url);
    expect(await diffDatabaseToSchema(database.url)).toBe('');
  });

  it('notices when schema and migrations part ways', async () => {
    await migrate(database.url);
    await query('alter table runs drop column started_at');
    expect(await diffDatabaseToSchema(database.url)).toContain('ADD COLUMN     "started_at"');
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

  it('refuses a database that a newer version has migrated, and changes nothing in it', async () => {
    await addMigration('1_first', 'create table log (n int);');
    await addMigration('2_newer', 'alter table log add column m int;');
    await migrate(database.url, { directory: folder });
    await rm(path.join(folder, '2_newer'), { recursive: true });
    await addMigration('3_own', 'drop table log;');
    const refusal = migrate(database.url, { directory: folder });
    await expect(refusal).rejects.toThrow(/newer version of Taskatlas.*2_newer.*Update this clone/);
    expect(await query("select to_regclass('log') is not null as log")).toEqual([{ log: true }]);
  });

  it('refuses a database whose history differs', async () => {
    await cp(real, folder, { recursive: true });
    const [first] = await migrate(database.url, { directory: folder });
    await appendFile(path.join(folder, first ?? '', 'migration.sql'), '\n-- edited\n');
    await expect(migrate(database.url, { directory: folder })).rejects.toMatchObject({ code: 'conflict' });
  });
});
