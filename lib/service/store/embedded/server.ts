import { execFile, spawn } from 'node:child_process';
import { chown, mkdtemp, open, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { z } from 'zod';
import { TaskatlasError } from '@/lib/science/core';
import { isAlive } from '../processes';
import { readStateFile, writeStateFile } from '../state-file';
import { type Binaries, provideBinaries } from './binaries';
import { withLock } from './lock';
import { passwordOf, resetPassword, USER } from './password';
import { choosePlace, type Place } from './place';

const stateShape = z.object({ port: z.number().int().min(1).max(65_535) });

export interface EmbeddedOptions {
  /** Root of the clone; its path is the key of the default directory. Default: the working directory. */
  clone?: string;
  /** Where to keep data instead of the default (tests). */
  directory?: string;
  /** Database made when absent. */
  database?: string;
  /** How long a start may take; a minute by default, for recovery after a crash. */
  patienceMs?: number;
  /** Further `-c name=value` settings. */
  settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  /** Connection string with password. Stays the same over restarts (the port is kept while it is free). */
  readonly url: string;
  readonly directory: string;
  /** Process id of the postmaster. */
  readonly pid: number;
  readonly port: number;
  /** False when a server that was already running was joined. */
  readonly started: boolean;
  /** Whether the server answers. */
  alive(): Promise<boolean>;
  /** Starts the server again after it was killed; data as of the last commit. Answers the (new) handle. */
  ensure(): Promise<EmbeddedPostgres>;
  /** Stops the server cleanly, unless others are connected (`in-use`) and `force` is not set. */
  stop(options?: { force?: boolean }): Promise<'stopped' | 'in-use' | 'not-running'>;
}

interface Running {
  pid: number;
  port: number;
}

const urlOf = (port: number, password: string, database: string): string =>
  `postgresql://${USER}:${password}@127.0.0.1:${port}/${database}`;

async function query<T extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<T[]> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5000,
    application_name: 'taskatlas-supervisor',
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<T>(text, values)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Whether a server lets us in, refuses our password, or does not answer. */
const knockAt = (url: string): Promise<'in' | 'refused' | 'away'> =>
  query(url, 'select 1').then(
    () => 'in',
    (error: { code?: string }) => (error.code === '28P01' ? 'refused' : 'away'),
  );

const answers = async (url: string): Promise<boolean> => (await knockAt(url)) === 'in';

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });

/** Command line of a process; empty when there is none or it cannot be told. */
async function commandOf(pid: number): Promise<string> {
  const fromProc = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null);
  if (fromProc !== null) return fromProc.replaceAll('\u0000', ' ');
  return await new Promise((resolve) => {
    execFile('ps', ['-ww', '-o', 'command=', '-p', String(pid)], (error, stdout) =>
      resolve(error ? '' : stdout),
    );
  });
}

