import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect as dial } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { problem } from '@/lib/service/contracts';
import { type TestDatabase, testDatabase } from '@/lib/service/ports/testing/postgres';
import { MICRO } from '@/lib/service/server/testing/http';
import { seedSmallSweep } from '@/lib/service/server/testing/seeded';
import { connect } from '@/lib/service/store';
import { root } from './places';
import { freePort } from './ports';
import { type Attack, attacksOn, type Document, METHODS } from './testing/fuzz';

/** The web server's own process over a real database. Needs the built dashboard, which `npm test` makes before. */
let database: TestDatabase;
let server: ChildProcess;
let port = 0;
let log = '';

beforeAll(async () => {
  database = await testDatabase();
  const store = await connect(database.url);
  await seedSmallSweep(store, { fail: 'transfer colour layout 1' });
  await store.close();
  port = await freePort();
  const { TASKATLAS_TOKEN: _, TASKATLAS_HOSTS: __, TASKATLAS_PROXIES: ___, ...environment } = process.env;
  server = spawn(process.execPath, [join(root, 'bin/web.ts'), '--port', String(port)], {
    cwd: root,
    env: { ...environment, NODE_ENV: 'production', DATABASE_URL: database.url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [server.stdout, server.stderr])
    stream?.on('data', (bytes: Buffer) => {
      log += bytes.toString('utf8');
    });
  while ((await send({ target: '/api/v1/health' }).catch(() => null))?.status !== 200) {
    if (server.exitCode !== null) throw new Error(`the web server ended:\n${log}`);
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
});

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** Sends a request as it stands; of an endless answer it reads the beginning. */
function send({ method = 'GET', target = '/', headers = {}, body = null }: Partial<Attack>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const out = request({ host: '127.0.0.1', port, method, path: target, headers });
    out.on('error', reject);
    out.on('response', (answer) => {
      let text = '';
      const done = (): void => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text });
        answer.destroy();
      };
      answer.on('data', (bytes: Buffer) => {
        text += bytes.toString('utf8');
        if (answer.headers['content-type']?.startsWith('text/event-stream')) done();
      });
      answer.on('end', done);
      answer.on('error', reject);
    });
    out.end(body ?? undefined);
  });
}

/** Sends bytes that no HTTP client would and answers the first line that comes back. */
async function sendRaw(text: string): Promise<string> {
  const socket = dial(port, '127.0.0.1');
  socket.end(text);
  let answer = '';
  for await (const bytes of socket) answer += String(bytes);
  return answer.split('\r\n')[0] ?? '';
}

const openapi = async (): Promise<Document> =>
  JSON.parse((await send({ target: '/api/v1/openapi.json' })).text) as Document;

describe('who may ask', () => {
  it('is refused, page and API alike, when the address that it typed is not ours', async () => {
    for (const target of ['/', '/sweeps', '/api/v1/sweeps', '/api/v1/health', '/icon.svg']) {
      const answer = await send({ target, headers: { host: `evil.example:${port}` } });
      expect(answer.status, target).toBe(421);
      expect(problem.strict().parse(JSON.parse(answer.text)).error.message).toContain('TASKATLAS_HOSTS');
    }
  });

  it('cannot change anything from a foreign page, be its Host foreign too', async () => {
    const ask = (host: string, origin: string, more: Record<string, string> = {}) =>
      send({
        method: 'POST',
        target: '/api/v1/sweeps/plan',
        headers: { 'content-type': 'application/json', host, origin, ...more },
        body: JSON.stringify(MICRO),
      });
    const own = `127.0.0.1:${port}`;
    expect((await ask('evil.example', 'http://evil.example')).status).toBe(421);
    expect((await ask(own, 'http://evil.example')).status).toBe(403);
    const forwarded = { 'x-forwarded-host': 'evil.example' };
    expect((await ask(own, 'http://evil.example', forwarded)).status).toBe(403);
    expect((await ask(own, `http://${own}`)).status).toBe(200);
  });
});

