import type { DatasetSpec, TaskDeclaration } from '../core';
import { IDX_TASKS } from './tasks-idx';
import { ROOMS_TASKS } from './tasks-rooms';

/** The task dictionary of a kind of data set, in display order. */
export function declareTasks(kind: DatasetSpec['kind']): readonly TaskDeclaration[] {
  return kind === 'rooms' ? ROOMS_TASKS : IDX_TASKS;
}
