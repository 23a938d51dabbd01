import { TaskatlasError } from '@/lib/science/core';
import { takeLock } from '../exclusive.mjs';

/** One process at a time; the lock of a process that died is taken over. */
export async function withLock<T>(file: string, work: () => Promise<T>, patienceMs = 60_000): Promise<T> {
  const lock = await takeLock(file, { patienceMs });
  if (!lock.taken) {
    throw new TaskatlasError(
      'unavailable',
      `Process ${lock.pid} has been starting Postgres for ${Math.round(patienceMs / 1000)} s. Wait for it, or end it, then start again.`,
    );
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}
