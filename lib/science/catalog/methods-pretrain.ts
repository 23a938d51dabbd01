import type { MethodDeclaration } from './method-declaration';
import { COMMON_OPTIONS, type ResolvedOptions } from './method-options';
import { UNSUPERVISED_METHODS } from './methods-unsupervised';
import { PRESETS } from './presets';

const ALL_PRESETS = Object.values(PRESETS);

const isStitched = (options: ResolvedOptions): boolean => options.text('sharing') === 'cross-stitch';

/** Support images of an episode of meta-learning: Reptile takes fresh ones in every inner step. */
const supportOf = (options: ResolvedOptions): number =>
  options.number('shots') * (options.text('algorithm') === 'reptile' ? options.number('inner-steps') : 1);

/** Ways to teach an encoder that others start from. Training code is in lib/train/methods/pretrain/<id>.ts. */
export const PRETRAIN_METHODS: readonly MethodDeclaration[] = [
  {
    id: 'multi-task',
    kind: 'pretrain',
    name: 'Multi-task encoder',
    summary:
      'One trunk with a head for each task, or a network for each, tied or cross-stitched; the trunk or the first is the source.',
    source:
      'Caruana 1997; Kendall, Gal & Cipolla 2018 (weights); Duong et al. 2015 (soft sharing); Misra et al. 2016 (cross-stitch units); Fifty et al. 2021 (affinity)',
    version: 2,
    training: 'source',
    needs: [],
    leastTasks: 2,
    options: {
      sharing: {
        kind: 'choice',
        default: 'hard',
        choices: ['hard', 'soft', 'cross-stitch'],
        doc: '`hard`: one trunk for all tasks. `soft`: a network for each task, tied by an L2 distance; the first task’s encoder is the source. `cross-stitch`: a network for each task, each layer’s activations mixed with the others’ by learned weights; all of them together, giving the first task’s code, are the source.',
      },
      weighting: {
        kind: 'choice',
        default: 'uncertainty',
        choices: ['uncertainty', 'fixed'],
        doc: '`uncertainty`: each task’s weight is learned with its noise. `fixed`: losses relative to the constant predictor, times `weights`.',
      },
      weights: {
        kind: 'numbers',
        default: '',
        doc: 'Fixed weights in the order of the tasks, joined by +, such as `1+0.5+0.5`; empty = all 1.',
      },
      tie: {
        kind: 'number',
        default: 1e-3,
        min: 0,
        max: 100,
        doc: 'λ of the L2 distance between the tied encoders (soft sharing).',
      },
      'stitch-rate': {
        kind: 'number',
        default: 3,
        min: 0,
        max: 1000,
        doc: 'Learning rate of the cross-stitch units, as a multiple of the other layers’.',
      },
      ...COMMON_OPTIONS,
    },
    misfits: (options, { tasks }): Record<string, string> => {
      const weights = options.text('weights');
      if (weights === '') return {};
      if (options.text('weighting') !== 'fixed')
        return { weights: 'takes part in fixed weighting only: set weighting to fixed, or leave it out' };
      const given = weights.split('+').map(Number);
      if (given.length !== tasks)
        return { weights: `has ${given.length} numbers for ${tasks} tasks: give one for each task` };
      return given.some((weight) => weight > 0) ? {} : { weights: 'are all 0: nothing would be learned' };
    },
    columns: (options, tasks) => (isStitched(options) ? tasks : 1),
    sharesEncoder: (options) => options.text('sharing') !== 'soft',
    presets: (options) =>
      ALL_PRESETS.flatMap(({ name, architecture }) =>
        isStitched(options) && architecture !== 'plain' ? [] : [name],
      ),
  },
  {
    id: 'meta',
    kind: 'pretrain',
    name: 'Meta-learned encoder',
    summary: 'An initial encoder from which a few gradient steps on K images serve any of the tasks.',
    source:
      'MAML: Finn, Abbeel & Levine 2017; Reptile: Nichol, Achiam & Schulman 2018; Meta-SGD: Li et al. 2017',
    version: 2,
    training: 'source',
    needs: [],
    leastTasks: 2,
    options: {
      algorithm: {
        kind: 'choice',
        default: 'maml',
        choices: ['maml', 'first-order', 'reptile', 'meta-sgd'],
        doc: '`maml` uses second derivatives (by differences of gradients), `first-order` leaves them out, `reptile` moves towards adapted weights, `meta-sgd` is `maml` that learns a rate for each weight too.',
      },
      'inner-rate': {
        kind: 'number',
        default: 0,
        min: 0,
        max: 100,
        doc: 'Learning rate of the inner steps; 0 = found for each task by a line search over four episodes from the random encoder.',
      },
      'inner-steps': {
        kind: 'number',
        default: 3,
        min: 1,
        max: 50,
        integer: true,
        doc: 'Gradient steps on an episode’s support images.',
      },
      shots: {
        kind: 'number',
        default: 10,
        min: 1,
        max: 1000,
        integer: true,
        doc: 'K: support images of an episode; its query images are the batch.',
      },
      ...COMMON_OPTIONS,
    },
    misfits: (options, { images, batch }): Record<string, string> => {
      const support = supportOf(options);
      const query = Math.min(batch, images);
      if (support + query <= images) return {};
      return {
        shots: `an episode needs ${support} support images beside its batch of ${query}, and the source pool has ${images}`,
      };
    },
    trainings: (options) => {
      const gradients = ['maml', 'meta-sgd'].includes(options.text('algorithm')) ? 3 : 1;
      return 1 + gradients * options.number('inner-steps');
    },
  },
  ...UNSUPERVISED_METHODS,
];
