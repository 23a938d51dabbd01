import { readFileSync } from 'node:fs';

/**
 * True for a process that has ended and waits for its parent to ask how. An orphan's parent is process 1, which asks
 * late on some machines and never in a container whose process 1 is a plain program. False where the system has no
 * `/proc` to tell.
 */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // "pid (name) state …": the name may itself hold brackets and blanks.
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

/** Whether a process of this machine runs. One of another user counts as alive, one that has ended does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !isZombie(pid);
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
