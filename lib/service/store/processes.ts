/** Whether a process of this machine lives. One of another user counts as alive. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Calls `then` once when process `pid` is gone: a supervisor that was killed cannot stop its children. */
export function whenGone(pid: number, then: () => void, everyMs = 1000): void {
  const timer = setInterval(() => {
    if (isAlive(pid)) return;
    clearInterval(timer);
    then();
  }, everyMs);
  timer.unref();
}
