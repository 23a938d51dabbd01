'use client';

import { isPlain } from '@/app/_lib/method-form';
import {
  DATASET_KINDS,
  isShifted,
  issueAt,
  keptFields,
  POOLS,
  STAGES,
  type SweepForm,
  type TrainingForm,
  withKind,
} from '@/app/_lib/sweep-form';
import { domainsOf, type Problem, type TaskView } from '@/lib/service/contracts';
import { Field } from '../ui/field';
import { Skeleton } from '../ui/status';
import { DomainFields } from './domain-fields';
import { MethodFields, type PartProps } from './method-fields';
import { MoreFields, type Part } from './more-fields';
import { TaskPicker } from './task-picker';
import { TaughtFields } from './taught-fields';

interface Props {
  form: SweepForm;
  onChange: (form: SweepForm) => void;
  issues: Problem['error']['issues'];
  tasks: readonly TaskView[];
  loading: boolean;
}

const POOL_NOTE = {
  source: 'own networks',
  transfer: 'heads, scratch',
  selection: 'early stopping',
  test: 'losses only',
} as const;
const STAGE_NAME = { source: 'Own networks', transfer: 'Transfers', scratch: 'From scratch' } as const;

/** All fields of a sweep. Errors stand at the field that the server named. */
export function SweepFields(props: Props) {
  const { form, onChange, issues, tasks, loading } = props;
  const at = (field: string): string | null => issueAt(issues, field);
  return (
    <div className="flex flex-col gap-7">
      <fieldset className="grid grid-cols-3 gap-4 phone:grid-cols-1">
        <legend className="section-title mb-2">Sweep</legend>
        <Field label="Name" error={at('name')} className="col-span-2 phone:col-span-1">
          {(p) => (
            <input {...p} value={form.name} onChange={(e) => onChange({ ...form, name: e.target.value })} />
          )}
        </Field>
        <Field label="Network preset" error={at('preset')}>
          {(p) => (
            <select
              {...p}
              value={form.preset}
              onChange={(e) => onChange({ ...form, preset: e.target.value })}
            >
              {['micro', 'tiny', 'small', 'mlp', 'resnet50'].map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          )}
        </Field>
      </fieldset>
      <KeptFields form={form} onChange={onChange} />
      {loading ? (
        <Skeleton className="h-48 w-full" />
      ) : (
        <TaskPicker
          tasks={tasks}
          chosen={form.tasks}
          error={at('tasks')}
          onChange={(list) => onChange({ ...form, tasks: list })}
        />
      )}
      <DatasetFields {...props} />
      <fieldset className="grid grid-cols-4 gap-4 phone:grid-cols-2">
        <legend className="section-title mb-2">Evidence and policy</legend>
        <Field label="Seeds" error={at('seeds')} hint="several give intervals">
          {(p) => (
            <input {...p} value={form.seeds} onChange={(e) => onChange({ ...form, seeds: e.target.value })} />
          )}
        </Field>
        <Field label="Budget" error={at('policy.budget')} hint="tasks in full">
          {(p) => (
            <input
              {...p}
              inputMode="decimal"
              value={form.budget}
              onChange={(e) => onChange({ ...form, budget: e.target.value })}
            />
          )}
        </Field>
        <Field label="Maximise" error={at('policy.objective')}>
          {(p) => (
            <select
              {...p}
              value={form.objective}
              onChange={(e) => onChange({ ...form, objective: e.target.value })}
            >
              {['quality', 'gain', 'affinity', 'log-loss'].map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          )}
        </Field>
        <label className="flex items-center gap-2 self-start pt-7">
          <input
            type="checkbox"
            className="size-4 accent-[var(--accent)]"
            checked={form.probe}
            onChange={(e) => onChange({ ...form, probe: e.target.checked })}
          />
          Ridge probe first
        </label>
      </fieldset>
      <MoreFields parts={partsOf(props)} />
    </div>
  );
}

/** What a plain sweep does without. */
function partsOf(props: Props): Part[] {
  const { form, issues, tasks } = props;
  const byId = new Map(tasks.map((task) => [task.id, task] as const));
  const inner: PartProps = {
    ...props,
    name: (id) => byId.get(id)?.name ?? id,
    sources: form.tasks.filter((id) => byId.get(id)?.source === true),
  };
  const wrong = (...fields: string[]): boolean => fields.some((field) => issueAt(issues, field) !== null);
  const plain = isPlain(form.methods) && form.transferSizes.trim() === '';
  const trained = STAGES.some((stage) => Object.values(form.training[stage]).some((text) => text !== ''));
  return [
    {
      id: 'methods',
      label: 'Ways to transfer',
      set: plain ? '' : String(form.methods.length),
      wrong: wrong('methods', 'transferSizes'),
      content: <MethodFields {...inner} />,
    },
    {
      id: 'pretrained',
      label: 'Encoders taught first',
      set: form.pretrained.length === 0 ? '' : String(form.pretrained.length),
      wrong: wrong('pretrained'),
      content: <TaughtFields {...inner} />,
    },
    ...(domainsOf(form.kind).shifts.length > 0 || domainsOf(form.kind).folder
      ? [
          {
            id: 'domain',
            label: 'Second domain',
            set: isShifted(form) ? form.shift || 'folder' : '',
            wrong: wrong('dataset.shift', 'dataset.target'),
            content: <DomainFields {...inner} />,
          },
        ]
      : []),
    {
      id: 'training',
      label: 'Training',
      set: trained ? 'set' : '',
      wrong: wrong('training'),
      content: <TrainingFields {...props} />,
    },
  ];
}

/** Fields that came with a file and have no place here: they go along until they are removed. */
function KeptFields({ form, onChange }: Pick<Props, 'form' | 'onChange'>) {
  const kept = keptFields(form);
  if (kept.length === 0) return null;
  return (
    <p className="-mt-3 flex flex-wrap items-center gap-1.5 text-ink2 text-label">
      From the file, without a field here:
      {kept.map(({ path, left }) => (
        <button
          key={path}
          type="button"
          className="chip"
          aria-label={`Remove ${path}`}
          onClick={() => onChange(left)}
        >
          <code className="font-mono">{path}</code> ×
        </button>
      ))}
    </p>
  );
}

function DatasetFields({ form, onChange, issues }: Props) {
  const at = (field: string): string | null => issueAt(issues, field);
  return (
    <fieldset className="grid grid-cols-4 gap-4 phone:grid-cols-2">
      <legend className="section-title mb-2">Dataset</legend>
      <Field label="Kind" error={at('dataset.kind')}>
        {(p) => (
          <select {...p} value={form.kind} onChange={(e) => onChange(withKind(form, e.target.value))}>
            {Object.entries(DATASET_KINDS).map(([kind, label]) => (
              <option key={kind} value={kind}>
                {label}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Seed" error={at('dataset.seed')}>
        {(p) => (
          <input
            {...p}
            inputMode="numeric"
            value={form.datasetSeed}
            onChange={(e) => onChange({ ...form, datasetSeed: e.target.value })}
          />
        )}
      </Field>
      <Field label="Image size" error={at('dataset.size')} hint="pixels, a multiple of 16">
        {(p) => (
          <input
            {...p}
            inputMode="numeric"
            value={form.size}
            onChange={(e) => onChange({ ...form, size: e.target.value })}
          />
        )}
      </Field>
      {form.kind !== 'rooms' ? (
        <Field label="Folder of the server" error={at('dataset.directory')}>
          {(p) => (
            <input
              {...p}
              value={form.directory}
              onChange={(e) => onChange({ ...form, directory: e.target.value })}
            />
          )}
        </Field>
      ) : (
        <span className="phone:hidden" />
      )}
      {POOLS.map((pool) => (
        <Field
          key={pool}
          label={`Images, ${pool} pool`}
          error={at(`dataset.pools.${pool}`)}
          hint={POOL_NOTE[pool]}
        >
          {(p) => (
            <input
              {...p}
              inputMode="numeric"
              value={form.pools[pool]}
              onChange={(e) => onChange({ ...form, pools: { ...form.pools, [pool]: e.target.value } })}
            />
          )}
        </Field>
      ))}
    </fieldset>
  );
}

const TRAINING_FIELDS: readonly (readonly [keyof TrainingForm, string])[] = [
  ['epochs', 'epochs'],
  ['batchSize', 'batch size'],
  ['learningRate', 'learning rate'],
];

function TrainingFields({ form, onChange, issues }: Props) {
  return (
    <div>
      <p className="mb-2 text-ink2 text-label">Empty = the preset’s own values.</p>
      {STAGES.map((stage) => (
        <fieldset
          key={stage}
          className="mb-3 grid grid-cols-[120px_repeat(3,minmax(0,1fr))] items-start gap-4 phone:grid-cols-3"
        >
          <legend className="sr-only">{STAGE_NAME[stage]}</legend>
          <span className="pt-7 phone:col-span-3 phone:pt-0" aria-hidden="true">
            {STAGE_NAME[stage]}
          </span>
          {TRAINING_FIELDS.map(([key, label]) => (
            <Field key={key} label={label} error={issueAt(issues, `training.${stage}.${key}`)}>
              {(p) => (
                <input
                  {...p}
                  inputMode="decimal"
                  value={form.training[stage][key]}
                  onChange={(e) =>
                    onChange({
                      ...form,
                      training: {
                        ...form.training,
                        [stage]: { ...form.training[stage], [key]: e.target.value },
                      },
                    })
                  }
                />
              )}
            </Field>
          ))}
        </fieldset>
      ))}
    </div>
  );
}
