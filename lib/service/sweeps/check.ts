import { methodById } from '@/lib/science/catalog/methods';
import { type FieldIssue, TaskatlasError, type TaskDeclaration, type TaskId } from '@/lib/science/core';
import { methodsOf, plainMethodOf, type SweepSpec } from '../contracts';

/** Edits (insert, delete, replace) between two words; rows of the usual table. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The known word that was probably meant, if one is near enough. */
function suggest(word: string, known: readonly string[]): string | null {
  const ranked = known
    .map((candidate) => ({
      candidate,
      score: candidate.includes(word) || word.includes(candidate) ? 1 : distance(word, candidate),
    }))
    .sort((a, b) => a.score - b.score);
  const best = ranked[0];
  return best && best.score <= Math.max(2, Math.floor(word.length / 3)) ? best.candidate : null;
}

interface CheckedTasks {
  tasks: readonly TaskDeclaration[];
  sources: readonly TaskId[];
  targets: readonly TaskId[];
}

function unknownTask(id: TaskId, path: string, known: readonly TaskId[]): FieldIssue {
  const near = suggest(id, known);
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
