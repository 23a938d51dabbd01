import type {
  CurvePoint,
  RunKind,
  RunState,
  RunTable,
  SampleImage,
  TaskId,
  TransferRecipe,
} from '@/lib/science/core';
import type { RunStore, StoredRun, StoredSweep, WorkerRegistry } from './runs';

/** One line of the append-only log behind live progress. Ids rise in the order in which lines became visible. */
export interface StoredEvent {
  id: number;
  sweepId: string | null;
  kind: 'sweep' | 'run' | 'analysis' | 'policy' | 'phase';
  data: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  at: number;
}

export interface EventLog {
  /** Events with an id above `id`, oldest first. */
  after(id: number, options?: { sweepId?: string; limit?: number }): Promise<readonly StoredEvent[]>;
  /** The newest id, 0 when there is none. */
  last(): Promise<number>;
}

/** An analysis of a target, or the policy (`target` null), that failed, and why. */
export interface Trouble {
  target: TaskId | null;
  reason: string;
}

/** Losses and metrics of one finished run, and what it cost. */
export interface StoredLosses {
  cost: { flops: number; seconds: number };
  testLosses: Float32Array | null;
  /** As in `RunResult`; null where it has none. */
  testMetrics: Float32Array | null;
  metric: number | null;
  probeLosses: Readonly<Record<TaskId, Float32Array>>;
}

/** What a person calls the state of a run: `lost` is a running one whose heartbeat is overdue. */
export type ShownState = RunState | 'lost';

/** The runs of one sweep that are of one kind and state, counted. */
export interface RunTally {
  kind: RunKind;
  state: ShownState;
  runs: number;
  /** Planned work, and how many of the runs do not say theirs. */
  flops: number;
  unpriced: number;
  /** Sum of the shares of each run's work that are done, and of the work that they stand for. */
  share: number;
  shareFlops: number;
  /** Of those at work, together. */
  imagesPerSecond: number;
  /** The largest of those that ended a moment ago; 0 when there is none. */
  recentPace: number;
  /** When the last of them was done, ms. */
  lastFinished: number | null;
  /** Those that were done after the sweep was submitted: others were shared with earlier sweeps. */
  own: { runs: number; flops: number; seconds: number };
}

/** A target with one of its first-order transfers, and whether higher orders were planned from them. */
export interface FirstOrder {
  target: TaskId;
  recipe: TransferRecipe;
  grown: boolean;
}

/** Runs that a page shows. */
export interface RunQuery {
  sweepId: string;
  kind?: string | undefined;
  state?: string | undefined;
  /** The task that they serve; of probes the source. */
  target?: string | undefined;
  offset: number;
  limit: number;
}

/** One target's tournament in one sweep. */
export interface TargetRef {
  sweepId: string;
  target: TaskId;
}

/** Queued runs that no living worker can compute, and which versions none of them has. */
export interface UnservedRuns {
  needs: readonly string[];
  runs: number;
}

/** One run in one target's tournament. */
interface TournamentRun {
  fingerprint: string;
  kind: RunKind;
  state: RunState;
  layer: number;
  /** Whether it may still finish: not done, failed or cancelled, nor waiting for a parent that is. */
  open: boolean;
}

/** A sweep with the version of its results: it rises with each change of what views of results show. */
export interface SweepVersion {
  id: string;
  number: number;
  origin: 'measured' | 'imported';
  version: number;
}

/**
 * Everything that is kept about sweeps. `RunStore` is what a worker needs for one run; the rest serves
 * scheduling, analysis and display.
 */
