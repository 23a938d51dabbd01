import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  ADAPTING_METHODS,
  domainsOf,
  sweepSpec,
  TEACHER_CHOICES,
  TRANSFER_CHOICES,
  unservable,
} from '@/lib/service/contracts';
import { freeName, isPlain, PLAIN } from './method-form';
import {
  emptyForm,
  formOf,
  isShifted,
  issueOf,
  keptFields,
  otherIssues,
  type SweepForm,
  specOf,
  withKind,
} from './sweep-form';
import { readSweep, yamlOf } from './sweep-yaml';

const chosen: SweepForm = { ...emptyForm, tasks: ['autoencoding', 'z-depth', 'edges-2d'] };

const methods: SweepForm['methods'] = [
  PLAIN,
  {
    ...PLAIN,
    method: 'dann',
    options: { weight: '0.5', supervised: 'true', gamma: '' },
    label: ' with labels ',
  },
  { ...PLAIN, method: 'fine-tune', options: { 'l2-sp': 'much' }, sources: ['edges-2d'] },
  { ...PLAIN, method: 'partial', options: { cache: 'false', freeze: 'stop-gradient', depth: '2' } },
];

const files = ['sweeps', 'sweeps/methods'].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => `${folder}/${name}`),
);

const specIn = (text: string) => {
  const read = readSweep(text);
  if (!('spec' in read)) throw new Error(JSON.stringify(read.issues));
  return read.spec;
};

describe('the sweep form, there and back', () => {
  it.each(files)('%s says the same after a way through the form and its YAML', (file) => {
    const spec = specIn(readFileSync(file, 'utf8'));
    const form = formOf(spec);
    expect(specIn(yamlOf(specOf(form)))).toEqual(spec);
    expect(formOf(specIn(yamlOf(specOf(form))))).toEqual(form);
  });

  it('keeps what it has no field for, until it is of another kind of data set', () => {
    const spec = specIn(
      'name: x\ntasks: [a, b]\ntargets: [a]\ntransferSizes: [30, "5 %"]\nmaxOrder: 2\ntraining: { source: { epochs: 1, batchSize: 8, learningRate: 0.1, optimiser: sgd } }\n' +
        'dataset: { kind: taskonomy, directory: /d, domains: [rgb], onError: skip, pools: { source: 1, transfer: 2, selection: 1, test: 1 } }\n',
    );
    const form = formOf(spec);
    expect(form.kept.sweep).toEqual({ targets: ['a'], maxOrder: 2 });
    expect(form.kept.dataset).toEqual({ domains: ['rgb'], onError: 'skip' });
    expect(form.kept.training.source).toEqual({ optimiser: 'sgd' });
    expect(keptFields(form).map(({ path }) => path)).toEqual([
      'targets',
      'maxOrder',
      'dataset.domains',
      'dataset.onError',
      'training.source.optimiser',
    ]);
    for (const { path, left } of keptFields(form)) {
      const others = keptFields(form).filter((field) => field.path !== path);
      expect(keptFields(left).map((field) => field.path)).toEqual(others.map((field) => field.path));
    }
    const left = keptFields(form)[4]?.left ?? form;
    expect(specOf(left).training).toEqual({ source: { epochs: 1, batchSize: 8, learningRate: 0.1 } });
    expect(form.transferSizes).toBe('30, 5 %');
    expect(sweepSpec.parse(specOf(form))).toEqual(spec);
    expect(specOf(withKind(form, 'rooms')).dataset).not.toHaveProperty('domains');
  });
});

describe('ways to transfer in the form', () => {
  it('are said as short as a sweep file can', () => {
    expect(specOf(chosen)).not.toHaveProperty('methods');
    expect(specOf({ ...chosen, methods: [] })).not.toHaveProperty('methods');
    expect(specOf({ ...chosen, methods })).toMatchObject({
      methods: [
        'readout',
        { method: 'dann', options: { weight: 0.5, supervised: true }, label: 'with labels' },
        // The server names what is no number.
        { method: 'fine-tune', options: { 'l2-sp': 'much' }, sources: ['edges-2d'] },
        { method: 'partial', options: { depth: 2, freeze: 'stop-gradient', cache: false } },
      ],
    });
    expect(isPlain([PLAIN])).toBe(true);
    expect(isPlain([{ ...PLAIN, options: { epochs: '3' } }])).toBe(false);
    expect(isPlain([{ ...PLAIN, method: 'features' }])).toBe(false);
  });

  it('have their errors at their options, wherever the list and whichever the entry', () => {
    const parsed = sweepSpec.safeParse(specOf({ ...chosen, methods }));
    const paths = parsed.error?.issues.map(({ path }) => path.join('.'));
    expect(paths).toEqual(['methods.2.options.l2-sp']);
    const twice = sweepSpec.safeParse(specOf({ ...chosen, methods: [PLAIN, PLAIN] }));
    expect(twice.error?.issues.map(({ path }) => path.join('.'))).toEqual(['methods.1']);
    const issues = [
      { path: 'methods[1]', message: 'twice' },
      { path: 'training.source.weightDecay', message: 'too large' },
      { path: 'dataset', message: 'no such folder' },
      { path: 'training.source.epochs', message: 'too few' },
    ];
    expect(issueOf(issues, 'methods[1]')).toBe('twice');
    expect(issueOf(issues, 'methods')).toBeNull();
    expect(otherIssues(issues).map(({ path }) => path)).toEqual(['training.source.weightDecay', 'dataset']);
  });

  it('are those of the catalog, with what they need', () => {
    const needs = new Map(TRANSFER_CHOICES.map((choice) => [choice.id, choice.needs]));
    expect(ADAPTING_METHODS).toEqual(expect.arrayContaining(['source-only', 'dann', 'deep-coral', 'adda']));
    for (const id of ADAPTING_METHODS) expect(needs.get(id)).toContain('two domains');
    expect(needs.get('readout')).toBe('one run for each source; frozen activations');
    expect(needs.get('self-training')).toContain('fewer labelled images');
    expect(needs.get('ensemble')).toBe(
      'one run from all sources together; transfers of readout in this sweep',
    );
    expect(needs.get('born-again-tree')).toContain('a task of classes');
    expect(unservable('dann', false, false)).toContain('one domain');
    expect(unservable('dann', true, false)).toBeNull();
    expect(unservable('fine-tune', false, false)).toBeNull();
    expect(unservable('self-training', false, false)).toContain('every image');
  });
});

