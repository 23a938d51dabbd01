import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { labelOf } from '@/lib/science/catalog/methods';
import { declareTasks, ROOMS_VERSION } from '@/lib/science/datasets';
import { methodsOf } from '../contracts';
import type { PlannedRun } from '../ports';
import { gatherLosses } from './analyse';
import { parseSweepFile, validateSweep } from './parse';
import { planSweep } from './plan';
import { orderMethods } from './plan-methods';

const base = {
  name: 'test',
  dataset: { kind: 'rooms', size: 64, pools: { source: 900, transfer: 300, selection: 150, test: 600 } },
  tasks: ['autoencoding', 'z-depth', 'surface-normals'],
};

function plan(changes: Record<string, unknown> = {}) {
  const spec = validateSweep({ ...base, ...changes });
  if (spec.dataset.kind !== 'rooms') throw new Error('rooms only');
  return planSweep(spec, {
    tasks: declareTasks('rooms'),
    dataset: { ...spec.dataset, version: ROOMS_VERSION },
  });
}

const fingerprints = (runs: readonly PlannedRun[]) => runs.map((run) => run.fingerprint).sort();
const transfersOf = (runs: readonly PlannedRun[], target: string) =>
  runs.flatMap((run) =>
    run.recipe.kind === 'transfer' && run.recipe.task === target ? [{ ...run, recipe: run.recipe }] : [],
  );

function issuesOf(changes: Record<string, unknown>) {
  try {
    plan(changes);
  } catch (error) {
    return (error as { issues: { path: string; message: string }[] }).issues;
  }
  return [];
}

describe('methods of a sweep', () => {
  it('is the old plan to the last fingerprint when only the readout is named', () => {
    expect(fingerprints(plan({ methods: ['readout'] }).runs)).toEqual(fingerprints(plan().runs));
  });

  it('plans target × source × method, each candidate with a name of its own', () => {
    const methods = ['readout', 'fine-tune', { method: 'fine-tune', options: { 'l2-sp': 0.01 } }];
    const { runs, counts } = plan({ methods });
    expect(counts.transfer).toBe(27);
    const depth = transfersOf(runs, 'z-depth');
    const losses = new Float32Array(3);
    const measured = depth.map((run) => ({ run, losses }));
    const keys = gatherLosses('z-depth', measured, undefined).candidates.map((c) => [c.key, c.kind]);
    expect(keys).toEqual([
      ['autoencoding', 'transfer'],
      ['fine-tune(l2-sp=0.01):autoencoding', 'transfer'],
      ['fine-tune(l2-sp=0.01):surface-normals', 'transfer'],
      ['fine-tune(l2-sp=0.01):z-depth', 'retransfer'],
      ['fine-tune:autoencoding', 'transfer'],
      ['fine-tune:surface-normals', 'transfer'],
      ['fine-tune:z-depth', 'retransfer'],
      ['surface-normals', 'transfer'],
      ['z-depth', 'retransfer'],
    ]);
  });

  it('plans no run that a method cannot serve, and names what it leaves out', () => {
    const tasks = ['z-depth', 'segmentation-2d', 'semantic-segmentation'];
    const whole = plan({ tasks, methods: ['readout', 'self-training', 'born-again'] });
    const methods = (of: typeof whole, target: string) =>
      [...new Set(transfersOf(of.runs, target).map((run) => run.recipe.method))].sort();
    // All images are labelled: nothing is left for self-training.
    expect(methods(whole, 'z-depth')).toEqual(['born-again', 'readout']);
    expect(methods(whole, 'segmentation-2d')).toEqual(['readout']);
    const few = plan({ tasks, methods: ['readout', 'self-training'], transferSizes: ['5 %'] });
    expect(methods(few, 'z-depth')).toEqual(['readout', 'self-training']);
    expect(few.skipped).toEqual([
      'self-training → segmentation-2d at 15 images (its answers are embeddings, of which no one is right)',
      'self-training → semantic-segmentation at 15 images (confidence by the pixel is not built)',
    ]);
  });

  it('refuses higher orders of a method that takes one source only', () => {
    expect(issuesOf({ methods: ['fine-tune'], maxOrder: 2 })).toMatchObject([{ path: 'maxOrder' }]);
    expect(issuesOf({ methods: ['fine-tune', 'readout'], maxOrder: 2 })).toEqual([]);
  });

  it('keeps in a recipe only what differs from the defaults, so that saying a default is no other run', () => {
    const plain = plan({ methods: ['fine-tune'] });
    const spoken = plan({ methods: [{ method: 'fine-tune', options: { 'l2-sp': 0, 'layer-decay': 1 } }] });
    expect(fingerprints(spoken.runs)).toEqual(fingerprints(plain.runs));
    const [run] = transfersOf(plain.runs, 'z-depth');
    expect(run?.recipe).not.toHaveProperty('options');
    expect(run?.recipe).not.toHaveProperty('members');
  });

  it('takes epochs and rate of a method into its training', () => {
    const options = { epochs: 7, 'learning-rate': 0.5 };
    const [run] = transfersOf(plan({ methods: [{ method: 'features', options }] }).runs, 'z-depth');
    expect(run?.recipe.training).toMatchObject({ epochs: 7, learningRate: 0.5 });
  });

  it('narrows a method to its own sources', () => {
    const methods = ['readout', { method: 'fine-tune', sources: ['z-depth'] }];
    const runs = transfersOf(plan({ methods }).runs, 'surface-normals');
    expect(runs.map(({ recipe }) => `${recipe.method} ${recipe.sources[0]?.task}`)).toEqual([
      ...['readout autoencoding', 'readout z-depth', 'readout surface-normals'],
      'fine-tune z-depth',
    ]);
  });

  it.each([
    ['an unknown method', ['readot'], 'methods[0]', ''],
    [
      'an unknown option',
      [{ method: 'fine-tune', options: { l2sp: 1 } }],
      'methods[0].options.l2sp',
      'l2-sp',
    ],
    [
      'a value out of range',
      ['readout', { method: 'fine-tune', options: { 'l2-sp': -1 } }],
      'methods[1].options.l2-sp',
      'between 0 and 100',
    ],
    ['the same method twice', ['fine-tune', { method: 'fine-tune' }], 'methods[1]', 'listed twice'],
  ])('refuses %s by its field', (_, methods, path, text) => {
    const [issue] = issuesOf({ methods });
    expect(issue?.path).toBe(path);
    expect(issue?.message).toContain(text);
  });

  it('puts the methods in an order in which members come first', () => {
    const spec = validateSweep({ ...base, methods: ['fine-tune', 'readout'] });
    expect(orderMethods(methodsOf(spec)).map((method) => method.id)).toEqual(['fine-tune', 'readout']);
  });
});

