import type { TaskId } from './task';

/** One way to serve a target: its sources must all be fully supervised. */
export interface PolicyEdge {
  target: TaskId;
  sources: readonly TaskId[];
  kind: 'self' | 'transfer' | 'scratch';
  /** Key of the candidate that it stands for; absent where its sources say it all. */
  key?: string;
  value: number;
}

/** A solved policy with its proof. */
export interface PolicySolution {
  objective: number;
  /** Tasks to supervise fully. */
  sources: readonly TaskId[];
  edges: readonly PolicyEdge[];
  optimal: boolean;
  /** Upper bound on the objective proved by the solver. */
  bound: number;
  gap: number;
  /** Share of the objective carried by self edges. */
  selfShare: number;
  cost: Readonly<Record<string, number>>;
}
