import { describe, expect, it } from 'vitest';
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
