import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

/**
 * Arguments to Node for a worker process. A worker that computes with one thread collects its garbage on that thread
 * too: V8's helper threads would take the core from the worker beside it, and do more work in all than one thread does
 * (bench/README.md, `scaling`).
 * @param loader what lets Node read TypeScript
 */
export const workerArguments = (
  name: string,
  threads: number,
  loader: readonly string[] = process.execArgv,
): string[] => [...loader, ...(threads === 1 ? ['--single-threaded-gc'] : []), main, '--name', name];
