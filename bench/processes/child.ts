import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Peer } from '../peers/process';

/** Starts `bench/<script>` as a process that answers each message with a message, like a Python peer. */
export function startChild(script: string, args: readonly string[]): Peer {
  const { TASKATLAS_ENGINE: _ours, ...env } = process.env;
  const child = fork(fileURLToPath(new URL(`../${script}`, import.meta.url)), [...args], {
    execArgv: ['--import', 'tsx'],
    env,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  return {
    ask: async (question) => {
      // A process that dies without an answer must not keep the others waiting.
      const end = new AbortController();
      const dead = once(child, 'exit', { signal: end.signal }).then(() => [{ failed: 'its process ended' }]);
      const reply = once(child, 'message', { signal: end.signal });
      for (const promise of [dead, reply]) promise.catch(() => {});
      child.send(question as object);
      const [answer] = await Promise.race([reply, dead]).finally(() => end.abort());
      return answer as unknown;
    },
    stop: () => child.kill(),
  };
}

/** The other end: answers every message by `answer`, and says what failed. */
export function serve(answer: (question: never) => Promise<unknown>): void {
  process.on('message', (question) => {
    answer(question as never).then(
      (reply) => process.connected && process.send?.(reply),
      (error: unknown) => process.send?.({ failed: error instanceof Error ? error.message : String(error) }),
    );
  });
}
