import {
  DEFAULT_WEIGHT_DECAY,
  domainsOf,
  type Problem,
  type SweepSpec,
  TEACHER_CHOICES,
  TRANSFER_CHOICES,
} from '@/lib/service/contracts';
import {
  isPlain,
  type MethodForm,
  methodEntry,
  methodForms,
  numberOf,
  PLAIN,
  type TaughtForm,
  taughtEntry,
  taughtForms,
} from './method-form';

export interface TrainingForm {
  epochs: string;
  batchSize: string;
  learningRate: string;
}

/** Kinds of data set, with what they are called; all but `rooms` are read from a folder of the server. */
export const DATASET_KINDS = {
  rooms: 'rooms (rendered)',
  idx: 'IDX files',
  taskonomy: 'Taskonomy folders',
  'image-folder': 'folder of images by class',
} as const;
export type DatasetKind = keyof typeof DATASET_KINDS;

/** Fields of a sweep file that the form has, in part or whole. */
const FIELDS = [
  'name',
  'dataset',
  'preset',
  'tasks',
  'methods',
  'transferSizes',
  'pretrained',
  'seeds',
  'probe',
  'policy',
  'training',
];
const DATASET_FIELDS = ['kind', 'directory', 'seed', 'size', 'pools', 'shift', 'target'];

type Fields = Readonly<Record<string, unknown>>;

/** The form as a person fills it: texts, so that a half-typed number is no error of ours. */
export interface SweepForm {
  name: string;
  preset: string;
  kind: DatasetKind;
  directory: string;
  datasetSeed: string;
  size: string;
  pools: Record<PoolName, string>;
  /** Another appearance of all pools but source; none when empty. */
  shift: string;
  strength: string;
  /** A folder for all pools but source; none when empty. */
  targetDirectory: string;
  sameClasses: boolean;
  tasks: string[];
  methods: readonly MethodForm[];
  /** Numbers of labelled images, or shares of the transfer pool; all of it when empty. */
  transferSizes: string;
  pretrained: readonly TaughtForm[];
  seeds: string;
  probe: boolean;
  budget: string;
  maxOrder: string;
  objective: string;
  training: Record<StageName, TrainingForm>;
  /** What a file says and no field here shows; it goes along as it is. */
  kept: { sweep: Fields; dataset: Fields; training: Partial<Record<StageName, Fields>> };
}

export const POOLS = ['source', 'transfer', 'selection', 'test'] as const;
type PoolName = (typeof POOLS)[number];
export const STAGES = ['source', 'transfer', 'scratch'] as const;
type StageName = (typeof STAGES)[number];

const noTraining: TrainingForm = { epochs: '', batchSize: '', learningRate: '' };

export const emptyForm: SweepForm = {
  name: 'my sweep',
  preset: 'tiny',
  kind: 'rooms',
  directory: '',
  datasetSeed: '1',
  size: '64',
  pools: { source: '3600', transfer: '300', selection: '150', test: '600' },
  shift: '',
  strength: '1',
  targetDirectory: '',
  sameClasses: false,
  tasks: [],
  methods: [PLAIN],
  transferSizes: '',
  pretrained: [],
  seeds: '1',
  probe: true,
  budget: '3',
  maxOrder: '1',
  objective: 'quality',
  training: { source: noTraining, transfer: noTraining, scratch: noTraining },
  kept: { sweep: {}, dataset: {}, training: {} },
};

/** The form with another kind of data set; its dictionary of tasks is another one. */
export const withKind = (form: SweepForm, kind: string): SweepForm =>
  kind === form.kind || !(kind in DATASET_KINDS)
    ? form
    : { ...form, kind: kind as DatasetKind, tasks: [], kept: { ...form.kept, dataset: {} } };

/** Whether the form asks for two domains. */
export const isShifted = ({ kind, shift, targetDirectory }: SweepForm): boolean =>
  shift !== '' || (domainsOf(kind).folder && targetDirectory.trim() !== '');

const split = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