describe('pretrained sources', () => {
  const pretrained = [
    { id: 'normals-then-depth', method: 'fine-tune', sources: ['surface-normals'], tasks: ['z-depth'] },
  ];

  it('chains: the result of a transfer is a source of every target', () => {
    const { runs, sources, tasks } = plan({ pretrained });
    expect(sources).toContain('normals-then-depth');
    const chain = runs.find((run) => run.recipe.kind === 'transfer' && run.recipe.method === 'fine-tune');
    const source = runs.find((run) => run.recipe.kind === 'source' && run.recipe.task === 'surface-normals');
    expect(chain?.dependsOn).toEqual([source?.fingerprint]);
    for (const target of ['autoencoding', 'z-depth', 'surface-normals']) {
      const used = transfersOf(runs, target).filter(
        (run) => run.recipe.sources[0]?.task === 'normals-then-depth',
      );
      expect(used.map((run) => run.dependsOn)).toEqual([[chain?.fingerprint]]);
    }
    // Its labels are those of both tasks behind it.
    const taught = tasks.find((task) => task.id === 'normals-then-depth');
    expect(taught?.taught?.tasks).toEqual(['z-depth', 'surface-normals']);
    expect(taught?.labelCost).toBe(2);
  });

  it('is one run when it is a candidate of its own target too', () => {
    const { runs } = plan({ pretrained, methods: ['readout', 'fine-tune'] });
    const chain = runs.filter(
      (run) =>
        run.recipe.kind === 'transfer' &&
        run.recipe.method === 'fine-tune' &&
        run.recipe.task === 'z-depth' &&
        run.recipe.sources[0]?.task === 'surface-normals',
    );
    expect(chain.map((run) => run.target)).toEqual(['z-depth']);
  });

  it('without labels: planned from the pictures alone, at a price of its own', () => {
    const taught = [
      { id: 'views', method: 'contrastive', options: { epochs: 4 } },
      { id: 'stack', method: 'deep-belief' },
    ];
    const small = { ...base, dataset: { ...base.dataset, size: 32 }, preset: 'mlp' };
    const { runs, tasks } = plan({ ...small, pretrained: taught });
    const found = runs.flatMap(({ recipe, estimatedFlops: flops }) =>
      recipe.kind === 'pretrain' ? [{ recipe, flops }] : [],
    );
    expect(found.map(({ recipe }) => [recipe.method, recipe.training.epochs])).toEqual([
      ['contrastive', 4],
      ['deep-belief', 20],
    ]);
    // 20 passes of 900 pictures: five products with each layer's weights (3072, 256, 128, 64 units), and the codes.
    const weights = 3072 * 256 + 256 * 128 + 128 * 64;
    expect(found[1]?.flops).toBe(20 * 900 * 10 * weights + 1050 * 2 * weights);
    expect(tasks.find(({ id }) => id === 'views')).toMatchObject({ labelCost: 0, taught: { tasks: [] } });
  });

  it.each([
    [
      'an encoder that cannot be a stack',
      { method: 'deep-belief', tasks: [], sources: [] },
      'pretrained[0].method',
      'mlp, not tiny',
    ],
    [
      'labels for what takes none',
      { method: 'contrastive', sources: [] },
      'pretrained[0].tasks',
      'pictures alone',
    ],
    [
      'a start for what takes none',
      { method: 'contrastive', tasks: [] },
      'pretrained[0].sources',
      'pictures alone',
    ],
    ['a name that is taken', { id: 'z-depth' }, 'pretrained[0].id', 'already a source'],
    ['an unknown source', { sources: ['later'] }, 'pretrained[0].sources[0]', 'taught before'],
    ['an unknown task', { tasks: ['reshading'] }, 'pretrained[0].tasks[0]', 'not in the list'],
    ['a transfer without a target', { tasks: [] }, 'pretrained[0]', 'one encoder'],
    [
      'sources that nobody reads',
      { method: 'multi-task', tasks: ['z-depth', 'autoencoding'] },
      'pretrained[0].sources',
      'leave sources out',
    ],
    ['too few tasks', { method: 'multi-task', sources: [] }, 'pretrained[0].tasks', 'at least 2 tasks'],
  ])('refuses %s by its field', (_, changes, path, text) => {
    const [issue] = issuesOf({ pretrained: [{ ...pretrained[0], ...changes }] });
    expect(issue?.path).toBe(path);
    expect(issue?.message).toContain(text);
  });
});

