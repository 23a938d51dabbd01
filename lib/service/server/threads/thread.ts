import type { DataRoots } from '../data-roots';
import type { Outcome } from './boundary';
import { outcomeOf } from './boundary';
import type { TaskName, Tasks } from './questions';

/** What a thread opens once: its own connection to the database, beside that of the process. */
export interface ThreadData {
  databaseUrl: string;
  /** Folders that requests may name files of; any when absent. */
  dataRoots?: DataRoots | undefined;
}

/** A task as it is sent to a thread. */
export interface Asked {
  task: TaskName;
  input: unknown;
}

/** Answers tasks over what `open` opens at the first of them. A failed opening is tried again by the next. */
export function answering(open: () => Promise<Tasks>): (asked: Asked) => Promise<Outcome> {
  let opening: Promise<Tasks> | null = null;
  return ({ task, input }) =>
    outcomeOf(async () => {
      opening ??= open().catch((error: unknown) => {
        opening = null;
        throw error;
      });
      const tasks = await opening;
      return (tasks[task] as (input: unknown) => Promise<unknown>)(input);
    });
}
