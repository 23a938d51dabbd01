import type { DatasetSpec, TaskDeclaration } from '../core';
import { IDX_TASKS } from './tasks-idx';
import { imageFolderTasks } from './tasks-image-folder';
import { ROOMS_TASKS } from './tasks-rooms';
import { TASKONOMY_TASKS, taskonomyTasks } from './tasks-taskonomy';

/**
 * Whether the closed-form ridge probe can predict a task's labels. Embeddings have none to regress on: only distances
 * between them are taught.
 */
export const hasProbe = (task: Pick<TaskDeclaration, 'loss'>): boolean => task.loss !== 'metric';

/** Classes of an image folder when no folder is at hand yet. */
const ANY_CLASSES = 10;

/** The task dictionary of a kind of data set, or of one data set, in display order. */
export function declareTasks(dataset: DatasetSpec['kind'] | DatasetSpec): readonly TaskDeclaration[] {
  const spec = typeof dataset === 'string' ? null : dataset;
  switch (spec?.kind ?? dataset) {
    case 'rooms':
      return ROOMS_TASKS;
    case 'taskonomy':
      return spec?.kind === 'taskonomy' ? taskonomyTasks(spec.domains) : TASKONOMY_TASKS;
    case 'image-folder':
      return imageFolderTasks(spec?.kind === 'image-folder' ? spec.classes : ANY_CLASSES);
    default:
      return IDX_TASKS;
  }
}
