import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import type { PlannedRun, Store } from '@/lib/service/ports';
import {
  newSweep,
  plannedShard,
  plannedSource,
  plannedTransfer,
  sampleOffers,
  sampleResult,
} from '@/lib/service/ports/testing/samples';
import { apiOver } from '@/lib/service/server/testing/seeded';
import { connect, migrate } from '@/lib/service/store';
import { startEmbeddedPostgres } from '@/lib/service/store/embedded';
import { keepHouse } from '@/workers/housekeeping';
import { DEFAULT_TIMES, type WorkerContext } from '@/workers/types';

/** One measured figure beside its goal, milliseconds unless it says otherwise. */
export interface Figure {
  name: string;
  goal: number | null;
  came: number;
}

export interface StoreSize {
  /** Runs of the large sweep. */
  runs: number;
  /** Sweeps in all; each of the others has 25 runs. */
  sweeps: number;
}

const SHARDS = 64;
const SMALL = 25;
/** Rounds of housekeeping a minute. */
const ROUNDS = Math.round(60 / DEFAULT_TIMES.sweepSeconds);

/** A plan as a sweep makes it: shards, sources that wait for them, transfers that wait for their source. */
function largePlan(runs: number): PlannedRun[] {
  const shards = Array.from({ length: SHARDS }, (_, n) => plannedShard(1, n, SHARDS));
  const images = shards.map((shard) => shard.fingerprint);
  const targets = Math.ceil(Math.sqrt(runs));
  const sources = Array.from({ length: targets }, (_, n) => ({
    ...plannedSource(n, 100 + n),
    dependsOn: images,
  }));
  const transfers = Array.from({ length: runs - SHARDS - targets }, (_, n) => {
    const [source, target] = [sources[n % targets], Math.floor(n / targets)];
    return plannedTransfer(`target-${target}`, source ? [source] : [], 10_000 + n);
  });
  return [...shards, ...sources, ...transfers];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Of several times: the median. */
async function typical(work: () => Promise<unknown>, times = 7): Promise<number> {
  const all: number[] = [];
  for (let i = 0; i < times; i++) all.push(await timed(work));
  return all.sort((a, b) => a - b)[Math.floor(times / 2)] ?? Number.NaN;
}

async function submit(store: Store, runs: number): Promise<Figure[]> {
  const other = plannedSource(900_000, 0);
  await store.createSweep(newSweep('other'), [other]);
  await store.claim(other.fingerprint, 'other', 3600);
  let [waiting, longest] = [true, 0];
  const progress = { step: 1, totalSteps: 2, imagesPerSecond: 3 };
  const beating = (async () => {
    while (waiting) {
      longest = Math.max(
        longest,
        await timed(() => store.heartbeat(other.fingerprint, 'other', 3600, progress)),
      );
    }
  })();
  const plan = largePlan(runs);
  const whole = await timed(() => store.createSweep(newSweep('large'), plan));
  waiting = false;
  await beating;
  return [
    { name: `submit ${runs} runs in parts`, goal: null, came: whole },
    { name: 'longest wait of a heartbeat meanwhile', goal: null, came: longest },
  ];
}

/** Three quarters of the large sweep are done, as a sweep in the middle of its work; the small ones are over. */
async function fill(url: string, store: Store, sweeps: number): Promise<void> {
  for (let n = 1; n < sweeps; n++) {
    const runs = Array.from({ length: SMALL }, (_, i) => plannedSource(1_000_000 + n * SMALL + i, i));
    await store.createSweep(newSweep(`small-${n}`), runs);
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`
    update runs set state = 'done', attempt = 1, backend = 'wasm', seconds = 1, finished_at = clock_timestamp()
     where kind <> 'transfer' or priority < 10000 + (select count(*) * 3 / 4 from runs where kind = 'transfer')`);
  await client.query(`update barriers set open = false`);
  await client.query(`update runs set state = 'queued' where state = 'waiting'`);
  await client.query(`update sweeps set state = 'done', finished_at = clock_timestamp() where id <> 'large'`);
  await client.query(`
    insert into events (sweep_id, kind, data)
    select w.sweep_id, 'run', jsonb_build_object('fingerprint', r.fingerprint, 'kind', r.kind, 'state', r.state)
      from runs r join sweep_runs w using (fingerprint) where r.state = 'done'`);
  await client.query('vacuum analyze');
  await client.end();
}

async function pages(store: Store): Promise<Figure[]> {
  const { app, service } = apiOver(store);
  const get = async (url: string): Promise<void> => {
    const response = await app.request(`/api/v1${url}`);
    if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
    await response.text();
  };
  const figures: Figure[] = [];
  const page = async (name: string, url: string): Promise<void> => {
    figures.push({ name, goal: 100, came: await typical(() => get(url)) });
  };
  await page('runs, first page of 100', '/sweeps/large/runs?limit=100');
  await page('runs, last page of 100', '/sweeps/large/runs?limit=100&offset=19900');
  await page('runs that are queued', '/sweeps/large/runs?limit=100&state=queued');
  await page('runs of one target', '/sweeps/large/runs?limit=100&target=target-3');
  await page('runs of one kind, deep', '/sweeps/large/runs?limit=100&kind=transfer&offset=12000');
  figures.push({ name: 'list of sweeps, first time', goal: null, came: await timed(() => get('/sweeps')) });
  await page('list of sweeps', '/sweeps');
  await page('one sweep with its progress', '/sweeps/large');
  await service.live.reading('large');
  figures.push({
    name: 'poll of live events',
    goal: 100,
    came: await typical(() => service.live.reading('large')),
  });
  await page('workers', '/workers');
  return figures;
}

/** Time that a worker waits for the database for its housekeeping in a minute, while runs end. */
async function housekeeping(store: Store): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const worker of ['with the duty', 'without it']) {
    let [spent, calls] = [0, 0];
    const ended = new AbortController();
    const measured = new Proxy(store, {
      get(target, key: keyof Store) {
        const value = target[key];
        if (typeof value === 'function') {
          return async (...args: unknown[]) => {
            const started = performance.now();
            const answer = await (value as (...all: unknown[]) => Promise<unknown>)(...args);
            spent += performance.now() - started;
            return answer;
          };
        }
        if (key === 'workers' || key === 'events') {
          return new Proxy(value as object, {
            get(part, name) {
              const method = (part as Record<string | symbol, unknown>)[name];
              if (typeof method !== 'function') return method;
              return async (...args: unknown[]) => {
                if (name === 'seen' && calls++ >= ROUNDS) ended.abort();
                const started = performance.now();
                const answer = await (method as (...all: unknown[]) => Promise<unknown>)(...args);
                spent += performance.now() - started;
                return answer;
              };
            },
          });
        }
        return value;
      },
    });
    const finishing = (async () => {
      while (!ended.signal.aborted) {
        const run = await store.claimNext('busy', 60, sampleOffers);
        if (run) await store.complete(run.fingerprint, 'busy', sampleResult(), 'wasm');
      }
    })();
    const context = {
      ...{ store: measured, worker, backend: 'none', device: 'none', offers: sampleOffers },
      queue: { publishMany: async () => undefined },
      times: { ...DEFAULT_TIMES, sweepSeconds: 0.1, leaseSeconds: 3600 },
      activity: { run: null, imagesPerSecond: null, alarm: null },
      draining: new AbortController().signal,
      log: (text: string) => console.error(text),
    };
    await keepHouse(context as unknown as WorkerContext, ended.signal);
    await finishing;
    figures.push({ name: `housekeeping a minute, worker ${worker}`, goal: 50, came: spent });
  }
  return figures;
}

async function claims(store: Store): Promise<Figure[]> {
  let n = 0;
  const claim = await typical(async () => {
    const run = await store.claimNext(`claimer-${n++}`, 3600, sampleOffers);
    if (!run) throw new Error('nothing to claim');
  }, 21);
  await store.setSweepState('large', 'paused');
  const idle = await typical(() => store.claimNext('idle', 60, sampleOffers), 21);
  await store.setSweepState('large', 'active');
  return [
    { name: 'claim the next run', goal: null, came: claim },
    { name: 'ask for a run while the sweep is paused', goal: null, came: idle },
  ];
}

/** Fills a database of its own with `size`, and measures what pages, workers and submissions wait for. */
export async function measureStore(size: StoreSize): Promise<Figure[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'taskatlas-bench-store-'));
  const server = await startEmbeddedPostgres({ directory });
  await migrate(server.url);
  const store = await connect(server.url);
  try {
    const submitted = await submit(store, size.runs);
    await fill(server.url, store, size.sweeps);
    return [...submitted, ...(await pages(store)), ...(await claims(store)), ...(await housekeeping(store))];
  } finally {
    await store.close();
    await server.stop({ force: true });
    await rm(directory, { recursive: true, force: true });
  }
}
