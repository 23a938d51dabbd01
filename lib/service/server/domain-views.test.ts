import { beforeAll, describe, expect, it } from 'vitest';
import { analyseTarget, type CandidateLosses } from '@/lib/science/affinity';
import {
  DOMAIN_DISTANCES,
  type RunResult,
  type RunTable,
  SOURCE_TASK,
  SOURCE_TASK_COLUMNS,
} from '@/lib/science/core';
import { domainsView, runDetailView } from '../contracts';
import { validateSweep } from '../sweeps/parse';
import { planSweep } from '../sweeps/plan';
import { domainsView as viewOf } from '../views';
import { smallData } from '../views/testing/small-sweep';
import { datasetCatalog } from './dataset-catalog';
import { testApi } from './testing/http';

const http = testApi();

const spec = {
  name: 'two domains',
  dataset: {
    kind: 'rooms',
    size: 16,
    pools: { source: 32, transfer: 24, selection: 12, test: 12 },
    shift: { kind: 'textured', strength: 0.5 },
  },
  preset: 'micro',
  tasks: ['autoencoding', 'z-depth'],
  targets: ['z-depth'],
  methods: ['readout', 'source-only', { method: 'dann', label: 'adversarial' }],
  seeds: [1, 2],
};

/** Codes after the training, by method and seed: DANN brings them nearer, source-only leaves them. */
const AFTER: Readonly<Record<string, readonly number[]>> = { dann: [0.25, 0.5], 'source-only': [1, 1.5] };

const table = (after: number): RunTable => ({
  name: DOMAIN_DISTANCES,
  meaning: 'between 200 pictures of each',
  rows: ['proxy A-distance', 'MMD²'],
  columns: ['pictures', 'pictures translated', 'codes before', 'codes after'],
  values: [
    [0.5, 0.4, 1, after],
    [0.1, 0.1, 0.2, Number.NaN],
  ],
});

const result = (tables: readonly RunTable[]): RunResult => ({
  testLosses: Float32Array.from({ length: 12 }, () => 0.5),
  metric: 0.5,
  curve: [],
  samples: [],
  artifacts: [],
  cost: { steps: 1, images: 8, seconds: 1, flops: 1e9 },
  tables,
});

let dann = '';

beforeAll(async () => {
  const valid = validateSweep(spec);
  const { dataset } = await datasetCatalog.resolve(valid.dataset);
  const plan = planSweep(valid, { dataset, tasks: datasetCatalog.tasks(dataset) });
  await http.store.createSweep(
    { id: 'domains', name: 'domains', spec: valid, tasks: plan.tasks, origin: 'measured', source: null },
    // What they wait for is of no interest here.
    plan.runs.map((run) => ({ ...run, dependsOn: [] })),
  );
  for (const { fingerprint, recipe } of plan.runs) {
    if (recipe.kind !== 'transfer' || !(recipe.method in AFTER)) continue;
    if (recipe.method === 'dann') dann = fingerprint;
    await http.store.claim(fingerprint, 'worker-1', 60);
    const tables = [table(AFTER[recipe.method]?.[recipe.seed - 1] ?? 0)];
    await http.store.complete(fingerprint, 'worker-1', result(tables), 'wasm');
  }
});

async function stored() {
  const sweep = (await http.store.listSweeps()).find(({ id }) => id === 'domains');
  if (!sweep) throw new Error('the sweep was not stored');
  return { sweep, runs: await http.store.runsOf('domains') };
}

