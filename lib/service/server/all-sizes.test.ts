import { beforeAll, describe, expect, it } from 'vitest';
import { DOMAIN_DISTANCES, hash32, type RunResult } from '@/lib/science/core';
import { adviceView, domainsView, methodsView, progressView, sizesView, sweepView } from '../contracts';
import { analyseStoredTarget, loadTarget } from '../sweeps/analyse';
import { validateSweep } from '../sweeps/parse';
import { planSweep, type SweepPlan } from '../sweeps/plan';
import { datasetCatalog } from './dataset-catalog';
import { testApi } from './testing/http';

/** A run that reads no label of the transfer set is one run for all sizes (docs/decisions/006). */

const http = testApi();
const SIZES = [6, 12];
const ONCE = ['adda', 'dann', 'source-only'];
const SIZED = ['dann(supervised)', 'readout:autoencoding', 'readout:z-depth'];

const spec = (transferSizes: number[], seed = 1) =>
  validateSweep({
    name: 'all sizes',
    dataset: {
      kind: 'rooms',
      size: 16,
      pools: { source: 32, transfer: 24, selection: 12, test: 12 },
      shift: { kind: 'textured', strength: 0.5 },
    },
    preset: 'micro',
    tasks: ['autoencoding', 'z-depth'],
    targets: ['z-depth'],
    methods: ['readout', 'source-only', 'dann', { method: 'dann', options: { supervised: true } }, 'adda'],
    transferSizes,
    seeds: [seed],
  });

async function planned(transferSizes: number[], seed = 1): Promise<SweepPlan> {
  const { dataset } = await datasetCatalog.resolve(spec(transferSizes).dataset);
  return planSweep(spec(transferSizes, seed), { dataset, tasks: datasetCatalog.tasks(dataset) });
}

const metricsOf = (fingerprint: string): Float32Array =>
  Float32Array.from({ length: 12 }, (_, i) => (hash32(fingerprint, 'metric', i) % 1000) / 10);

const result = (fingerprint: string): RunResult => ({
  testLosses: Float32Array.from({ length: 12 }, (_, i) => 1 + (hash32(fingerprint, i) % 1000) / 1000),
  testMetrics: metricsOf(fingerprint),
  metric: 0.5,
  curve: [],
  samples: [],
  artifacts: [],
  cost: { steps: 1, images: 8, seconds: 1, flops: 1e9 },
  tables: [{ name: DOMAIN_DISTANCES, meaning: 'm', rows: ['MMD²'], columns: ['codes after'], values: [[1]] }],
});

const wayOf = (recipe: SweepPlan['runs'][number]['recipe']): string[] =>
  recipe.kind === 'transfer' && !recipe.options?.supervised ? [recipe.method] : [];

beforeAll(async () => {
  const { runs, tasks } = await planned(SIZES);
  await http.store.createSweep(
    { id: 'sizes', name: 'sizes', spec: spec(SIZES), tasks, origin: 'measured', source: null },
    runs.map((run) => ({ ...run, dependsOn: [] })),
  );
  for (const { fingerprint } of runs) {
    await http.store.claim(fingerprint, 'w', 60);
    await http.store.complete(fingerprint, 'w', result(fingerprint), 'wasm');
  }
  await analyseStoredTarget(http.store, 'sizes', 'z-depth', async () => undefined);
});

it('an analysis takes the metric of every test image from the store, and its direction from the task', async () => {
  const analyses = await http.store.analyses('sizes');
  const candidates = analyses.find(({ target }) => target === 'z-depth')?.candidates ?? [];
  const runs = await http.store.runsOf('sizes');
  const mean = (kind: 'mean' | 'scratch'): number => {
    const run = runs.find(
      ({ recipe }) =>
        recipe.kind === kind && recipe.task === 'z-depth' && (recipe.kind === 'mean' || recipe.images === 12),
    );
    return metricsOf(run?.fingerprint ?? '').reduce((sum, value) => sum + value / 12, 0);
  };
  const found = candidates.find((c) => c.kind === 'mean');
  expect(found?.metric?.value).toBeCloseTo(mean('mean'), 4);
  // Mean absolute error: a lower one is better.
  expect(found?.metricGain?.value).toBeCloseTo(mean('scratch') - mean('mean'), 4);
});

