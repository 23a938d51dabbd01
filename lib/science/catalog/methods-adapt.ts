import {
  addaFlops,
  discriminatorPlan,
  joinedCode,
  jointFlops,
  type NetworkShape,
  termWeights,
  translationFlops,
} from './adaptation';
import type { LayerPlan } from './layers';
import type { Member, MethodCase, MethodDeclaration } from './method-declaration';
import { COMMON_OPTIONS, type OptionSpec, type OptionSpecs } from './method-options';

/** Adaptation needs two domains to go between. */
const hasTwoDomains = ({ shifted }: MethodCase): boolean | string =>
  shifted || 'the data set has one domain: give it a shift or a target';

/** A weight of a term: 0 leaves it out. */
const weightOf = (doc: string, byDefault: number, max: number): OptionSpec => ({
  kind: 'number',
  default: byDefault,
  min: 0,
  max,
  doc,
});

/** A learning rate as a multiple of another. */
const rateOf = (doc: string, byDefault: number): OptionSpec => ({
  kind: 'number',
  default: byDefault,
  min: 0.0001,
  max: 10,
  doc,
});

const GAMMA: OptionSpec = {
  kind: 'number',
  default: 10,
  min: 0,
  max: 1000,
  doc: 'How fast λ rises over the share p of the training done: weight · (2/(1 + e^(−γp)) − 1).',
};

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
 * Of either domain. Half of all pictures that distances are measured on teach a classifier what tells the domains apart:
 * from 9 of each on, up to 200, there are some of both in that half.
 */
const LEAST_IMAGES = 10;

/** What all adaptations have in common: one run for each target, trained as long as a source. */
const ADAPTATION = {
  kind: 'transfer',
  serves: hasTwoDomains,
  readsLabels: (options) => options.flag('supervised'),
  leastImages: LEAST_IMAGES,
  measures: true,
  training: 'source',
  needs: [],
  runs: () => ({ sources: 'none', members: null }),
} as const satisfies Partial<MethodDeclaration>;

const discriminatorOf = (network: NetworkShape): LayerPlan => discriminatorPlan(joinedCode(network));

/** One training of the network; of the target domain’s pictures too unless `extra` is null. */
const joint =
  (extra: (network: NetworkShape) => LayerPlan | null): NonNullable<MethodDeclaration['stages']> =>
  (network, options) => [
    { epochs: 0, flops: jointFlops(network, extra(network), options.flag('supervised')) },
  ];

/**
 * Those that train one network of the task’s whole shape from random weights, with labels of the source domain: another
 * adaptation may start from it.
 */
const STARTS: readonly MethodDeclaration[] = [
  {
    ...ADAPTATION,
    id: 'source-only',
    name: 'Source only',
    summary:
      'The network of the source domain applied to the target domain as it is: what adaptation is held against.',
    source: 'Ben-David et al. 2010 (source error)',
    version: 1,
    options: JOINT_OPTIONS,
    stages: joint(() => null),
  },
  {
    ...ADAPTATION,
    id: 'dann',
    name: 'Domain-adversarial network',
    summary:
      'Labelled pictures of the source domain, unlabelled ones of the target; a reversed gradient makes their codes alike.',
    source: 'Ganin & Lempitsky 2015; Ganin et al. 2016; codes at one length: Karras et al. 2018',
    version: 3,
    options: {
      weight: weightOf(
        'Largest λ of the reversed gradient (1 in the paper, with a smaller step of SGD); 0 = source only.',
        0.1,
        100,
      ),
      gamma: GAMMA,
      ...JOINT_OPTIONS,
    },
    stages: joint(discriminatorOf),
  },
  {
    ...ADAPTATION,
    id: 'deep-coral',
    name: 'Deep CORAL',
    summary: 'Beside the task’s loss, the distance between the covariances of both domains’ codes.',
    source: 'Sun & Saenko 2016',
    version: 1,
    options: {
      weight: weightOf('Of the distance beside the task’s loss; 0 = source only.', 1, 1e6),
      ...JOINT_OPTIONS,
    },
    stages: joint(() => []),
  },
];

const START_NAMES = STARTS.map(({ id }) => id).join(', ');

