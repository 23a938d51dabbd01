import fc from 'fast-check';
import { expect } from 'vitest';
import type { FailureClass, RunResult } from '@/lib/science/core';
import type { RunStore, StoredRun, SweepState } from '../index';
import type { ManualClock } from './bench';
import { newSweep, plannedSource, plannedTransfer, sampleResult } from './samples';

/** Everything that can happen to runs and sweeps, in any order, by anybody. */
export type Happening =
  | { do: 'claim' | 'complete' | 'release' | 'heartbeat'; run: number; worker: number }
  | { do: 'fail'; run: number; worker: number; class: FailureClass }
  | { do: 'retry'; run: number }
  | { do: 'await'; run: number; worker: number }
  | { do: 'sweep'; sweep: number; state: SweepState }
  | { do: 'wait'; seconds: number };

const run = fc.nat({ max: 6 });
const worker = fc.nat({ max: 2 });

export const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('claim' as const), run, worker }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('complete' as const), run, worker }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('release' as const, 'heartbeat' as const), run, worker }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('fail' as const),
      run,
      worker,
      class: fc.constantFrom<FailureClass>('out-of-memory', 'diverged', 'data', 'code', 'lost-machine'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('retry' as const), run }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('await' as const), run, worker }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('sweep' as const),
      sweep: fc.nat({ max: 1 }),
      state: fc.constantFrom<SweepState>('active', 'paused', 'stopped', 'cancelled'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(1, 9, 200) }),
  },
);

const LEASE = 10;

/**
 * Two sweeps over seven runs: three sources, and transfers of one, two and three of them. The second sweep shares
 * two sources and a transfer with the first.
 */
export class Life {
  readonly runs;
  readonly sweeps: readonly [string, string];
  private readonly results = new Map<string, RunResult>();
  /** Runs whose files were damaged once. */
  private readonly reopened = new Set<string>();
  /** Releases of a run since it last started anew; a run may be released once. */
  private readonly releases = new Map<string, number>();

  constructor(
    private readonly store: RunStore,
    private readonly clock: ManualClock,
    key: number,
  ) {
    const [a, b, c] = [1, 2, 3].map((n) => plannedSource(key * 10 + n, n)) as [
      ReturnType<typeof plannedSource>,
      ReturnType<typeof plannedSource>,
      ReturnType<typeof plannedSource>,
    ];
    this.runs = [
      a,
      b,
      c,
      plannedTransfer(`x${key}`, [a]),
      plannedTransfer(`y${key}`, [a, b]),
      plannedTransfer(`y${key}`, [a, b, c]),
      plannedTransfer(`z${key}`, [b]),
    ] as const;
    this.sweeps = [`life-${key}-0`, `life-${key}-1`];
  }

  async begin(): Promise<void> {
    const [a, b, , , ab, , z] = this.runs;
    await this.store.createSweep(newSweep(this.sweeps[0]), this.runs.slice(0, 6));
    await this.store.createSweep(newSweep(this.sweeps[1]), [a, b, ab, z]);
  }

  private async look(): Promise<Map<string, StoredRun>> {
    const found = new Map<string, StoredRun>();
    for (const planned of this.runs) {
      const stored = await this.store.getRun(planned.fingerprint);
      if (stored) found.set(planned.fingerprint, stored);
    }
    return found;
  }

  /** Lets it happen and checks everything that must hold whatever happens. */
  async step(event: Happening): Promise<void> {
    const before = await this.look();
    const states = await this.states();
    await this.happen(event, before);
    const after = await this.look();
    for (const [fingerprint, was] of before) {
      const is = after.get(fingerprint);
      if (was.state === 'done' && event.do !== 'await')
        expect(is, 'a finished run is immutable').toEqual(was);
      const started =
        ['failed', 'cancelled'].includes(was.state) && ['waiting', 'queued'].includes(is?.state ?? '');
      if (is?.state === 'waiting' && was.state !== 'waiting') this.releases.delete(fingerprint);
      if (started) this.releases.delete(fingerprint);
      this.checkParents(fingerprint, is, after);
    }
    if (event.do === 'sweep' && event.state === 'cancelled')
      this.checkCancel(event.sweep, states, before, after);
  }

  private async states(): Promise<SweepState[]> {
    return await Promise.all(this.sweeps.map(async (id) => (await this.store.getSweep(id))?.state ?? 'done'));
  }

  private checkParents(
    fingerprint: string,
    is: StoredRun | undefined,
    all: ReadonlyMap<string, StoredRun>,
  ): void {
    const parents = this.runs.find((r) => r.fingerprint === fingerprint)?.dependsOn ?? [];
    const ready = parents.every((parent) => all.get(parent)?.state === 'done');
    // A run may be at work when another finds that the files of their source are damaged.
    const begun = is?.state === 'running' && parents.some((parent) => this.reopened.has(parent));
    if (is && ['queued', 'running'].includes(is.state) && !begun)
      expect(ready, 'no child before its parents').toBe(true);
    if (is?.state === 'waiting') expect(ready, 'no child forgotten').toBe(false);
    expect(is?.claimedBy === null, 'exactly the running ones are claimed').toBe(is?.state !== 'running');
  }

