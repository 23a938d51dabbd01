import type { DatasetSpec, TaskDeclaration } from '@/lib/science/core';
import type { BatchPlanView, NovelRequest, PlanView, SweepBatch, SweepSpec } from '../contracts';
import type { Clock, StoredRun, StoredSweep } from '../ports';
import type { Store } from '../ports/records';
import type { Threads } from './threads/questions';

/** What can be done to sweeps; the use cases of lib/service/sweeps behind the shape that HTTP needs. */
export interface SweepCommands {
  /** Text of a sweep file to its spec. Throws `invalid-input` with the path of every wrong field. */
  parse(text: string, format: 'yaml' | 'json'): SweepSpec;
  plan(spec: SweepSpec): Promise<PlanView>;
  submit(spec: SweepSpec): Promise<StoredSweep>;
  planBatch(files: SweepBatch['files']): Promise<BatchPlanView>;
  /** All of the files, or none. */
  submitBatch(files: SweepBatch['files']): Promise<readonly StoredSweep[]>;
  /** The sweep that ranks the stored sources of another for a new target. */
  novel(sweepId: string, request: NovelRequest): Promise<SweepSpec>;
  pause(sweepId: string): Promise<void>;
  resume(sweepId: string): Promise<void>;
  /** Starts nothing more; what is at work saves a checkpoint and is given back. */
  stop(sweepId: string): Promise<void>;
  /** Ends the sweep; runs that no other sweep wants are cancelled. */
  cancel(sweepId: string): Promise<void>;
  retryFailed(sweepId: string): Promise<void>;
  retryRun(fingerprint: string): Promise<StoredRun>;
}

/** Everything that the API is wired with. Plain objects of functions; composed once per process. */
export interface ApiDeps {
  store: Store;
  sweeps: SweepCommands;
  /** The task dictionary of a kind of data set. */
  tasks(dataset: DatasetSpec['kind']): readonly TaskDeclaration[];
  clock: Clock;
  /** Where answers are computed; inside the process when absent. */
  threads?: Threads;
  /** Bearer token that every request but health and docs must carry; none when absent. */
  token?: string | undefined;
  /** Package version, for the OpenAPI document and health. */
  version: string;
  events?: Partial<EventOptions>;
  /** Called with failures that are nobody's input: they are answered without their details. */
  log?(error: unknown): void;
}

export interface EventOptions {
  /** How often the store is asked for news while somebody listens. */
  pollMs: number;
  /** How often a comment keeps an idle connection open. */
  heartbeatMs: number;
}
