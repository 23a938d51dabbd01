import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { root } from '@/bin/places';
import type { Store } from '@/lib/service/ports';
import { connect, isAlive } from '@/lib/service/store';

const instanceShape = z.object({ url: z.string(), pid: z.number() });
const childrenShape = z.array(z.object({ name: z.string(), pid: z.number() }));
const portShape = z.object({ port: z.number() });

const parse = <T>(file: string, shape: z.ZodType<T>): T =>
  shape.parse(JSON.parse(readFileSync(file, 'utf8')));

/** Asks until there is an answer: processes of the instance are dead for seconds at a time. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined> | T | null | undefined,
  seconds = 240,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  let last: unknown = null;
  while (Date.now() < deadline) {
    try {
      const found = await look();
      if (found !== null && found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    await sleep(50);
  }
  throw new Error(`no ${what} within ${seconds} s (${last instanceof Error ? last.message : last})`);
}

/** The whole product with a state folder of its own, as real processes. */
export class Instance {
  private supervisor: ChildProcess | null = null;
  starts = 0;

  constructor(
    readonly state: string,
    private readonly workers: number,
  ) {
    mkdirSync(state, { recursive: true });
    // As root, Postgres runs as another user, who must be able to pass through.
    chmodSync(state, 0o711);
  }

  /** Starts the product and waits until its pages answer. */
  async start(sweep: string): Promise<void> {
    const log = openSync(join(this.state, 'start.log'), 'a');
    this.supervisor = spawn(
      process.execPath,
      [
        ...process.execArgv,
        ...[join(root, 'bin/main.ts'), 'start', '--workers', String(this.workers), '--sweep', sweep],
      ],
      {
        cwd: root,
        stdio: ['ignore', log, log],
        env: {
          ...process.env,
          NODE_ENV: 'production',
          TASKATLAS_STATE: this.state,
          TASKATLAS_ENGINE: 'wasm',
          DATABASE_URL: '',
        },
      },
    );
    closeSync(log);
    this.starts += 1;
    const { pid } = this.supervisor;
    await until('answer of the server', async () => {
      const known = parse(join(this.state, 'instance.json'), instanceShape);
      return known.pid === pid && (await fetch(`${known.url}/api/v1/health`)).ok ? true : null;
    });
  }

  /** Whether the supervisor runs. */
  get up(): boolean {
    return this.supervisor?.exitCode === null && this.supervisor.signalCode === null;
  }

  /** Sends a sweep file to the API. The answer may be lost with a server that was killed: ask what is stored. */
  async submit(text: string): Promise<void> {
    const { url } = parse(join(this.state, 'instance.json'), instanceShape);
    const response = await fetch(`${url}/api/v1/sweeps`, {
      method: 'POST',
      body: text,
      headers: { 'content-type': 'application/yaml' },
    });
    if (!response.ok) throw new Error(`submitting: ${response.status} ${await response.text()}`);
  }

  private get databaseUrl(): string {
    const folder = join(this.state, 'postgres');
    const password = readFileSync(join(folder, 'password'), 'utf8').trim();
    const { port } = parse(join(folder, 'state.json'), portShape);
    return `postgresql://taskatlas:${password}@127.0.0.1:${port}/taskatlas`;
  }

  /** Works with the instance's database, again after each death of it. */
  ask<T>(what: string, work: (store: Store) => Promise<T | null | undefined>): Promise<T> {
    return until(what, async () => {
      const store = await connect(this.databaseUrl, { patienceSeconds: 5, poolSize: 1 });
      try {
        return await work(store);
      } finally {
        await store.close();
      }
    });
  }

  /** Process ids by what they are; dead ones are left out. */
  processes(): {
    supervisor: number[];
    web: number[];
    worker: number[];
    postmaster: number[];
    backend: number[];
  } {
    const children = parse(join(this.state, 'children.json'), childrenShape);
    const named = (prefix: string): number[] =>
      children.filter(({ name }) => name.startsWith(prefix)).map(({ pid }) => pid);
    const file = join(this.state, 'postgres/data/postmaster.pid');
    const postmaster = Number(readFileSync(file, 'utf8').split('\n')[0]);
    const tasks = readFileSync(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8');
    // "postgres: taskatlas taskatlas 127.0.0.1(40312) idle" serves a client; others are the server's own.
    const backend = tasks
      .trim()
      .split(' ')
      .map(Number)
      .filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('postgres: taskatlas '));
    return {
      supervisor: [this.supervisor?.pid ?? -1].filter(isAlive),
      web: named('web').filter(isAlive),
      worker: named('worker').filter(isAlive),
      postmaster: [postmaster].filter(isAlive),
      backend,
    };
  }

  async stop(): Promise<number | null> {
    const { supervisor } = this;
    if (!supervisor || !this.up) return supervisor?.exitCode ?? null;
    const exited = new Promise<number | null>((resolve) => supervisor.once('exit', resolve));
    supervisor.kill('SIGTERM');
    return await exited;
  }
}
