import { methodById, methodLabel, optionsOf } from '@/lib/science/catalog/methods';
import {
  type FieldIssue,
  type PresetName,
  TaskatlasError,
  type TaskDeclaration,
  type TaskId,
} from '@/lib/science/core';
import type { SweepSpec } from '../contracts';

type Taught = NonNullable<SweepSpec['pretrained']>[number];

/** Tasks whose labels are behind an encoder: its own and those of the encoders that it starts from. */
function labelsBehind(
  entry: Taught,
  entries: readonly Taught[],
  tasks: readonly TaskDeclaration[],
): Set<TaskId> {
  const behind = new Set(entry.tasks);
  for (const source of entry.sources) {
    const taught = entries.slice(0, entries.indexOf(entry)).find((other) => other.id === source);
    if (taught) for (const task of labelsBehind(taught, entries, tasks)) behind.add(task);
    else behind.add(source);
  }
  return behind;
}

/** What entries may name, the encoders taught before one among it. */
interface Known {
  tasks: readonly TaskDeclaration[];
  /** Names that are taken. */
  names: Set<string>;
  /** Tasks and entries whose encoders are trained. */
  encoders: Set<string>;
}

/** Why nothing can be learned from a task, or null. */
function taskFault(id: TaskId, tasks: readonly TaskDeclaration[]): string | null {
  const task = tasks.find((candidate) => candidate.id === id);
  if (!task) return `"${id}" is not in the list of tasks`;
  return task.untrained || task.external ? `"${id}" has no labels to learn from` : null;
}

/** Why a training cannot begin with an encoder, or null. */
function startFault(source: TaskId, { tasks, encoders }: Known): string | null {
  if (!encoders.has(source))
    return `"${source}" is neither a source of this sweep nor taught before this one`;
  return tasks.some(({ id, external }) => external && id === source)
    ? `"${source}" comes from outside: it is no encoder to start from`
    : null;
}

function issuesOf(entry: Taught, at: number, known: Known, preset: PresetName): FieldIssue[] {
  const path = `pretrained[${at}]`;
  const method = methodById(entry.method);
  const issues: FieldIssue[] = [];
  if (known.names.has(entry.id))
    issues.push({ path: `${path}.id`, message: `"${entry.id}" is already a source` });
  entry.tasks.forEach((task, i) => {
    const message = taskFault(task, known.tasks);
    if (message !== null) issues.push({ path: `${path}.tasks[${i}]`, message });
  });
  if (new Set(entry.tasks).size < entry.tasks.length)
    issues.push({ path: `${path}.tasks`, message: 'must not name anything twice' });
  entry.sources.forEach((source, i) => {
    const message = startFault(source, known);
    if (message !== null) issues.push({ path: `${path}.sources[${i}]`, message });
  });
  if (method.kind === 'transfer' && (entry.tasks.length !== 1 || entry.sources.length !== 1)) {
    const message = `${entry.method} as a source takes one encoder (sources) to one task (tasks)`;
    issues.push({ path, message });
  }
  return [...issues, ...misfits(entry, path, preset)];
}

/** What a pre-training cannot do with what it is given. */
function misfits(entry: Taught, path: string, preset: PresetName): FieldIssue[] {
  const method = methodById(entry.method);
  const { unlabelled, leastTasks = 0 } = method;
  const presets = method.presets?.(optionsOf(entry.method, entry.options));
  const issues: FieldIssue[] = [];
  if (entry.tasks.length < leastTasks) {
    const message = `${entry.method} learns from at least ${leastTasks} tasks: name them`;
    issues.push({ path: `${path}.tasks`, message });
  }
  if (leastTasks > 0 && entry.sources.length > 0) {
    const message = `${entry.method} begins with random weights: leave sources out`;
    issues.push({ path: `${path}.sources`, message });
  }
  if (presets && !presets.includes(preset)) {
    const message = `${methodLabel(entry.method, entry.options)} teaches networks of preset ${presets.join(' or ')}, not ${preset}`;
    issues.push({ path: `${path}.method`, message });
  }
  for (const field of unlabelled ? (['tasks', 'sources'] as const) : []) {
    if (entry[field].length > 0)
      issues.push({
        path: `${path}.${field}`,
        message: `${entry.method} learns from pictures alone: leave them out`,
      });
  }
  return issues;
}

/**
 * Declarations of the encoders that a sweep teaches: sources without a target function of their own. Each costs the
 * union of the labels behind it.
 * @param trained tasks that get a network of their own
 * @throws TaskatlasError `invalid-input` naming the fields
 */
export function taughtSources(
  spec: SweepSpec,
  tasks: readonly TaskDeclaration[],
  trained: readonly TaskId[],
): TaskDeclaration[] {
  const entries = spec.pretrained ?? [];
  const known: Known = {
    tasks,
    names: new Set(tasks.map((task) => task.id)),
    encoders: new Set(trained),
  };
  const issues = entries.flatMap((entry, i) => {
    const found = issuesOf(entry, i, known, spec.preset);
    known.names.add(entry.id);
    known.encoders.add(entry.id);
    return found;
  });
  if (issues.length > 0)
    throw new TaskatlasError('invalid-input', `The sweep "${spec.name}" cannot be planned.`, { issues });
  return entries.map((entry): TaskDeclaration => {
    const behind = [...labelsBehind(entry, entries, tasks)];
    const labelCost = tasks.reduce((sum, task) => sum + (behind.includes(task.id) ? task.labelCost : 0), 0);
    const how = methodById(entry.method).name;
    return {
      id: entry.id,
      name: entry.label ?? entry.id,
      summary: `${how} (${methodLabel(entry.method, entry.options)})${behind.length > 0 ? ` on ${behind.join(', ')}` : ', without labels'}.`,
      roles: ['source'],
      family: 'control',
      input: 'rgb',
      head: { kind: 'pixels', channels: 3 },
      loss: 'l1',
      metric: { name: 'mean absolute error', unit: 'label units', higherIsBetter: false },
      labelCost,
      version: 1,
      taught: { method: entry.method, tasks: behind },
    };
  });
}
