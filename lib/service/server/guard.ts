import { TaskatlasError } from '@/lib/science/core';
import type { Store } from '../ports/records';
import { awayError, databaseAway } from './problems';

/** Reads may be repeated at will; a write that was lost on the way may have been done. */
const READS = new Set<keyof Store>([
  'getSweep',
  'listSweeps',
  'runsOf',
  'getRun',
  'result',
  'analyses',
  'policies',
  'losses',
  'sampleList',
  'sample',
  'phases',
]);

export interface Patience {
  attempts: number;
  /** Wait before the second attempt; each further wait is twice as long. */
  firstWaitMs: number;
  sleep(ms: number): Promise<void>;
}

const PATIENT: Patience = {
  attempts: 5,
  firstWaitMs: 100,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** Repeats `work` while the database is away, then fails with `unavailable`. Other errors pass at once. */
export async function patiently<T>(work: () => Promise<T>, patience: Patience = PATIENT): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      // A TaskatlasError comes from a store that has been patient itself.
      if (error instanceof TaskatlasError || !databaseAway(error)) throw error;
      if (attempt >= patience.attempts) throw awayError(error);
      await patience.sleep(patience.firstWaitMs * 2 ** (attempt - 1));
    }
  }
}

/** A store whose reads wait out a restart of Postgres (about 1.5 s); its writes are made once. */
export function guardStore(store: Store, patience: Patience = PATIENT): Store {
  return new Proxy(store, {
    get(target, key, receiver) {
      const member: unknown = Reflect.get(target, key, receiver);
      if (typeof member !== 'function') return member;
      const call = (...args: unknown[]): unknown => Reflect.apply(member, target, args);
      if (!READS.has(key as keyof Store)) return call;
      return (...args: unknown[]) => patiently(async () => call(...args), patience);
    },
  });
}
