import { describe, expect, it } from 'vitest';
import { TaskatlasError } from '@/lib/science/core';
import { matrixView } from '../../contracts';
import { smallAnalyses } from '../../views/testing/small-sweep';
import { createThreadTasks } from '../service';
import { testApi } from '../testing/http';
import { apiOver } from '../testing/seeded';
import { inlineThreads } from '../threads/inline';
import type { Threads } from '../threads/questions';
import { createFlights } from './flights';
import { createShelf } from './shelf';

const http = testApi();

/** The API with counted threads, whose clock moves by more than versions are shared for. */
function counted() {
  let now = Date.now();
  const asked: string[] = [];
  const clock = { now: () => (now += 1000) };
  const inside = inlineThreads(createThreadTasks(apiOver(http.store).service.deps));
  const threads: Threads = {
    ...inside,
    view: (question) => {
      asked.push(question.view);
      return inside.view(question);
    },
  };
  const { app } = apiOver(http.store, { clock, threads });
  const get = (path: string, headers: Record<string, string> = {}) =>
    app.request(`/api/v1/sweeps/sweep-1${path}`, { headers });
  return { get, asked };
}

describe('views of results', () => {
  it('are computed once, and a client that has them is told so', async () => {
    const { get, asked } = counted();
    const first = await get('/matrix');
    const tag = first.headers.get('etag') ?? '';
    expect(first.headers.get('cache-control')).toBe('private, no-cache');
    const body = matrixView.strict().parse(await first.json());
    expect((await (await get('/matrix')).json()).cells).toEqual(body.cells);
    const known = await get('/matrix', { 'if-none-match': `"other", ${tag}` });
    expect([known.status, await known.text(), known.headers.get('etag')]).toEqual([304, '', tag]);
    expect(asked).toEqual(['matrix']);
    const other = await get('/best-source?target=depth&k=2', { 'if-none-match': tag });
    expect(other.status).toBe(200);
    expect(other.headers.get('etag')).not.toBe(tag);
  });

  it('are computed anew when the results have changed, by whatever changed them', async () => {
    const { get, asked } = counted();
    const tag = async () => (await get('/matrix')).headers.get('etag');
    const before = await tag();
    const [analysis] = smallAnalyses;
    if (!analysis) throw new Error('the fixture has no analysis');
    await http.store.saveAnalysis('sweep-1', analysis);
    const after = await tag();
    expect(after).not.toBe(before);
    await http.store.setSweepState('sweep-1', 'paused');
    expect(await tag()).not.toBe(after);
    await http.store.setSweepState('sweep-1', 'active');
    expect(asked.length).toBeGreaterThanOrEqual(3);
  });

  it('are compressed for those who read it, and the same for those who do not', async () => {
    const { get } = counted();
    const plain = await get('/validity');
    const packed = await get('/validity', { 'accept-encoding': 'gzip' });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    const unpacked = new Response(packed.body?.pipeThrough(new DecompressionStream('gzip')));
    expect(await unpacked.text()).toBe(await plain.text());
  });

  it('refuse what the sweep does not have with their code and their words', async () => {
    const { get } = counted();
    const refused = await get('/best-source?target=nobody');
    expect(refused.status).toBe(404);
    expect((await refused.json()).error.message).toContain('"nobody" is not a target of sweep');
  });

  it('that took long are there for the next process, for their version only', async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    await http.store.keepView('sweep-1', 'question', '7-build', bytes);
    expect(await http.store.storedView('sweep-1', 'question', '7-build')).toEqual(bytes);
    expect(await http.store.storedView('sweep-1', 'question', '8-build')).toBeNull();
    await http.store.keepView('sweep-1', 'question', '8-build', new Uint8Array([4]));
    expect(await http.store.storedView('sweep-1', 'question', '7-build')).toBeNull();
  });
});

describe('the policy of a sweep', () => {
  it('has its curve apart, and a curve that cannot be says so in its last line', async () => {
    const { get } = counted();
    const curve = await get('/policy/curve');
    expect(curve.headers.get('content-type')).toContain('application/x-ndjson');
    const lines = (await curve.text()).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).budget)).toEqual([1, 2, 3, 4, 5, 6]);
    expect((await (await get('/policy/curve')).text()).trim().split('\n')).toEqual(lines);
    const known = await get('/policy/curve', { 'if-none-match': curve.headers.get('etag') ?? '' });
    expect(known.status).toBe(304);
    const refused = (await (await get('/policy/curve?force=nobody')).text()).trim().split('\n');
    expect(JSON.parse(refused.at(-1) ?? '').error.code).toBe('invalid-input');
  });
});

describe('runs at work', () => {
  it('are apart from the matrix, which does not change with their progress', async () => {
    const answer = await http.ask('/sweeps/sweep-1/running');
    expect(await answer.json()).toEqual({ runs: [] });
  });
});

describe('work that several wait for', () => {
  const later = () => {
    let end: (value: string) => void = () => undefined;
    const result = new Promise<string>((resolve) => {
      end = resolve;
    });
    return { result, end };
  };

  it('is done once, and ends when the last has left, not before', async () => {
    const flights = createFlights<string>();
    const work = later();
    const [one, two] = [new AbortController(), new AbortController()];
    let started = 0;
    let left: AbortSignal | undefined;
    const start = (cockpit: { left: AbortSignal; tell(line: string): void }) => {
      started += 1;
      left = cockpit.left;
      cockpit.tell('first');
      return work.result;
    };
    const a = flights.join('tag', one.signal, start);
    const b = flights.join('tag', two.signal, start);
    expect([started, b.lines]).toEqual([1, ['first']]);
    one.abort();
    expect(left?.aborted).toBe(false);
    two.abort();
    expect(left?.aborted).toBe(true);
    // Who comes now gets work of its own.
    flights.join('tag', new AbortController().signal, start);
    expect(started).toBe(2);
    work.end('done');
    expect(await a.result).toBe('done');
  });

  it('that failed is tried again by the next', async () => {
    const flights = createFlights<string>();
    const never = new AbortController().signal;
    const fail = async () => {
      throw new TaskatlasError('unavailable', 'away');
    };
    await expect(flights.join('tag', never, fail).result).rejects.toThrow('away');
    expect(await flights.join('tag', never, async () => 'here').result).toBe('here');
  });
});

describe('kept bytes', () => {
  it('stay below their limit: those not asked for longest go', () => {
    const shelf = createShelf(3 * 20_000);
    const bytes = new Uint8Array(2000);
    for (const tag of ['a', 'b', 'c']) shelf.put(tag, bytes);
    expect(shelf.get('a')).not.toBeNull();
    shelf.put('d', bytes);
    expect(['a', 'b', 'c', 'd'].map((tag) => shelf.get(tag) !== null)).toEqual([true, false, true, true]);
  });
});
