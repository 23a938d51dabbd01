import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '@/bin/ports';
import { testDatabase } from '@/lib/service/ports/testing/postgres';
import { migrate } from '@/lib/service/store';
import { submitMicroSweep } from './testing/micro-sweep';

const installed = spawnSync('pgbouncer', ['--version']).status === 0;
const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** pgbouncer in transaction mode before the database: each transaction may get another of two server connections. */
async function bounce(databaseUrl: string): Promise<string> {
  const { hostname, port: behind, username, password, pathname } = new URL(databaseUrl);
  const folder = await mkdtemp(path.join(tmpdir(), 'taskatlas-pgbouncer-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  const name = pathname.slice(1);
  const settings = [
    '[databases]',
    `${name} = host=${hostname} port=${behind} dbname=${name}`,
    '[pgbouncer]',
    `listen_addr = 127.0.0.1\nlisten_port = ${port}\nunix_socket_dir =`,
    `auth_type = plain\nauth_file = ${folder}/users`,
    'pool_mode = transaction\ndefault_pool_size = 2\nserver_reset_query =\nserver_reset_query_always = 0',
  ];
  await writeFile(path.join(folder, 'settings'), settings.join('\n'));
  await writeFile(path.join(folder, 'users'), `"${username}" "${password}"\n`);
  // pgbouncer refuses root.
  const [uid, gid] = process.getuid?.() === 0 ? [65534, 65534] : [];
  await chmod(folder, 0o755);
  if (uid !== undefined && gid !== undefined) await chown(path.join(folder, 'users'), uid, gid);
  const child: ChildProcess = spawn('pgbouncer', ['-q', path.join(folder, 'settings')], {
    stdio: 'ignore',
    ...(uid === undefined ? {} : { uid, gid }),
  });
  undo.push(async () => {
    const ended = once(child, 'exit');
    if (child.exitCode === null && child.kill('SIGKILL')) await ended;
  });
  const url = new URL(databaseUrl);
  url.port = String(port);
  for (;;) {
    const client = new pg.Client({ connectionString: url.href });
    const up = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end().catch(() => undefined);
    if (up) return url.href;
    if (child.exitCode !== null) throw new Error(`pgbouncer ended with ${child.exitCode}`);
  }
}

describe.skipIf(!installed)('pgbouncer:', () => {
  it('migrations leave no lock with a connection that others use, and a sweep runs to its end', async () => {
    const database = await testDatabase({ migrated: false });
    undo.push(database.close);
    const url = await bounce(database.url);
    const applied = await Promise.all([migrate(url), migrate(url), migrate(url)]);
    expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query(
      `select 1 from pg_locks where locktype = 'advisory'
          and database = (select oid from pg_database where datname = current_database())`,
    );
    await client.end();
    expect(rows).toEqual([]);
    const cache = await mkdtemp(path.join(tmpdir(), 'taskatlas-rooms-'));
    undo.push(() => rm(cache, { recursive: true, force: true }));
    const sweep = await submitMicroSweep(url, cache);
    undo.push(sweep.close);
    sweep.spawnWorker();
    sweep.spawnWorker();
    await sweep.untilDone();
    expect((await sweep.snapshot()).states).toEqual({ done: 25 });
  });
});
