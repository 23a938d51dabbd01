import type { InputKind, RunResult } from '@/lib/science/core';
import type { ArtifactStore, JobQueue, Store, StoredRun } from '@/lib/service/ports';
import type { ScenesOf } from '@/lib/service/sweeps';

export type Progress = NonNullable<StoredRun['progress']>;

/** What an execution may use beside its recipe. */
export interface Execution {
  signal: AbortSignal;
  onProgress(progress: Progress): void;
  checkpoint: {
    load(): Promise<Uint8Array | null>;
    save(bytes: Uint8Array): Promise<void>;
    everySeconds: number;
  };
  /** Pictures that the targets of the run's sweeps see: which feature files a source writes. */
  inputKinds: readonly InputKind[];
  /** Where results too large for rows go; a full disk is waited for. */
  artifacts: ArtifactStore;
  /** Most images that go through a network at once, after memory ran out. */
  imagesAtOnce?: number;
}

/** Computes a run. The real one trains; tests of the loop bring their own. */
export type Execute = (run: StoredRun, execution: Execution) => Promise<RunResult>;

/** A worker's parts, wired once in compose.ts. */
export interface WorkerParts {
  store: Store;
  queue: JobQueue;
  artifacts: ArtifactStore;
  execute: Execute;
  scenesOf: ScenesOf;
  backend: string;
  device: string;
  /** Versions that this build has (offers.ts): runs that need others are left to others. */
  offers: readonly string[];
}

export interface WorkerTimes {
  /** A claim without a sign of life for this long may be taken over. */
  leaseSeconds: number;
  heartbeatSeconds: number;
  /** How often a worker says that it is alive, and lost messages are looked for. */
  sweepSeconds: number;
  checkpointSeconds: number;
}

export const DEFAULT_TIMES: WorkerTimes = {
  leaseSeconds: 12,
  heartbeatSeconds: 2.5,
  sweepSeconds: 5,
  checkpointSeconds: 5,
};

/** One running worker. */
export interface WorkerContext extends WorkerParts {
  /** Unique in the database, new with each process. */
  worker: string;
  times: WorkerTimes;
  /** What it does at the moment, for its line in the list of workers. */
  activity: { run: string | null; imagesPerSecond: number | null; alarm: string | null };
  /** Aborted when the worker is asked to end. */
  draining: AbortSignal;
  /** Ends this worker as if it were asked to drain: its heap is not to be trusted any more. */
  retire(): void;
  log(text: string): void;
}