describe('encoders and domains in the form', () => {
  const taught: SweepForm['pretrained'] = [
    {
      ...PLAIN,
      id: 'joint',
      method: 'multi-task',
      options: { sharing: 'soft' },
      tasks: ['z-depth', 'edges-2d'],
      sources: ['x'],
    },
    { ...PLAIN, id: 'views', method: 'contrastive', tasks: ['z-depth'] },
    { ...PLAIN, id: 'chain', method: 'fine-tune', tasks: ['z-depth'], sources: ['joint'] },
  ];

  it('say of an encoder what its method takes', () => {
    const spec = specOf({ ...chosen, pretrained: taught });
    expect(spec.pretrained).toEqual([
      { id: 'joint', method: 'multi-task', options: { sharing: 'soft' }, tasks: ['z-depth', 'edges-2d'] },
      { id: 'views', method: 'contrastive' },
      { id: 'chain', method: 'fine-tune', tasks: ['z-depth'], sources: ['joint'] },
    ]);
    expect(sweepSpec.parse(spec).pretrained).toHaveLength(3);
    expect(freeName('contrastive', ['contrastive', 'contrastive-2'])).toBe('contrastive-3');
    const needs = (id: string) => TEACHER_CHOICES.find((choice) => choice.id === id)?.needs;
    expect(needs('multi-task')).toBe('labels of at least 2 tasks');
    expect(needs('deep-belief')).toBe('pictures alone; preset mlp');
    expect(TEACHER_CHOICES.find(({ id }) => id === 'fine-tune')?.takes).toEqual({
      tasks: true,
      sources: true,
    });
  });

  it('offer a shift and a folder where the kind of data set has them', () => {
    expect(domainsOf('rooms')).toMatchObject({ folder: false });
    expect(domainsOf('rooms').shifts).toContain('textured');
    expect(domainsOf('image-folder').folder).toBe(true);
    const two = { ...chosen, shift: 'dim', strength: '0.5', targetDirectory: '/other' };
    expect(specOf(two).dataset).toMatchObject({ shift: { kind: 'dim', strength: 0.5 } });
    expect(specOf(two).dataset).not.toHaveProperty('target');
    const folder = specOf({ ...two, kind: 'idx', directory: '/d' }).dataset;
    expect(folder).toMatchObject({ target: { directory: '/other' } });
    const named = specOf({ ...two, kind: 'idx', directory: '/d', sameClasses: true }).dataset;
    expect(named).toMatchObject({ target: { directory: '/other', sameClasses: true } });
    expect(isShifted({ ...chosen, targetDirectory: '/other' })).toBe(false);
    expect(isShifted({ ...chosen, kind: 'idx', targetDirectory: '/other' })).toBe(true);
  });
});

describe('the sweep as a file', () => {
  it('has lists and small maps on one line', () => {
    const text = yamlOf(specOf({ ...chosen, methods }));
    expect(text).toContain('tasks: [ autoencoding, z-depth, edges-2d ]');
    expect(text).toContain('  pools: { source: 3600, transfer: 300, selection: 150, test: 600 }');
    expect(text).toMatch(/ {2}- method: dann\n {4}options: \{ weight: 0.5, supervised: true \}/);
  });
  it('is refused with the field, or as no YAML', () => {
    const wrong = readSweep('name: x\ntasks: [a]\ncolour: blue\n');
    expect('issues' in wrong && wrong.issues.map(({ path }) => path)).toEqual(['dataset', 'colour']);
    expect('issues' in readSweep('name: [')).toBe(true);
    const bomb = `a: &a [x]\nb: [${'*a, '.repeat(200)}*a]\n`;
    expect('issues' in readSweep(bomb)).toBe(true);
  });
});
