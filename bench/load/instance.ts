import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '@/bin/places';
import { freePort } from '@/bin/ports';
import { migrate } from '@/lib/service/store';
import { startEmbeddedPostgres } from '@/lib/service/store/embedded';
import { get } from './clients';

/** A database and a web server of their own, without workers, on this machine only. */
export interface Instance {
  api: string;
  databaseUrl: string;
  /** A folder for files. */
  place: string;
  web: ChildProcess;
  stop(): Promise<void>;
}

/** Needs the built dashboard (`npm start` or `npm test` build it). */
export async function startInstance(): Promise<Instance> {
  const place = mkdtempSync(join(tmpdir(), 'taskatlas-load-'));
  // As root, Postgres runs as another user, who must be able to pass through.
  chmodSync(place, 0o711);
  const database = await startEmbeddedPostgres({ directory: join(place, 'postgres') });
  await migrate(database.url);
  const port = await freePort();
  const web = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'bin/web.ts', '--port', String(port)],
    {
      cwd: root,
      env: { ...process.env, NODE_ENV: 'production', DATABASE_URL: database.url, TASKATLAS_TOKEN: '' },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const api = `http://127.0.0.1:${port}/api/v1`;
  const agent = new Agent();
  for (let i = 0; !(await get(`${api}/health`, agent).catch(() => null)); i++) {
    if (i > 600 || web.exitCode !== null)
      throw new Error('The web server did not start. Is the dashboard built?');
    await sleep(100);
  }
  return {
    api,
    databaseUrl: database.url,
    place,
    web,
    async stop() {
      const ended = new Promise((resolve) => web.once('exit', resolve));
      if (web.exitCode === null) web.kill('SIGTERM');
      await ended;
      await database.stop({ force: true });
      rmSync(place, { recursive: true, force: true });
    },
  };
}

/** Peak of a process's own memory in MB, as Linux counts it; NaN elsewhere. */
export function peakMemory(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}

const TICKS_PER_SECOND = 100;

/** Processor time of a process and its threads so far in ms, as Linux counts it; NaN elsewhere. */
export function processorTime(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
  } catch {
    return Number.NaN;
  }
}

/** Runs the command line, as a person would. Answers its seconds and its peak memory in MB. */
export async function command(
  { databaseUrl }: Pick<Instance, 'databaseUrl'>,
  args: readonly string[],
): Promise<{ seconds: number; megabytes: number; output: string }> {
  const started = performance.now();
  const child = spawn(
    process.execPath,
    ['--import', join(root, 'node_modules/tsx/dist/loader.mjs'), join(root, 'bin/main.ts'), ...args],
    {
      cwd: root,
      env: { ...process.env, DATABASE_URL: databaseUrl, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let megabytes = 0;
  const looking = setInterval(() => {
    megabytes = Math.max(megabytes, peakMemory(child.pid) || 0);
  }, 100);
  let [output, complaints] = ['', ''];
  child.stdout.on('data', (part: Buffer) => {
    output += part.toString('utf8');
  });
  child.stderr.on('data', (part: Buffer) => {
    complaints += part.toString('utf8');
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  clearInterval(looking);
  if (code !== 0)
    throw new Error(`taskatlas ${args.join(' ')} ended with ${code}: ${complaints.slice(0, 600)}`);
  return { seconds: (performance.now() - started) / 1000, megabytes, output };
}
