import type { MethodCase, MethodDeclaration } from './method-declaration';
import { COMMON_OPTIONS, type OptionSpecs } from './method-options';

/** Adaptation needs two domains to go between. */
const hasTwoDomains = ({ shifted }: MethodCase): boolean | string =>
  shifted || 'the data set has one domain: give it a shift or a target';

/** Options of methods that train on both domains at once. */
const JOINT_OPTIONS = {
  supervised: {
    kind: 'flag',
    default: false,
    doc: 'Supervised adaptation: labels of the transfer set’s images (transferSizes) are learned from too. Off = no label of the target domain is read.',
  },
  ...COMMON_OPTIONS,
} as const satisfies OptionSpecs;

/**
 * Ways to take a task from the source domain (the source pool) to the target domain (all other pools) of a data set
 * with a shift. Training code is in lib/train/methods/adapt/<id>.ts.
 */
export const ADAPT_METHODS: readonly MethodDeclaration[] = [
  {
    id: 'source-only',
    kind: 'transfer',
    name: 'Source only',
    summary:
      'The network of the source domain applied to the target domain as it is: what adaptation is held against.',
    source: 'Ben-David et al. 2010 (source error)',
    version: 1,
    serves: hasTwoDomains,
    measures: true,
    training: 'source',
    needs: [],
    options: JOINT_OPTIONS,
    runs: () => ({ sources: 'none', members: null }),
  },
  {
    id: 'dann',
    kind: 'transfer',
    name: 'Domain-adversarial network',
    summary:
      'Labelled pictures of the source domain, unlabelled ones of the target; a reversed gradient makes their codes alike.',
    source: 'Ganin & Lempitsky 2015; Ganin et al. 2016',
    version: 1,
    serves: hasTwoDomains,
    measures: true,
    training: 'source',
    needs: [],
    options: {
      weight: {
        kind: 'number',
        default: 1,
        min: 0,
        max: 100,
        doc: 'Largest λ of the reversed gradient; 0 = source only.',
      },
      gamma: {
        kind: 'number',
        default: 10,
        min: 0,
        max: 1000,
        doc: 'How fast λ rises over the share p of the training done: weight · (2/(1 + e^(−γp)) − 1).',
      },
      ...JOINT_OPTIONS,
    },
    trainings: () => 1.7,
    runs: () => ({ sources: 'none', members: null }),
  },
  {
    id: 'deep-coral',
    kind: 'transfer',
    name: 'Deep CORAL',
    summary: 'Beside the task’s loss, the distance between the covariances of both domains’ codes.',
    source: 'Sun & Saenko 2016',
    version: 1,
    serves: hasTwoDomains,
    measures: true,
    training: 'source',
    needs: [],
    options: {
      weight: {
        kind: 'number',
        default: 1,
        min: 0,
        max: 1e6,
        doc: 'Of the distance beside the task’s loss; 0 = source only.',
      },
      ...JOINT_OPTIONS,
    },
    trainings: () => 1.7,
    runs: () => ({ sources: 'none', members: null }),
  },
  {
    id: 'adda',
    kind: 'transfer',
    name: 'Adversarial discriminative adaptation',
    summary:
      'The source-only network gets an encoder for the target domain that fools a discriminator; its head stays.',
    source: 'Tzeng et al. 2017',
    version: 2,
    serves: hasTwoDomains,
    measures: true,
    training: 'source',
    needs: ['weights'],
    options: {
      start: {
        kind: 'methods',
        default: 'source-only',
        doc: 'Method of the same sweep whose network is adapted.',
      },
      rate: {
        kind: 'number',
        default: 0.2,
        min: 0.0001,
        max: 10,
        doc: 'Learning rate of the adversarial training, as a multiple of the source network’s.',
      },
      'encoder-rate': {
        kind: 'number',
        default: 0.1,
        min: 0.0001,
        max: 10,
        doc: 'Learning rate of the target’s encoder, as a multiple of the discriminator’s (two time scales).',
      },
      ...COMMON_OPTIONS,
    },
    trainings: () => 1.2,
    runs: (options) => ({ sources: 'none', members: [options.text('start')] }),
  },
];
