import {
  type ExternalEncoder,
  type FieldIssue,
  TaskatlasError,
  type TaskDeclaration,
  type TaskId,
} from '@/lib/science/core';
import type { SweepSpec } from '../contracts';

/** External sources by name, with their files' hash. */
export type ExternalEncoders = ReadonlyMap<TaskId, ExternalEncoder>;

/** An external source as an entry of the sweep's dictionary; it has no target and costs no labels of this data set. */
function declare(id: TaskId, encoder: ExternalEncoder): TaskDeclaration {
  return {
    id,
    name: `${id} (external)`,
    summary: `Weights from outside: the output of ${encoder.layer} in ${encoder.model}.`,
    roles: ['source'],
    family: 'control',
    input: 'rgb',
    head: { kind: 'vector', size: 1 },
    loss: 'l2',
    metric: { name: 'none', unit: '', higherIsBetter: false },
    labelCost: 0,
    version: 1,
    untrained: true,
    external: true,
  };
}

/**
 * External sources of a sweep as tasks of its dictionary.
 * @throws TaskatlasError `invalid-input` where a name is taken.
 */
export function externalTasks(
  spec: SweepSpec,
  dictionary: readonly TaskDeclaration[],
  encoders: ExternalEncoders,
): TaskDeclaration[] {
  const names = spec.externalSources?.map(({ name }) => name) ?? [];
  const issues = names.flatMap((name, i): FieldIssue[] =>
    dictionary.some(({ id }) => id === name) || names.indexOf(name) < i
      ? [{ path: `externalSources[${i}].name`, message: `"${name}" is taken; choose another name` }]
      : [],
  );
  if (issues.length > 0) {
    throw new TaskatlasError('invalid-input', `The sweep "${spec.name}" cannot be planned.`, { issues });
  }
  return names.map((name) => {
    const encoder = encoders.get(name);
    if (!encoder) throw new TaskatlasError('internal', `External source "${name}" was not read.`);
    return declare(name, encoder);
  });
}
