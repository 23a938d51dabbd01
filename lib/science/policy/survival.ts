import { TaskatlasError, type TaskId } from '@/lib/science/core';
import { loadHighs } from './highs';
import { type PolicyProblem, prepareProblem } from './problem';
import { solvePrepared } from './solve';

export interface Survival {
  /** Share of draws whose optimal policy contains the edge, aligned with the problem's edges. */
  edges: Float64Array;
  /** Share of draws that supervise the source. */
  sources: Readonly<Record<TaskId, number>>;
  /** Optimal objective per draw. */
  objectives: Float64Array;
}

/**
 * How often each edge and source survives in the optimal policy when the values are drawn anew (bootstrap over seeds
 * and test scenes, DESIGN §4). `draws[b][i]` is the value of edge i in draw b; NaN leaves the edge out of that draw.
 * Feasibility does not depend on values, so an infeasible problem throws at the first draw.
 */
export async function edgeSurvival(
  problem: PolicyProblem,
  draws: readonly ArrayLike<number>[],
): Promise<Survival> {
  const highs = await loadHighs();
  const edges = new Float64Array(problem.edges.length);
  const sources: Record<TaskId, number> = Object.fromEntries(problem.sources.map((s) => [s, 0]));
  const objectives = new Float64Array(draws.length);
  draws.forEach((values, b) => {
    if (values.length !== problem.edges.length) {
      throw new TaskatlasError(
        'invalid-input',
        `draw ${b} has ${values.length} values for ${problem.edges.length} edges`,
      );
    }
    const prepared = prepareProblem(withValues(problem, values), { skipMissing: true });
    const policy = solvePrepared(highs, prepared);
    if (!policy) throw new TaskatlasError('infeasible', `no feasible policy in draw ${b}`);
    objectives[b] = policy.objective;
    for (const index of policy.edgeIndices) edges[index] = (edges[index] ?? 0) + 1 / draws.length;
    for (const source of policy.sources) sources[source] = (sources[source] ?? 0) + 1 / draws.length;
  });
  return { edges, sources, objectives };
}

const withValues = (problem: PolicyProblem, values: ArrayLike<number>): PolicyProblem => ({
  ...problem,
  edges: problem.edges.map((edge, i) => ({ ...edge, value: values[i] ?? Number.NaN })),
});
