import type {
  FailureClass,
  Recipe,
  RunKind,
  RunResult,
  RunState,
  TargetAnalysis,
  TaskDeclaration,
  TaskId,
} from '@/lib/science/core';
import type { PolicyRecord, SweepSpec } from '../contracts';

/** Time as a dependency, so that tests pin it. Milliseconds since the epoch. */
export interface Clock {
  now(): number;
}

/** Files too large for rows: weights, features, checkpoints. Writes are atomic and durable. */
export interface ArtifactStore {
  read(name: string): Promise<Uint8Array | null>;
  exists(name: string): Promise<boolean>;
  write(name: string, bytes: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
  list(prefix: string): Promise<readonly string[]>;
}

/** A run as stored. */
export interface StoredRun {
  fingerprint: string;
  kind: RunKind;
  recipe: Recipe;
  state: RunState;
  attempt: number;
  failure: { class: FailureClass; message: string } | null;
  claimedBy: string | null;
  /** Ends when the claim's heartbeat is overdue; the run may then be claimed again. */
  claimExpiresAt: number | null;
  progress: { step: number; totalSteps: number; imagesPerSecond: number } | null;
  backend: string | null;
  seconds: number | null;
  /** Position in the order of work: smaller first. */
  priority: number;
  /** Earliest time of the next attempt (back-off), ms. */
  notBefore: number;
  /** Planned work, for progress by work instead of by count. Absent in imported sweeps. */
  estimatedFlops?: number;
  /** When the run was done, ms; null or absent while it is not. */
  finishedAt?: number | null;
}

/** A run of a plan before it is stored. */
export interface PlannedRun {
  fingerprint: string;
  recipe: Recipe;
  dependsOn: readonly string[];
  priority: number;
  estimatedFlops: number;
  /** Task in whose tournament the run's losses take part, in this sweep. */
  target?: TaskId | null;
  /** Position of the run's seed among the sweep's seeds. */
  layer?: number;
}

/** A run with its result, from another database. */
export interface FinishedRun {
  fingerprint: string;
  recipe: Recipe;
  priority: number;
  estimatedFlops: number;
  backend: string;
  result: RunResult;
}

/** `submitting`: its plan is not stored whole yet, and nobody works on it. */
export type SweepState = 'submitting' | 'active' | 'paused' | 'stopped' | 'cancelled' | 'done';

/** Something that a reader of a sweep must know: a defect of imported data, a limit of what can be read from it. */
export interface SweepNote {
  level: 'warning' | 'note';
  /** Names the kind of note, for machines. */
  code: string;
  text: string;
  /** Targets that it is about; empty = the whole sweep. */
  targets: readonly TaskId[];
}

export interface StoredSweep {
  id: string;
  number: number;
  name: string;
  state: SweepState;
  spec: SweepSpec;
  tasks: readonly TaskDeclaration[];
  /** `imported` sweeps are read-only and have no runs. */
  origin: 'measured' | 'imported';
  source: string | null;
  /** Absent = none. */
  notes?: readonly SweepNote[];
  createdAt: number;
  finishedAt: number | null;
  /** Runs of its plan; fewer are stored while it is `submitting`. Absent in imported sweeps. */
  planned?: number;
}

/** A sweep before it is stored. */
export type NewSweep = Omit<StoredSweep, 'number' | 'state' | 'createdAt' | 'finishedAt' | 'planned'>;

/** A run of an imported sweep, under a name of its own: it never stands in for one that is to be trained here. */
export type ImportedRun = FinishedRun & { target: TaskId };

/** A sweep that was measured elsewhere, with all that there is of it. */
export interface ImportedSweep {
  sweep: NewSweep;
  /** Finished runs that only show how they learned; none when absent. */
  runs?: readonly ImportedRun[];
  analyses: readonly TargetAnalysis[];
  policies: readonly PolicyRecord[];
}

/** Truth about runs and sweeps. The real one is Postgres; the in-memory one passes the same contract suite. */
export interface RunStore {
  /** Stores the sweep and those of its runs that are new; runs without open parents become queued. */
  createSweep(sweep: NewSweep, runs: readonly PlannedRun[]): Promise<StoredSweep>;
  /**
   * Several sweeps: all of them begin at one moment, or none is there. A large plan is stored in parts; `onStored` is
   * told how many of the batch's runs are.
   */
  createSweeps(
    batch: readonly { sweep: NewSweep; runs: readonly PlannedRun[] }[],
    onStored?: (runs: number) => void,
  ): Promise<readonly StoredSweep[]>;
  /**
   * Imported sweeps with all that they hold, in one transaction: they are listed when they are complete. One that is
   * there already stays as it is.
   */
  importSweeps(batch: readonly ImportedSweep[]): Promise<readonly StoredSweep[]>;
  /**
   * Adds runs to a sweep that is already there, in one transaction; runs that it has are left as they are. Those
   * without open parents become queued; of a cancelled sweep they are cancelled until it is resumed, and one that had
   * ended goes on. Answers how many were added.
   */
  extendSweep(sweepId: string, runs: readonly PlannedRun[]): Promise<number>;
  getSweep(id: string): Promise<StoredSweep | null>;
  listSweeps(): Promise<readonly StoredSweep[]>;
  setSweepState(id: string, state: SweepState): Promise<void>;
  runsOf(sweepId: string): Promise<readonly StoredRun[]>;
  getRun(fingerprint: string): Promise<StoredRun | null>;
  /** Compare-and-set: the claim succeeds only for a queued run or one whose claim has expired, and that some active sweep wants. */
  claim(fingerprint: string, worker: string, leaseSeconds: number): Promise<StoredRun | null>;
  /**
   * Claims the most urgent run that may be worked on and needs no version that is not among `offers`
   * (sweeps/needs.ts); the worker's own claim again, if it holds one. Null when there is none.
   */
  claimNext(worker: string, leaseSeconds: number, offers: readonly string[]): Promise<StoredRun | null>;
  heartbeat(
    fingerprint: string,
    worker: string,
    leaseSeconds: number,
    progress: NonNullable<StoredRun['progress']>,
  ): Promise<'held' | 'lost' | 'cancelled' | 'stopped'>;
  /** Result, state and the release of children in one transaction. Returns the fingerprints that became queued; `late` when the run was no longer open. */
  complete(
    fingerprint: string,
    worker: string,
    result: RunResult,
    backend: string,
  ): Promise<{ accepted: boolean; released: readonly string[] }>;
  /**
   * Takes over runs that were computed elsewhere, in one transaction: new or known, they are done then and their children
   * are released. Answers which; those that were done here already keep their result.
   */
  adopt(runs: readonly FinishedRun[]): Promise<readonly string[]>;
  fail(
    fingerprint: string,
    worker: string,
    failure: { class: FailureClass; message: string },
  ): Promise<StoredRun>;
  /** Drain: gives an unfinished claim back without counting an attempt. */
  release(fingerprint: string, worker: string): Promise<void>;
  /**
   * The holder of a run cannot read the files of finished runs `sources`: these are computed again, and the run waits
   * for them, in one transaction and without counting an attempt. Answers which of them are open then; none when each
   * was computed too often already, and then the claim stays.
   */
  awaitSources(fingerprint: string, worker: string, sources: readonly string[]): Promise<readonly string[]>;
  retry(fingerprint: string): Promise<StoredRun>;
  /** Retries every failed run of the sweep. Answers how many. */
  retryFailed(sweepId: string): Promise<number>;
  result(fingerprint: string): Promise<RunResult | null>;
  /** `doneRuns`: finished runs behind it, so that it is known to be out of date when more are. */
  saveAnalysis(sweepId: string, analysis: TargetAnalysis, doneRuns?: number): Promise<void>;
  analyses(sweepId: string): Promise<readonly TargetAnalysis[]>;
  savePolicy(sweepId: string, policy: PolicyRecord): Promise<void>;
  policies(sweepId: string): Promise<readonly PolicyRecord[]>;
}

/** A worker process as it last announced itself. */
export interface StoredWorker {
  id: string;
  host: string;
  pid: number;
  backend: string;
  device: string;
  startedAt: number;
  seenAt: number;
  /** Fingerprint of the run at hand; null or absent when idle. */
  run?: string | null;
  imagesPerSecond?: number | null;
  /** Versions of methods, data sets and tasks that it has, as sweeps/needs.ts names them. */
  offers?: readonly string[];
  /** What keeps it from going on, such as a full disk; null or absent when nothing does. */
  alarm?: string | null;
}

/** Who is at work: workers announce themselves every few seconds. Times are the store's, not the worker's. */
export interface WorkerRegistry {
  /** Inserts or refreshes the worker. */
  seen(worker: Omit<StoredWorker, 'startedAt' | 'seenAt'>): Promise<void>;
  /** The worker has ended, and gives up its duties. */
  gone(id: string): Promise<void>;
  list(): Promise<readonly StoredWorker[]>;
  /** Takes a duty, or keeps it, for so long: one holder at a time. False when another has it. */
  hold(duty: string, holder: string, seconds: number): Promise<boolean>;
}

export interface Job {
  id: string;
  name: JobName;
  payload: unknown;
}

/** Runs need no delivery: a worker claims the next one in the store. */
export type JobName = 'analyse-target' | 'solve-policy';

/** Delivery only: at least once, the claim in the RunStore decides. */
export interface JobQueue {
  publish(
    name: JobName,
    payload: unknown,
    options?: { priority?: number; startAfterSeconds?: number },
  ): Promise<void>;
  /** Many at once; one that is already waiting in the queue is not added again. */
  publishMany(name: JobName, jobs: readonly { payload: unknown; priority?: number }[]): Promise<void>;
  /** Takes one job, or null when there is none ready. */
  take(worker: string): Promise<Job | null>;
  done(job: Job): Promise<void>;
  giveBack(job: Job, afterSeconds: number): Promise<void>;
}
