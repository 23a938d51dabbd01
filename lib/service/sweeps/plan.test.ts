import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelOf } from '@/lib/science/catalog/methods';
import type { DatasetSpec } from '@/lib/science/core';
import { declareTasks, ROOMS_VERSION } from '@/lib/science/datasets';
import type { PlannedRun } from '../ports';
import { canonicalJson, fingerprintOf } from './fingerprint';
import { validateSweep } from './parse';
import { planSweep, type SweepPlan } from './plan';

const tasks = declareTasks('rooms');
const base = {
  name: 'test',
  dataset: { kind: 'rooms', size: 64, pools: { source: 900, transfer: 300, selection: 150, test: 600 } },
  tasks: ['autoencoding', 'z-depth', 'surface-normals', 'random-projection'],
  seeds: [1, 2],
};

function plan(changes: Record<string, unknown> = {}): SweepPlan {
  const spec = validateSweep({ ...base, ...changes });
  if (spec.dataset.kind !== 'rooms') throw new Error('rooms only');
  return planSweep(spec, { tasks, dataset: { ...spec.dataset, version: ROOMS_VERSION } });
}

const byFingerprint = (runs: readonly PlannedRun[]) => new Map(runs.map((run) => [run.fingerprint, run]));

describe('planSweep', () => {
  it('plans every source × target × seed, the references, and one probe per source', () => {
    const { counts, sources, targets, runs } = plan();
    expect(sources).toEqual(['autoencoding', 'z-depth', 'surface-normals', 'random-projection']);
    expect(targets).toEqual(['autoencoding', 'z-depth', 'surface-normals']);
    expect(counts).toEqual({
      dataset: 7,
      source: 8,
      scratch: 6,
      mean: 3,
      probe: 4,
      pretrain: 0,
      transfer: 24,
    });
    expect(new Set(runs.map((run) => run.fingerprint)).size).toBe(runs.length);
  });

  it('renders further views first where a task sees several pictures, and probes what can be probed', () => {
    const before = byFingerprint(plan().runs);
    const { runs, counts } = plan({
      tasks: [...base.tasks, 'pose-fixated', 'segmentation-2d'],
      seeds: [1],
    });
    const views = runs.filter((run) => run.recipe.kind === 'dataset' && run.recipe.views);
    expect(views.length).toBe(counts.dataset - 7);
    expect(views.length).toBeGreaterThan(0);
    const waits = (run: PlannedRun) => views.every(({ fingerprint }) => run.dependsOn.includes(fingerprint));
    for (const run of runs) {
      const { recipe } = run;
      if (recipe.kind === 'source') expect(waits(run)).toBe(true);
      if (recipe.kind === 'mean' || recipe.kind === 'scratch' || recipe.kind === 'transfer')
        expect(waits(run)).toBe(recipe.task === 'pose-fixated');
      if (recipe.kind === 'probe')
        expect(recipe.targets).toEqual(['autoencoding', 'z-depth', 'surface-normals', 'pose-fixated']);
    }
    // the other tasks' runs are those of a sweep without such tasks
    const known = runs.filter((run) => run.recipe.kind === 'source' && before.has(run.fingerprint));
    expect(known.length).toBe(4);
    expect(plan({ tasks: ['segmentation-2d'], seeds: [1] }).counts.probe).toBe(0);
  });

  it('names the identity of each run by its recipe', () => {
    for (const run of plan().runs) expect(run.fingerprint).toBe(fingerprintOf(run.recipe));
  });

  it('is the same plan each time, and for the same question in other words', () => {
    expect(plan()).toEqual(plan());
    expect(plan({ name: 'other', description: 'x' }).runs).toEqual(plan().runs);
  });

  it('shares what two sweeps have in common', () => {
    const all = byFingerprint(plan().runs);
    const fewer = plan({ tasks: ['autoencoding', 'z-depth'], seeds: [2] });
    const kinds = (runs: readonly PlannedRun[]) => runs.map((run) => run.recipe.kind).sort();
    const fresh = fewer.runs.filter((run) => !all.has(run.fingerprint));
    // A probe answers for all targets at once, so other targets make another probe.
    expect(kinds(fresh)).toEqual(['probe', 'probe']);
  });

  it.each([
    ['the image size', { dataset: { ...base.dataset, size: 32 } }],
    ['the data seed', { dataset: { ...base.dataset, seed: 2 } }],
    ['a pool', { dataset: { ...base.dataset, pools: { ...base.dataset.pools, test: 601 } } }],
    ['the preset', { preset: 'small' }],
    ['the training of sources', { training: { source: { epochs: 1, batchSize: 8, learningRate: 0.1 } } }],
  ])('gives trained runs another identity when %s changes', (_, changes) => {
    const before = byFingerprint(plan().runs);
    const trained = plan(changes).runs.filter(
      (run) =>
        run.recipe.kind === 'transfer' && run.recipe.sources.every((s) => s.task !== 'random-projection'),
    );
    expect(trained.filter((run) => before.has(run.fingerprint))).toEqual([]);
  });

  it('gives runs another identity when a task’s declaration is raised', () => {
    const spec = validateSweep(base);
    if (spec.dataset.kind !== 'rooms') throw new Error('rooms only');
    const dataset = { ...spec.dataset, version: ROOMS_VERSION };
    const raised = tasks.map((task) =>
      task.id === 'z-depth' ? { ...task, version: task.version + 1 } : task,
    );
    const before = byFingerprint(plan().runs);
    const same = planSweep(spec, { tasks: raised, dataset }).runs.filter((run) =>
      before.has(run.fingerprint),
    );
    const touched = same.filter((run) => canonicalJson(run.recipe).includes('"task":"z-depth"'));
    expect(touched).toEqual([]);
    expect(same.length).toBeGreaterThan(20);
  });

  it('lets nothing start before what it needs: every parent is in the plan, and comes first in the order', () => {
    const { runs } = plan();
    const known = byFingerprint(runs);
    for (const run of runs) {
      for (const parent of run.dependsOn) {
        const found = known.get(parent);
        expect(found).toBeDefined();
        // Probes are taken as soon as their source is done, before the other sources.
        if (run.recipe.kind !== 'probe') expect(found?.priority).toBeLessThan(run.priority);
      }
    }
  });

  it('orders the work: data, means, probes over sources, then tournament after tournament, then the next seed', () => {
    const ordered = [...plan().runs].sort((a, b) => a.priority - b.priority);
    const blocks = ordered.map((run) => (run.layer ? `seed ${run.layer} ` : '') + run.recipe.kind);
    const changes = blocks.filter((block, i) => block !== blocks[i - 1]);
    const tournaments = ['scratch', 'transfer', 'scratch', 'transfer', 'scratch', 'transfer'];
    expect(changes).toEqual([
      'dataset',
      'mean',
      'probe',
      'source',
      ...tournaments,
      'seed 1 source',
      ...tournaments.map((kind) => `seed 1 ${kind}`),
    ]);
    const targets = ordered.flatMap((run) => (run.recipe.kind === 'transfer' ? [run.recipe.task] : []));
    expect(targets.filter((target, i) => target !== targets[i - 1])).toEqual([
      ...['autoencoding', 'z-depth', 'surface-normals'],
      ...['autoencoding', 'z-depth', 'surface-normals'],
    ]);
  });

  it('puts gold, scratch, mean and transfers into their target’s tournament', () => {
    const depth = plan({ seeds: [1] }).runs.filter((run) => run.target === 'z-depth');
    expect(depth.map((run) => run.recipe.kind).sort()).toEqual([
      ...['mean', 'scratch', 'source'],
      ...Array(4).fill('transfer'),
    ]);
  });

  it('estimates work for everything that is trained', () => {
    const { runs, flops } = plan();
    for (const run of runs) expect(run.estimatedFlops).toBeGreaterThan(0);
    expect(flops).toBeCloseTo(runs.reduce((sum, run) => sum + run.estimatedFlops, 0));
  });

  it.each([
    ['an unknown task', { tasks: ['autoencoding', 'z-dept'] }, 'tasks[1]', 'did you mean "z-depth"?'],
    ['a task that is nothing like one', { tasks: ['qqqqqqqq'] }, 'tasks[0]', 'known tasks: '],
    ['a source outside the list', { sources: ['reshading'] }, 'sources[0]', 'not in the list of tasks'],
    ['a target that is source-only', { targets: ['random-projection'] }, 'targets[0]', 'cannot be a target'],
    ['nothing to learn', { tasks: ['random-projection'] }, 'tasks', 'can be a target'],
  ])('refuses %s by its field', (_, changes, path, text) => {
    let issues: readonly { path: string; message: string }[] = [];
    try {
      plan(changes);
    } catch (error) {
      issues = (error as { issues: typeof issues }).issues;
    }
    expect(issues[0]).toEqual({ path, message: expect.stringContaining(text) });
  });
});

