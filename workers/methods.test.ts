import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunResult } from '@/lib/science/core';
import { declareTasks, openDataset, ROOMS_VERSION, renderShard } from '@/lib/science/datasets';
import { gatherLosses } from '@/lib/service/sweeps/analyse';
import { validateSweep } from '@/lib/service/sweeps/parse';
import { planSweep } from '@/lib/service/sweeps/plan';
import { type Engine, openEngine } from '@/lib/train/engine';
import { executeRecipe } from '@/lib/train/methods';
import { createTestContext } from '@/lib/train/methods/testing/context';

let engine: Engine;
let cache: string;
beforeAll(async () => {
  engine = await openEngine({ backend: 'wasm' });
  cache = await mkdtemp(path.join(tmpdir(), 'taskatlas-methods-'));
});
afterAll(() => rm(cache, { recursive: true, force: true }));

const training = { epochs: 2, batchSize: 16, learningRate: 0.003 };
const spec = validateSweep({
  name: 'methods',
  dataset: { kind: 'rooms', size: 16, pools: { source: 32, transfer: 24, selection: 12, test: 12 } },
  preset: 'micro',
  tasks: ['autoencoding', 'z-depth', 'surface-normals'],
  targets: ['z-depth'],
  transferSizes: [12],
  methods: [
    'ensemble',
    'readout',
    'features',
    'fine-tune',
    'partial',
    'distill',
    { method: 'distill', options: { teacher: 'ensemble', join: true } },
    { method: 'born-again', options: { generations: 1 } },
    { method: 'self-training', options: { rounds: 1 } },
  ],
  pretrained: [
    { id: 'chain', method: 'fine-tune', sources: ['surface-normals'], tasks: ['autoencoding'] },
    { id: 'views', method: 'contrastive' },
    { id: 'joint', method: 'multi-task', tasks: ['autoencoding', 'surface-normals'] },
    {
      id: 'start',
      method: 'meta',
      options: { algorithm: 'first-order', shots: 4 },
      tasks: ['autoencoding', 'surface-normals'],
    },
  ],
  training: { source: training, transfer: training, scratch: training },
  probe: false,
});

it('what a sweep plans of every method can be trained in the planned order, and meets in one tournament', async () => {
  if (spec.dataset.kind !== 'rooms') throw new Error('rooms only');
  const resolved = { ...spec.dataset, version: ROOMS_VERSION };
  const plan = planSweep(spec, { tasks: declareTasks('rooms'), dataset: resolved });
  await renderShard(resolved, 0, 1, cache);
  const dataset = await openDataset(resolved, { cacheDirectory: cache });
  const files = new Map<string, Uint8Array>();
  const results = new Map<string, RunResult>();
  for (const run of [...plan.runs].sort((a, b) => a.priority - b.priority)) {
    if (run.recipe.kind === 'dataset') continue;
    for (const parent of run.dependsOn) {
      const shard = plan.runs.find((r) => r.fingerprint === parent)?.recipe.kind === 'dataset';
      expect(shard || results.has(parent)).toBe(true);
    }
    const context = createTestContext(engine, dataset, run.fingerprint, { files });
    results.set(run.fingerprint, await executeRecipe(run.recipe, { ...context, inputKinds: ['rgb'] }));
  }
  const [joint] = plan.runs.filter(
    ({ recipe }) => recipe.kind === 'pretrain' && recipe.method === 'multi-task',
  );
  expect(results.get(joint?.fingerprint ?? '')?.tables?.[0]?.name).toBe('Task affinity');
  const measured = plan.runs
    .filter((run) => run.target === 'z-depth')
    .map((run) => ({ run, losses: results.get(run.fingerprint)?.testLosses ?? new Float32Array(0) }));
  const { candidates } = gatherLosses('z-depth', measured, undefined);
  const keys = candidates.map((candidate) => candidate.key);
  for (const key of [
    'chain',
    'views',
    'fine-tune:views',
    'joint',
    'fine-tune:start',
    'born-again(generations=1)',
    'partial:chain',
    'distill:z-depth',
  ])
    expect(keys).toContain(key);
  expect(keys).toContain('ensemble:autoencoding+surface-normals+chain+views+joint+start');
  expect(keys.filter((key) => key.startsWith('distill(teacher=ensemble'))).toHaveLength(1);
  for (const { runs } of candidates) expect(runs[0]?.losses.some(Number.isFinite)).toBe(true);
});
