import type { MethodDeclaration } from './method-declaration';
import { COMMON_OPTIONS } from './method-options';
import { UNSUPERVISED_METHODS } from './methods-unsupervised';

/** Ways to teach an encoder that others start from. Training code is in lib/train/methods/pretrain/<id>.ts. */
export const PRETRAIN_METHODS: readonly MethodDeclaration[] = [
  {
    id: 'multi-task',
    kind: 'pretrain',
    name: 'Multi-task encoder',
    summary: 'One trunk with a head for each task, or tied networks; the trunk is the source.',
    source:
      'Caruana 1997; Kendall, Gal & Cipolla 2018 (weights); Duong et al. 2015 (soft sharing); Fifty et al. 2021 (affinity)',
    version: 1,
    training: 'source',
    needs: [],
    leastTasks: 2,
    options: {
      sharing: {
        kind: 'choice',
        default: 'hard',
        choices: ['hard', 'soft'],
        doc: '`hard`: one trunk for all tasks. `soft`: a network for each task, tied by an L2 distance; the first task’s encoder is the source.',
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
      ...COMMON_OPTIONS,
    },
  },
  ...UNSUPERVISED_METHODS,
];