describe('cross-stitched sources', () => {
  const entry = {
    id: 'stitched',
    method: 'multi-task',
    options: { sharing: 'cross-stitch' },
    tasks: ['z-depth', 'surface-normals'],
  };
  const hard = { ...entry, options: {} };
  const tuned = { id: 'tuned', method: 'fine-tune', sources: ['stitched'], tasks: ['autoencoding'] };

  it('cost all of their columns: taught, encoded and fine-tuned, also at second hand', () => {
    const flopsOf = (first: object) => {
      const { runs } = plan({ pretrained: [first, tuned], methods: ['readout', 'fine-tune'] });
      const pretrained = runs.find(({ recipe }) => recipe.kind === 'pretrain')?.estimatedFlops ?? 0;
      const from = (method: string, source: string) =>
        transfersOf(runs, 'z-depth').find(
          ({ recipe }) => recipe.method === method && recipe.sources[0]?.task === source,
        )?.estimatedFlops ?? 0;
      const fineTuned = ['stitched', 'tuned', 'z-depth'].map((source) => from('fine-tune', source));
      return { pretrained, fineTuned, readout: from('readout', 'stitched') };
    };
    const [two, one] = [flopsOf(entry), flopsOf(hard)];
    expect(two.pretrained).toBeGreaterThan(one.pretrained);
    expect(two.readout).toBe(one.readout);
    const [stitched = 0, second, single] = two.fineTuned;
    expect(second).toBe(stitched);
    expect(stitched).toBeGreaterThan(1.5 * (single ?? 0));
    expect(one.fineTuned).toEqual([single, single, single]);
  });

  it('are refused by their field where units cannot join the encoders', () => {
    const [issue] = issuesOf({ preset: 'resnet50', pretrained: [entry] });
    expect(issue?.path).toBe('pretrained[0].method');
    expect(issue?.message).toContain(
      'multi-task(sharing=cross-stitch) teaches networks of preset micro or tiny',
    );
    expect(issuesOf({ preset: 'resnet50', pretrained: [hard] })).toEqual([]);
  });
});

