import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { TaskatlasError } from '@/lib/science/core/errors';

export interface CommandResult {
  /** Exit code; null when it was stopped or could not start. */
  readonly code: number | null;
  readonly stdout: string;
  /** Standard output and error as they came, the last 64 kB. */
  readonly output: string;
  readonly stoppedBecause: string | null;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Called every two seconds; a text stops the command, and is the reason given. */
  readonly watch?: (elapsedSeconds: number) => string | null;
}

const KEPT = 64 * 1024;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
function listen(heard: () => void): void {
  for (const signal of SIGNALS) process.on(signal, heard);
}
function unlisten(heard: () => void): void {
  for (const signal of SIGNALS) process.off(signal, heard);
}

let interrupted = false;
const cancelled = (): TaskatlasError => new TaskatlasError('cancelled', 'Stopped.');

/** While `work` goes on, a signal does not end this process: the command that runs is stopped, no other starts. */
export async function stoppable<T>(work: () => Promise<T>): Promise<T> {
  const heard = (): void => {
    interrupted = true;
  };
  listen(heard);
  try {
    return await work();
  } finally {
    unlisten(heard);
    interrupted = false;
  }
}

/**
 * Runs a command to its end without a shell. A command that is not there gives code null.
 * @throws TaskatlasError `cancelled` on a signal, after the command and all that it started were told to end
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  if (interrupted) return Promise.reject(cancelled());
  return new Promise((resolve, reject) => {
    const started = Date.now();
    let stdout = '';
    let output = '';
    let stoppedBecause: string | null = null;
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    // Own process group: `make` and `g++` below must end with it.
    const stop = (reason: string, signal: NodeJS.Signals = 'SIGTERM'): void => {
      stoppedBecause = reason;
      try {
        if (child.pid !== undefined) process.kill(-child.pid, signal);
      } catch {
        // All of the group have ended by themselves.
      }
    };
    let signalled = false;
    const heard = (): void => {
      stop('a signal', signalled ? 'SIGKILL' : 'SIGTERM');
      signalled = true;
    };
    listen(heard);
    const timer = setInterval(() => {
      const reason = options.watch?.((Date.now() - started) / 1000) ?? null;
      if (reason !== null && stoppedBecause === null) stop(reason);
    }, 2000);
    const take = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-KEPT);
    };
    child.stdout.on('data', (chunk: Buffer) => {
      stdout = (stdout + chunk.toString()).slice(-KEPT);
      take(chunk);
    });
    child.stderr.on('data', take);
    const finish = (code: number | null): void => {
      clearInterval(timer);
      unlisten(heard);
      if (signalled) reject(cancelled());
      else resolve({ code, stdout, output, stoppedBecause });
    };
    child.on('error', (error) => {
      output += error.message;
      finish(null);
    });
    child.on('close', finish);
  });
}

/** Last lines of a command's output, for an error message. */
export const tail = (text: string, lines = 12): string => text.trimEnd().split('\n').slice(-lines).join('\n');

/**
 * Path of a program on PATH; null when it is not there. Links stay: a virtual environment's python and a
 * compiler behind ccache work by the name that they are called by.
 */
export function findProgram(name: string, env: NodeJS.ProcessEnv = process.env): string | null {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    if (folder !== '' && existsSync(path)) return path;
  }
  return null;
}
