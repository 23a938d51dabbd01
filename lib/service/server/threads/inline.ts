import { outcomeOf, settle } from './boundary';
import type { Tasks, Threads, ViewBytes } from './questions';

/** The tasks in this process: for tests whose store no thread can open. */
export function inlineThreads(tasks: Tasks): Threads {
  const run = async (work: () => Promise<unknown>): Promise<unknown> =>
    settle(structuredClone(await outcomeOf(work)));
  const view = async (work: () => Promise<ViewBytes>) => (await run(work)) as ViewBytes;
  return {
    view: (question) => view(() => tasks.view(structuredClone(question))),
    policy: (question) => view(() => tasks.view(structuredClone(question))),
    curve: (question) => view(() => tasks.curve(question)),
    call: (call) => run(() => tasks.call(call)),
    close: async () => undefined,
  };
}
