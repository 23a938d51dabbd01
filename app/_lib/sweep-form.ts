import type { Problem } from '@/lib/service/contracts';

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

/** The form with another kind of data set; its dictionary of tasks is another one. */
export const withKind = (form: SweepForm, kind: string): SweepForm =>
  kind === form.kind || !(kind in DATASET_KINDS) ? form : { ...form, kind: kind as DatasetKind, tasks: [] };

/** The form as a person fills it: texts, so that a half-typed number is no error of ours. */
export interface SweepForm {
  name: string;
  preset: string;
  kind: DatasetKind;
  directory: string;
  datasetSeed: string;
  size: string;
  pools: Record<PoolName, string>;
  tasks: string[];
  seeds: string;
  probe: boolean;
  budget: string;
  maxOrder: string;
  objective: string;
  training: Record<StageName, TrainingForm>;
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
  tasks: [],
  seeds: '1',
  probe: true,
  budget: '3',
  maxOrder: '1',
  objective: 'quality',
  training: { source: noTraining, transfer: noTraining, scratch: noTraining },
};

/** A number where the text is one; else the text itself, which the server then names as wrong. */
export function numberOf(text: string): number | string | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const value = Number(trimmed);
  return Number.isNaN(value) ? trimmed : value;
}

function trainingOf(form: TrainingForm): Record<string, unknown> | undefined {
  const out = {
    epochs: numberOf(form.epochs),
    batchSize: numberOf(form.batchSize),
    learningRate: numberOf(form.learningRate),
  };
  return Object.values(out).every((v) => v === undefined) ? undefined : out;
}

/** The body of `POST /sweeps`. It may be wrong: the server's parser is the only judge. */
export function specOf(form: SweepForm): Record<string, unknown> {
  const training = Object.fromEntries(
    STAGES.flatMap((stage) => {
      const value = trainingOf(form.training[stage]);
      return value === undefined ? [] : [[stage, value]];
    }),
  );
  return {
    name: form.name,
    preset: form.preset,
    dataset: {
      kind: form.kind,
      seed: numberOf(form.datasetSeed),
      size: numberOf(form.size),
      pools: Object.fromEntries(POOLS.map((pool) => [pool, numberOf(form.pools[pool])])),
      ...(form.kind === 'rooms' ? {} : { directory: form.directory }),
    },
    tasks: form.tasks,
    seeds: form.seeds
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(numberOf),
    probe: form.probe,
    policy: { budget: numberOf(form.budget), maxOrder: numberOf(form.maxOrder), objective: form.objective },
    ...(Object.keys(training).length > 0 ? { training } : {}),
  };
}

type Issues = Problem['error']['issues'];

/** The first message for a field: its own path or anything below it ("tasks[2]" belongs to "tasks"). */
export function issueAt(issues: Issues, field: string): string | null {
  const own = issues.find(
    ({ path }) => path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`),
  );
  return own?.message ?? null;
}

const FIELDS = ['name', 'preset', 'dataset', 'tasks', 'seeds', 'probe', 'policy', 'training'] as const;

/** Issues that no field of the form shows. */
export const otherIssues = (issues: Issues): Issues =>
  issues.filter((issue) => FIELDS.every((field) => issueAt([issue], field) === null));

/** A sweep file is JSON when it starts like an object; everything else is read as YAML. */
export const fileType = (text: string): 'application/json' | 'text/yaml' =>
  text.trimStart().startsWith('{') ? 'application/json' : 'text/yaml';
