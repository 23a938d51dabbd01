import { afterAll, beforeAll, expect } from 'vitest';
import type { z } from 'zod';
import { type Problem, problem } from '../../contracts';
import type { Store } from '../../ports';
import { type TestDatabase, testDatabase } from '../../ports/testing/postgres';
import { connect } from '../../store';
import { apiOver, seedSmallSweep } from './seeded';

/** The API over a real Postgres that holds the small sweep: what the routes say must be what is stored. */
export interface TestApi {
  readonly store: Store;
  readonly api: ReturnType<typeof apiOver>;
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** An answer, checked against its contract with nothing more and nothing less in it. */
  get<T extends z.ZodObject>(path: string, schema: T): Promise<z.infer<T>>;
  /** A refusal of the given status, which must be a problem and nothing of the validator's own. */
  problem(path: string, status: number, init?: RequestInit): Promise<Problem['error']>;
}

/** Opens the API before the tests of a file and closes it after them. */
export function testApi(): TestApi {
  let database: TestDatabase;
  let store: Store;
  let api: ReturnType<typeof apiOver>;

  beforeAll(async () => {
    database = await testDatabase();
    store = await connect(database.url, { patienceSeconds: 1 });
    api = apiOver(store);
    await seedSmallSweep(store, { fail: 'transfer colour layout 1' });
  });
  afterAll(async () => {
    await store?.close();
    await database?.close();
  });

  const ask: TestApi['ask'] = async (path, init) => api.app.request(`/api/v1${path}`, init);
  return {
    get store() {
      return store;
    },
    get api() {
      return api;
    },
    ask,
    async get(path, schema) {
      const response = await ask(path);
      const body: unknown = await response.json();
      expect(response.status, JSON.stringify(body).slice(0, 400)).toBe(200);
      expect(schema.strict().parse(body)).toEqual(body);
      return schema.parse(body);
    },
    async problem(path, status, init) {
      const response = await ask(path, init);
      const text = await response.text();
      expect(response.status, text.slice(0, 400)).toBe(status);
      expect(text).not.toContain('ZodError');
      return problem.strict().parse(JSON.parse(text)).error;
    },
  };
}

export const yaml = (text: string): RequestInit => ({
  method: 'POST',
  body: text,
  headers: { 'content-type': 'text/yaml' },
});

export const json = (body: unknown): RequestInit => ({
  method: 'POST',
  body: typeof body === 'string' ? body : JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
});

/** A sweep that the real dictionary takes. */
export const MICRO = {
  name: 'micro',
  dataset: { kind: 'rooms', size: 32, pools: { source: 64, transfer: 32, selection: 16, test: 32 } },
  preset: 'micro',
  tasks: ['autoencoding', 'z-depth', 'surface-normals'],
};
