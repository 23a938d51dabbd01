import type { MessagePort } from 'node:worker_threads';
import type { PolicyRequest } from '../../views';

/** Views of one version of a sweep's results: questions whose answers are kept as bytes. */
const VIEWS = [
  'matrix',
  'targets',
  'bestSource',
  'policy',
  'advice',
  'methods',
  'domains',
  'tournament',
  'orders',
  'sizes',
  'gallery',
  'validity',
  'similarity',
  'agreement',
  'pair',
] as const;
export type ViewName = (typeof VIEWS)[number];

/** Commands and plans: what they read, scan and parse takes a thread's time, and their answers are small and not kept. */
const CALLS = ['parse', 'plan', 'planBatch', 'planNovel', 'submit', 'submitBatch', 'submitNovel'] as const;
export type CallName = (typeof CALLS)[number];

/** A sweep's results at one moment. */
export interface SweepAt {
  id: string;
  version: number;
}

/** Names an answer: the sweeps that it is about, and the rest of the question. */
export interface StoredQuestion {
  sweeps: readonly SweepAt[];
  /** Of the question without the sweeps' versions. */
  key: string;
  /** Of the results and of the code that computed the answer. */
  version: string;
}

export interface ViewQuestion extends StoredQuestion {
  view: ViewName;
  /** What the use case is asked after the sweeps' ids; absent ones are undefined. */
  args: readonly unknown[];
}

export interface CurveQuestion extends StoredQuestion {
  request: Partial<PolicyRequest>;
  /** Gets each line as soon as it is there. */
  lines: MessagePort;
}

/** A use case and what it is asked; `Service.call` knows their types. */
export interface Call {
  method: CallName;
  args: readonly unknown[];
}

/** An answer as it is sent: its JSON, compressed. */
export type ViewBytes = Uint8Array;

/** What a thread can be asked. Arguments and answers are cloned, and an error keeps its code, message and issues. */
export interface Tasks {
  view(question: ViewQuestion): Promise<ViewBytes>;
  curve(question: CurveQuestion): Promise<ViewBytes>;
  call(call: Call): Promise<unknown>;
}
export type TaskName = keyof Tasks;

/** Runs tasks elsewhere than on the event loop. */
export interface Threads {
  view(question: ViewQuestion): Promise<ViewBytes>;
  /** As `view`, for what may take long: ends the work when `gone` aborts. */
  policy(question: ViewQuestion, gone: AbortSignal): Promise<ViewBytes>;
  curve(question: CurveQuestion, gone: AbortSignal): Promise<ViewBytes>;
  call(call: Call, gone?: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}