describe('distances between the domains of a sweep', () => {
  it('are answered by method over seeds, as the runs hold them', async () => {
    const view = await http.get('/sweeps/domains/targets/z-depth/domains', domainsView);
    expect(view.shift).toBe('textured pictures (strength 0.5)');
    expect(view.meaning).toBe('between 200 pictures of each');
    expect(view.measures).toEqual(['proxy A-distance', 'MMD²']);
    expect(view.methods.map((m) => [m.method, m.label, m.images, m.seeds])).toEqual([
      ['source-only', 'source-only', 24, 2],
      ['dann', 'adversarial', 24, 2],
    ]);
    const after = view.methods.map((m) => m.distances.filter((d) => d.measure === 'proxy A-distance').at(-1));
    expect(after).toEqual([
      { measure: 'proxy A-distance', place: 'codes after', mean: 1.25, low: 1, high: 1.5 },
      { measure: 'proxy A-distance', place: 'codes after', mean: 0.375, low: 0.25, high: 0.5 },
    ]);
    // What is no number is no distance.
    expect(view.methods[0]?.distances.filter((d) => d.measure === 'MMD²').map((d) => d.place)).toEqual([
      'pictures',
      'pictures translated',
      'codes before',
    ]);
    expect(view.words).toBe(
      'The pictures lie 0.50 apart by proxy A-distance; codes end nearest after adversarial, at 0.38.',
    );
    const { tables } = await http.get(`/runs/${dann}`, runDetailView);
    expect(tables[0]?.values[0]).toContain(AFTER.dann?.[1]);
  });

  it('are read beside what each method won: near codes alone serve no task', async () => {
    const { sweep, runs } = await stored();
    const tables = await http.store.tables(runs.map((run) => run.fingerprint));
    const words = (losses: Readonly<Record<string, number>>): string => {
      const candidates = Object.entries(losses).map(([key, mean]): CandidateLosses => {
        const kind = key === 'scratch' ? 'scratch' : 'transfer';
        const values = Float32Array.from({ length: 40 }, (_, i) => mean + (i % 5) / 10);
        return { key, kind, sources: [], runs: [{ sourceSeed: 1, headSeed: 1, losses: values }] };
      });
      const analysis = analyseTarget({ target: 'z-depth', candidates }, { resamples: 20 });
      const data = smallData({ sweep, runs, analyses: [analysis] });
      return viewOf(data, 'z-depth', tables).words;
    };
    expect(words({ scratch: 1, dann: 0.2, 'source-only': 1.2 })).toContain(
      'after adversarial, at 0.38, which also wins most often: 100 %',
    );
    expect(words({ scratch: 1, dann: 1.7, 'source-only': 0.2 })).toContain(
      'Near codes alone serve no task: source-only wins most often, 100 %',
    );
    expect(words({ scratch: 1, dann: 1.7, 'source-only': 1.8 })).toContain(
      'No adaptation is shown to beat scratch; ',
    );
  });

  it('of a training that diverged end nowhere, and it is not the nearest', async () => {
    const { sweep, runs } = await stored();
    const ofDann = new Set(
      runs.filter((r) => 'method' in r.recipe && r.recipe.method === 'dann').map((r) => r.fingerprint),
    );
    const words = (dannEnds: number, others: number): string => {
      const tables = new Map(
        runs.map(({ fingerprint }) => [fingerprint, [table(ofDann.has(fingerprint) ? dannEnds : others)]]),
      );
      return viewOf(smallData({ sweep, runs, analyses: [] }), 'z-depth', tables).words;
    };
    expect(words(Number.NaN, 1.25)).toContain('codes end nearest after source-only, at 1.25');
    expect(words(Number.NaN, Number.NaN)).toContain('No adaptation is done yet');
  });

  it('come with a warning where a network lost its task even in the source domain', async () => {
    const { sweep, runs } = await stored();
    const held = (skill: number): RunTable => ({
      name: SOURCE_TASK,
      meaning: '',
      rows: ['loss'],
      columns: [...SOURCE_TASK_COLUMNS],
      values: [[1 - skill, 1, skill]],
    });
    const viewed = (skillOf: (method: string, seed: number) => number) => {
      const tables = new Map(
        runs.flatMap(({ fingerprint, recipe }) =>
          recipe.kind === 'transfer'
            ? [[fingerprint, [table(1), held(skillOf(recipe.method, recipe.seed))]] as const]
            : [],
        ),
      );
      return viewOf(smallData({ sweep, runs, analyses: [] }), 'z-depth', tables);
    };
    const wrecked = viewed((method, seed) => (method === 'dann' && seed === 2 ? Number.NaN : 0.4));
    expect(wrecked.methods.map(({ method, lost }) => [method, lost])).toEqual([
      ['source-only', 0],
      ['dann', 1],
    ]);
    expect(wrecked.words).toMatch(
      /^adversarial lost the task itself in 1 of 2 trainings: .* Do not use it\. The /,
    );
    const sound = viewed(() => 0.1);
    expect(sound.methods.map(({ lost }) => lost)).toEqual([0, 0]);
    expect(sound.words).toMatch(/^The pictures lie/);
  });

  it('are none in one domain, and unknown targets are refused', async () => {
    const one = await http.get('/sweeps/sweep-1/targets/depth/domains', domainsView);
    expect([one.shift, one.methods, one.measures]).toEqual([null, [], []]);
    await http.problem('/sweeps/domains/targets/autoencoding/domains', 404);
  });
});
