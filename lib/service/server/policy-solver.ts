import { createHash } from 'node:crypto';
import { createRng, TaskatlasError } from '@/lib/science/core';
import { greedyPolicy, type PolicyProblem, policyCurve, randomBand, solvePolicy } from '@/lib/science/policy';
import type { PolicyRecord, PolicyView } from '../contracts';
import {
  type PolicyCurve,
  type PolicyRequest,
  policyEdges,
  policyProblem,
  policyView,
  type SweepData,
  servable,
  storedPolicy,
  TASK_BUDGET,
} from '../views';

/** Random policies per budget for the 5–95 % band. */
const RANDOM_DRAWS = 200;
const CURVES_KEPT = 64;

/** The band of random feasible policies; null where no draw serves every target. */
function bandOf(problem: PolicyProblem): PolicyRecord['random'] {
  try {
    const { median, low, high } = randomBand(problem, {
      draws: RANDOM_DRAWS,
      rng: createRng('policy-random-band', problem.budgets[0]?.limit ?? 0),
    });
    return { median, low, high };
  } catch (error) {
    if (error instanceof TaskatlasError && error.code === 'infeasible') return null;
    throw error;
  }
}

const withBudget = (problem: PolicyProblem, limit: number): PolicyProblem => ({
  ...problem,
  budgets: [{ name: TASK_BUDGET, limit }],
});

async function curveOf(problem: PolicyProblem): Promise<PolicyCurve> {
  const points = await policyCurve(problem, { budgetName: TASK_BUDGET });
  return points.flatMap(({ budget, policy }) => {
    if (!policy) return [];
    const here = withBudget(problem, budget);
    return [
      {
        budget,
        objective: policy.objective,
        greedy: greedyPolicy(here)?.objective ?? null,
        random: bandOf(here),
      },
    ];
  });
}

/** Refuses names that the sweep does not have, under the field that named them. */
function checkNames(data: SweepData, problem: PolicyProblem, request: PolicyRequest): void {
  const unknown = (field: string, named: readonly string[], known: readonly string[]) =>
    named
      .filter((name) => !known.includes(name))
      .map((name) => ({
        path: field,
        message: `"${name}" is not a task of this sweep that can be named here`,
      }));
  const targets = data.sweep.tasks.filter((t) => t.roles.includes('target')).map((t) => t.id);
  const issues = [
    ...unknown('force', request.force, problem.sources),
    ...unknown('forbid', request.forbid, problem.sources),
    ...unknown('weights', Object.keys(request.weights), targets),
    ...request.force
      .filter((name) => request.forbid.includes(name))
      .map((name) => ({ path: 'force', message: `"${name}" is both forced and forbidden` })),
  ];
  if (issues.length > 0) {
    throw new TaskatlasError('invalid-input', issues.map((i) => `${i.path}: ${i.message}`).join('; '), {
      issues,
    });
  }
}

export interface PolicySolver {
  /**
   * Solves anew for every request (proved optimum); the curve over all budgets is kept by the values it came from.
   * Throws `conflict` while no target is complete, `infeasible` with the smallest budget that would do.
   */
  solve(data: SweepData, request: PolicyRequest): Promise<PolicyView>;
}

export function createPolicySolver(now: () => number = () => performance.now()): PolicySolver {
  const curves = new Map<string, Promise<PolicyCurve>>();
  const curveFor = (problem: PolicyProblem): Promise<PolicyCurve> => {
    const key = createHash('sha256')
      .update(JSON.stringify(withBudget(problem, 0)))
      .digest('hex');
    const known = curves.get(key);
    if (known) return known;
    const made = curveOf(problem);
    curves.set(key, made);
    made.catch(() => curves.delete(key));
    const oldest = curves.keys().next();
    if (curves.size > CURVES_KEPT && !oldest.done) curves.delete(oldest.value);
    return made;
  };
  return {
    async solve(data, request) {
      if (servable(data).length === 0) {
        throw new TaskatlasError(
          'conflict',
          'No target of this sweep is complete yet: a policy needs at least one finished tournament.',
        );
      }
      const problem = policyProblem(data, request);
      checkNames(data, problem, request);
      const started = now();
      const solution = await solvePolicy(problem);
      const solveMs = now() - started;
      const curve = await curveFor(problem);
      const stored = storedPolicy(data.policies, request);
      const record: PolicyRecord = {
        budget: request.budget,
        maxOrder: request.maxOrder,
        objectiveName: request.objective,
        objective: solution.objective,
        bound: solution.bound,
        optimal: solution.optimal,
        selfShare: solution.selfShare,
        sources: [...solution.sources],
        edges: policyEdges(data.analyses, solution.edges, stored),
        greedy: greedyPolicy(problem)?.objective ?? null,
        random: bandOf(problem),
      };
      return policyView(data.sweep, record, curve, solveMs);
    },
  };
}
