import { TaskatlasError } from '@/lib/science/core';
import { sweepNamed } from '../../contracts';
import type { Clock } from '../../ports';
import type { Store, SweepVersion } from '../../ports/records';

/** The versions of all sweeps are read at most this often. */
const READ_EVERY_MS = 250;

/** The versions of all sweeps' results, shared by the requests of a moment. */
export interface Versions {
  /** The sweep that a reference names. Throws `not-found`. */
  of(ref: string): Promise<SweepVersion>;
  /** Whether the database answers: rejects when it does not. */
  read(): Promise<readonly SweepVersion[]>;
  /** After a change: the next reading is fresh. */
  forget(): void;
}

export function readVersions(store: Pick<Store, 'versions'>, clock: Clock): Versions {
  let shared: { at: number; versions: Promise<readonly SweepVersion[]> } | null = null;
  const read = (): Promise<readonly SweepVersion[]> => {
    if (shared && clock.now() - shared.at < READ_EVERY_MS) return shared.versions;
    const reading = { at: clock.now(), versions: store.versions() };
    shared = reading;
    reading.versions.catch(() => {
      if (shared === reading) shared = null;
    });
    return reading.versions;
  };
  return {
    read,
    async of(ref) {
      const found = sweepNamed(await read(), ref);
      if (found) return found;
      // It may have been submitted since the list was read.
      shared = null;
      const fresh = sweepNamed(await read(), ref);
      if (fresh) return fresh;
      throw new TaskatlasError(
        'not-found',
        ref === 'latest' ? 'There is no sweep yet: submit one first.' : `There is no sweep "${ref}".`,
      );
    },
    forget: () => {
      shared = null;
    },
  };
}
