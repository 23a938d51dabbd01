import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { join } from 'node:path';

export interface ChildPlan {
  name: string;
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  logsDirectory: string;
  /** Niceness above our own: workers give way to the web server and the database. */
  niceness?: number;
}

export interface SupervisedChild {
  readonly name: string;
  pid(): number | undefined;
  restarts(): number;
  /** TERM, then KILL after the grace; resolves when the process is gone. No restart afterwards. */
  stop(graceSeconds: number): Promise<void>;
}

const BACKOFF_SECONDS = [0.2, 0.5, 1, 2, 5, 10, 30] as const;
/** A process that lived this long has recovered: its back-off starts anew. */
const STABLE_SECONDS = 60;

/** Seconds to wait before the next start, given how often it died young in a row. */
export const backoff = (deaths: number): number =>
  BACKOFF_SECONDS[Math.min(deaths, BACKOFF_SECONDS.length - 1)] ?? 30;

function startOnce(plan: ChildPlan): ChildProcess {
  mkdirSync(plan.logsDirectory, { recursive: true });
  // Opened here and handed over: a stream would open it later, and bring us down if it cannot.
  const log = openSync(join(plan.logsDirectory, `${plan.name}.log`), 'a');
  // An own process group: Ctrl-C reaches only the supervisor, which then stops its children in order.
  const child = spawn(plan.command, [...plan.args], {
    cwd: plan.cwd,
    env: plan.env,
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  if (plan.niceness && child.pid) {
    try {
      setPriority(child.pid, Math.min(19, getPriority() + plan.niceness));
    } catch {
      // Without the right to renice, the child runs at normal priority: slower pages, same results.
    }
  }
  return child;
}

/** Starts a process and keeps it alive until `stop`, with back-off between early deaths. Output goes to a log file. */
export function supervise(plan: ChildPlan, onDeath: (text: string) => void): SupervisedChild {
  let child: ChildProcess | null = null;
  let stopping = false;
  let restarts = 0;
  let deaths = 0;
  let timer: NodeJS.Timeout | null = null;

  const start = (): void => {
    const startedAt = Date.now();
    const current = startOnce(plan);
    child = current;
    const died = (why: string): void => {
      if (child !== current) return;
      child = null;
      if (stopping) return;
      deaths = Date.now() - startedAt > STABLE_SECONDS * 1000 ? 0 : deaths + 1;
      restarts += 1;
      const wait = backoff(Math.max(deaths - 1, 0));
      onDeath(
        `${plan.name} ended (${why}); starting it again in ${wait} s. Log: ${join(plan.logsDirectory, `${plan.name}.log`)}`,
      );
      timer = setTimeout(start, wait * 1000);
    };
    current.once('exit', (code, signal) => died(signal ?? `exit ${code}`));
    current.once('error', (error) => died(error.message));
  };
  start();

  return {
    name: plan.name,
    pid: () => child?.pid,
    restarts: () => restarts,
    async stop(graceSeconds) {
      stopping = true;
      if (timer) clearTimeout(timer);
      const current = child;
      if (!current || current.exitCode !== null || current.signalCode !== null) return;
      const gone = new Promise<void>((resolve) => current.once('exit', () => resolve()));
      current.kill('SIGTERM');
      const killer = setTimeout(() => current.kill('SIGKILL'), graceSeconds * 1000);
      await gone;
      clearTimeout(killer);
    },
  };
}
