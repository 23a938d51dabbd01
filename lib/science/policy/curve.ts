import { TaskatlasError } from '@/lib/science/core';
import { loadHighs, type SolveOptions } from './highs';
import { type PolicyProblem, type PreparedProblem, prepareProblem } from './problem';
import type { PolicyResult } from './result';
import { solvePrepared } from './solve';

/** One budget of the curve; `policy` is null where nothing feasible exists. */
export interface CurvePoint {
  budget: number;
  policy: PolicyResult | null;
}

export interface CurveRequest {
  /** The budget that varies; the problem's first one by default. Other budgets stay as they are. */
  budgetName?: string;
  /** Limits to solve; 1 … number of sources by default. */
  limits?: readonly number[];
}

/** The varying budget and its limits, ascending. */
function resolveCurve(prepared: PreparedProblem, request: CurveRequest): { name: string; limits: number[] } {
  const budget = prepared.budgets.find((b) => b.name === (request.budgetName ?? prepared.budgets[0]?.name));
  if (!budget)
    throw new TaskatlasError('invalid-input', `no budget named "${request.budgetName ?? ''}" in the problem`);
  const limits = request.limits ?? Array.from({ length: prepared.sources.length }, (_, i) => i + 1);
  return { name: budget.name, limits: [...limits].sort((a, b) => a - b) };
}

const withLimit = (prepared: PreparedProblem, name: string, limit: number): PreparedProblem => ({
  ...prepared,
  budgets: prepared.budgets.map((b) => (b.name === name ? { ...b, limit } : b)),
});

/**
 * Exact optima for many limits of one budget, one after the other, each as soon as it is solved. The last optimum is reused without solving while it stays within the
 * limit of the unconstrained optimum: once every target has its best edge, more budget changes nothing.
 */
export async function* curvePoints(
  problem: PolicyProblem,
  request: CurveRequest = {},
  options: SolveOptions = {},
): AsyncGenerator<CurvePoint> {
  const highs = await loadHighs();
  const prepared = prepareProblem(problem);
  const { name, limits } = resolveCurve(prepared, request);
  const ceiling = solvePrepared(highs, withLimit(prepared, name, Infinity), options);
  const enough = ceiling?.optimal ? (ceiling.cost[name] ?? Infinity) : Infinity;
  for (const budget of limits) {
    const policy =
      budget >= enough ? ceiling : solvePrepared(highs, withLimit(prepared, name, budget), options);
    yield { budget, policy };
  }
}

/** All points of `curvePoints`. */
export async function policyCurve(...asked: Parameters<typeof curvePoints>): Promise<CurvePoint[]> {
  const points: CurvePoint[] = [];
  for await (const point of curvePoints(...asked)) points.push(point);
  return points;
}
