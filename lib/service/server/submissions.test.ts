import { describe, expect, it } from 'vitest';
import * as contracts from '../contracts';
import type { StoredRun } from '../ports';
import { sampleResult } from '../ports/testing/samples';
import { analyseStoredTarget } from '../sweeps';
import { named } from './schemas';
import { json, MICRO, testApi } from './testing/http';

const http = testApi();

const file = (name: string, change: Record<string, unknown> = {}) => ({
  name,
  text: JSON.stringify({ ...MICRO, ...change }),
});
/** Mean test loss of a run to the novel target: only normals are better than scratch. */
const levelOf = ({ recipe }: StoredRun): number => {
  if (recipe.kind !== 'transfer') return recipe.kind === 'mean' ? 2 : 1;
  return { 'surface-normals': 0.4, 'z-depth': 1.1 }[recipe.sources[0]?.task ?? ''] ?? 1.3;
};

const count = async () => (await http.get('/sweeps', named.sweepList)).sweeps.length;

describe('several sweep files', () => {
  const files = [file('a.yaml'), file('b.yaml', { name: 'more', seeds: [1, 2] })];

  it('are priced each alone and together, where what both want counts once', async () => {
    const before = await count();
    const response = await http.ask('/sweeps/batch/plan', json({ files }));
    const { sweeps, total } = contracts.batchPlanView.strict().parse(await response.json());
    expect(sweeps.map((s) => s.file)).toEqual(['a.yaml', 'b.yaml']);
    const [a, b] = sweeps.map((s) => s.plan);
    // The second has every run of the first: its first seed.
    expect(total.total).toBe(b?.total);
    expect(total.byKind).toEqual(b?.byKind);
    expect(total.estimatedFlops).toBe(b?.estimatedFlops);
    expect(total.notes[0]).toBe(`${a?.total} runs are wanted more than once, and counted once.`);
    expect(await count()).toBe(before);
  });

  it('are refused whole, with every wrong field of every file', async () => {
    const before = await count();
    const wrong = [
      file('good.yaml'),
      file('bad.yaml', { tasks: ['autoencoding', 'z-dept'] }),
      { name: 'worse.yaml', text: 'name: [unclosed' },
      file('field.yaml', { sedes: [1] }),
    ];
    const problem = await http.problem('/sweeps/batch', 400, json({ files: wrong }));
    expect(problem.message).toContain('3 of 4 sweep files');
    expect(problem.issues.map((issue) => issue.path)).toEqual([
      'bad.yaml: tasks[1]',
      expect.stringMatching(/^worse\.yaml: line \d/),
      'field.yaml: sedes',
    ]);
    expect(problem.issues[0]?.message).toContain('did you mean "z-depth"');
    expect(await count()).toBe(before);
    const twice = await http.problem('/sweeps/batch', 400, json({ files: [files[0], files[0]] }));
    expect(twice.issues[0]?.path).toBe('files');
    await http.problem('/sweeps/batch', 400, json({}));
    await http.problem('/sweeps/batch', 400, json('{'));
    await http.problem('/sweeps/batch', 413, json({ files: [{ name: 'x', text: 'x'.repeat(2_000_000) }] }));
  });

  it('are submitted in their order', async () => {
    const before = await count();
    const response = await http.ask('/sweeps/batch', json({ files }));
    expect(response.status).toBe(201);
    const { sweeps } = named.sweepList.parse(await response.json());
    expect(sweeps.map((s) => s.name)).toEqual(['micro', 'more']);
    expect((sweeps[1]?.number ?? 0) - (sweeps[0]?.number ?? 0)).toBe(1);
    expect(await count()).toBe(before + 2);
  });
});

