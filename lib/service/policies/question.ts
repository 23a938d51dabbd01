import { TaskatlasError } from '@/lib/science/core';
import {
  curvePoints,
  type PolicyProblem,
  type PolicyResult,
  policyRange,
  prepareProblem,
  solvePolicy,
  solveRunnerUp,
} from '@/lib/science/policy';
import type { PolicyCurvePoint, PolicyRecord, PolicyView } from '../contracts';
import type { SweepData } from '../views/model';
import {
  curveBudgets,
  missingEdges,
  type PolicyRequest,
  policyEdges,
  policyProblem,
  policyView,
  storedPolicy,
} from '../views/policy';
import { type Answer, beside } from './answer';

/** The answer to one question may take so long; a longer solve ends unproved, with its gap. */
const ASKED_SECONDS = 20;
/** What stands beside an answer, and each budget of a curve, may take so long. */
const BESIDE_SECONDS = 8;

/** The same problem with another limit on its first budget, the one that the curve varies. */
const withBudget = (problem: PolicyProblem, limit: number): PolicyProblem => ({
  ...problem,
  budgets: problem.budgets.map((b, i) => (i === 0 ? { ...b, limit } : b)),
});

/** The same problem without edges that no optimum needs: exact, and pruned once instead of at every budget. */
const slimmed = (problem: PolicyProblem): PolicyProblem => ({
  ...problem,
  edges: prepareProblem(problem).edgesByTarget.flatMap((edges) => edges.map(({ edge }) => edge)),
});

/** The best policy that gives up a source, beside the optimum. */
async function runnerUpOf(problem: PolicyProblem, optimum: PolicyResult): Promise<PolicyView['runnerUp']> {
  const found = await solveRunnerUp(problem, optimum, { limitSeconds: BESIDE_SECONDS });
  if (!found) return null;
  const { policy, loss } = found;
  return {
    objective: policy.objective,
    // Two exact optima of equal value may differ by rounding.
    loss: Math.max(0, loss),
    sources: [...policy.sources],
    gained: policy.sources.filter((s) => !optimum.sources.includes(s)),
    lost: optimum.sources.filter((s) => !policy.sources.includes(s)),
  };
}

/** Bounds of the optimum over transfers that were not measured. */
async function rangeOf(
  data: SweepData,
  full: PolicyProblem,
  request: PolicyRequest,
): Promise<PolicyView['range']> {
  const found = missingEdges(data, full, request.objective);
  if (!found || found.missing.length === 0) return null;
  const { low, high } = await policyRange(full, found.missing, found.highest, {
    limitSeconds: BESIDE_SECONDS,
  });
  return { low, high: Math.max(low, high), missing: found.missing.length };
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
  const tasks = data.sweep.tasks.map((t) => t.id);
  const issues = [
    ...unknown('costs', Object.keys(request.labelCosts ?? {}), tasks),
    ...unknown('sourceOnly', request.sourceOnly ?? [], tasks),
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

function recordOf(data: SweepData, request: PolicyRequest, { policy, greedy, random }: Answer): PolicyRecord {
  return {
    budget: request.budget,
    maxOrder: request.maxOrder,
    objectiveName: request.objective,
    objective: policy.objective,
    bound: policy.bound,
    optimal: policy.optimal,
    selfShare: policy.selfShare,
    sources: [...policy.sources],
    edges: policyEdges(data.analyses, policy.edges, storedPolicy(data.policies, request)),
    greedy,
    random,
  };
}

/** The program of a question, whole and without edges that no optimum needs. */
function problemOf(data: SweepData, request: PolicyRequest): { full: PolicyProblem; problem: PolicyProblem } {
  const full = policyProblem(data, request);
  if (full.targets.length === 0) {
    throw new TaskatlasError(
      'conflict',
      'No target of this sweep can be served yet: a policy needs at least one finished tournament of a valid target.',
    );
  }
  checkNames(data, full, request);
  return { full, problem: slimmed(full) };
}

/**
 * The proved optimum of a question, or the best policy found in time with its gap.
 * Throws `conflict` while no target is complete, `infeasible` with the smallest budget that would do.
 */
export async function answerPolicy(data: SweepData, request: PolicyRequest): Promise<PolicyView> {
  const started = performance.now();
  const { full, problem } = problemOf(data, request);
  const answer = beside(problem, await solvePolicy(problem, { limitSeconds: ASKED_SECONDS }));
  const { gap, cost } = answer.policy;
  return policyView(data, request, recordOf(data, request, answer), curveBudgets(data, full, request), {
    gap,
    cost,
    runnerUp: await runnerUpOf(problem, answer.policy),
    range: await rangeOf(data, full, request),
    significance: answer.significance,
    solveMs: performance.now() - started,
  });
}

/**
 * The optimum of a question at every limit of its budget, ascending, each as soon as it is solved; limits at which no
 * policy serves every target are left out.
 */
export async function* answerCurve(
  data: SweepData,
  request: PolicyRequest,
): AsyncGenerator<PolicyCurvePoint> {
  const { full, problem } = problemOf(data, request);
  const limits = curveBudgets(data, full, request);
  for await (const { budget, policy } of curvePoints(problem, { limits }, { limitSeconds: BESIDE_SECONDS })) {
    if (!policy) continue;
    const { greedy, random } = beside(withBudget(problem, budget), policy);
    const { objective, optimal, bound } = policy;
    yield { budget, objective, optimal, bound, greedy, random };
  }
}
