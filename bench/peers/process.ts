import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A Python program that answers a line of JSON with a line of JSON. */
export interface Peer {
  ask(question: unknown): Promise<unknown>;
  stop(): void;
}

export async function startPeer(script: string, packages: readonly string[]): Promise<Peer | null> {
  void packages;
  const python = process.env.TASKATLAS_BENCH_PYTHON ?? 'python3';
  const child = spawn(python, [fileURLToPath(new URL(script, import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (question) => {
      if (!child.stdin.write(`${JSON.stringify(question)}\n`)) await once(child.stdin, 'drain');
      const { value, done } = await lines.next();
      if (done) throw new Error(`${script} ended`);
      return JSON.parse(value) as unknown;
    },
    stop: () => child.stdin.end(),
  };
}