describe('a novel target', () => {
  const ask = (id: string, body: unknown, path = '') => http.ask(`/sweeps/${id}/novel${path}`, json(body));

  async function stored(seed = 9): Promise<{ id: string; runs: readonly StoredRun[] }> {
    const made = await http.ask('/sweeps', json({ ...MICRO, dataset: { ...MICRO.dataset, seed } }));
    const { id } = contracts.sweepView.parse(await made.json());
    return { id, runs: await http.store.runsOf(id) };
  }

  it('is ranked against the stored sources, of which none is trained again', async () => {
    const { id, runs } = await stored();
    const early = await http.problem(`/sweeps/${id}/novel`, 409, json({ task: 'reshading' }));
    expect(early.message).toContain('not finished: autoencoding, z-depth, surface-normals');
    for (const { kind, fingerprint } of runs) {
      if (kind === 'source' || kind === 'dataset')
        await http.store.complete(fingerprint, 'w', sampleResult(), 'wasm');
    }
    const plan = contracts.planView
      .strict()
      .parse(await (await ask(id, { task: 'reshading', images: 8 }, '/plan')).json());
    expect(plan.byKind).toMatchObject({ source: 3, scratch: 1, transfer: 3, mean: 1 });
    const response = await ask(id, { task: 'reshading', images: 8 });
    expect(response.status).toBe(201);
    const made = contracts.sweepView.strict().parse(await response.json());
    expect(made.name).toBe('micro + reshading');
    expect(response.headers.get('location')).toBe(`/api/v1/sweeps/${made.id}`);
    const own = await http.store.runsOf(made.id);
    expect(own).toHaveLength(plan.total);
    const old = new Set(runs.map((run) => run.fingerprint));
    const left = own.filter((run) => run.state !== 'done');
    expect(left.map((run) => run.kind).sort()).toEqual([
      'mean',
      'probe',
      'probe',
      'probe',
      'scratch',
      'transfer',
      'transfer',
      'transfer',
    ]);
    expect(left.filter((run) => old.has(run.fingerprint))).toEqual([]);
    for (const { recipe } of left) {
      if (recipe.kind === 'transfer' || recipe.kind === 'scratch')
        expect([recipe.task, recipe.images]).toEqual(['reshading', 8]);
      if (recipe.kind === 'transfer') expect(old.has(recipe.sources[0]?.fingerprint ?? '')).toBe(true);
    }

    for (const run of left) {
      const losses = Float32Array.from({ length: 32 }, (_, i) => levelOf(run) * (1 + 0.1 * Math.sin(i)));
      await http.store.complete(run.fingerprint, 'w', { ...sampleResult(), testLosses: losses }, 'wasm');
    }
    await analyseStoredTarget(http.store, made.id, 'reshading', async () => undefined);
    http.api.service.loader.forget();
    const best = await http.get(`/sweeps/${made.id}/best-source?target=reshading`, contracts.bestSourceView);
    expect(best.preliminary).toBe(false);
    expect(best.sources.map((s) => s.source)).toEqual(['surface-normals', 'z-depth', 'autoencoding']);
    expect(best.advice).toMatch(/^Take Surface normals/);
    expect(best.targetRow).toMatchObject({ complete: true, kept: true, goldSkill: null });
    const policy = await http.get(`/sweeps/${made.id}/policy?budget=1`, contracts.policyView);
    expect(policy.sources).toEqual(['surface-normals']);
  });

  it('cannot be analysed while a network of its own was planned and failed', async () => {
    const { id, runs } = await stored(10);
    const own = runs.find(({ recipe }) => recipe.kind === 'source' && recipe.task === 'z-depth');
    for (const { fingerprint } of runs.filter((run) => run !== own)) {
      await http.store.complete(fingerprint, 'w', sampleResult(), 'wasm');
    }
    await http.store.claim(own?.fingerprint ?? '', 'w', 60);
    const failed = await http.store.fail(own?.fingerprint ?? '', 'w', { class: 'diverged', message: 'NaN' });
    expect(failed.state).toBe('failed');
    const analysis = await analyseStoredTarget(http.store, id, 'z-depth', async () => undefined);
    expect(analysis.validity.reasons[0]).toContain('too few runs finished');
  });

  it('is refused where there is nothing to rank or nothing to ask', async () => {
    const typed = await http.problem('/sweeps/1/novel/plan', 400, json({ task: 'reshading', images: 'few' }));
    expect(typed.issues).toEqual([{ path: 'images', message: 'must be a whole number' }]);
    const { id } = await stored();
    const cases: [body: unknown, status: number, field: string][] = [
      [{ task: 'z-depth' }, 409, 'task'],
      [{ task: 'reshadin' }, 400, 'tasks[3]'],
      [{ task: 'reshading', images: 33 }, 400, 'images'],
      [{ task: 'reshading', images: 0 }, 400, 'images'],
      [{ task: 'reshading', sources: ['curvature'] }, 400, 'sources'],
      [{ task: 'reshading', surplus: 1 }, 400, 'surplus'],
      [{}, 400, 'task'],
    ];
    for (const [body, status, field] of cases) {
      const problem = await http.problem(`/sweeps/${id}/novel`, status, json(body));
      expect(problem.issues.map((issue) => issue.path)).toEqual([field]);
    }
    await http.problem('/sweeps/999/novel', 404, json({ task: 'reshading' }));
  });
});
