import { methodById } from '@/lib/science/catalog/methods';
import {
  type FieldIssue,
  nearestName,
  TaskatlasError,
  type TaskDeclaration,
  type TaskId,
} from '@/lib/science/core';
import { methodsOf, plainMethodOf, type SweepSpec } from '../contracts';

interface CheckedTasks {
  tasks: readonly TaskDeclaration[];
  sources: readonly TaskId[];
  targets: readonly TaskId[];
}

function unknownTask(id: TaskId, path: string, known: readonly TaskId[]): FieldIssue {
  const near = nearestName(id, known);
  const hint = near ? `did you mean "${near}"?` : `known tasks: ${known.join(', ')}`;
  return { path, message: `there is no task "${id}" in this data set; ${hint}` };
}

/** The ids listed for a role, with what is wrong about them; without a list, every task of that role. */
function chosen(
  role: 'source' | 'target',
  list: readonly TaskId[] | undefined,
  tasks: readonly TaskDeclaration[],
  issues: FieldIssue[],
): TaskId[] {
  const able = tasks.filter((task) => task.roles.includes(role)).map((task) => task.id);
  const field = `${role}s`;
  list?.forEach((id, i) => {
    const task = tasks.find((candidate) => candidate.id === id);
    if (!task) issues.push({ path: `${field}[${i}]`, message: `"${id}" is not in the list of tasks` });
    else if (!able.includes(id)) {
      issues.push({
        path: `${field}[${i}]`,
        message: `"${id}" cannot be a ${role}: it is ${task.roles.join(' and ')}-only`,
      });
    }
  });
  const ids = list ? able.filter((id) => list.includes(id)) : able;
  if (ids.length === 0 && !list) {
    issues.push({ path: 'tasks', message: `none of these tasks can be a ${role}; add one that can` });
  }
  return ids;
}

/**
 * Tasks of a sweep by the dictionary of its data set, with their roles.
 * @throws TaskatlasError `invalid-input`, one issue per wrong entry.
 */
export function checkTasks(spec: SweepSpec, dictionary: readonly TaskDeclaration[]): CheckedTasks {
  const known = dictionary.map((task) => task.id);
  const issues: FieldIssue[] = [];
  const tasks = spec.tasks.flatMap((id, i) => {
    const task = dictionary.find((candidate) => candidate.id === id);
    if (!task) issues.push(unknownTask(id, `tasks[${i}]`, known));
    return task ? [task] : [];
  });
  const complete = issues.length === 0;
  const sources = complete ? chosen('source', spec.sources, tasks, issues) : [];
  const targets = complete ? chosen('target', spec.targets, tasks, issues) : [];
  const plain = methodsOf(spec).find((method) => method.id === plainMethodOf(spec));
  if ((spec.maxOrder ?? 1) > 1 && plain && !methodById(plain.method).joins) {
    const message = `${plain.label} takes one source only, and higher orders repeat it: add readout to methods`;
    issues.push({ path: 'maxOrder', message });
  }
  if (issues.length > 0) {
    throw new TaskatlasError('invalid-input', `The sweep "${spec.name}" cannot be planned.`, { issues });
  }
  return { tasks, sources, targets };
}
