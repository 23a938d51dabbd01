import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { syntheticTransfers } from '@/bench/load/transfers';
import { policyCurvePoint, policyView } from '@/lib/service/contracts';
import { type TestDatabase, testDatabase } from '@/lib/service/ports/testing/postgres';
import { root } from './places';
import { freePort } from './ports';

/**
 * The web server's own process with a policy page open on a large import, while another is imported: nobody else waits.
 * Needs the built dashboard. Liveness is counted, not timed.
 */
let database: TestDatabase;
let server: ChildProcess;
let api = '';
let place = '';

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'taskatlas-alive-'));
  database = await testDatabase();
  const port = await freePort();
  api = `http://127.0.0.1:${port}/api/v1`;
  server = spawn(process.execPath, [join(root, 'bin/web.ts'), '--port', String(port)], {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'production', DATABASE_URL: database.url, TASKATLAS_TOKEN: '' },
    stdio: 'ignore',
  });
  while (!(await fetch(`${api}/health`).catch(() => null))?.ok) {
    if (server.exitCode !== null) throw new Error('the web server ended');
    await sleep(100);
  }
});

afterAll(async () => {
  if (server && server.exitCode === null) {
    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    await ended;
  }
  await database?.close();
  if (place) rmSync(place, { recursive: true, force: true });
});

/** Imports so many tasks as a person would; answers the id of the sweep. */
async function imported(tasks: number): Promise<string> {
  const file = join(place, `${tasks}.json`);
  writeFileSync(file, syntheticTransfers(tasks));
  const child = spawn(
    process.execPath,
    [
      '--import',
      join(root, 'node_modules/tsx/dist/loader.mjs'),
      'bin/main.ts',
      'import',
      'transfers',
      file,
      '--json',
    ],
    {
      cwd: root,
      env: { ...process.env, DATABASE_URL: database.url, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let output = '';
  child.stdout.on('data', (part: Buffer) => {
    output += part.toString('utf8');
  });
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
  return z.object({ id: z.string() }).parse(JSON.parse(output)).id;
}

/** Asks /health, one after the other, while `work` is done. */
async function alive<T>(
  work: Promise<T>,
): Promise<{ done: T; answers: number; slowest: number; whole: number }> {
  const started = performance.now();
  let open = true;
  const ended = work.finally(() => {
    open = false;
  });
  ended.catch(() => undefined);
  let [answers, slowest] = [0, 0];
  while (open) {
    const asked = performance.now();
    expect((await fetch(`${api}/health`)).status).toBe(200);
    slowest = Math.max(slowest, performance.now() - asked);
    answers += 1;
    await sleep(10);
  }
  return { done: await ended, answers, slowest, whole: performance.now() - started };
}

describe('a server whose policy page is open on a large import', () => {
  it('answers everybody else while a policy of 100 tasks is solved and 300 tasks are imported', async () => {
    const id = await imported(100);
    const leaving = new AbortController();
    // The page: the asked budget, and the curve after it, which goes on while the second import runs.
    const policy = await alive(fetch(`${api}/sweeps/${id}/policy?budget=8&objective=quality`));
    expect(policyView.parse(await policy.done.json()).sources.length).toBeGreaterThan(0);
    expect(policy.answers).toBeGreaterThan(10);
    expect(policy.slowest).toBeLessThan(policy.whole);
    const curve = await fetch(`${api}/sweeps/${id}/policy/curve?objective=quality`, {
      signal: leaving.signal,
    });
    const reader = curve.body?.pipeThrough(new TextDecoderStream()).getReader();
    const first = await alive(reader?.read() ?? Promise.reject(new Error('no body')));
    expect(policyCurvePoint.parse(JSON.parse((first.done.value ?? '').split('\n')[0] ?? '')).budget).toBe(1);
    const second = await alive(imported(300));
    expect(second.answers).toBeGreaterThan(20);
    expect(second.slowest).toBeLessThan(second.whole);
    leaving.abort();
    // The curve's thread is ended with its request; the next question is answered.
    const again = await fetch(`${api}/sweeps/${second.done}/best-source?target=task-001`);
    expect(again.status).toBe(200);
    expect(
      (await fetch(`${api}/sweeps/${second.done}/best-source?target=task-001`)).headers.get('etag'),
    ).toBe(again.headers.get('etag'));
  });
});
