import { describe, expect, it } from 'vitest';
import { declareTasks, ROOMS_VERSION } from '@/lib/science/datasets';
import { validateSweep } from './parse';
import { planSweep } from './plan';

const base = {
  name: 'test',
  dataset: { kind: 'rooms', size: 64, pools: { source: 900, transfer: 300, selection: 150, test: 600 } },
  tasks: ['autoencoding', 'z-depth', 'surface-normals'],
};
const TASKS = ['z-depth', 'surface-normals'];
const joint = (options: Record<string, unknown>, tasks = TASKS) => ({
  pretrained: [{ id: 'joint', method: 'multi-task', tasks, options }],
});

function plan(changes: Record<string, unknown>) {
  const spec = validateSweep({ ...base, ...changes });
  if (spec.dataset.kind !== 'rooms') throw new Error('rooms only');
  const dataset = { ...spec.dataset, version: ROOMS_VERSION };
  return planSweep(spec, { tasks: declareTasks('rooms'), dataset });
}

function issuesOf(changes: Record<string, unknown>): readonly { path: string; message: string }[] {
  try {
    plan(changes);
  } catch (error) {
    return (error as { issues: { path: string; message: string }[] }).issues;
  }
  return [];
}

describe('methods in their sweep', () => {
  it.each<[string, Record<string, unknown>, string, string]>([
    ['a method by name', { methods: ['readout', 'maml'] }, 'methods[1]', 'fine-tune'],
    ['a method by entry', { methods: [{ method: 'maml' }] }, 'methods[0].method', 'fine-tune'],
    ['a field', { methods: [{ method: 'partial', option: {} }] }, 'methods[0].option', 'unknown field'],
    [
      'a layer',
      { methods: [{ method: 'features', options: { layer: 'conv9' } }] },
      'methods[0].options.layer',
      'conv1, conv2, conv3, code',
    ],
    [
      'layers to train',
      { methods: [{ method: 'partial', options: { train: 'conv9' } }] },
      'methods[0].options.train',
      'encoder/conv3',
    ],
    [
      'layers to restore',
      { methods: [{ method: 'partial', options: { restore: 'conv9' } }] },
      'methods[0].options.restore',
      'encoder/conv3',
    ],
    [
      'a source',
      { methods: ['readout', { method: 'fine-tune', sources: ['z-depth', 'jigsaw'] }] },
      'methods[1].sources[1]',
      'autoencoding, z-depth, surface-normals',
    ],
    [
      'labels that are to be weighed and not seen',
      { methods: [{ method: 'born-again', options: { variant: 'cwtm', labels: false } }] },
      'methods[0].options.labels',
      'cwtm',
    ],
    [
      'momentum without SGD',
      { training: { source: { epochs: 1, batchSize: 8, learningRate: 0.1, momentum: 0.9 } } },
      'training.source.momentum',
      'sgd',
    ],
    [
      'steps without their schedule',
      { training: { source: { epochs: 1, batchSize: 8, learningRate: 0.1, stepEpochs: 2 } } },
      'training.source.stepEpochs',
      'step',
    ],
    [
      'weights that are learned, not fixed',
      joint({ weights: '1+2' }),
      'pretrained[0].options.weights',
      'set weighting to fixed',
    ],
    [
      'weights for other tasks',
      joint({ weights: '1+2+3', weighting: 'fixed' }),
      'pretrained[0].options.weights',
      '3 numbers for 2 tasks',
    ],
    [
      'weights of nothing',
      joint({ weights: '0+0', weighting: 'fixed' }),
      'pretrained[0].options.weights',
      'all 0',
    ],
    [
      'a task without labels',
      { ...joint({}, ['z-depth', 'random-projection']), tasks: [...base.tasks, 'random-projection'] },
      'pretrained[0].tasks[1]',
      'no labels',
    ],
    [
      'a start that is trained for nothing',
      {
        sources: ['z-depth'],
        targets: ['z-depth'],
        pretrained: [
          { id: 'chain', method: 'fine-tune', sources: ['surface-normals'], tasks: ['autoencoding'] },
        ],
      },
      'pretrained[0].sources[0]',
      'neither a source of this sweep',
    ],
    ['a task twice', joint({}, ['z-depth', 'z-depth']), 'pretrained[0].tasks', 'twice'],
    [
      'episodes beyond the source pool',
      { pretrained: [{ id: 'start', method: 'meta', tasks: TASKS, options: { shots: 890 } }] },
      'pretrained[0].options.shots',
      '900',
    ],
    [
      'fresh images in each step beyond the source pool',
      {
        pretrained: [
          { id: 'start', method: 'meta', tasks: TASKS, options: { shots: 300, algorithm: 'reptile' } },
        ],
      },
      'pretrained[0].options.shots',
      '900 support images',
    ],
  ])('refuses by its field, before anything is trained: %s', (_, changes, path, text) => {
    const issues = issuesOf(changes);
    expect(issues.map((issue) => issue.path)).toEqual([path]);
    expect(issues[0]?.message).toContain(text);
  });

  it('tells the layers of cross-stitched sources from mistakes', () => {
    const methods = [{ method: 'partial', options: { train: 'encoder/column2/conv1' } }];
    const options = { sharing: 'cross-stitch' };
    const pretrained = [{ id: 'both', method: 'multi-task', tasks: TASKS, options }];
    expect(issuesOf({ methods, pretrained })).toEqual([]);
    expect(issuesOf({ methods })).toMatchObject([{ path: 'methods[0].options.train' }]);
  });

  it('says of which method nothing is planned, and why', () => {
    const methods = [
      'distill',
      { method: 'distill', options: { student: 'mlp', teacher: 'readout' } },
      { method: 'born-again', options: { variant: 'dkpp' } },
      { method: 'ensemble', options: { members: 'distill' } },
      'readout',
    ];
    const { skipped } = plan({ methods, sources: ['autoencoding'], targets: ['z-depth'], gold: false });
    expect(skipped.map((words) => words.replace(/^.* at 300 images /, ''))).toEqual([
      '(variant dkpp takes a task of classes)',
      '(a mlp student cannot copy a tiny teacher pixel by pixel: their outputs differ in size)',
      '(the target has no network of its own here)',
      '(no transfer by distill is planned for it)',
    ]);
  });
});
