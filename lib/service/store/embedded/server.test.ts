import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '../processes';
import { choosePlace } from './place';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './server';

const root = path.resolve(import.meta.dirname, '../../../..');

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'taskatlas-embedded-'));
});
afterEach(async () => {
  const server = await startEmbeddedPostgres({ directory });
  await server.stop({ force: true });
  await rm(directory, { recursive: true, force: true });
});

async function query(server: EmbeddedPostgres, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** Another program that starts the server, says where it is, and stays. */
async function startElsewhere(): Promise<{ url: string; pid: number; kill(): Promise<void> }> {
  const script = `import { startEmbeddedPostgres } from '${root}/lib/service/store/embedded/index.ts';
    const server = await startEmbeddedPostgres({ directory: ${JSON.stringify(directory)} });
    console.log(JSON.stringify({ url: server.url, pid: server.pid }));
    setInterval(() => {}, 1000);`;
  const file = path.join(directory, 'elsewhere.mts');
  await writeFile(file, script);
  const child = spawn(process.execPath, ['--import', 'tsx', file], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString('utf8')));
    child.once('exit', (code) => reject(new Error(`exit ${code}`)));
  });
  return {
    ...(JSON.parse(line) as { url: string; pid: number }),
    kill: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      }),
  };
}

describe('startEmbeddedPostgres', () => {
  it('starts one server for all who come at the same time', async () => {
    const servers = await Promise.all([1, 2, 3].map(() => startEmbeddedPostgres({ directory })));
    expect(new Set(servers.map((server) => server.pid)).size).toBe(1);
    expect(servers.filter((server) => server.started)).toHaveLength(1);
  });

  it('gives each clone a place of its own: a new one at an old path does not find its predecessor', async () => {
    const clone = path.join(directory, 'clone');
    const copy = path.join(directory, 'copy');
    const place = async (folder: string) => (await choosePlace({ clone: folder })).binaries;
    const home = process.env.TASKATLAS_HOME;
    process.env.TASKATLAS_HOME = path.join(directory, 'home');
    try {
      await chmod(directory, 0o711);
      await mkdir(clone);
      const places = await Promise.all([1, 2, 3].map(() => place(clone)));
      expect(new Set(places).size).toBe(1);
      expect(await place(clone)).toBe(places[0]);
      await cp(clone, copy, { recursive: true });
      expect(await place(copy)).not.toBe(places[0]);
      await rm(clone, { recursive: true });
      await mkdir(clone);
      expect(await place(clone)).not.toBe(places[0]);
    } finally {
      if (home === undefined) delete process.env.TASKATLAS_HOME;
      else process.env.TASKATLAS_HOME = home;
    }
  });

  it('lets nobody in without the password, which only the owner can read', async () => {
    const server = await startEmbeddedPostgres({ directory });
    const { mode } = await stat(path.join(directory, 'password'));
    expect(mode & 0o077).toBe(0);
    const stranger = new URL(server.url);
    stranger.password = 'guess';
    const client = new pg.Client({ connectionString: stranger.href });
    await expect(client.connect()).rejects.toThrow(/password authentication failed/);
    expect(new URL(server.url).hostname).toBe('127.0.0.1');
  });

  it('joins a server that a killed process left behind', async () => {
    const other = await startElsewhere();
    await other.kill();
    const server = await startEmbeddedPostgres({ directory });
    expect(server).toMatchObject({ pid: other.pid, url: other.url, started: false });
  });

  it('comes back at the same address with its data after kill -9 of Postgres', async () => {
    const server = await startEmbeddedPostgres({ directory });
    await query(server, 'create table kept (n int)');
    await query(server, 'insert into kept values (42)');
    process.kill(server.pid, 'SIGKILL');
    const again = await server.ensure();
    expect(again.pid).not.toBe(server.pid);
    expect(again.url).toBe(server.url);
    expect(await query(again, 'select n from kept')).toEqual([{ n: 42 }]);
  });

  it('is not misled by the process id of somebody else', async () => {
    const server = await startEmbeddedPostgres({ directory });
    await server.stop();
    await writeFile(
      path.join(directory, 'data', 'postmaster.pid'),
      `${process.pid}\n${directory}/data\n1\n${server.port}\n`,
    );
    const again = await startEmbeddedPostgres({ directory });
    expect(again.started).toBe(true);
    expect(await again.alive()).toBe(true);
  });

  it('keeps its data when its files of state are gone, garbage or wrong', async () => {
    const first = await startEmbeddedPostgres({ directory });
    await query(first, 'create table kept as select 42 as n');
    const spoil = async (name: string, text: string | null): Promise<void> => {
      const file = path.join(directory, name);
      if (text === null) await rm(file, { force: true });
      else await writeFile(file, text);
    };
    const other = 'f'.repeat(48);
    for (const [password, state, stopped] of [
      [null, null, true],
      ['', '{"port":', false],
      ['\u0000garbage\n', '{"port":99999999}', true],
      [`${other}\n`, 'null', false],
    ] as const) {
      if (stopped) await (await startEmbeddedPostgres({ directory })).stop({ force: true });
      await spoil('password', password);
      await spoil('state.json', state);
      await spoil('starting.lock', '{"pid":');
      const again = await startEmbeddedPostgres({ directory });
      expect(await query(again, 'select n from kept')).toEqual([{ n: 42 }]);
    }
    expect((await readFile(path.join(directory, 'password'), 'utf8')).trim()).toBe(other);
  });

  it('is not stopped while others are connected, unless by force', async () => {
    const server = await startEmbeddedPostgres({ directory });
    const client = new pg.Client({ connectionString: server.url });
    client.on('error', () => undefined);
    await client.connect();
    expect(await server.stop()).toBe('in-use');
    await client.end();
    expect(await server.stop()).toBe('stopped');
    expect(isAlive(server.pid)).toBe(false);
    expect(await server.stop()).toBe('not-running');
  });

  it('tells why it cannot start', async () => {
    const server = await startEmbeddedPostgres({ directory });
    await server.stop();
    await writeFile(path.join(directory, 'data', 'postgresql.auto.conf'), 'no such setting\n');
    // Postgres gives up at once each time: not a minute of waiting for the test.
    const failed = startEmbeddedPostgres({ directory, patienceMs: 1500 });
    await expect(failed).rejects.toThrow(/did not start[\s\S]*syntax error/);
    await writeFile(path.join(directory, 'data', 'postgresql.auto.conf'), '');
    expect((await readFile(path.join(directory, 'server.log'), 'utf8')).length).toBeGreaterThan(0);
  });
});
