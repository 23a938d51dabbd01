import { open, readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { TaskatlasError } from '@/lib/science/core';
import { isAlive } from '../processes';

/** One process at a time; the lock of a process that died is taken over. */
export async function withLock<T>(file: string, work: () => Promise<T>, patienceMs = 60_000): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      const handle = await open(file, 'wx', 0o600);
      await handle.writeFile(String(process.pid));
      await handle.close();
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
      // An empty file is a holder between its open and its write: give it time.
      if (Number.isInteger(holder) && !isAlive(holder)) await rm(file, { force: true });
      if (Date.now() > deadline) {
        throw new TaskatlasError(
          'unavailable',
          `Another process (${holder}) has been starting Postgres for a minute. If there is none, remove ${file}.`,
        );
      }
      await sleep(50);
    }
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}
