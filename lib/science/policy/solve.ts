import type { Highs } from 'highs';
import { type PolicySolution, TaskatlasError } from '@/lib/science/core';
import { greedyFrom } from './baselines';
import { solveExact } from './exact';
import { loadHighs, type ProgramSolution, type Row, type SolveOptions, solveProgram } from './highs';
import { type Layout, layOut } from './layout';
import { type PolicyProblem, type PreparedProblem, prepareProblem, withinBudgets } from './problem';
import { type PolicyResult, policyFrom } from './result';

/** A runner-up: the best policy that gives up at least one of the optimum's sources. */
export interface RunnerUp {
  policy: PolicyResult;
  /** objective(optimum) − objective(runner-up) ≥ 0. */
  loss: number;
}

/** Bound and value may differ by this at proved optimality: 5e-8 of the largest edge (program units, largest 1000). */
const PROOF_TOLERANCE = 5e-5;

function interpret(
  prepared: PreparedProblem,
  layout: Layout,
  solution: ProgramSolution,
): PolicyResult | null {
  if (solution.status === 'infeasible') return null;
  const supervised = new Set([...prepared.sources.keys()].filter((s) => (solution.values[s] ?? 0) > 0.5));
  const bound = solution.bound / layout.scale;
  const policy = policyFrom(prepared, supervised, { optimal: solution.status === 'optimal', bound });
  if (policy === null) {
    if (solution.status === 'limit') return null;
    throw new TaskatlasError('internal', 'the solver returned a policy that does not serve every target');
  }
  const proved = solution.status === 'optimal';
  // The program works in floats; the policy recomputed from its edges must agree, or the proof would not be one.
  if (proved && Math.abs(policy.objective * layout.scale - solution.objective) > PROOF_TOLERANCE) {
    throw new TaskatlasError(
      'internal',
      `policy value ${policy.objective} is not the solver's ${solution.objective / layout.scale}`,
    );
  }
  return {
    ...policy,
    optimal: proved && (policy.bound - policy.objective) * layout.scale <= PROOF_TOLERANCE,
  };
}

/** The greedy policy where the solver's time ended without one; no budget gives more than every target's best edge. */
function greedyInstead(prepared: PreparedProblem): PolicyResult {
  const bound = prepared.edgesByTarget.reduce(
    (sum, edges) => sum + Math.max(...edges.map((edge) => edge.weighted)),
    0,
  );
  const greedy = greedyFrom(prepared, bound);
  if (greedy) return greedy;
  throw new TaskatlasError('unavailable', 'no policy was found within the time limit of the solver');
}

/**
 * Solves a prepared problem with a loaded runtime; null when infeasible, or when the time limit ends before a policy with
 * the rows `extra` is found. Synchronous. Throws `unavailable` when it ends before any policy is found.
 */
export function solvePrepared(
  highs: Highs,
  prepared: PreparedProblem,
  options: SolveOptions = {},
  extra: readonly Row[] = [],
): PolicyResult | null {
  if (prepared.edgesByTarget.some((edges) => edges.length === 0)) return null;
  if (!withinBudgets(prepared, prepared.forced)) return null;
  const layout = layOut(prepared, extra);
  const solution = solveExact(highs, prepared, layout, options);
  const found = interpret(prepared, layout, solution);
  return found === null && solution.status === 'limit' && extra.length === 0
    ? greedyInstead(prepared)
    : found;
}

/** Says why nothing is feasible, and what would be. */
function explainInfeasible(
  highs: Highs,
  problem: PolicyProblem,
  prepared: PreparedProblem,
  options: SolveOptions,
): TaskatlasError {
  const unserved = prepared.targets.filter((_, t) => prepared.edgesByTarget[t]?.length === 0);
  if (unserved.length > 0) {
    return new TaskatlasError(
      'infeasible',
      `infeasible: no usable edge for target ${unserved.join(', ')} at any budget with these sources, roles and order; ` +
        'allow more sources or a higher order, drop the target, admit scratch, or allow unserved targets',
    );
  }
  const minima = prepared.budgets.map((budget) => {
    const others = { ...prepared, budgets: prepared.budgets.filter((b) => b !== budget) };
    const smallest = smallestCost(highs, others, budget.costs, options);
    return smallest === null
      ? `no limit of "${budget.name}" alone helps`
      : `"${budget.name}" needs at least ${Number(smallest.toFixed(6))} (given ${budget.limit})`;
  });
  const forced = problem.forced?.length ? ` (forced sources: ${problem.forced.join(', ')})` : '';
  return new TaskatlasError(
    'infeasible',
    `infeasible: no policy serves every target within the budget${forced}; the others kept as they are, ${minima.join('; ')}`,
  );
}

/** Least cost in one budget with which every target can be served under the others; null when none is known. */
function smallestCost(
  highs: Highs,
  prepared: PreparedProblem,
  costs: Float64Array,
  options: SolveOptions,
): number | null {
  const { program } = layOut(prepared);
  const objective = new Float64Array(program.columns);
  costs.forEach((cost, s) => {
    objective[s] = -cost;
  });
  const solution = solveProgram(highs, { ...program, objective }, options);
  return solution.status === 'optimal' ? -solution.objective : null;
}

/**
 * Solves the policy to proved optimality (HiGHS branch and cut, gap 0). Throws `TaskatlasError('infeasible')` naming
 * what stands in the way and the smallest budget that would do, `invalid-input` on a malformed problem.
 */
export async function solvePolicy(problem: PolicyProblem, options: SolveOptions = {}): Promise<PolicyResult> {
  const highs = await loadHighs();
  const prepared = prepareProblem(problem);
  const result = solvePrepared(highs, prepared, options);
  if (!result) throw explainInfeasible(highs, problem, prepared, options);
  return result;
}

/**
 * The runner-up: the best policy that drops at least one source of `optimum` (forced ones aside). Policies that only
 * add sources cannot beat the optimum and are no alternative to it. Null when there is none.
 */
export async function solveRunnerUp(
  problem: PolicyProblem,
  optimum: PolicySolution,
  options: SolveOptions = {},
): Promise<RunnerUp | null> {
  const highs = await loadHighs();
  const prepared = prepareProblem(problem);
  const chosen = optimum.sources
    .map((s) => prepared.sources.indexOf(s))
    .filter((s) => s >= 0 && !prepared.forced.has(s));
  if (chosen.length === 0) return null;
  const cut: Row = {
    low: -Infinity,
    high: chosen.length - 1,
    entries: chosen.map((s): [number, number] => [s, 1]),
  };
  const policy = solvePrepared(highs, prepared, options, [cut]);
  return policy ? { policy, loss: optimum.objective - policy.objective } : null;
}