const START = {
  start: {
    kind: 'methods',
    default: 'source-only',
    doc: `Method of the same sweep whose network is adapted: one of ${START_NAMES}.`,
  },
} as const satisfies OptionSpecs;

/** @param supervised whether labels of the target domain may be in the network that is started from */
function startFault({ id, options }: Member, supervised: boolean): string | null {
  if (!STARTS.some((method) => method.id === id))
    return `starts from a network of the source domain, which ${id} does not leave: let start name one of ${START_NAMES}`;
  return options.flag('supervised') && !supervised
    ? `would start from a network that has learned labels of the target domain: add ${id} without supervised to methods and let start name it`
    : null;
}

/** The same for those that begin with a finished network of the source domain. */
const FROM_NETWORK = {
  ...ADAPTATION,
  needs: ['weights'],
  runs: (options) => ({ sources: 'none', members: [options.text('start')] }),
  refuses: (_, member) => startFault(member, false),
} as const satisfies Partial<MethodDeclaration>;

/**
 * Ways to take a task from the source domain (the source pool) to the target domain (all other pools) of a data set
 * with a shift. Training code is in lib/train/methods/adapt/<id>.ts.
 */
export const ADAPT_METHODS: readonly MethodDeclaration[] = [
  ...STARTS,
  {
    ...FROM_NETWORK,
    id: 'adda',
    name: 'Adversarial discriminative adaptation',
    summary:
      'The source-only network gets an encoder for the target domain that fools a discriminator; its head stays.',
    source: 'Tzeng et al. 2017',
    version: 3,
    readsLabels: () => false,
    options: {
      ...START,
      rate: rateOf('Learning rate of the adversarial training, as a multiple of the source network’s.', 0.2),
      'encoder-rate': rateOf(
        'Learning rate of the target’s encoder, as a multiple of the discriminator’s (two time scales).',
        0.1,
      ),
      ...COMMON_OPTIONS,
    },
    stages: (network) => [{ epochs: 0, flops: addaFlops(network) }],
  },
  {
    ...FROM_NETWORK,
    id: 'cycada',
    name: 'Cycle-consistent adversarial adaptation',
    summary:
      'Pictures of the source domain are translated to look like the target’s, there and back again; the task is learned on them.',
    source: 'Hoffman et al. 2018 (CyCADA); Zhu et al. 2017 (CycleGAN)',
    version: 3,
    serves: (asked) =>
      asked.task.family === 'texture'
        ? 'its labels are made from the picture, which translation changes'
        : hasTwoDomains(asked),
    options: {
      ...START,
      cycle: weightOf(
        'Of what is lost on the way there and back, mean |G(G(x)) − x| of both domains.',
        2,
        1000,
      ),
      semantic: weightOf(
        'Of the task’s loss between what the starting network says of a picture before and after its translation.',
        0,
        1000,
      ),
      identity: weightOf(
        'Of what a picture changes that is of the wanted domain already, mean |G(x) − x|.',
        0,
        1000,
      ),
      rate: rateOf('Learning rate of the translation, as a multiple of the task’s.', 1),
      'critic-rate': rateOf('Learning rate of the discriminators, as a multiple of the generators’.', 1),
      'translation-epochs': {
        kind: 'number',
        default: 0,
        min: 0,
        max: 100_000,
        integer: true,
        doc: 'Passes of the translation over the source domain’s pictures; 0 = as many as the task’s.',
      },
      warm: {
        kind: 'flag',
        default: false,
        doc: 'Learn the task on translated pictures from the starting network’s weights instead of random ones.',
      },
      features: weightOf(
        'Largest λ of a reversed gradient on the codes while the task is learned (CyCADA’s feature term); 0 = pictures alone.',
        0,
        100,
      ),
      gamma: GAMMA,
      ...JOINT_OPTIONS,
    },
    refuses: (options, member) => startFault(member, options.flag('supervised')),
    stages: (network, options) => [
      {
        epochs: options.number('translation-epochs'),
        flops: translationFlops(network, termWeights(options)),
      },
      ...joint(options.number('features') > 0 ? discriminatorOf : () => null)(network, options),
    ],
  },
];
