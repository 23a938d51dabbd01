import type { PresetName } from '../core';
import type { MethodCase, MethodDeclaration } from './method-declaration';
import { COMMON_OPTIONS, type ResolvedOptions } from './method-options';
import { sameOutputs } from './presets-layers';

/** Embeddings have no single right answer that networks could agree on or copy row by row. */
const hasAnswers = ({ task }: MethodCase): boolean | string =>
  task.loss !== 'metric' || 'its answers are embeddings, of which no one is right';

/** Confidence by the pixel is not built, and without unlabelled images there is nothing to learn from. */
function hasUnlabelled(asked: MethodCase): boolean | string {
  if (asked.images >= asked.pool)
    return 'every image of the transfer pool is labelled: give transferSizes below it';
  if (asked.task.head.kind === 'pixel-classes') return 'confidence by the pixel is not built';
  return hasAnswers(asked);
}

/** Preset of a student where it is not its teacher's. */
function studentOf(options: ResolvedOptions): PresetName | null {
  const student = options.text('student');
  return student === 'same' ? null : (student as PresetName);
}

/** A student of another preset copies pixels only where its outputs are laid out as its teacher's. */
function canCopy(asked: MethodCase, options: ResolvedOptions): boolean | string {
  const student = studentOf(options);
  const pixels = asked.task.head.kind === 'pixels' || asked.task.head.kind === 'pixel-classes';
  if (pixels && student && !sameOutputs(student, asked.preset, asked.size))
    return `a ${student} student cannot copy a ${asked.preset} teacher pixel by pixel: their outputs differ in size`;
  return hasAnswers(asked);
}

const names = (text: string): string[] => text.split('+').filter((name) => name !== '');

