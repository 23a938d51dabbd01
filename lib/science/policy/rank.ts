import type { TaskId } from '@/lib/science/core';
import type { SolveOptions } from './highs';
import { type PolicyProblem, prepareProblem, type UsableEdge } from './problem';
import { solvePolicy } from './solve';

/**
 * All usable edges of one target, best first: the "all for one" question, and how a novel target (not in the
 * dictionary, few labels) is ranked against all stored sources. Budgets are ignored; roles, order and bans hold.
 */
export function rankEdges(problem: PolicyProblem, target: TaskId): UsableEdge[] {
  const prepared = prepareProblem(
    { ...problem, targets: [target], budgets: [], forced: [] },
    { prune: false },
  );
  return [...(prepared.edgesByTarget[0] ?? [])].sort((a, b) => b.edge.value - a.edge.value);
}

/** A transfer that was not measured. */
export interface MissingEdge {
  target: TaskId;
  sources: readonly TaskId[];
}

/** What the optimum would be at least and at most, were the missing transfers known. */
export interface PolicyRange {
  /** Optimum over measured edges only: always attainable. */
  low: number;
  /** Optimum with every missing edge at its highest possible value. */
  high: number;
}

/**
 * Bounds of the optimum of an incomplete matrix; nothing is imputed. `highest` gives the largest value that a missing
 * edge could have: 1 for gain and quality, 1 − Σ known for an AHP weight. Equal ends prove that the missing transfers
 * cannot change the optimum's value.
 */
export async function policyRange(
  problem: PolicyProblem,
  missing: readonly MissingEdge[],
  highest: (edge: MissingEdge) => number,
  options: SolveOptions = {},
): Promise<PolicyRange> {
  const low = await solvePolicy(problem, options);
  const added = missing.map((edge) => ({ ...edge, kind: 'transfer' as const, value: highest(edge) }));
  const high = await solvePolicy({ ...problem, edges: [...problem.edges, ...added] }, options);
  return { low: low.objective, high: high.bound };
}
