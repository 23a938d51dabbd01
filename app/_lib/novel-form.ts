import type { TaskView } from '@/lib/service/contracts';
import { numberOf } from './method-form';

/** The body of `POST /sweeps/{id}/novel`. A wrong number goes as it was typed: the server names it. */
export interface NovelBody {
  task: string;
  images?: number | string;
}

export function novelBody(task: string, images: string): NovelBody {
  const n = numberOf(images);
  return n === undefined ? { task } : { task, images: n };
}

/** Tasks of the data set that can be a target and are none of the sweep yet. */
export const novelTasks = (tasks: readonly TaskView[], targets: readonly string[]): TaskView[] =>
  tasks.filter((task) => task.target && !targets.includes(task.id));
