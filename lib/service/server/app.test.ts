import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import * as contracts from '../contracts';
import type { Store } from '../ports/records';
import { memoryQueue } from '../queue';
import { connect, migrate } from '../store';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../store/embedded';
import { fingerprintOf, smallSpec } from '../views/testing/small-sweep';
import { named } from './schemas';
import { apiOver, PNG, seedSmallSweep } from './testing/seeded';

let directory: string;
let postgres: EmbeddedPostgres;
let store: Store;
let api: ReturnType<typeof apiOver>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'taskatlas-api-'));
  postgres = await startEmbeddedPostgres({ clone: process.cwd(), directory });
  await migrate(postgres.url);
  store = await connect(postgres.url, { patienceSeconds: 1 });
  api = apiOver(store, memoryQueue());
  await seedSmallSweep(store, { fail: 'transfer colour layout 1' });
});

afterAll(async () => {
  await store.close();
  await postgres.stop({ force: true });
  await rm(directory, { recursive: true, force: true });
});

const ask = (path: string, init?: RequestInit) => api.app.request(`/api/v1${path}`, init);

/** An answer, checked against its contract with nothing more and nothing less in it. */
async function get<T extends z.ZodObject>(path: string, schema: T): Promise<z.infer<T>> {
  const response = await ask(path);
  const body: unknown = await response.json();
  expect(response.status, JSON.stringify(body).slice(0, 400)).toBe(200);
  const parsed = schema.strict().parse(body);
  expect(parsed).toEqual(body);
  return parsed;
}

async function problem(path: string, status: number, init?: RequestInit) {
  const response = await ask(path, init);
  const text = await response.text();
  expect(response.status, text.slice(0, 400)).toBe(status);
  expect(text).not.toContain('ZodError');
  return contracts.problem.strict().parse(JSON.parse(text)).error;
}

const yaml = (text: string): RequestInit => ({
  method: 'POST',
  body: text,
  headers: { 'content-type': 'text/yaml' },
});
const json = (body: unknown): RequestInit => ({
  method: 'POST',
  body: typeof body === 'string' ? body : JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
});

const MICRO = {
  name: 'micro',
  dataset: { kind: 'rooms', size: 32, pools: { source: 64, transfer: 32, selection: 16, test: 32 } },
  preset: 'micro',
  tasks: ['autoencoding', 'z-depth', 'surface-normals'],
};