describe('a run that reads no label of the transfer set', () => {
  it('is planned once, in the tournament, and is that of every other sweep of the pool', async () => {
    const { runs } = await planned(SIZES);
    const once = runs.filter(({ recipe }) => ONCE.includes(wayOf(recipe)[0] ?? ''));
    expect(once.flatMap(({ recipe }) => wayOf(recipe)).sort()).toEqual(ONCE);
    const others = runs.filter(({ recipe, target }) => recipe.kind === 'scratch' && target !== null);
    const main = others.find(({ recipe }) => 'images' in recipe && recipe.images === 12);
    for (const run of once) {
      expect(run.layer).toBe(main?.layer);
      expect(Math.floor(run.priority / 1000)).toBe(Math.floor((main?.priority ?? 0) / 1000));
    }
    const whole = new Set((await planned([24])).runs.map((run) => run.fingerprint));
    expect(once.every((run) => whole.has(run.fingerprint))).toBe(true);
    const supervised = runs.flatMap(({ recipe }) =>
      recipe.kind === 'transfer' && recipe.options?.supervised ? [recipe.images] : [],
    );
    expect(supervised).toEqual(SIZES);
  });

  it('stands in the tournament and in the curve of every size', async () => {
    const view = await http.get('/sweeps/sizes/targets/z-depth/sizes', sizesView);
    expect(view.points.map((point) => point.images)).toEqual(SIZES);
    const at = (images: number) => view.points.find((point) => point.images === images)?.candidates ?? [];
    for (const key of ONCE) {
      const [few, many] = SIZES.map((images) => at(images).find((c) => c.key === key));
      expect(few?.loss).toBeGreaterThan(0);
      expect(few?.loss).toBe(many?.loss);
      expect([few?.seeds, many?.seeds]).toEqual([1, 1]);
      // The same losses against another scratch.
      expect(few?.gain?.value).not.toBe(many?.gain?.value);
    }
  });

  it('makes no point of a curve by itself: a size has one when something was trained on it', async () => {
    const { runs, tasks } = await planned(SIZES, 2);
    await http.store.createSweep(
      { id: 'begun', name: 'begun', spec: spec(SIZES, 2), tasks, origin: 'measured', source: null },
      runs.map((run) => ({ ...run, dependsOn: [] })),
    );
    for (const { fingerprint, layer } of runs) {
      if (layer !== 0 || !(await http.store.claim(fingerprint, 'w', 60))) continue;
      await http.store.complete(fingerprint, 'w', result(fingerprint), 'wasm');
    }
    const { sized } = await loadTarget(http.store, 'begun', 'z-depth', async () => undefined);
    expect(sized.map(({ images }) => images)).toEqual([12]);
  });

  it('is a way at every number of labels, as it cost once, and the advice weighs it there', async () => {
    const { ways, sizes } = await http.get('/sweeps/sizes/targets/z-depth/methods', methodsView);
    for (const { images } of sizes) {
      const here = ways.filter((way) => way.images === images);
      const plain = SIZED.map((key) => key.replace('readout:', ''));
      expect(here.map((way) => way.key).sort()).toEqual([...ONCE, ...plain].sort());
      for (const way of here) {
        expect(way.everySize).toBe(ONCE.includes(way.key));
        expect(way.gain).not.toBeNull();
        if (way.key === 'dann') expect(way.cost?.flops).toBe(1e9);
      }
    }
    const { ranking } = await http.get('/sweeps/sizes/targets/z-depth/advice', adviceView);
    expect(ranking.flatMap((way) => (way.method === 'dann' ? [way.images] : [])).sort()).toEqual([12, 6]);
  });

  it('shows its distances once, beside its gain at the main size', async () => {
    const { methods } = await http.get('/sweeps/sizes/targets/z-depth/domains', domainsView);
    const shown = methods.filter(({ method }) => ONCE.includes(method));
    expect(shown.map(({ images, seeds }) => [images, seeds])).toEqual(ONCE.map(() => [12, 1]));
    expect(shown.every(({ gain }) => gain !== null)).toBe(true);
  });

  it('counts once in the progress', async () => {
    const { progress } = await http.get('/sweeps/sizes', sweepView);
    const { runs } = await planned(SIZES);
    expect(progressView.parse(progress)).toMatchObject({ total: runs.length, share: 1 });
  });

  it('stands for those that sweeps trained for each size before: one seed is one seed', async () => {
    const { runs, tasks } = await planned(SIZES.slice(0, 1));
    const twin = (images: number) =>
      runs.flatMap((run) =>
        wayOf(run.recipe)[0] === 'dann'
          ? [{ ...run, dependsOn: [], fingerprint: `${images}`, recipe: { ...run.recipe, images } }]
          : [],
      );
    await http.store.createSweep(
      { id: 'old', name: 'old', spec: spec([6, 24]), tasks, origin: 'measured', source: null },
      [6, 24].flatMap(twin) as SweepPlan['runs'][number][],
    );
    for (const fingerprint of ['6', '24']) {
      await http.store.claim(fingerprint, 'w', 60);
      await http.store.complete(fingerprint, 'w', result('dann'), 'wasm');
    }
    const { ways } = await http.get('/sweeps/old/targets/z-depth/methods', methodsView);
    expect(ways.map((way) => [way.key, way.images, way.seeds])).toEqual([
      ['dann', 6, 1],
      ['dann', 24, 1],
    ]);
  });
});
