import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TaskatlasError } from '@/lib/science/core';
import { type TestDatabase, testDatabase } from '../../ports/testing/postgres';
import { connect } from '../../store';
import { seedSmallSweep } from '../testing/seeded';
import { threadPool } from './pool';
import type { Threads } from './questions';

/** Real worker threads over a real database, read from source as tests have no bundle. */
let database: TestDatabase;
let threads: Threads;
const sweeps = [{ id: 'sweep-1', version: 1 }];

beforeAll(async () => {
  database = await testDatabase();
  const store = await connect(database.url);
  await seedSmallSweep(store);
  await store.close();
  threads = threadPool({ databaseUrl: database.url });
});
afterAll(async () => {
  await threads?.close();
  await database?.close();
});

const ask = (view: 'targets' | 'bestSource', ...args: unknown[]) =>
  threads.view({ view, sweeps, key: JSON.stringify([view, args]), version: '1', args });

const json = async (gzip: Uint8Array): Promise<unknown> => {
  const plain = new Response(new Uint8Array(gzip)).body?.pipeThrough(new DecompressionStream('gzip'));
  return new Response(plain).json();
};

describe('a pool of threads', () => {
  it('answers views as bytes, and the event loop turns while it does', async () => {
    let turns = 0;
    const turning = setInterval(() => {
      turns += 1;
    }, 1);
    const answer = await ask('targets');
    clearInterval(turning);
    expect(await json(answer)).toMatchObject({ targets: expect.any(Array) });
    expect(turns).toBeGreaterThan(5);
  });

  it('hands over errors with code, message and issues', async () => {
    const error = await ask('bestSource', 'nobody').catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(TaskatlasError);
    expect(error).toMatchObject({ code: 'not-found', message: expect.stringContaining('"nobody"') });
    const wrong = await threads
      .call({ method: 'parse', args: ['name: x\ntasks: 7\n', 'yaml'] })
      .catch((cause: unknown) => cause);
    expect(wrong).toMatchObject({ code: 'invalid-input' });
    expect((wrong as TaskatlasError).issues.map(({ path }) => path)).toContain('tasks');
  });

  it('ends work whose request is gone, and serves the next', async () => {
    const gone = new AbortController();
    const question = { view: 'policy', sweeps, key: 'gone', version: '1', args: [{}] } as const;
    const policy = threads.policy(question, gone.signal);
    gone.abort();
    await expect(policy).rejects.toThrow();
    const again = await threads.policy({ ...question, key: 'again' }, new AbortController().signal);
    expect(await json(again)).toMatchObject({ sweepId: 'sweep-1', optimal: true, version: 1 });
  });

  it('refuses more long work than may wait, with a code that says to come again', async () => {
    const gone = new AbortController();
    const question = (n: number) =>
      ({ view: 'policy', sweeps, key: `many ${n}`, version: '1', args: [{ budget: 2 }] }) as const;
    const all = Array.from({ length: 60 }, (_, n) => threads.policy(question(n), gone.signal));
    const outcomes = await Promise.all(
      all.map((asked) =>
        asked.then(
          () => 'answered',
          (error: unknown) => (error instanceof TaskatlasError ? error.code : 'other'),
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'answered').length).toBeGreaterThan(0);
    expect(outcomes.filter((outcome) => outcome === 'unavailable').length).toBeGreaterThan(0);
    expect(outcomes).not.toContain('other');
  });
});
