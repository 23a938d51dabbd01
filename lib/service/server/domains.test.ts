import { describe, expect, it } from 'vitest';
import { defaultTraining } from '@/lib/science/catalog/presets';
import { validateSweep } from '../sweeps/parse';
import { planSweep } from '../sweeps/plan';
import { datasetCatalog } from './dataset-catalog';
import { planReport } from './plan-report';

const base = {
  name: 'domains',
  dataset: { kind: 'rooms', size: 16, pools: { source: 32, transfer: 24, selection: 12, test: 12 } },
  preset: 'micro',
  tasks: ['autoencoding', 'z-depth'],
  targets: ['z-depth'],
};
const shift = { kind: 'textured', strength: 0.5 };

async function plan(dataset: Record<string, unknown>, more: Record<string, unknown> = {}) {
  const spec = validateSweep({ ...base, ...more, dataset: { ...base.dataset, ...dataset } });
  const resolved = await datasetCatalog.resolve(spec.dataset);
  return planSweep(spec, { dataset: resolved, tasks: datasetCatalog.tasks(resolved) });
}

const issuesOf = async (dataset: Record<string, unknown>) =>
  await plan(dataset).then(
    () => [],
    (error: { issues: { path: string; message: string }[] }) => error.issues,
  );

describe('methods of adaptation', () => {
  const methods = ['readout', 'adda', 'dann', 'deep-coral', 'source-only'];
  const transfers = ({ runs }: Awaited<ReturnType<typeof plan>>) =>
    runs.flatMap((run) => (run.recipe.kind === 'transfer' ? [{ ...run, recipe: run.recipe }] : []));

  it('are planned once for a target, ADDA after the network that it adapts', async () => {
    const planned = transfers(await plan({ shift }, { methods, seeds: [1, 2] }));
    const adapted = planned.filter(({ recipe }) => recipe.method !== 'readout');
    expect(adapted).toHaveLength(8);
    expect(adapted.every(({ recipe }) => recipe.sources.length === 0)).toBe(true);
    for (const seed of [1, 2]) {
      const of = (method: string) =>
        adapted.find(({ recipe }) => recipe.method === method && recipe.seed === seed);
      const [start, adda] = [of('source-only'), of('adda')];
      expect(adda?.dependsOn).toEqual([start?.fingerprint]);
      expect(adda?.recipe.members).toEqual([{ key: 'source-only', fingerprint: start?.fingerprint }]);
      expect(adda?.priority).toBeGreaterThan(start?.priority ?? Number.POSITIVE_INFINITY);
      // As much is learned from the source pool at every size of the transfer set.
      expect(start?.recipe.training).toEqual(defaultTraining('micro', 'source'));
    }
  });

  it('train as long at a small transfer set, which counts labels', async () => {
    const both = transfers(await plan({ shift }, { methods: ['dann', 'readout'], transferSizes: [6, 24] }));
    const epochs = (method: string) =>
      new Set(both.filter(({ recipe }) => recipe.method === method).map((run) => run.recipe.training.epochs));
    expect(epochs('dann').size).toBe(1);
    expect(epochs('readout').size).toBe(2);
  });

  it('are left out of a data set of one domain, and the preview says why', async () => {
    const one = await plan({}, { methods });
    expect(transfers(one).every(({ recipe }) => recipe.method === 'readout')).toBe(true);
    expect(one.skipped).toHaveLength(4);
    const [note = ''] = planReport(one, { states: new Map(), pace: 1 }).notes;
    expect(note).toContain('dann → z-depth at 24 images (the data set has one domain: give it a shift)');
  });

  it('cost what they train: the source pool, not the transfer set', async () => {
    const planned = transfers(await plan({ shift }, { methods }));
    const flops = (method: string) =>
      planned.find((run) => run.recipe.method === method)?.estimatedFlops ?? 0;
    expect(flops('dann')).toBeGreaterThan(flops('source-only'));
    const more = { ...base.dataset.pools, source: 64 };
    const larger = transfers(await plan({ shift, pools: more }, { methods: ['source-only'] }));
    expect(larger[0]?.estimatedFlops).toBeCloseTo(2 * flops('source-only'), 0);
  });

  it('ADDA wants the method that it starts from in the sweep', async () => {
    const refused = plan({ shift }, { methods: ['adda'] });
    await expect(refused).rejects.toMatchObject({ issues: [{ path: 'methods[0]' }] });
  });
});

describe('a sweep over two domains', () => {
  it('has runs of its own for all but the stored pictures, which both sweeps share', async () => {
    const [one, two] = [await plan({}), await plan({ shift })];
    const known = new Set(one.runs.map((run) => run.fingerprint));
    expect(two.runs).toHaveLength(one.runs.length);
    for (const run of two.runs) expect(known.has(run.fingerprint)).toBe(run.recipe.kind === 'dataset');
    const recipe = two.runs.find((run) => run.recipe.kind === 'source')?.recipe;
    expect(recipe?.dataset.shift).toEqual(shift);
  });

  it('says in its preview which pools look different', async () => {
    const known = { states: new Map(), pace: null };
    expect(planReport(await plan({ shift }), known).notes[0]).toContain('shown textured (strength 0.5)');
    expect(planReport(await plan({}), known).notes.join()).not.toContain('domain');
  });

  it('takes strength 1 when none is given, and refuses what is no shift by its field', async () => {
    expect((await plan({ shift: { kind: 'dim' } })).shift).toEqual({ kind: 'dim', strength: 1 });
    expect(await issuesOf({ shift: { kind: 'upside-down' } })).toMatchObject([
      { path: 'dataset.shift.kind' },
    ]);
    expect(await issuesOf({ shift: { kind: 'dim', strength: 2 } })).toMatchObject([
      { path: 'dataset.shift.strength' },
    ]);
  });
});
