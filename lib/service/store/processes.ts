import { isAlive, startOf, stillRuns } from './exclusive.mjs';

export { isAlive, startOf, stillRuns };

/** Calls `then` once when process `pid` is gone: a supervisor that was killed cannot stop its children. */
export function whenGone(pid: number, then: () => void, everyMs = 1000): void {
  const started = startOf(pid);
  const timer = setInterval(() => {
    if (stillRuns({ pid, started })) return;
    clearInterval(timer);
    then();
  }, everyMs);
  timer.unref();
}
