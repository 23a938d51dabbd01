import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

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

/** Runs a command to its end without a shell. Never throws: a command that is not there gives code null. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
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
    const stop = (reason: string): void => {
      stoppedBecause = reason;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    };
    const interrupted = (): void => {
      stop('interrupted');
    };
    process.once('SIGINT', interrupted);
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
      process.off('SIGINT', interrupted);
      resolve({ code, stdout, output, stoppedBecause });
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