describe('what is no request', () => {
  it('is answered with what is wrong with it', async () => {
    expect(await sendRaw('nonsense\r\n\r\n')).toContain('400');
    expect(await sendRaw(`GET /${'a'.repeat(70_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`)).toContain('431');
    expect(await sendRaw(`GET / HTTP/1.1\r\nHost: localhost\r\nx: ${'a'.repeat(70_000)}\r\n\r\n`)).toContain(
      '431',
    );
    expect(await sendRaw('GET / HTTP/1.0\r\n\r\n')).toContain('421');
    expect(await sendRaw('GET /\u0000 HTTP/1.1\r\nHost: localhost\r\n\r\n')).toContain('400');
    const absolute = 'GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    expect(await sendRaw(absolute)).toContain('400');
  });
});

const good: Record<string, string> = {
  id: 'latest',
  target: 'depth',
  source: 'normals',
  fingerprint: 'f'.repeat(64),
  index: '0',
  file: 'input.png',
  action: 'retry-failed',
};

const novel = { task: 'depth', images: 10, sources: ['normals'] };
const idx = { ...MICRO, dataset: { kind: 'idx', directory: '/no/such/folder' } };
const sound = [
  MICRO,
  idx,
  novel,
  { files: [{ name: 'a.yaml', text: 'name: a\ntasks: [z-depth]' }] },
  { ...MICRO, methods: [{ method: 'fine-tune', restore: '^encoder' }], sources: ['z-depth'], seeds: [1] },
];

/** What the document says of an address: the methods of every path that it matches. */
function documented(paths: Document['paths'], target: string): string[] {
  const found = Object.entries(paths).filter(([path]) =>
    new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`).test(target),
  );
  const methods = found.flatMap(([, operations]) =>
    Object.keys(operations).map((name) => name.toUpperCase()),
  );
  return methods.includes('GET') ? [...methods, 'HEAD'] : methods;
}

describe('every route', () => {
  it('answers each method as documented: what it does, 405 with the methods it has, or which ones there are', async () => {
    const { paths } = await openapi();
    const targets = Object.keys(paths).map((path) =>
      path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => good[name] ?? name),
    );
    expect(targets.length).toBeGreaterThan(30);
    for (const target of targets) {
      const known = documented(paths, target);
      // Sweeps are not changed by the way: what POST does, other tests say.
      for (const method of METHODS.filter((name) => name !== 'POST' || !known.includes('POST'))) {
        const { status, headers, text } = await send({ method, target });
        const what = `${method} ${target}: ${text.slice(0, 200)}`;
        const expected = method === 'OPTIONS' ? [204] : known.includes(method) ? [200, 400, 404, 409] : [405];
        expect(expected, what).toContain(status);
        if (status === 405 || status === 204) expect(headers.allow?.split(', '), what).toContain(known[0]);
      }
    }
  });

  it('takes hostile values as a mistake of the request, and never fails by them', async () => {
    const { paths } = await openapi();
    const failed: string[] = [];
    for (const [path, operations] of Object.entries(paths)) {
      for (const attack of attacksOn(path, operations, { sound, good, count: 60, seed: 'fuzz-1' })) {
        const answer = await send(attack);
        const what = `${attack.method} ${attack.target.slice(0, 300)} ${attack.body?.slice(0, 300)}`;
        if (answer.status >= 500) failed.push(`${answer.status} ${what}`);
        if (answer.status >= 400 && attack.method !== 'HEAD') {
          const shape = z.strictObject({ error: z.object({ message: z.string().min(1) }) });
          if (!shape.safeParse(JSON.parse(answer.text)).success) failed.push(`no problem: ${what}`);
        }
      }
    }
    expect(failed).toEqual([]);
    expect((await send({ target: '/api/v1/health' })).status).toBe(200);
  });
});