describe('canonicalJson', () => {
  it('writes equal values alike, whatever the order of fields', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('leaves out undefined fields and refuses numbers without identity', () => {
    expect(canonicalJson({ b: 1, a: undefined, c: [true, null, 'ä"'] })).toBe(
      '{"b":1,"c":[true,null,"ä\\""]}',
    );
    expect(() => canonicalJson({ a: Number.NaN })).toThrow(RangeError);
  });

  it('has not changed: a stored fingerprint must be found again', () => {
    const recipe = {
      kind: 'mean',
      dataset: {
        kind: 'rooms',
        version: 1,
        seed: 1,
        size: 64,
        pools: { source: 1, transfer: 2, selection: 3, test: 4 },
      },
      version: 1,
      task: 'z-depth',
    } as const;
    // The same by Python: sha256(json.dumps(recipe, sort_keys=True, separators=(',', ':'))).
    expect(fingerprintOf(recipe)).toBe('407d3847a399f306041261ddc2d786017e0ba1bf7998727f0b1722168e745b28');
  });
});

describe('transfer sizes', () => {
  const sizes = { transferSizes: ['5 %', 60, '100 %'] };

  it('measures scratch and every transfer at each size; the full size is the same run as without sizes', () => {
    const { runs, counts } = plan(sizes);
    const plain = plan();
    const known = byFingerprint(runs);
    expect(plain.runs.every((run) => known.has(run.fingerprint))).toBe(true);
    expect(counts.scratch).toBe(3 * plain.counts.scratch);
    expect(counts.transfer).toBe(3 * plain.counts.transfer);
    const images = runs.flatMap(({ recipe }) => (recipe.kind === 'transfer' ? [recipe.images] : []));
    expect(new Set(images)).toEqual(new Set([15, 60, 300]));
  });

  it('trains longer on fewer images, and comes after the tournaments of its seed in layers of its own', () => {
    const runs = plan(sizes).runs.filter(({ recipe }) => recipe.kind === 'transfer' && recipe.seed === 1);
    const of = (images: number) =>
      runs.filter(({ recipe }) => recipe.kind === 'transfer' && recipe.images === images);
    const epochs = (images: number) =>
      new Set(of(images).map(({ recipe }) => ('training' in recipe ? recipe.training.epochs : 0)));
    expect([15, 60, 300].map((n) => [...epochs(n)])).toEqual([[400], [125], [60]]);
    const last = Math.max(...of(300).map((run) => run.priority));
    for (const run of [...of(15), ...of(60)]) expect(run.priority).toBeGreaterThan(last);
    expect([15, 60, 300].map((n) => new Set(of(n).map((run) => run.layer)))).toEqual([
      new Set([1000]),
      new Set([2000]),
      new Set([0]),
    ]);
  });

  it.each([
    [[301], 'transferSizes[0]', 'more than the transfer pool has'],
    [['100 %', '0.1 %'], 'transferSizes[1]', 'less than one image'],
    [['5'], 'transferSizes[0]', 'a number of images'],
  ])('refuses %j by its field', (transferSizes, path, text) => {
    let issues: readonly { path: string; message: string }[] = [];
    try {
      plan({ transferSizes });
    } catch (error) {
      issues = (error as { issues: typeof issues }).issues;
    }
    expect(issues[0]).toEqual({ path, message: expect.stringContaining(text) });
  });

  it('leaves out the own network of a target that is no source, when told so', () => {
    const narrow = { sources: ['z-depth'], targets: ['autoencoding'] };
    expect(plan(narrow).counts.source).toBe(4);
    expect(plan({ ...narrow, gold: false }).counts.source).toBe(2);
  });

  it('external sources join every tournament once for all seeds, marked, without changing any other run', () => {
    const encoder = { model: '/m/model.json', layer: 'out', range: [-1, 1] as const, sha256: 'a'.repeat(64) };
    const plain = validateSweep(base);
    const dataset = { ...plain.dataset, version: ROOMS_VERSION } as DatasetSpec;
    const spec = validateSweep({
      ...base,
      externalSources: [{ name: 'mobilenet', model: encoder.model, layer: encoder.layer }],
    });
    const external = new Map([['mobilenet', encoder]]);
    const before = planSweep(plain, { tasks, dataset });
    const after = planSweep(spec, { tasks, dataset, external });
    const known = new Set(before.runs.map((run) => run.fingerprint));
    const added = after.runs.filter((run) => !known.has(run.fingerprint));
    // One source, its transfers to 3 targets of 2 seeds, its probe.
    expect(added.map((run) => run.recipe.kind).sort()).toEqual(
      ['probe', 'source', ...Array(6).fill('transfer')].sort(),
    );
    expect(after.runs).toHaveLength(before.runs.length + added.length);
    expect(after.tasks.find(({ id }) => id === 'mobilenet')).toMatchObject({
      external: true,
      roles: ['source'],
      name: 'mobilenet (external)',
      labelCost: 0,
    });
    const taken = { ...spec, externalSources: [{ ...spec.externalSources?.[0], name: 'z-depth' }] };
    expect(() => planSweep(taken as typeof spec, { tasks, dataset, external })).toThrow(
      expect.objectContaining({ issues: [expect.objectContaining({ path: 'externalSources[0].name' })] }),
    );
  });

  it('plans nothing that looks inside a source from outside', () => {
    const encoder = { model: '/m/model.json', layer: 'out', range: [-1, 1] as const, sha256: 'a'.repeat(64) };
    const changes = {
      targets: ['z-depth'],
      externalSources: [{ name: 'mobilenet', model: encoder.model, layer: encoder.layer }],
      methods: ['readout', 'features', { method: 'features', options: { layer: 'conv1' } }, 'fine-tune'],
    };
    const spec = validateSweep({ ...base, ...changes });
    const dataset = { ...spec.dataset, version: ROOMS_VERSION } as DatasetSpec;
    const external = new Map([['mobilenet', encoder]]);
    const { runs, skipped } = planSweep(spec, { tasks, dataset, external });
    const from = runs.flatMap(({ recipe }) =>
      recipe.kind === 'transfer' && recipe.sources[0]?.task === 'mobilenet' ? [labelOf(recipe)] : [],
    );
    expect([...new Set(from)]).toEqual(['readout', 'features']);
    expect(skipped).toHaveLength(2);
    expect(skipped[0]).toContain('not from mobilenet');
    const pretrained = [{ id: 'more', method: 'fine-tune', sources: ['mobilenet'], tasks: ['z-depth'] }];
    expect(() =>
      planSweep(validateSweep({ ...base, ...changes, pretrained }), { tasks, dataset, external }),
    ).toThrow(
      expect.objectContaining({ issues: [expect.objectContaining({ path: 'pretrained[0].sources[0]' })] }),
    );
  });
});