/** The postmaster of the data directory, if it lives. After a crash or reboot its number may be anybody's. */
async function runningServer(data: string): Promise<Running | null> {
  const lines = (await readFile(path.join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  const pid = Number.parseInt(lines[0] ?? '', 10);
  const port = Number.parseInt(lines[3] ?? '', 10);
  if (!Number.isInteger(pid) || !Number.isInteger(port) || !isAlive(pid)) return null;
  const command = await commandOf(pid);
  return command.includes('postgres') && command.includes(data) ? { pid, port } : null;
}

/** Runs initdb into a side directory and renames, so that a half-made cluster is never mistaken for data. */
async function initialise(place: Place, binaries: Binaries, password: string): Promise<void> {
  const data = path.join(place.directory, 'data');
  if (await readFile(path.join(data, 'PG_VERSION'), 'utf8').catch(() => null)) return;
  const staging = await mkdtemp(path.join(place.directory, 'staging-'));
  const fresh = path.join(staging, 'data');
  const passwordFile = path.join(staging, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (place.identity) {
    await chown(staging, place.identity.uid, place.identity.gid);
    await chown(passwordFile, place.identity.uid, place.identity.gid);
  }
  const args = [
    `--pgdata=${fresh}`,
    `--username=${USER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
  ];
  const { code, output } = await runTool(place, binaries.initdb, args);
  if (code !== 0) {
    await rm(staging, { recursive: true, force: true });
    throw new TaskatlasError(
      'unavailable',
      `initdb of the embedded Postgres failed (exit ${code}):\n${output}`,
    );
  }
  await rm(data, { recursive: true, force: true });
  await rename(fresh, data);
  await rm(staging, { recursive: true, force: true });
}

async function runTool(
  place: Place,
  command: string,
  args: string[],
): Promise<{ code: number; output: string }> {
  return await new Promise((resolve) => {
    const child = spawn(command, args, { ...userOf(place), cwd: '/', env: serverEnvironment() });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => resolve({ code: -1, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? -1, output }));
  });
}

const userOf = (place: Place) => (place.identity ? { uid: place.identity.uid, gid: place.identity.gid } : {});

/** Nothing of ours leaks in (PGPORT, PGDATA, …); messages stay in English so that the log can be read. */
const serverEnvironment = (): NodeJS.ProcessEnv => ({
  NODE_ENV: process.env.NODE_ENV,
  PATH: process.env.PATH ?? '/usr/bin:/bin',
  LC_ALL: 'C',
});

/** Starts the postmaster in a session of its own, so that Ctrl-C in our terminal does not reach it. */
async function launch(
  place: Place,
  binaries: Binaries,
  port: number,
  options: EmbeddedOptions,
): Promise<number> {
  const data = path.join(place.directory, 'data');
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '120',
    log_line_prefix: '%m ',
    ...options.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = await open(path.join(place.directory, 'server.log'), 'a', 0o600);
  const child = spawn(binaries.postgres, ['-D', data, '-p', String(port), ...flags], {
    ...userOf(place),
    cwd: '/',
    env: serverEnvironment(),
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  const failure = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`postgres exited with ${code}`)));
  });
  failure.catch(() => undefined);
  await log.close();
  child.unref();
  if (child.pid === undefined) await failure;
  return child.pid ?? -1;
}

async function lastLog(place: Place): Promise<string> {
  const log = await readFile(path.join(place.directory, 'server.log'), 'utf8').catch(() => '');
  return log.split('\n').slice(-8).join('\n');
}

/** Starts the server and waits until it answers; a predecessor's dying children may hold it up for seconds. */
async function start(place: Place, password: string, options: EmbeddedOptions): Promise<Running> {
  const binaries = await provideBinaries(place.binaries, place.identity !== null);
  await initialise(place, binaries, password);
  const data = path.join(place.directory, 'data');
  const stateFile = path.join(place.directory, 'state.json');
  const known = readStateFile(stateFile, stateShape);
  const port = known && (await isFree(known.port)) ? known.port : await freePort();
  const deadline = Date.now() + (options.patienceMs ?? 60_000);
  for (;;) {
    // Whoever it names is gone or no Postgres: Postgres itself would refuse if the number was reused.
    if (!(await runningServer(data))) await rm(path.join(data, 'postmaster.pid'), { force: true });
    const pid = await launch(place, binaries, port, options);
    while (isAlive(pid) && Date.now() < deadline) {
      const answer = await knockAt(urlOf(port, password, 'postgres'));
      if (answer === 'in') {
        writeStateFile(stateFile, `${JSON.stringify({ port })}\n`);
        return { pid, port };
      }
      if (answer === 'refused') {
        await retire(pid);
        await resetPassword(place, binaries.postgres, password, serverEnvironment());
      } else await sleep(25);
    }
    if (Date.now() >= deadline) {
      throw new TaskatlasError(
        'unavailable',
        `The embedded Postgres did not start. Its log ends:\n${await lastLog(place)}`,
      );
    }
    await sleep(200);
  }
}

async function ensureDatabase(port: number, password: string, database: string): Promise<void> {
  const admin = urlOf(port, password, 'postgres');
  const rows = await query(admin, 'select 1 from pg_database where datname = $1', [database]);
  if (rows.length === 0) await query(admin, `create database ${pg.escapeIdentifier(database)}`);
}

async function waitUntilGone(pid: number, milliseconds: number): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  while (isAlive(pid) && Date.now() < deadline) await sleep(20);
  return !isAlive(pid);
}

/** Connections by anybody but the one that asks. */
async function othersConnected(url: string): Promise<number> {
  const rows = await query<{ n: number }>(
    url,
    `select count(*)::int as n from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
  );
  return rows[0]?.n ?? 0;
}

/**
 * The clone's own Postgres: joins the one that runs, or starts it (making the cluster the first time).
 * It outlives this process until `stop()`; a server left behind by a killed supervisor is joined again.
 * @throws TaskatlasError `unavailable` with what to do.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions = {}): Promise<EmbeddedPostgres> {
  const place = await choosePlace({ clone: options.clone ?? process.cwd(), directory: options.directory });
  const database = options.database ?? 'taskatlas';
  const data = path.join(place.directory, 'data');
  return await withLock(path.join(place.directory, 'starting.lock'), async () => {
    const password = passwordOf(place);
    const found = await runningServer(data);
    const joined = found && (await joins(found, password)) ? found : null;
    if (found && !joined) await retire(found.pid);
    const server = joined ?? (await start(place, password, options));
    await ensureDatabase(server.port, password, database);
    const url = urlOf(server.port, password, database);
    return {
      url,
      directory: place.directory,
      pid: server.pid,
      port: server.port,
      started: joined === null,
      alive: () => answers(url),
      ensure: () => startEmbeddedPostgres(options),
      stop: (how) => stop(data, url, how?.force ?? false),
    };
  });
}

/** A server that was just started or recovers from a crash needs a moment. */
async function joins(server: Running, password: string): Promise<boolean> {
  for (let attempt = 0; attempt < 100 && isAlive(server.pid); attempt++) {
    const answer = await knockAt(urlOf(server.port, password, 'postgres'));
    if (answer !== 'away') return answer === 'in';
    await sleep(50);
  }
  return false;
}

/** Our data directory, but it does not let us in: end it, so that one with our password can take over. */
async function retire(pid: number): Promise<void> {
  if (!isAlive(pid)) return;
  process.kill(pid, 'SIGINT');
  await waitUntilGone(pid, 15_000);
}

/** Postgres notices within this time that a client was killed. */
const NOTICE_MS = 1500;

/** Whether somebody is connected and stays so: a client that was just killed is gone soon. */
async function isUsed(url: string): Promise<boolean> {
  const deadline = Date.now() + NOTICE_MS;
  while ((await othersConnected(url).catch(() => 0)) > 0) {
    if (Date.now() > deadline) return true;
    await sleep(50);
  }
  return false;
}

async function stop(
  data: string,
  url: string,
  force: boolean,
): Promise<'stopped' | 'in-use' | 'not-running'> {
  if (!(await runningServer(data))) return 'not-running';
  if (!force && (await isUsed(url))) return 'in-use';
  return await stopEmbeddedPostgres(path.dirname(data));
}

/** Stops the server of a place, whoever uses it, without starting one first. */
export async function stopEmbeddedPostgres(directory: string): Promise<'stopped' | 'not-running'> {
  const server = await runningServer(path.join(await realpath(directory), 'data'));
  if (!server) return 'not-running';
  process.kill(server.pid, 'SIGINT');
  // A last checkpoint on a slow disk takes longer; ended without it, the next start recovers what was committed.
  if (await waitUntilGone(server.pid, 3_000)) return 'stopped';
  process.kill(server.pid, 'SIGQUIT');
  await waitUntilGone(server.pid, 10_000);
  return 'stopped';
}