describe('answers keep to their contracts', () => {
  it('sweeps, by id, by number, and the latest', async () => {
    const { sweeps } = await get('/sweeps', named.sweepList);
    expect(sweeps.length).toBeGreaterThan(0);
    const byId = await get('/sweeps/sweep-1', contracts.sweepView);
    const byNumber = await get(`/sweeps/${byId.number}`, contracts.sweepView);
    expect(byNumber.id).toBe('sweep-1');
    expect(byId.progress.counts).toMatchObject({ done: 46, failed: 1 });
    expect(byId.finding).toContain('Normals');
    await get('/sweeps/latest', contracts.sweepView);
  });

  it('matrix, targets, runs, workers, tasks, health', async () => {
    const matrix = await get('/sweeps/sweep-1/matrix', contracts.matrixView);
    const failed = matrix.cells.find((c) => c.source === 'colour' && c.target === 'layout');
    expect(failed?.state).toBe('failed');
    expect(matrix.cells.find((c) => c.source === 'normals' && c.target === 'depth')?.probe).not.toBeNull();
    const { targets } = await get('/sweeps/sweep-1/targets', named.targetList);
    expect(targets.map((t) => t.target)).toEqual(matrix.targets);
    const page = await get('/sweeps/sweep-1/runs?kind=transfer&limit=7&offset=3', contracts.runListView);
    expect(page.runs).toHaveLength(7);
    expect(page.total).toBe(25);
    const broken = await get('/sweeps/sweep-1/runs?state=failed', contracts.runListView);
    expect(broken.runs.map((r) => r.failure?.class)).toEqual(['data']);
    await store.workers.seen({
      id: 'worker-1',
      host: 'here',
      pid: 1,
      backend: 'wasm',
      device: 'cpu',
      startedAt: Date.now(),
      seenAt: Date.now(),
    });
    const { workers } = await get('/workers', named.workerList);
    expect(workers.map((w) => [w.id, w.alive])).toContainEqual(['worker-1', true]);
    const { tasks } = await get('/tasks', named.taskList);
    expect(tasks.length).toBeGreaterThan(7);
    expect(await get('/health', named.health)).toMatchObject({ status: 'ok', database: 'ok' });
  });

  it('best sources with advice', async () => {
    const best = await get('/sweeps/sweep-1/best-source?target=segmentation&k=2', contracts.bestSourceView);
    expect(best.sources.map((s) => s.source)).toEqual(['normals', 'depth']);
    expect(best.advice).toMatch(/^Take Normals/);
    const byLoss = await get('/sweeps/1/best-source?target=depth&unit=loss', contracts.bestSourceView);
    expect(byLoss.sources).toHaveLength(5);
  });

  it('policies, solved anew under every question', async () => {
    const two = await get('/sweeps/sweep-1/policy?budget=2', contracts.policyView);
    expect(two.optimal).toBe(true);
    expect(two.sources.length).toBeLessThanOrEqual(2);
    expect(two.edges.map((e) => e.target).sort()).toEqual(['depth', 'edges', 'normals', 'segmentation']);
    expect(two.curve.map((p) => p.budget)).toEqual([1, 2, 3, 4, 5, 6]);
    const objectives = two.curve.map((p) => p.objective);
    expect(objectives).toEqual([...objectives].sort((a, b) => a - b));
    expect(two.curve[1]?.objective).toBeCloseTo(two.objective, 9);
    for (const point of two.curve) {
      expect(point.greedy ?? 0).toBeLessThanOrEqual(point.objective + 1e-9);
      expect(point.random?.high ?? 0).toBeLessThanOrEqual(point.objective + 1e-9);
    }
    const forced = await get('/sweeps/sweep-1/policy?budget=2&force=colour', contracts.policyView);
    expect(forced.sources).toContain('colour');
    expect(forced.objective).toBeLessThan(two.objective);
    const without = await get('/sweeps/sweep-1/policy?budget=2&forbid=normals,depth', contracts.policyView);
    expect(without.sources).not.toContain('normals');
    const weighed = await get('/sweeps/sweep-1/policy?budget=1&weights=edges:50', contracts.policyView);
    expect(weighed.sources).toEqual(['edges']);
  });

  it('pairs with curves, ratios and images that can be fetched', async () => {
    const pair = await get('/sweeps/sweep-1/pairs/normals/depth', contracts.pairView);
    expect(pair.curves.map((c) => c.label)).toEqual(['transfer', 'scratch', 'gold']);
    expect(pair.strips[0]?.images.map((i) => i.role)).toEqual([
      'input',
      'truth',
      'scratch',
      'transfer',
      'gold',
    ]);
    const url = pair.strips[0]?.images[0]?.url ?? '';
    const image = await api.app.request(url);
    expect(image.headers.get('content-type')).toBe('image/png');
    expect(new Uint8Array(await image.arrayBuffer())).toEqual(PNG);
    expect(image.headers.get('cache-control')).toContain('immutable');
    const etag = image.headers.get('etag') ?? '';
    const again = await api.app.request(url, { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
  });

  it('one run in full', async () => {
    const fingerprint = fingerprintOf('transfer normals depth 1');
    const run = await get(`/runs/${fingerprint}`, contracts.runDetailView);
    expect(run.state).toBe('done');
    expect(run.samples).toHaveLength(3);
    expect(run.meanLoss).toBeGreaterThan(0);
  });
});

describe('submitting and acting', () => {
  it('plans without storing, then stores what it planned', async () => {
    const before = (await get('/sweeps', named.sweepList)).sweeps.length;
    const response = await ask('/sweeps/plan', json(MICRO));
    const plan = contracts.planView.strict().parse(await response.json());
    expect(response.status).toBe(200);
    expect(plan.total).toBe(Object.values(plan.byKind).reduce((a, b) => a + b, 0));
    expect(plan.byKind.transfer).toBeGreaterThan(0);
    expect(plan.estimatedFlops).toBeGreaterThan(0);
    expect((await get('/sweeps', named.sweepList)).sweeps).toHaveLength(before);

    const made = await ask(
      '/sweeps',
      yaml(
        `name: micro\ntasks: [autoencoding, z-depth, surface-normals]\npreset: micro\ndataset:\n  kind: rooms\n  size: 32\n  pools: { source: 64, transfer: 32, selection: 16, test: 32 }\n`,
      ),
    );
    expect(made.status).toBe(201);
    const sweep = contracts.sweepView.strict().parse(await made.json());
    expect(made.headers.get('location')).toBe(`/api/v1/sweeps/${sweep.id}`);
    expect(sweep.progress.total).toBe(plan.total);
    const again = contracts.planView.parse(await (await ask('/sweeps/plan', json(MICRO))).json());
    expect(again.reused).toBe(again.total);
  });

  it('pauses, resumes, stops and cancels; what makes no sense is a conflict', async () => {
    const post = async (action: string) => {
      const response = await ask(`/sweeps/latest/${action}`, { method: 'POST' });
      expect(response.status).toBe(200);
      return contracts.sweepView.strict().parse(await response.json()).state;
    };
    expect(await post('pause')).toBe('paused');
    expect(await post('resume')).toBe('active');
    expect(await post('stop')).toBe('stopped');
    expect(await post('cancel')).toBe('cancelled');
    expect((await problem('/sweeps/latest/pause', 409, { method: 'POST' })).code).toBe('conflict');
    await problem('/sweeps/latest/explode', 400, { method: 'POST' });
  });

  it('retries a failed run alone, and then all that failed', async () => {
    const fingerprint = fingerprintOf('transfer colour layout 1');
    const response = await ask(`/runs/${fingerprint}/retry`, { method: 'POST' });
    expect(response.status).toBe(200);
    expect(contracts.runView.strict().parse(await response.json()).state).toBe('queued');
    await problem(`/runs/${'0'.repeat(64)}/retry`, 404, { method: 'POST' });
    const all = await ask('/sweeps/sweep-1/retry-failed', { method: 'POST' });
    expect(all.status).toBe(200);
  });
});

describe('hostile input', () => {
  const paths = (error: { issues: { path: string }[] }) => error.issues.map((issue) => issue.path);

  it('names every wrong field of a sweep by its path', async () => {
    const wrong = {
      ...MICRO,
      name: 7,
      seeds: [-1],
      tasks: [],
      training: { transfer: { epochs: 0, batchSize: 'many', learningRate: 1 } },
      colour: 'red',
      dataset: { ...MICRO.dataset, pools: { source: -5, transfer: 32.5, selection: 16, test: null } },
    };
    for (const path of ['/sweeps', '/sweeps/plan']) {
      const error = await problem(path, 400, json(wrong));
      expect(error.code).toBe('invalid-input');
      expect(paths(error).sort()).toEqual([
        'colour',
        'dataset.pools.source',
        'dataset.pools.test',
        'dataset.pools.transfer',
        'name',
        'seeds[0]',
        'tasks',
        'training.transfer.batchSize',
        'training.transfer.epochs',
      ]);
    }
  });

  it('names an unknown task by its place', async () => {
    const error = await problem('/sweeps', 400, json({ ...MICRO, tasks: ['autoencoding', 'z-depht'] }));
    expect(paths(error)).toContain('tasks[1]');
    expect(error.message).toContain('z-depht');
  });

  it('refuses bodies that are too large before it parses them', async () => {
    const junk = 'x'.repeat(10 * 1024 * 1024);
    expect((await problem('/sweeps', 413, yaml(junk))).code).toBe('too-large');
    await problem('/sweeps/plan', 413, json(junk));
    const chunked = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(120)),
    });
    const request = new Request('http://localhost/api/v1/sweeps', {
      method: 'POST',
      body: chunked,
      headers: { 'content-type': 'text/yaml' },
      duplex: 'half',
    } as RequestInit);
    expect((await api.app.request(request)).status).toBe(413);
  });

  it('survives YAML bombs, deep nesting and junk', async () => {
    const lines = ['a: &a [x,x,x,x,x,x,x,x,x]'];
    for (const [one, before] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf', 'hg', 'ih'].map((pair) => [...pair])) {
      lines.push(`${one}: &${one} [${Array(9).fill(`*${before}`).join(',')}]`);
    }
    const bodies = [
      lines.join('\n'),
      '['.repeat(100_000),
      `{"a":`.repeat(40_000),
      '\u0000\u0001\u0002',
      '',
      'null',
      '[1,2,3]',
      '"just words"',
      'name: [unclosed',
      'name: a\nname: b',
      '!!js/function "() => 1"',
      '__proto__: { polluted: true }',
    ];
    for (const body of bodies) {
      await problem('/sweeps', 400, yaml(body));
      await problem('/sweeps', 400, json(body));
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('asks for JSON or YAML', async () => {
    for (const type of ['text/plain', 'multipart/form-data', 'application/xml']) {
      const init = { method: 'POST', body: JSON.stringify(MICRO), headers: { 'content-type': type } };
      expect((await problem('/sweeps', 415, init)).code).toBe('unsupported-media-type');
    }
    await problem('/sweeps', 415, { method: 'POST' });
  });

  it('refuses bad ids and queries with the name of the field, and unknown ones with 404', async () => {
    const cases: [path: string, status: number, field?: string][] = [
      ['/sweeps/no-such-sweep', 404],
      ['/sweeps/999999', 404],
      ['/sweeps/..%2f..%2fetc', 400, 'id'],
      [`/sweeps/${'a'.repeat(65)}`, 400, 'id'],
      ["/sweeps/1';drop%20table%20sweeps", 400, 'id'],
      ['/sweeps/1/best-source', 400, 'target'],
      ['/sweeps/1/best-source?target=no-such', 404],
      ['/sweeps/1/best-source?target=depth&k=0', 400, 'k'],
      ['/sweeps/1/best-source?target=depth&k=-1', 400, 'k'],
      ['/sweeps/1/best-source?target=depth&k=1e9', 400, 'k'],
      ['/sweeps/1/best-source?target=depth&k=1&k=2', 400, 'k'],
      ['/sweeps/1/best-source?target=depth&unit=luck', 400, 'unit'],
      ['/sweeps/1/best-source?target=depth&colour=red', 400, 'colour'],
      ['/sweeps/1/policy?budget=', 400, 'budget'],
      ['/sweeps/1/policy?budget=Infinity', 400, 'budget'],
      ['/sweeps/1/policy?maxOrder=9', 400, 'maxOrder'],
      ['/sweeps/1/policy?force=no-such', 400, 'force'],
      ['/sweeps/1/policy?force=depth&forbid=depth', 400, 'force'],
      ['/sweeps/1/policy?weights=depth', 400, 'weights'],
      ['/sweeps/1/policy?weights=depth:1,depth:2', 400, 'weights'],
      ['/sweeps/1/policy?weights=__proto__:1', 400, 'weights'],
      ['/sweeps/1/policy?budget=0', 422],
      ['/sweeps/1/pairs/normals/no-such', 404],
      ['/sweeps/1/pairs/no-such/depth', 404],
      ['/sweeps/1/runs?limit=999999', 400, 'limit'],
      ['/runs/xyz', 400, 'fingerprint'],
      [`/runs/${'0'.repeat(64)}`, 404],
      [`/runs/${'0'.repeat(64)}/samples/0/input.png`, 404],
      [`/runs/${'0'.repeat(64)}/samples/-1/input.png`, 400, 'index'],
      [`/runs/${'0'.repeat(64)}/samples/0/passwd.png`, 400, 'file'],
      ['/tasks?dataset=secrets', 400, 'dataset'],
      ['/nothing/here', 404],
    ];
    for (const [path, status, field] of cases) {
      const error = await problem(path, status);
      if (field) expect(paths(error), path).toContain(field);
    }
  });

  it('accepts no change from another site, and any from this one or from no page at all', async () => {
    const from = (origin: string): RequestInit => ({
      ...json(MICRO),
      headers: { 'content-type': 'application/json', host: 'localhost:3000', origin },
    });
    expect((await problem('/sweeps/plan', 403, from('https://evil.example'))).code).toBe('forbidden');
    await problem('/sweeps/plan', 403, from('null'));
    expect((await ask('/sweeps/plan', from('http://localhost:3000'))).status).toBe(200);
  });
});

describe('tokens', () => {
  it('are asked for everywhere but in health and docs', async () => {
    const locked = apiOver(store, memoryQueue(), { token: 'secret' }).app;
    const at = (path: string, headers: Record<string, string> = {}) =>
      locked.request(`/api/v1${path}`, { headers });
    expect((await at('/sweeps')).status).toBe(401);
    expect((await at('/sweeps', { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await at('/sweeps', { authorization: 'Bearer secret' })).status).toBe(200);
    expect((await at('/sweeps', { cookie: 'taskatlas_token=secret' })).status).toBe(200);
    expect((await at('/nothing/here')).status).toBe(401);
    for (const open of ['/health', '/docs', '/openapi.json']) expect((await at(open)).status).toBe(200);
  });
});

describe('the document and its page', () => {
  it('is OpenAPI 3.1 and names every route', async () => {
    const document = (await (await ask('/openapi.json')).json()) as {
      openapi: string;
      paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
      components: { schemas: Record<string, unknown> };
    };
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths).sort()).toEqual([
      '/api/v1/health',
      '/api/v1/runs/{fingerprint}',
      '/api/v1/runs/{fingerprint}/retry',
      '/api/v1/runs/{fingerprint}/samples/{index}/{file}',
      '/api/v1/sweeps',
      '/api/v1/sweeps/plan',
      '/api/v1/sweeps/{id}',
      '/api/v1/sweeps/{id}/best-source',
      '/api/v1/sweeps/{id}/events',
      '/api/v1/sweeps/{id}/matrix',
      '/api/v1/sweeps/{id}/pairs/{source}/{target}',
      '/api/v1/sweeps/{id}/policy',
      '/api/v1/sweeps/{id}/runs',
      '/api/v1/sweeps/{id}/targets',
      '/api/v1/sweeps/{id}/{action}',
      '/api/v1/tasks',
      '/api/v1/workers',
    ]);
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['Matrix', 'Policy', 'Sweep', 'SweepSpec', 'Problem']),
    );
    // Every reference leads somewhere.
    for (const [, ref] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      expect(document.components.schemas).toHaveProperty([ref ?? '']);
    }
  });

  it('has a readable page that loads nothing from anywhere', async () => {
    const response = await ask('/docs');
    const page = await response.text();
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(page).toContain('The affinity matrix');
    expect(page).toContain('signalToNoise');
    expect(page).not.toMatch(/<script|src=|@import|url\(|undefined|\[object/);
  });
});

describe('live events over HTTP', () => {
  it('stream progress, leave no listener behind, and resume where they were left', async () => {
    const abort = new AbortController();
    const response = await ask('/sweeps/sweep-1/events', { signal: abort.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const reader = response.body?.getReader();
    let text = '';
    while (reader && !text.includes('event: progress'))
      text += new TextDecoder().decode((await reader.read()).value);
    expect(api.service.hub.listeners()).toBe(1);
    await reader?.cancel();
    expect(api.service.hub.listeners()).toBe(0);

    const id = /id: (.+)/.exec(text)?.[1] ?? '';
    const again = await ask('/sweeps/sweep-1/events', { headers: { 'last-event-id': id } });
    const second = again.body?.getReader();
    const first = new TextDecoder().decode((await second?.read())?.value);
    expect(first).toBe('retry: 2000\n\n');
    await second?.cancel();
    expect(api.service.hub.listeners()).toBe(0);
  });

  it('end with the sweep, and answer 204 to a reader who has seen it all', async () => {
    await store.setSweepState('sweep-1', 'cancelled');
    api.service.loader.forget();
    const response = await ask('/sweeps/sweep-1/events');
    const text = await response.text();
    expect(text).toContain('event: end');
    const id = [...text.matchAll(/id: (.+)/g)].at(-1)?.[1] ?? '';
    const again = await ask('/sweeps/sweep-1/events', { headers: { 'last-event-id': id } });
    expect(again.status).toBe(204);
  });
});

it('the spec of the fixture is one that the API would take', () => {
  expect(contracts.sweepSpec.safeParse(smallSpec).success).toBe(true);
});