describe('teachers and members', () => {
  const keysOf = (recipe: { members?: readonly { key: string }[] }) =>
    recipe.members?.map(({ key }) => key) ?? [];

  it('names the transfers that a method learns from, and waits for them', () => {
    const methods = [
      'ensemble',
      'readout',
      { method: 'distill', options: { teacher: 'readout' } },
      'distill',
      'born-again',
    ];
    const runs = transfersOf(plan({ methods }).runs, 'z-depth');
    const by = (method: string) => runs.filter(({ recipe }) => recipe.method === method);
    const [ensemble] = by('ensemble');
    expect(keysOf(ensemble?.recipe ?? {})).toEqual(['autoencoding', 'surface-normals']);
    expect(by('distill').map(({ recipe }) => [recipe.sources.map((s) => s.task), keysOf(recipe)])).toEqual([
      [['z-depth'], []],
      [['autoencoding'], ['autoencoding']],
      [['z-depth'], ['z-depth']],
      [['surface-normals'], ['surface-normals']],
    ]);
    expect(by('born-again').map(({ recipe }) => recipe.sources)).toEqual([[]]);
    for (const { recipe, dependsOn } of [...by('ensemble'), ...by('distill')])
      for (const member of recipe.members ?? []) expect(dependsOn).toContain(member.fingerprint);
  });

  it('prices a student of another preset as what it is', () => {
    const student = (options: object) =>
      transfersOf(
        plan({ tasks: ['scene-class'], methods: [{ method: 'distill', options }] }).runs,
        'scene-class',
      )[0]?.estimatedFlops ?? 0;
    const [same, small, large] = [{}, { student: 'micro' }, { student: 'resnet50' }].map(student);
    expect(small).toBeLessThan((same ?? 0) / 2);
    expect(large).toBeGreaterThan(100 * (same ?? 0));
  });

  it('is one way, without sources, where its members have none: no source is charged for it', () => {
    const methods = [
      'readout',
      'born-again',
      { method: 'distill', options: { teacher: 'born-again' } },
      { method: 'distill', options: { teacher: 'born-again+readout' } },
      { method: 'ensemble', options: { members: 'born-again' } },
      { method: 'fine-tune', sources: ['z-depth'] },
      { method: 'ensemble', options: { members: 'fine-tune' } },
    ];
    const runs = transfersOf(plan({ methods }).runs, 'surface-normals').flatMap(({ recipe }) =>
      recipe.members ? [[labelOf(recipe), recipe.sources.map(({ task }) => task).join('+')]] : [],
    );
    expect(runs).toEqual([
      ['distill(teacher=born-again)', ''],
      ...base.tasks.map((task) => ['distill(teacher=born-again+readout)', task]),
      ['ensemble(members=born-again)', ''],
      ['ensemble(members=fine-tune)', 'z-depth'],
    ]);
  });

  it('has a tree from labels alone wait for none, and pay for none, of what it does not ask', () => {
    const alone = { weight: 0, unlabelled: false };
    const tree = (options: Record<string, unknown>) => ({ method: 'born-again-tree', options });
    const { runs } = plan({
      tasks: ['autoencoding', 'z-depth', 'scene-class'],
      methods: ['readout', 'born-again-tree', tree(alone), tree({ ...alone, see: 'code' })],
    });
    const trees = transfersOf(runs, 'scene-class').filter(
      ({ recipe }) => recipe.method === 'born-again-tree',
    );
    const kinds = new Map(runs.map((run) => [run.fingerprint, run.recipe.kind]));
    expect(
      trees.map(({ recipe, dependsOn }) => [
        recipe.sources.length,
        recipe.members?.length ?? 0,
        [...new Set(dependsOn.map((parent) => kinds.get(parent)))].sort().join(' '),
      ]),
    ).toEqual([
      [0, 0, 'dataset'],
      [2, 0, 'source'],
      [2, 2, 'source transfer'],
    ]);
  });

  it('refuses members that the sweep does not have, and circles', () => {
    expect(issuesOf({ methods: ['ensemble'] })[0]?.message).toContain('add it to methods');
    const circle = [
      { method: 'distill', options: { teacher: 'b' }, label: 'a' },
      { method: 'ensemble', options: { members: 'a' }, label: 'b' },
    ];
    expect(issuesOf({ methods: circle })[0]?.message).toContain('learn from each other');
  });
});

describe('example sweeps', () => {
  const folder = join(import.meta.dirname, '../../../sweeps/methods');
  it.each(readdirSync(folder))('%s is valid and can be planned', (file) => {
    const spec = parseSweepFile(readFileSync(join(folder, file), 'utf8'));
    const dataset =
      spec.dataset.kind === 'idx'
        ? { ...spec.dataset, version: 1, manifest: 'none' }
        : { ...spec.dataset, version: ROOMS_VERSION };
    const { counts } = planSweep(spec, {
      tasks: declareTasks(spec.dataset.kind),
      dataset: dataset as Parameters<typeof planSweep>[1]['dataset'],
    });
    expect(counts.transfer).toBeGreaterThan(2);
  });
});