export interface Store extends RunStore {
  readonly workers: WorkerRegistry;
  readonly events: EventLog;
  /** The runs of each sweep, counted by kind and state. */
  tallies(sweepIds: readonly string[]): Promise<ReadonlyMap<string, readonly RunTally[]>>;
  /** One first-order transfer of each target by the method, of the first seed. */
  firstOrders(sweepId: string, method: string): Promise<readonly FirstOrder[]>;
  /** One page of a sweep's runs, the most urgent first, and how many match. */
  runPage(query: RunQuery): Promise<{ runs: readonly StoredRun[]; total: number }>;
  /** The runs that take part in one target's tournament. */
  runsOfTarget(sweepId: string, target: TaskId): Promise<readonly StoredRun[]>;
  /** Runs that some worker holds, of sweeps that are not over. */
  heldRuns(): Promise<readonly StoredRun[]>;
  /** States of those of the runs that are stored. */
  statesOf(fingerprints: readonly string[]): Promise<ReadonlyMap<string, RunState>>;
  /** Planned work and seconds of everything that was done here. */
  paceSoFar(): Promise<{ flops: number; seconds: number }>;
  /** First time, ms, at which each sweep reached each milestone, and what could not be computed when it was last tried. */
  marks(
    sweepIds: readonly string[],
  ): Promise<ReadonlyMap<string, { phases: Readonly<Record<string, number>>; troubles: readonly Trouble[] }>>;
  /** Id of each sweep's newest event that is no run's: results read since then are still right. 0 = there is none. */
  lastEvents(sweepIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** All sweeps with the versions of their results. */
  versions(): Promise<readonly SweepVersion[]>;
  /** Runs of the sweep that a worker has. */
  runningOf(sweepId: string): Promise<readonly StoredRun[]>;
  /** An answer that was kept for this version; null when there is none. */
  storedView(sweepId: string, key: string, version: string): Promise<Uint8Array | null>;
  /** Keeps an answer in place of that of another version; of one sweep only so many, the newest. */
  keepView(sweepId: string, key: string, version: string, bytes: Uint8Array): Promise<void>;
  /** Sweeps that want the run, oldest first. */
  sweepsOf(fingerprint: string): Promise<readonly StoredSweep[]>;
  losses(fingerprints: readonly string[]): Promise<ReadonlyMap<string, StoredLosses>>;
  /** Which of these runs have a result, whether or not a sweep wants them. */
  finished(fingerprints: readonly string[]): Promise<ReadonlySet<string>>;
  /** Learning curves of finished runs. */
  curves(fingerprints: readonly string[]): Promise<ReadonlyMap<string, readonly CurvePoint[]>>;
  /** Tables that finished runs measured; runs without any are left out. */
  tables(fingerprints: readonly string[]): Promise<ReadonlyMap<string, readonly RunTable[]>>;
  sampleList(fingerprint: string): Promise<readonly Pick<SampleImage, 'index' | 'role'>[]>;
  sample(fingerprint: string, index: number, role: string): Promise<Uint8Array | null>;
  /** First time, ms, at which the sweep reached each milestone. */
  phases(sweepId: string): Promise<Readonly<Record<string, number>>>;
  /** Remembers that an analysis (of `target`) or the policy (null) could not be computed, until it is. */
  markTrouble(sweepId: string, target: TaskId | null, reason: string): Promise<void>;
  /** What could not be computed when it was last tried. */
  troubles(sweepId: string): Promise<readonly Trouble[]>;
  /** Keeps the first time only. */
  markPhase(sweepId: string, name: string): Promise<void>;
  /** Runs of one target's tournament in one sweep. */
  tournament(sweepId: string, target: TaskId): Promise<readonly TournamentRun[]>;
  /**
   * Tournaments with a complete layer of seeds that their stored analysis does not cover: among those that the runs take
   * part in and those named, or among all.
   */
  dueAnalyses(among?: {
    runs?: readonly string[];
    targets?: readonly TargetRef[];
  }): Promise<readonly TargetRef[]>;
  /** Measured sweeps, of these or of all, without open runs or due analyses that are still active: their policy is to be solved. */
  duePolicies(sweepIds?: readonly string[]): Promise<readonly string[]>;
  /** Rolls back submissions of which no part was stored for so long. Answers how many. */
  rollBackSilent(silentSeconds: number): Promise<number>;
  /** Queued runs of active sweeps that no worker seen in the last seconds can compute; none while there is no worker. */
  unservedNeeds(aliveSeconds: number): Promise<readonly UnservedRuns[]>;
  /** The store's clock, ms since the epoch. */
  now(): Promise<number>;
  close(): Promise<void>;
}
