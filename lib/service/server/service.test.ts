import { describe, expect, it } from 'vitest';
import { sweepSpec } from '../contracts';
import { smallSpec } from '../views/testing/small-sweep';
import { testApi } from './testing/http';
import { apiOver } from './testing/seeded';

const http = testApi();

describe('tokens', () => {
  it('are asked for everywhere but in health and docs', async () => {
    const locked = apiOver(http.store, { token: 'secret' }).app;
    const at = (path: string, headers: Record<string, string> = {}) =>
      locked.request(`/api/v1${path}`, { headers });
    expect((await at('/sweeps')).status).toBe(401);
    expect((await at('/sweeps', { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await at('/sweeps', { authorization: 'Bearer secret' })).status).toBe(200);
    expect((await at('/sweeps', { cookie: 'taskatlas_token=secret' })).status).toBe(200);
    expect((await at('/nothing/here')).status).toBe(401);
    const login = await at('/session?token=secret');
    expect([login.status, login.headers.get('location')]).toEqual([303, '/']);
    expect(login.headers.get('set-cookie')).toMatch(/^taskatlas_token=secret;.*HttpOnly; SameSite=Strict/);
    expect((await at('/session?token=guess')).status).toBe(401);
    for (const open of ['/health', '/docs', '/openapi.json']) expect((await at(open)).status).toBe(200);
  });
});

describe('the document and its page', () => {
  it('is OpenAPI 3.1 and names every route', async () => {
    const document = (await (await http.ask('/openapi.json')).json()) as {
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
      '/api/v1/sweeps/batch',
      '/api/v1/sweeps/batch/plan',
      '/api/v1/sweeps/plan',
      '/api/v1/sweeps/{id}',
      '/api/v1/sweeps/{id}/agreement',
      '/api/v1/sweeps/{id}/best-source',
      '/api/v1/sweeps/{id}/events',
      '/api/v1/sweeps/{id}/gallery',
      '/api/v1/sweeps/{id}/matrix',
      '/api/v1/sweeps/{id}/novel',
      '/api/v1/sweeps/{id}/novel/plan',
      '/api/v1/sweeps/{id}/orders',
      '/api/v1/sweeps/{id}/pairs/{source}/{target}',
      '/api/v1/sweeps/{id}/policy',
      '/api/v1/sweeps/{id}/policy/curve',
      '/api/v1/sweeps/{id}/running',
      '/api/v1/sweeps/{id}/runs',
      '/api/v1/sweeps/{id}/similarity',
      '/api/v1/sweeps/{id}/targets',
      '/api/v1/sweeps/{id}/targets/{target}/advice',
      '/api/v1/sweeps/{id}/targets/{target}/domains',
      '/api/v1/sweeps/{id}/targets/{target}/methods',
      '/api/v1/sweeps/{id}/targets/{target}/sizes',
      '/api/v1/sweeps/{id}/targets/{target}/tournament',
      '/api/v1/sweeps/{id}/validity',
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
    const response = await http.ask('/docs');
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
    const response = await http.ask('/sweeps/sweep-1/events', { signal: abort.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const reader = response.body?.getReader();
    let text = '';
    while (reader && !text.includes('event: progress'))
      text += new TextDecoder().decode((await reader.read()).value);
    expect(http.api.service.hub.listeners()).toBe(1);
    await reader?.cancel();
    expect(http.api.service.hub.listeners()).toBe(0);

    const id = /id: (.+)/.exec(text)?.[1] ?? '';
    const again = await http.ask('/sweeps/sweep-1/events', { headers: { 'last-event-id': id } });
    const second = again.body?.getReader();
    const first = new TextDecoder().decode((await second?.read())?.value);
    expect(first).toBe('retry: 2000\n\n');
    await second?.cancel();
    expect(http.api.service.hub.listeners()).toBe(0);
  });

  it('end with the sweep, and answer 204 to a reader who has seen it all', async () => {
    await http.store.setSweepState('sweep-1', 'cancelled');
    http.api.service.loader.forget();
    const response = await http.ask('/sweeps/sweep-1/events');
    const text = await response.text();
    expect(text).toContain('event: end');
    const id = [...text.matchAll(/id: (.+)/g)].at(-1)?.[1] ?? '';
    const again = await http.ask('/sweeps/sweep-1/events', { headers: { 'last-event-id': id } });
    expect(again.status).toBe(204);
  });
});

it('the spec of the fixture is one that the API would take', () => {
  expect(sweepSpec.safeParse(smallSpec).success).toBe(true);
});