/** Transfers that learn from other networks' answers, or combine them. Training code as for other transfers. */
export const TAUGHT_METHODS: readonly MethodDeclaration[] = [
  {
    id: 'distill',
    kind: 'transfer',
    name: 'Knowledge distillation',
    summary: 'The scratch network learns labels and the softened answers of a teacher.',
    source: 'Hinton, Vinyals & Dean 2015 (Distilling the Knowledge in a Neural Network)',
    version: 2,
    serves: canCopy,
    learner: studentOf,
    training: 'scratch',
    needs: ['weights'],
    options: {
      teacher: {
        kind: 'methods',
        default: 'gold',
        doc: 'The target’s own network (`gold`), or methods of the same sweep, joined by +, whose transfers teach.',
      },
      join: {
        kind: 'flag',
        default: false,
        doc: 'Teachers from all sources together (an ensemble) instead of one student for each source.',
      },
      temperature: {
        kind: 'number',
        default: 4,
        min: 0.1,
        max: 100,
        doc: 'T of the softened probabilities; its square scales their loss.',
      },
      weight: {
        kind: 'number',
        default: 0.5,
        min: 0,
        max: 1,
        doc: 'Share of the teacher’s term; the labels have the rest.',
      },
      student: {
        kind: 'choice',
        default: 'same',
        choices: ['same', 'micro', 'tiny', 'small', 'mlp', 'resnet50'],
        doc: 'Preset of the student.',
      },
      ...COMMON_OPTIONS,
    },
    runs: (options) =>
      options.text('teacher') === 'gold'
        ? { sources: 'self', members: null }
        : { sources: options.flag('join') ? 'joined' : 'each', members: names(options.text('teacher')) },
  },
  {
    id: 'born-again',
    kind: 'transfer',
    name: 'Born-Again Networks',
    summary: 'Generations of the scratch network, each taught by the one before.',
    source: 'Furlanello et al. 2018 (Born-Again Neural Networks)',
    version: 2,
    serves: (asked, options) =>
      options.text('variant') === 'plain' || asked.task.loss.endsWith('cross-entropy')
        ? hasAnswers(asked)
        : `variant ${options.text('variant')} takes a task of classes`,
    misfits: (options): Record<string, string> =>
      options.text('variant') === 'cwtm' && !options.flag('labels')
        ? { labels: 'cannot be false with variant cwtm, which weighs the labels themselves' }
        : {},
    training: 'scratch',
    needs: [],
    options: {
      generations: {
        kind: 'number',
        default: 2,
        min: 1,
        max: 20,
        integer: true,
        doc: 'Students after the first network.',
      },
      labels: { kind: 'flag', default: true, doc: 'Whether students see the labels too.' },
      weight: {
        kind: 'number',
        default: 0.5,
        min: 0,
        max: 1,
        doc: 'Share of the teacher’s term where there are labels.',
      },
      variant: {
        kind: 'choice',
        default: 'plain',
        choices: ['plain', 'cwtm', 'dkpp'],
        doc: 'The teacher’s answers as they are; its confidence as a weight of the labels (CWTM); its answers with the unlikely classes permuted (DKPP).',
      },
      temperature: {
        kind: 'number',
        default: 1,
        min: 0.1,
        max: 100,
        doc: 'T of the teacher’s probabilities.',
      },
      ensemble: { kind: 'flag', default: false, doc: 'All generations answer together.' },
      ...COMMON_OPTIONS,
    },
    trainings: (options) => options.number('generations') + 1,
    runs: () => ({ sources: 'none', members: null }),
  },
  {
    id: 'self-training',
    kind: 'transfer',
    name: 'Self-training',
    summary: 'A readout’s confident answers on unlabelled images become labels for the next one.',
    source: 'Yarowsky 1995; Lee 2013 (Pseudo-Label)',
    version: 2,
    serves: hasUnlabelled,
    training: 'transfer',
    needs: ['features'],
    options: {
      rounds: {
        kind: 'number',
        default: 2,
        min: 1,
        max: 20,
        integer: true,
        doc: 'Trainings after the first one.',
      },
      threshold: {
        kind: 'number',
        default: 0.9,
        min: 0,
        max: 1,
        doc: 'Classes: probability from which an answer is trusted.',
      },
      balance: {
        kind: 'flag',
        default: true,
        doc: 'Classes: no predicted class gives more than its even share of the trusted images.',
      },
      keep: {
        kind: 'number',
        default: 0.5,
        min: 0,
        max: 1,
        doc: 'Regression: share of the unlabelled images, those on which two networks agree best, that is trusted.',
      },
      ...COMMON_OPTIONS,
    },
    trainings: (options) => 2 * (options.number('rounds') + 1),
    runs: () => ({ sources: 'each', members: null }),
  },
  {
    id: 'ensemble',
    kind: 'transfer',
    name: 'Ensemble',
    summary: 'Finished transfers of a target answer together.',
    source: 'Hansen & Salamon 1990; Dietterich 2000',
    version: 1,
    serves: hasAnswers,
    training: null,
    needs: ['weights'],
    options: {
      members: {
        kind: 'methods',
        default: 'readout',
        doc: 'Methods of the same sweep, joined by +, whose transfers from all sources are the members.',
      },
    },
    trainings: () => 0.05,
    runs: (options) => ({ sources: 'joined', members: names(options.text('members')) }),
  },
  {
    id: 'born-again-tree',
    kind: 'transfer',
    name: 'Born-Again Tree',
    summary: 'One decision tree, to be read, learns what an ensemble says of labelled and unlabelled images.',
    source: 'Breiman & Shang 1996 (Born Again Trees)',
    version: 1,
    serves: ({ task }) => task.head.kind === 'classes' || 'it takes a task of classes',
    measures: true,
    training: null,
    needs: ['weights', 'features'],
    options: {
      members: {
        kind: 'methods',
        default: 'readout',
        doc: 'Methods of the same sweep, joined by +, whose transfers from all sources teach together.',
      },
      see: {
        kind: 'choice',
        default: 'pixels',
        choices: ['pixels', 'code'],
        doc: 'What questions are about: brightness, or the frozen codes of the sources.',
      },
      grid: {
        kind: 'number',
        default: 8,
        min: 1,
        max: 64,
        integer: true,
        doc: 'Cells on a side of the grid over which brightness or codes are averaged.',
      },
      depth: { kind: 'number', default: 6, min: 0, max: 30, integer: true, doc: 'Most questions on a path.' },
      'min-leaf': {
        kind: 'number',
        default: 3,
        min: 1,
        max: 10_000,
        integer: true,
        doc: 'Fewest images behind an answer.',
      },
      criterion: {
        kind: 'choice',
        default: 'entropy',
        choices: ['entropy', 'gini'],
        doc: 'Impurity that a question lowers.',
      },
      weight: {
        kind: 'number',
        default: 0.5,
        min: 0,
        max: 1,
        doc: 'Share of the teachers’ answer where there is a label.',
      },
      temperature: {
        kind: 'number',
        default: 1,
        min: 0.1,
        max: 100,
        doc: 'T of the teachers’ probabilities.',
      },
      unlabelled: { kind: 'flag', default: true, doc: 'Whether images without a label are learned from.' },
    },
    trainings: () => 0.05,
    // From labels alone it asks no teacher, and questions about pixels no source: none is waited for or charged.
    runs: (options) =>
      options.number('weight') > 0 || options.flag('unlabelled')
        ? { sources: 'joined', members: names(options.text('members')) }
        : { sources: options.text('see') === 'code' ? 'joined' : 'none', members: null },
  },
];