  /** What another sweep wants goes on untouched. */
  private checkCancel(
    cancelled: number,
    states: readonly SweepState[],
    before: ReadonlyMap<string, StoredRun>,
    after: ReadonlyMap<string, StoredRun>,
  ): void {
    const other = 1 - cancelled;
    if (states[other] === 'cancelled') return;
    const [a, b, , , ab, , z] = this.runs;
    const wanted = other === 1 ? [a, b, ab, z] : this.runs.slice(0, 6);
    for (const { fingerprint } of wanted) expect(after.get(fingerprint)).toEqual(before.get(fingerprint));
  }

  private async happen(event: Happening, before: ReadonlyMap<string, StoredRun>): Promise<void> {
    if (event.do === 'wait') return this.clock.advance(event.seconds);
    if (event.do === 'sweep') {
      return await this.store.setSweepState(this.sweeps[event.sweep as 0 | 1], event.state);
    }
    const fingerprint = this.runs[event.run]?.fingerprint ?? '';
    const was = before.get(fingerprint);
    if (event.do === 'retry') {
      const retried = this.store.retry(fingerprint);
      if (was?.state === 'failed' || was?.state === 'cancelled') await retried;
      else await expect(retried).rejects.toMatchObject({ code: 'conflict' });
      return;
    }
    const who = `w${event.worker}`;
    if (event.do === 'claim') await this.claim(fingerprint, who, was);
    if (event.do === 'await') await this.awaitSources(fingerprint, who, was);
    if (event.do === 'complete') await this.complete(fingerprint, who);
    if (event.do === 'release') await this.store.release(fingerprint, who);
    if (event.do === 'fail') await this.store.fail(fingerprint, who, { class: event.class, message: 'no' });
    if (event.do === 'heartbeat') {
      await this.store.heartbeat(fingerprint, who, LEASE, { step: 1, totalSteps: 2, imagesPerSecond: 3 });
    }
  }

  private async claim(fingerprint: string, who: string, was: StoredRun | undefined): Promise<void> {
    const claim = await this.store.claim(fingerprint, who, LEASE);
    if (!claim) return;
    const free =
      was?.state === 'queued' || (was?.claimExpiresAt ?? 0) <= this.clock.now() || was?.claimedBy === who;
    expect(free, 'nobody takes what another holds').toBe(true);
    expect(claim).toMatchObject({ state: 'running', claimedBy: who });
  }

  private async awaitSources(fingerprint: string, who: string, was: StoredRun | undefined): Promise<void> {
    const sources = this.runs.find((r) => r.fingerprint === fingerprint)?.dependsOn ?? [];
    const open = await this.store.awaitSources(fingerprint, who, sources);
    if (was?.state !== 'running' || was.claimedBy !== who) expect(open, 'only the holder asks').toEqual([]);
    for (const source of open) this.reopened.add(source);
    if (open.length === 0) return;
    const is = await this.store.getRun(fingerprint);
    expect(is, 'waiting is not an attempt').toMatchObject({
      state: 'waiting',
      attempt: (was?.attempt ?? 1) - 1,
    });
  }

  private async complete(fingerprint: string, who: string): Promise<void> {
    const result = sampleResult(this.results.size);
    const { accepted, released } = await this.store.complete(fingerprint, who, result, 'wasm');
    if (accepted) {
      expect(this.results.has(fingerprint) && !this.reopened.has(fingerprint), 'never two results').toBe(
        false,
      );
      if (!this.results.has(fingerprint)) this.results.set(fingerprint, result);
    }
    for (const child of released) {
      this.releases.set(child, (this.releases.get(child) ?? 0) + 1);
      expect(this.releases.get(child), 'a child is released once').toBe(1);
    }
  }

  /** Whatever happened: when people want everything again, everything can be finished, with the first results. */
  async end(): Promise<void> {
    for (const id of this.sweeps) await this.store.setSweepState(id, 'active');
    for (const { fingerprint } of this.runs) {
      const state = (await this.store.getRun(fingerprint))?.state;
      if (state === 'failed' || state === 'cancelled') await this.store.retry(fingerprint);
    }
    this.clock.advance(1000);
    for (const { fingerprint } of this.runs) {
      const claim = await this.store.claim(fingerprint, 'last', LEASE);
      if (claim) await this.complete(fingerprint, 'last');
    }
    for (const { fingerprint } of this.runs) {
      expect((await this.store.getRun(fingerprint))?.state).toBe('done');
      expect(await this.store.result(fingerprint)).toEqual(this.results.get(fingerprint));
    }
  }
}
