import type { MethodCase, MethodDeclaration } from '@/lib/science/catalog/method-declaration';
import type { OptionSpec } from '@/lib/science/catalog/method-options';
import { optionsOf } from '@/lib/science/catalog/methods';
import { PRESETS } from '@/lib/science/catalog/presets';
import { DOMAIN_SHIFTS } from '@/lib/science/core';
import { TEACHERS, TRANSFERS } from './sweep-methods';
import { datasetInput, type SweepSpec } from './sweep-spec';

export type { OptionSpec } from '@/lib/science/catalog/method-options';

/** A method that a sweep may name, as the catalog declares it: what a form needs to offer it. */
export interface MethodChoice {
  id: string;
  name: string;
  summary: string;
  options: readonly (readonly [id: string, spec: OptionSpec])[];
  /** What it needs, in words. */
  needs: string;
  /** For encoders: whether it learns from tasks, and whether it starts from other encoders. */
  takes: { tasks: boolean; sources: boolean };
}

const SOURCES = {
  each: 'one run for each source',
  joined: 'one run from all sources together',
  self: 'the target’s own network',
  none: 'no source',
} as const;
const ARTIFACTS = { features: 'frozen activations', weights: 'encoder weights' } as const;

const ALL_PRESETS = Object.values(PRESETS).map(({ name }) => name);

/** Tasks of different kinds: what serves none of them cannot serve. */
const PIXELS: MethodCase['task'] = {
  head: { kind: 'pixels', channels: 1 },
  loss: 'l1',
  family: 'geometry',
};
const TASKS: readonly MethodCase['task'][] = [
  PIXELS,
  { head: { kind: 'classes', classes: 10 }, loss: 'cross-entropy', family: 'semantics' },
];

/**
 * Why a way to transfer can serve no target of a sweep, whatever the task; null when it may.
 * @param shifted whether the data set has two domains
 * @param fewer whether a size of the transfer set leaves images without labels
 */
export function unservable(id: string, shifted: boolean, fewer: boolean, tasks = TASKS): string | null {
  const serves = TRANSFERS.find((method) => method.id === id)?.serves;
  if (!serves) return null;
  const { name: preset, nominalSize: size } = PRESETS.tiny;
  const answers = tasks.map((task) =>
    serves({ preset, size, task, images: fewer ? 1 : 2, pool: 2, shifted }, optionsOf(id)),
  );
  if (answers.includes(true)) return null;
  return answers.find((answer) => typeof answer === 'string') ?? 'it serves no task of this sweep';
}

const needsDomains = (id: string): boolean =>
  unservable(id, false, true) !== null && unservable(id, true, true) === null;

/** Ways to transfer that go from one domain of a data set to the other. */
export const ADAPTING_METHODS: readonly string[] = TRANSFERS.map(({ id }) => id).filter(needsDomains);

/** What makes the difference between a method that serves and one that does not. */
const CONDITIONS: readonly (readonly [(id: string) => boolean, string])[] = [
  [needsDomains, 'two domains'],
  [
    (id) => unservable(id, true, false) !== null && unservable(id, true, true) === null,
    'fewer labelled images than the transfer pool has',
  ],
  [
    (id) => unservable(id, true, true, [PIXELS]) !== null && unservable(id, true, true) === null,
    'a task of classes',
  ],
];

function transferNeeds({ id, needs, runs }: MethodDeclaration): string {
  const made = runs?.(optionsOf(id));
  return [
    ...(made ? [SOURCES[made.sources]] : []),
    ...(made?.members
      ? [`transfers of ${made.members.join(' and ')} in this sweep`]
      : needs.map((n) => ARTIFACTS[n])),
    ...CONDITIONS.filter(([holds]) => holds(id)).map(([, words]) => words),
  ].join('; ');
}

function teacherNeeds({ id, kind, unlabelled, leastTasks, presets }: MethodDeclaration): string {
  const able = presets?.(optionsOf(id)) ?? ALL_PRESETS;
  const from =
    kind === 'transfer'
      ? 'one encoder to start from, one task'
      : unlabelled
        ? 'pictures alone'
        : `labels of at least ${leastTasks ?? 1} tasks`;
  return [from, ...(able.length < ALL_PRESETS.length ? [`preset ${able.join(' or ')}`] : [])].join('; ');
}

const choice = (method: MethodDeclaration, needs: string): MethodChoice => ({
  id: method.id,
  name: method.name,
  summary: method.summary,
  options: Object.entries(method.options ?? {}),
  needs,
  takes: {
    tasks: method.unlabelled !== true,
    sources: method.unlabelled !== true && (method.leastTasks ?? 0) === 0,
  },
});

/** Ways to transfer that `methods:` of a sweep may name. */
export const TRANSFER_CHOICES: readonly MethodChoice[] = TRANSFERS.map((m) => choice(m, transferNeeds(m)));

/** Ways to teach an encoder that `pretrained:` of a sweep may name. */
export const TEACHER_CHOICES: readonly MethodChoice[] = TEACHERS.map((m) => choice(m, teacherNeeds(m)));

type DatasetKind = SweepSpec['dataset']['kind'];

const shapeOf = (kind: DatasetKind) =>
  datasetInput.options.find(({ shape }) => shape.kind.value === kind)?.shape ?? {};

/** How a data set of a kind may get a second domain: another appearance, another folder. */
export const domainsOf = (kind: DatasetKind): { shifts: readonly string[]; folder: boolean } => ({
  shifts: 'shift' in shapeOf(kind) ? DOMAIN_SHIFTS : [],
  folder: 'target' in shapeOf(kind),
});
