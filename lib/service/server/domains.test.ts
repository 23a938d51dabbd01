import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterAll, describe, expect, it } from 'vitest';
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
  const { dataset: resolved } = await datasetCatalog.resolve(spec.dataset);
  return planSweep(spec, { dataset: resolved, tasks: datasetCatalog.tasks(resolved) });
}

const issuesOf = async (dataset: Record<string, unknown>) =>
  await plan(dataset).then(
    () => [],
    (error: { issues: { path: string; message: string }[] }) => error.issues,
  );

const SUPERVISED = { method: 'source-only', options: { supervised: true } };

describe('methods of adaptation', () => {
  const methods = ['readout', 'adda', 'cycada', 'dann', 'deep-coral', 'source-only'];
  const transfers = ({ runs }: Awaited<ReturnType<typeof plan>>) =>
    runs.flatMap((run) => (run.recipe.kind === 'transfer' ? [{ ...run, recipe: run.recipe }] : []));

  it('are planned once for a target, ADDA and CyCADA after the network that they start from', async () => {
    const planned = transfers(await plan({ shift }, { methods, seeds: [1, 2] }));
    const adapted = planned.filter(({ recipe }) => recipe.method !== 'readout');
    expect(adapted).toHaveLength(10);
    expect(adapted.every(({ recipe }) => recipe.sources.length === 0)).toBe(true);
    for (const seed of [1, 2]) {
      const of = (method: string) =>
        adapted.find(({ recipe }) => recipe.method === method && recipe.seed === seed);
      const start = of('source-only');
      for (const later of [of('adda'), of('cycada')]) {
        expect(later?.dependsOn).toEqual([start?.fingerprint]);
        expect(later?.recipe.members).toEqual([{ key: 'source-only', fingerprint: start?.fingerprint }]);
        expect(later?.priority).toBeGreaterThan(start?.priority ?? Number.POSITIVE_INFINITY);
      }
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

  it('are one run for all sizes unless they read labels, and the preview says so', async () => {
    const methods = ['readout', 'source-only', { method: 'dann', options: { supervised: true } }];
    const notes = async (transferSizes: number[]) =>
      planReport(await plan({ shift }, { methods, transferSizes }), { states: new Map(), pace: 1 }).notes;
    const once = (await notes([6, 24])).filter((note) => note.startsWith('One run serves every size'));
    expect(once).toEqual([expect.stringContaining('by source-only.')]);
    expect((await notes([24])).join()).not.toContain('One run serves');
  });

  it('are left out of a data set of one domain, and the preview says why', async () => {
    const one = await plan({}, { methods });
    expect(transfers(one).every(({ recipe }) => recipe.method === 'readout')).toBe(true);
    expect(one.skipped).toHaveLength(5);
    const [note = ''] = planReport(one, { states: new Map(), pace: 1 }).notes;
    expect(note).toContain(
      'dann → z-depth at 24 images (the data set has one domain: give it a shift or a target)',
    );
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

  it.each(['adda', 'cycada'])('%s wants the method that it starts from in the sweep', async (method) => {
    const refused = plan({ shift }, { methods: [method] });
    await expect(refused).rejects.toMatchObject({ issues: [{ path: 'methods[0]' }] });
  });

  it.each<[string, unknown[], string | null]>([
    [
      'a method of the target domain',
      ['fine-tune', { method: 'cycada', options: { start: 'fine-tune' } }],
      'does not leave',
    ],
    [
      'a network of another shape',
      ['born-again', { method: 'adda', options: { start: 'born-again' } }],
      'source-only, dann, deep-coral',
    ],
    [
      'an adapted encoder',
      ['source-only', 'adda', { method: 'cycada', options: { start: 'adda' } }],
      'does not leave',
    ],
    ['labels of the target domain', [SUPERVISED, 'cycada'], 'without supervised'],
    ['labels of the target domain, for ADDA', [SUPERVISED, 'adda'], 'without supervised'],
    ['nothing: both are supervised', [SUPERVISED, { method: 'cycada', options: { supervised: true } }], null],
    ['nothing: the plain one is named', [SUPERVISED, 'source-only', 'cycada'], null],
    ['nothing: DANN', ['dann', { method: 'adda', options: { start: 'dann' } }], null],
  ])('start from the source domain; refused: %s', async (_, listed, words) => {
    const planned = plan({ shift }, { methods: ['readout', ...listed] });
    if (words === null) {
      const last = transfers(await planned).filter(({ recipe }) => /adda|cycada/.test(recipe.method));
      expect(last.map(({ recipe }) => recipe.members?.length)).toEqual([1]);
    } else {
      const path = `methods[${listed.length}]`;
      const message = expect.stringContaining(words);
      await expect(planned).rejects.toMatchObject({ issues: [{ path, message }] });
    }
  });

  it('want ten pictures of either domain before anything is trained, by the pool’s field', async () => {
    const pools = { source: 9, transfer: 10, selection: 12, test: 12 };
    const refused = async (dataset: object, given: readonly string[]) =>
      await plan({ ...dataset }, { methods: given }).then(
        () => [],
        (error: { issues: { path: string; message: string }[] }) => error.issues,
      );
    expect(await refused({ shift, pools }, ['readout', 'dann'])).toEqual([
      {
        path: 'dataset.pools.source',
        message: 'dann needs at least 10 pictures of either domain, and this pool has 9',
      },
    ]);
    const few = { ...pools, source: 10, transfer: 9 };
    expect(await refused({ shift, pools: few }, ['source-only'])).toMatchObject([
      { path: 'dataset.pools.transfer' },
    ]);
    expect(await refused({ shift, pools: { ...few, transfer: 10 } }, methods)).toEqual([]);
    // Where nothing goes between domains the pools may be as small as they like.
    expect(await refused({ shift, pools }, ['readout'])).toEqual([]);
    expect(await refused({ pools }, ['readout', 'dann'])).toEqual([]);
  });

  it('CyCADA does not serve tasks whose labels are made from the picture', async () => {
    const { runs, skipped } = await plan(
      { shift },
      { methods: ['source-only', 'cycada'], targets: ['autoencoding', 'z-depth'] },
    );
    const of = (run: (typeof runs)[number]) =>
      run.recipe.kind === 'transfer' && run.recipe.method === 'cycada' ? [run.recipe.task] : [];
    expect(runs.flatMap(of)).toEqual(['z-depth']);
    expect(skipped).toEqual([
      'cycada → autoencoding at 24 images (its labels are made from the picture, which translation changes)',
    ]);
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

  it('trains no gold: a network of the source pool is not the target domain’s own', async () => {
    const narrow = { sources: ['autoencoding'], targets: ['z-depth'] };
    const own = async (dataset: object) =>
      (await plan({ ...dataset }, narrow)).runs.flatMap(({ recipe, target }) =>
        recipe.kind === 'source' ? [[recipe.task, target]] : [],
      );
    expect(await own({})).toEqual([
      ['autoencoding', null],
      ['z-depth', 'z-depth'],
    ]);
    expect(await own({ shift })).toEqual([['autoencoding', null]]);
  });

  it('says in its preview which pools look different', async () => {
    const known = { states: new Map(), pace: null };
    expect(planReport(await plan({ shift }), known).notes[0]).toContain(
      'show textured pictures (strength 0.5)',
    );
    expect(planReport(await plan({}), known).notes.join()).not.toContain('domain');
  });

  it('takes strength 1 when none is given, and refuses what is no shift by its field', async () => {
    expect((await plan({ shift: { kind: 'dim' } })).dataset.shift).toEqual({ kind: 'dim', strength: 1 });
    expect(await issuesOf({ shift: { kind: 'upside-down' } })).toMatchObject([
      { path: 'dataset.shift.kind' },
    ]);
    expect(await issuesOf({ shift: { kind: 'dim', strength: 2 } })).toMatchObject([
      { path: 'dataset.shift.strength' },
    ]);
  });
});

describe('two folders', () => {
  const root = mkdtempSync(join(tmpdir(), 'taskatlas-domains-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const folder = (name: string, classes: readonly string[], each = 9): string => {
    for (const label of classes) {
      mkdirSync(join(root, name, label), { recursive: true });
      for (let i = 0; i < each; i++) {
        const png = new PNG({ width: 16, height: 16 });
        png.data.fill(name.length * 10 + i + 100 * classes.indexOf(label));
        for (let alpha = 3; alpha < png.data.length; alpha += 4) png.data[alpha] = 255;
        writeFileSync(join(root, name, label, `${i}.png`), PNG.sync.write(png));
      }
    }
    return join(root, name);
  };
  const photos = folder('photos', ['a', 'b']);
  const pools = { source: 12, transfer: 11, selection: 2, test: 3 };
  const of = (target: string, more: object = {}) =>
    validateSweep({
      ...base,
      tasks: ['classification', 'autoencoding'],
      targets: ['classification'],
      methods: ['source-only', 'dann'],
      dataset: {
        kind: 'image-folder',
        size: 16,
        directory: photos,
        pools,
        target: { directory: target, ...more },
      },
    });
  const resolved = async (target: string, more?: object) =>
    (await datasetCatalog.resolve(of(target, more).dataset)).dataset;
  const issues = async (target: string) =>
    await resolved(target).then(
      () => [],
      (error: { issues: { path: string; message: string }[] }) => error.issues,
    );

  it('are planned like a shift, both manifests in every fingerprint', async () => {
    const spec = await resolved(folder('sketches', ['a', 'b']));
    expect(spec.pools).toEqual(pools);
    expect(spec.target?.manifest).toMatch(/^[0-9a-f]{64}$/);
    const made = planSweep(of(join(root, 'sketches')), { dataset: spec, tasks: datasetCatalog.tasks(spec) });
    expect(made.counts.transfer).toBe(2);
    expect(planReport(made, { states: new Map(), pace: 1 }).notes[0]).toContain(
      `show pictures of ${join(root, 'sketches')}`,
    );
  });

  it('with numbers for names are the same classes only where a person says so', async () => {
    const numbered = {
      directory: folder('numbered', ['0', '1']),
      target: { directory: folder('again', ['0', '1']) },
    };
    const resolve = async (sameClasses: boolean) => {
      const { dataset } = of(photos);
      const input = {
        ...dataset,
        ...numbered,
        target: { ...numbered.target, ...(sameClasses ? { sameClasses } : {}) },
      } as typeof dataset;
      return (await datasetCatalog.resolve(input)).dataset;
    };
    await expect(resolve(false)).rejects.toMatchObject({
      issues: [
        { path: 'dataset.target.directory', message: expect.stringContaining('set "sameClasses: true"') },
      ],
    });
    const spec = await resolve(true);
    // What a person says of the classes changes no picture and no label: it is not part of the identity.
    expect(spec.target).not.toHaveProperty('sameClasses');
  });

  it('are refused at their field: missing, other classes, the same folder', async () => {
    const path = 'dataset.target.directory';
    expect(await issues(join(root, 'nowhere'))).toMatchObject([{ path }]);
    expect(await issues(folder('others', ['a', 'c']))).toMatchObject([
      { path, message: 'has the classes a, c; the source domain has a, b' },
    ]);
    expect(await issues(photos)).toMatchObject([
      { path, message: expect.stringContaining('must not share') },
    ]);
    // How many there are of the second domain is known before anything is planned.
    expect(await issues(folder('few', ['a', 'b'], 4))).toMatchObject([
      { path: 'dataset.pools.transfer', message: expect.stringContaining('has 3 for it') },
    ]);
  });
});

describe('two folders of IDX files', () => {
  const root = mkdtempSync(join(tmpdir(), 'taskatlas-domains-idx-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const COUNT = 40;
  const folder = (name: string, pixel: number): string => {
    const file = (sizes: readonly number[], values: Buffer): Buffer => {
      const header = Buffer.from([0, 0, 8, sizes.length, ...sizes.flatMap((n) => [0, 0, n >> 8, n & 255])]);
      return Buffer.concat([header, values]);
    };
    mkdirSync(join(root, name), { recursive: true });
    const labels = Buffer.from(Array.from({ length: COUNT }, (_, i) => i % 10));
    writeFileSync(
      join(root, name, 'train-images-idx3-ubyte'),
      file([COUNT, 8, 8], Buffer.alloc(COUNT * 64, pixel)),
    );
    writeFileSync(join(root, name, 'train-labels-idx1-ubyte'), file([COUNT], labels));
    return join(root, name);
  };
  const [digits, clothes] = [folder('digits', 10), folder('clothes', 200)];
  const resolve = async (target: object) => {
    const pools = { source: 12, transfer: 12, selection: 4, test: 4 };
    const dataset = {
      kind: 'idx',
      size: 16,
      directory: digits,
      pools,
      target: { directory: clothes, ...target },
    };
    const spec = validateSweep({ ...base, tasks: ['classification'], targets: ['classification'], dataset });
    return (await datasetCatalog.resolve(spec.dataset)).dataset;
  };

  it('are refused without a word on their classes: digits and clothes are both numbered 0 to 9', async () => {
    await expect(resolve({})).rejects.toMatchObject({
      code: 'invalid-input',
      issues: [
        { path: 'dataset.target.directory', message: expect.stringContaining('set "sameClasses: true"') },
      ],
    });
    await expect(resolve({ sameClasses: false })).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('are two domains of the same classes where a person says that they are', async () => {
    const spec = await resolve({ sameClasses: true });
    expect(spec.target).toEqual({ directory: clothes, manifest: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });
});
