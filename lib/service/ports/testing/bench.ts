import type { PlannedRun, RunStore } from '../index';
import { plannedSource } from './samples';

/** A clock that tests move. */
export interface ManualClock {
  now(): number;
  advance(seconds: number): void;
}

export function manualClock(start = Date.UTC(2026, 0, 1)): ManualClock {
  let now = start;
  return {
    now: () => now,
    advance: (seconds) => {
      now += seconds * 1000;
    },
  };
}

export interface StoreUnderTest {
  store: RunStore;
  clock: ManualClock;
  close(): Promise<void>;
}

export const LEASE = 10;

/** What a test works with; each test has sweeps and sources of its own in the one store. */
export class Bench {
  private seed = 0;
  private subject: StoreUnderTest | null = null;

  async open(subject: StoreUnderTest): Promise<void> {
    this.subject = subject;
  }
  next(): void {
    this.seed++;
  }
  async close(): Promise<void> {
    await this.subject?.close();
  }
  private get opened(): StoreUnderTest {
    if (!this.subject) throw new Error('the store is not open');
    return this.subject;
  }
  get store(): RunStore {
    return this.opened.store;
  }
  get clock(): ManualClock {
    return this.opened.clock;
  }
  source(n: number): PlannedRun {
    return plannedSource(this.seed * 1000 + n, n);
  }
  get sweepId(): string {
    return `sweep-${this.seed}`;
  }
  async stateOf(fingerprint: string) {
    return (await this.store.getRun(fingerprint))?.state;
  }
}
