import type { TaskDeclaration } from '../core';
import { IDX_TASKS } from './tasks-idx';
import { ROOMS_TASKS } from './tasks-rooms';

const FURTHER = ['colorization', 'keypoints-2d'];

/** Tasks on a folder of pictures by class: classification over its folders, and what the pictures give by themselves. */
export const imageFolderTasks = (classes: number): readonly TaskDeclaration[] => [
  ...IDX_TASKS.map(
    (task): TaskDeclaration =>
      task.id === 'classification'
        ? {
            ...task,
            summary: 'The class of the picture: the name of its folder.',
            head: { kind: 'classes', classes },
          }
        : task,
  ),
  ...ROOMS_TASKS.filter((task) => FURTHER.includes(task.id)),
];
