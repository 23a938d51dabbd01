import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { testDatabase } from '@/lib/service/ports/testing/postgres';
import { submitMicroSweep } from './testing/micro-sweep';

const training = { epochs: 2, batchSize: 16, learningRate: 0.005 };
/** The smallest sweep over two domains; written as JSON, which is YAML. */
const FILE = JSON.stringify({
  name: 'micro-domains',
  dataset: {
    kind: 'rooms',
    seed: 7,
    size: 16,
    pools: { source: 32, transfer: 24, selection: 8, test: 16 },
    shift: { kind: 'inverted' },
  },
  preset: 'micro',
  tasks: ['autoencoding', 'z-depth'],
  targets: ['z-depth'],
  methods: ['adda', 'cycada', 'source-only', 'dann', 'deep-coral', 'readout'],
  training: { source: training, transfer: training, scratch: training },
  probe: false,
});

it('a sweep over two domains goes through the queue: every adaptation meets in the tournament and tells distances', async () => {
  const cache = await mkdtemp(path.join(tmpdir(), 'taskatlas-domains-'));
  const database = await testDatabase();
  const micro = await submitMicroSweep(database.url, cache, FILE);
  try {
    micro.spawnWorker();
    await micro.untilDone();
    const { analyses, states } = await micro.snapshot();
    expect(Object.keys(states)).toEqual(['done']);
    const keys = analyses.flatMap(({ candidates }) => candidates.map(({ key }) => key));
    for (const key of ['source-only', 'dann', 'deep-coral', 'adda', 'cycada', 'autoencoding'])
      expect(keys).toContain(key);
    for (const { recipe, fingerprint } of await micro.store.runsOf(micro.sweep.id)) {
      if (recipe.kind !== 'transfer' || recipe.method === 'readout') continue;
      const result = await micro.store.result(fingerprint);
      const roles = new Set(result?.samples.map(({ role }) => role));
      expect(roles.has('source-translated')).toBe(recipe.method === 'cycada');
      const [table] = result?.tables ?? [];
      expect(table?.rows[0]).toBe('proxy A-distance');
      // Negatives are told apart at sight.
      expect(table?.values[0]?.[0]).toBeGreaterThan(1);
    }
  } finally {
    await micro.close();
    await database.close();
    await rm(cache, { recursive: true, force: true });
  }
}, 120_000);
