import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { isAlive } from '@/lib/service/store';
import { root } from './places';

/**
 * `npm start` in the background of a shell, where signals reach one process and no terminal hands them to the others.
 * Needs the built dashboard, which `npm test` makes before.
 */
let state = '';
let shell: ChildProcess | null = null;

afterEach(() => {
  for (const pid of family()) process.kill(pid, 'SIGKILL');
  rmSync(state, { recursive: true, force: true });
});

interface Entry {
  pid: number;
  parent: number;
  command: string;
}

function processes(): Entry[] {
  return readdirSync('/proc').flatMap((name): Entry[] => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\u0000', ' ');
      return [{ pid: Number(name), parent: Number(parent), command }];
    } catch {
      return [];
    }
  });
}

const members = new Set<number>();

/** The shell and all that came of it, orphans too once they were seen. */
function family(): number[] {
  if (shell?.pid) members.add(shell.pid);
  const all = processes();
  for (let before = -1; before < members.size; ) {
    before = members.size;
    for (const { pid, parent } of all) if (members.has(parent)) members.add(pid);
  }
  return [...members].filter(isAlive);
}

const find = (part: RegExp): number => {
  const ours = new Set(family());
  const found = processes().find(({ pid, command }) => ours.has(pid) && part.test(command));
  if (!found) throw new Error(`no process like ${part}`);
  return found.pid;
};

async function until(what: string, look: () => boolean): Promise<void> {
  const deadline = Date.now() + 150_000;
  while (!look()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for the ${what}`);
    await sleep(50);
  }
}

/** Starts the product as a shell script would, and waits until a run is computed. */
async function start(): Promise<void> {
  members.clear();
  state = mkdtempSync(join(tmpdir(), 'taskatlas-stop-'));
  chmodSync(state, 0o711);
  // Of a script's background jobs the shell ignores SIGINT: whoever wants it must say so.
  shell = spawn('sh', ['-c', 'npm start -- --sweep sweeps/micro.yaml & wait'], {
    cwd: root,
    stdio: 'ignore',
    env: { ...process.env, TASKATLAS_STATE: state, TASKATLAS_ENGINE: 'wasm', DATABASE_URL: '' },
  });
  const log = join(state, 'logs/worker-1.log');
  await until('run of a worker', () => family().length > 6 && readLog(log).includes(' done in '));
}

const readLog = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

describe('what npm start left in the background', () => {
  it.each([
    ['npm', 'SIGINT', /^npm start/],
    ['npm', 'SIGTERM', /^npm start/],
    ['npm', 'SIGKILL', /^npm start/],
    ['the bootstrap', 'SIGINT', /^node bin\/bootstrap.mjs start/],
    ['the supervisor', 'SIGTERM', /bin\/main.ts start/],
  ] as const)('linux: ends whole when %s gets %s: no process is left', async (_, signal, part) => {
    await start();
    const before = family();
    const postmaster = Number(
      readFileSync(join(state, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0],
    );
    expect(before).toContain(postmaster);
    expect(before.length).toBeGreaterThan(6);
    const began = performance.now();
    process.kill(find(part), signal);
    await until('end of every process', () => family().length === 0);
    process.stderr.write(`stopped by ${signal} in ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
  });
});
