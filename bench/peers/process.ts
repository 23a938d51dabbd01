import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A Python program that answers each line of JSON with a line of JSON. */
export interface Peer {
  /** @throws Error when the program has ended */
  ask(question: unknown): Promise<unknown>;
  /** Ends it: its input is closed. */
  stop(): void;
}

/** Starts `bench/peers/<script>` with one thread for all numerical libraries. */
export function startPeer(python: string, script: string, args: readonly string[] = []): Peer {
  const child: ChildProcess = spawn(python, [fileURLToPath(new URL(script, import.meta.url)), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' },
  });
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new Error(`${script} has no pipes`);
  stdin.on('error', () => {});
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return {
    ask: async (question) => {
      stdin.write(`${JSON.stringify(question)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${script} ended without an answer`);
      return JSON.parse(value) as unknown;
    },
    stop: () => stdin.end(),
  };
}