/** `30, 5 %` → `[30, '5 %']`. */
const sizesOf = (text: string): (number | string | undefined)[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
    .map(numberOf);

function trainingOf(form: TrainingForm, kept: Fields = {}): Fields | undefined {
  const out = {
    epochs: numberOf(form.epochs),
    batchSize: numberOf(form.batchSize),
    learningRate: numberOf(form.learningRate),
  };
  const given = Object.fromEntries(Object.entries(out).filter(([, value]) => value !== undefined));
  return Object.keys(given).length === 0 ? undefined : { ...given, ...kept };
}

function datasetOf(form: SweepForm): Fields {
  const { kind, shift, strength, targetDirectory, sameClasses } = form;
  const allowed = domainsOf(kind);
  return {
    kind,
    ...(kind === 'rooms' ? {} : { directory: form.directory }),
    seed: numberOf(form.datasetSeed),
    size: numberOf(form.size),
    pools: Object.fromEntries(POOLS.map((pool) => [pool, numberOf(form.pools[pool])])),
    ...(allowed.shifts.includes(shift) ? { shift: { kind: shift, strength: numberOf(strength) } } : {}),
    ...(allowed.folder && targetDirectory.trim() !== ''
      ? { target: { directory: targetDirectory.trim(), ...(sameClasses ? { sameClasses } : {}) } }
      : {}),
    ...form.kept.dataset,
  };
}

/** The body of `POST /sweeps`. It may be wrong: the server's parser is the only judge. */
export function specOf(form: SweepForm): Record<string, unknown> {
  const training = Object.fromEntries(
    STAGES.flatMap((stage) => {
      const value = trainingOf(form.training[stage], form.kept.training[stage]);
      return value === undefined ? [] : [[stage, value]];
    }),
  );
  const sizes = sizesOf(form.transferSizes);
  return {
    name: form.name,
    dataset: datasetOf(form),
    preset: form.preset,
    tasks: form.tasks,
    ...(isPlain(form.methods) ? {} : { methods: form.methods.map((m) => methodEntry(TRANSFER_CHOICES, m)) }),
    ...(sizes.length === 0 ? {} : { transferSizes: sizes }),
    ...(form.pretrained.length === 0
      ? {}
      : { pretrained: form.pretrained.map((t) => taughtEntry(TEACHER_CHOICES, t)) }),
    seeds: split(form.seeds).map(numberOf),
    probe: form.probe,
    policy: { budget: numberOf(form.budget), maxOrder: numberOf(form.maxOrder), objective: form.objective },
    ...(Object.keys(training).length > 0 ? { training } : {}),
    ...form.kept.sweep,
  };
}

const textOf = (value: number | undefined): string => (value === undefined ? '' : String(value));

type Training = NonNullable<SweepSpec['training'][StageName]>;

function stageOf({ epochs, batchSize, learningRate, weightDecay, ...rest }: Partial<Training> = {}) {
  const decays = weightDecay !== undefined && weightDecay !== DEFAULT_WEIGHT_DECAY;
  const kept: Fields = decays ? { weightDecay, ...rest } : rest;
  return {
    form: {
      epochs: textOf(epochs),
      batchSize: textOf(batchSize),
      learningRate: textOf(learningRate),
    },
    kept,
  };
}

type Stages<T> = Record<StageName, T>;
const stages = <T>(of: (stage: StageName) => T): Stages<T> => ({
  source: of('source'),
  transfer: of('transfer'),
  scratch: of('scratch'),
});

/** The form that says what a sweep file says, what it has no field for kept beside. */
export function formOf(spec: SweepSpec): SweepForm {
  const { name, preset, dataset, tasks, methods, pretrained, transferSizes, seeds, probe, policy } = spec;
  const { method: _, training, ...sweep } = spec;
  const { kind, seed, size, pools, shift } = dataset;
  const trainings = stages((stage) => stageOf(training[stage]));
  return {
    name,
    preset,
    kind,
    directory: 'directory' in dataset ? dataset.directory : '',
    datasetSeed: String(seed),
    size: String(size),
    pools: { ...emptyForm.pools, ...Object.fromEntries(POOLS.map((pool) => [pool, String(pools[pool])])) },
    shift: shift?.kind ?? '',
    strength: shift ? String(shift.strength) : emptyForm.strength,
    targetDirectory: 'target' in dataset ? (dataset.target?.directory ?? '') : '',
    sameClasses: 'target' in dataset && dataset.target?.sameClasses === true,
    tasks,
    methods: methodForms(methods),
    transferSizes: (transferSizes ?? []).join(', '),
    pretrained: taughtForms(pretrained),
    seeds: seeds.join(', '),
    probe,
    budget: String(policy.budget),
    maxOrder: String(policy.maxOrder),
    objective: policy.objective,
    training: stages((stage) => trainings[stage].form),
    kept: {
      sweep: without(sweep, FIELDS),
      dataset: without(dataset, DATASET_FIELDS),
      training: stages((stage) => trainings[stage].kept),
    },
  };
}

const without = (fields: Fields, names: readonly string[]): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([key, v]) => v !== undefined && !names.includes(key)));

/** Paths of what is kept from a file, each with the form that has it no more. */
export function keptFields(form: SweepForm): { path: string; left: SweepForm }[] {
  const { sweep, dataset, training } = form.kept;
  const field = (path: string, change: Partial<SweepForm['kept']>) => ({
    path,
    left: { ...form, kept: { ...form.kept, ...change } },
  });
  return [
    ...Object.keys(sweep).map((key) => field(key, { sweep: without(sweep, [key]) })),
    ...Object.keys(dataset).map((key) => field(`dataset.${key}`, { dataset: without(dataset, [key]) })),
    ...STAGES.flatMap((stage) =>
      Object.keys(training[stage] ?? {}).map((key) =>
        field(`training.${stage}.${key}`, {
          training: { ...training, [stage]: without(training[stage] ?? {}, [key]) },
        }),
      ),
    ),
  ];
}

type Issues = Problem['error']['issues'];

/** The first message for a field: its own path or anything below it ("tasks[2]" belongs to "tasks"). */
export function issueAt(issues: Issues, field: string): string | null {
  const own = issues.find(
    ({ path }) => path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`),
  );
  return own?.message ?? null;
}

/** The message for a field as a whole, nothing below it. */
export const issueOf = (issues: Issues, field: string): string | null =>
  issues.find(({ path }) => path === field)?.message ?? null;

/** What the form has fields for, by their paths in a sweep. */
const SHOWN: readonly string[] = [
  ...FIELDS.filter((field) => field !== 'dataset' && field !== 'training'),
  ...DATASET_FIELDS.map((field) => `dataset.${field}`),
  ...STAGES.flatMap((stage) => Object.keys(noTraining).map((field) => `training.${stage}.${field}`)),
];

/** Issues that no field of the form shows. */
export const otherIssues = (issues: Issues): Issues =>
  issues.filter((issue) => SHOWN.every((field) => issueAt([issue], field) === null));
