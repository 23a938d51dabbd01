import { TaskatlasError } from '@/lib/science/core';

/** Hands the event loop a turn now and then, so that heartbeats and signals are served in long loops. */
export type Pause = () => Promise<void>;

const TURN_MS = 50;

/** What a stopped run throws. */
export const stopped = (signal: AbortSignal): TaskatlasError =>
  new TaskatlasError('cancelled', 'The run was stopped; a training goes on from its checkpoint.', {
    cause: signal.reason,
  });

/** A pause that costs nothing until 50 ms have passed since the last turn; with a signal it also ends the work. */
export function createPause(signal?: AbortSignal): Pause {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < TURN_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted) throw stopped(signal);
    last = performance.now();
  };
}
