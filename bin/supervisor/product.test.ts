import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type MatrixView,
  matrixView,
  type PolicyView,
  policyView,
  type SweepView,
  sweepView,
} from '@/lib/service/contracts';
import { isAlive } from '@/lib/service/store';
import { type ApiClient, httpClient } from '../api-client';
import { root } from '../places';

/**
 * The whole product as a person starts it, with the micro sweep: once undisturbed, once with each part killed
 * at a named step. Needs the built dashboard, which `npm test` makes before.
 */
interface Instance {
  state: string;
  child: ChildProcess;
  api: ApiClient;
  exited: Promise<number | null>;
}

const instanceShape = z.object({ url: z.string() });
const childrenShape = z.array(z.object({ name: z.string(), pid: z.number() }));
const instances: Instance[] = [];

async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined> | T | null | undefined,
): Promise<T> {
  const deadline = Date.now() + 150_000;
  while (Date.now() < deadline) {
    const found = await Promise.resolve()
      .then(look)
      .catch(() => null);
    if (found !== null && found !== undefined) return found;
    await sleep(100);
  }
  throw new Error(`waited in vain for: ${what}`);
}

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

async function startInstance(state: string): Promise<Instance> {
  const child = spawn(
    process.execPath,
    [
      '--import',
      join(root, 'node_modules/tsx/dist/loader.mjs'),
      'bin/main.ts',
      'start',
      '--sweep',
      'sweeps/micro.yaml',
    ],
    {
      cwd: root,
      stdio: 'ignore',
      env: {
        ...process.env,
        NODE_ENV: 'production',
        TASKATLAS_STATE: state,
        TASKATLAS_ENGINE: 'wasm',
        DATABASE_URL: '',
      },
    },
  );
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const { url } = await until('the server', () =>
    instanceShape.parse(readJson(join(state, 'instance.json'))),
  );
  const instance = { state, child, api: httpClient(url), exited };
  instances.push(instance);
  return instance;
}

const newState = (): string => {
  const state = mkdtempSync(join(tmpdir(), 'taskatlas-product-'));
  chmodSync(state, 0o711);
  return state;
};

/** The sweep that was submitted at the start; before it there is the worked example only. */
async function sweepOf(instance: Instance): Promise<SweepView> {
  const sweep = await instance.api.get('/sweeps/latest', sweepView);
  if (sweep.origin !== 'measured') throw new Error('no sweep was submitted yet');
  return sweep;
}

const phase = (instance: Instance, name: string): Promise<true> =>
  until(`phase "${name}"`, async () =>
    (await sweepOf(instance)).progress.phases[name] === undefined ? null : true,
  );

const childPid = (instance: Instance, name: string): number | undefined =>
  childrenShape.parse(readJson(join(instance.state, 'children.json'))).find((child) => child.name === name)
    ?.pid;

/** Kills whatever process `read` names now: what was written down may just have been replaced. Answers its id. */
const slay = (what: string, read: () => number | undefined): Promise<number> =>
  until(what, () => {
    const pid = read();
    if (pid === undefined) return null;
    process.kill(pid, 'SIGKILL');
    return pid;
  });

async function kill(instance: Instance, name: string): Promise<void> {
  const pid = await slay(`the process ${name}`, () => childPid(instance, name));
  await until(`${name} under a new id`, () =>
    childPid(instance, name) === pid ? null : childPid(instance, name),
  );
}

const killPostgres = (instance: Instance): Promise<number> =>
  slay('Postgres', () =>
    Number(readFileSync(join(instance.state, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]),
  );

/** What the sweep says in the end, apart from names and times of this instance. */
interface Answers {
  matrix: Omit<MatrixView, 'sweepId'>;
  policy: Omit<PolicyView, 'sweepId' | 'version' | 'solveMs' | 'costs'> & {
    labelCosts: Record<string, number>;
  };
}

async function finalAnswers(instance: Instance): Promise<Answers> {
  const sweep = await until('the end of the sweep', async () => {
    const view = await sweepOf(instance);
    return view.state === 'done' ? view : null;
  });
  expect(sweep.progress.counts.failed).toBe(0);
  const { sweepId: _, ...matrix } = await instance.api.get('/sweeps/latest/matrix', matrixView);
  // Hours are measured time, and no two runs take the same.
  const {
    sweepId: __,
    version: ___,
    solveMs,
    costs,
    ...policy
  } = await instance.api.get('/sweeps/latest/policy', policyView);
  expect(solveMs).toBeGreaterThanOrEqual(0);
  // A comparison of empty policies would prove nothing.
  expect(policy.edges.length).toBeGreaterThan(0);
  const labelCosts = Object.fromEntries(costs.map(({ task, labels }) => [task, labels]));
  return { matrix, policy: { ...policy, labelCosts } };
}

async function stop(instance: Instance): Promise<number | null> {
  instance.child.kill('SIGTERM');
  return instance.exited;
}

let undisturbed: Answers;

beforeAll(async () => {
  const instance = await startInstance(newState());
  undisturbed = await finalAnswers(instance);
  expect(await stop(instance)).toBe(0);
}, 200_000);

afterAll(async () => {
  // All before any folder goes: instances of one test follow each other in the same folder.
  for (const instance of instances) if (instance.child.exitCode === null) await stop(instance);
  for (const { state } of instances) rmSync(state, { recursive: true, force: true });
}, 60_000);

describe('the product, with parts killed by -9', () => {
  it('gives exactly the undisturbed matrix and policy when web server, worker and Postgres are killed one after the other', async () => {
    const instance = await startInstance(newState());
    await phase(instance, 'dataset');
    await kill(instance, 'worker-1');
    await phase(instance, 'mean');
    await kill(instance, 'web');
    await phase(instance, 'first tournament');
    await killPostgres(instance);
    expect(await finalAnswers(instance)).toEqual(undisturbed);
    expect(await stop(instance)).toBe(0);
  }, 240_000);

  it('goes on where it stopped after Ctrl-C, and after a kill of the supervisor itself', async () => {
    const state = newState();
    const first = await startInstance(state);
    await phase(first, 'dataset');
    expect(await stop(first)).toBe(0);
    const second = await startInstance(state);
    await phase(second, 'mean');
    const orphans = childrenShape.parse(readJson(join(state, 'children.json')));
    second.child.kill('SIGKILL');
    await second.exited;
    rmSync(join(state, 'instance.json'));
    const third = await startInstance(state);
    const now = childrenShape.parse(readJson(join(state, 'children.json'))).map((child) => child.pid);
    for (const { pid } of orphans) expect(now).not.toContain(pid);
    expect(orphans.filter(({ pid }) => isAlive(pid))).toEqual([]);
    expect(await finalAnswers(third)).toEqual(undisturbed);
    expect(await stop(third)).toBe(0);
  }, 240_000);
});
