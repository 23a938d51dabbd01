import { createHash } from 'node:crypto';
import { createRng, TaskatlasError } from '@/lib/science/core';
import {
  greedyPolicy,
  type PolicyProblem,
  type PolicyResult,
  policyCurve,
  policyRange,
  policySignificance,
  prepareProblem,
  randomBand,
  solvePolicy,
  solveRunnerUp,
} from '@/lib/science/policy';
import type { PolicyRecord, PolicyView } from '../contracts';
import {
  curveBudgets,
  missingEdges,
  type PolicyCurve,
  type PolicyRequest,
  policyEdges,
  policyProblem,
  policyView,
  type SweepData,
  storedPolicy,
} from '../views';

/** Random policies per budget for the 5–95 % band. */
const RANDOM_DRAWS = 200;
const QUESTIONS_KEPT = 64;
/** Budgets solved without a break. */
const PORTION = 3;

type Significance = PolicyView['significance'];

/** The band of random feasible policies and what it says of an optimum; null where no draw serves every target. */
function bandOf(
  problem: PolicyProblem,
  objective: number,
): { random: PolicyRecord['random']; significance: Significance } {
  try {
    const band = randomBand(problem, {
      draws: RANDOM_DRAWS,
      rng: createRng('policy-random-band', problem.budgets[0]?.limit ?? 0),
    });
    const { median, low, high, values } = band;
    return {
      random: { median, low, high },
      significance: { pValue: policySignificance(objective, band), draws: values.length },
    };
  } catch (error) {
    if (error instanceof TaskatlasError && error.code === 'infeasible')
      return { random: null, significance: null };
    throw error;
  }
}

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

/** What is known of one budget. */
interface Answer {
  policy: PolicyResult;
  greedy: number | null;
  random: PolicyRecord['random'];
  significance: Significance;
}

const answerAt = (problem: PolicyProblem, policy: PolicyResult): Answer => ({
  policy,
  greedy: greedyPolicy(problem)?.objective ?? null,
  ...bandOf(problem, policy.objective),
});

/** Every budget of the curve, solved. Other requests get their turn between two portions. */
async function answersOf(
  problem: PolicyProblem,
  budgets: readonly number[],
): Promise<ReadonlyMap<number, Answer>> {
  const answers = new Map<number, Answer>();
  for (let i = 0; i < budgets.length; i += PORTION) {
    const limits = budgets.slice(i, i + PORTION);
    for (const { budget, policy } of await policyCurve(problem, { limits })) {
      if (policy) answers.set(budget, answerAt(withBudget(problem, budget), policy));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return answers;
}

/** The best policy that gives up a source, beside the optimum. */
async function runnerUpOf(problem: PolicyProblem, optimum: PolicyResult): Promise<PolicyView['runnerUp']> {
  const found = await solveRunnerUp(problem, optimum);
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
  const { low, high } = await policyRange(full, found.missing, found.highest);
  return { low, high: Math.max(low, high), missing: found.missing.length };
}

const curveOf = (answers: ReadonlyMap<number, Answer>): PolicyCurve =>
  [...answers].map(([budget, { policy, greedy, random }]) => ({
    budget,
    objective: policy.objective,
    greedy,
    random,
  }));

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

export interface PolicySolver {
  /**
   * The proved optimum of a question, with the curve over all whole budgets. A question is solved once for the values
   * it was asked of; moving the budget is then a look-up.
   * Throws `conflict` while no target is complete, `infeasible` with the smallest budget that would do.
   */
  solve(data: SweepData, request: PolicyRequest): Promise<PolicyView>;
}

/** A question is everything but the limit of its first budget. */
const questionOf = (problem: PolicyProblem): string =>
  createHash('sha256')
    .update(JSON.stringify(withBudget(problem, 0)))
    .digest('hex');

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

export function createPolicySolver(now: () => number = () => performance.now()): PolicySolver {
  const known = new Map<string, Promise<ReadonlyMap<number, Answer>>>();
  const answersFor = (problem: PolicyProblem, budgets: readonly number[]) => {
    const key = questionOf(problem);
    const found = known.get(key);
    if (found) return found;
    const made = answersOf(problem, budgets);
    known.set(key, made);
    made.catch(() => known.delete(key));
    const oldest = known.keys().next();
    if (known.size > QUESTIONS_KEPT && !oldest.done) known.delete(oldest.value);
    return made;
  };
  return {
    async solve(data, request) {
      const full = policyProblem(data, request);
      if (full.targets.length === 0) {
        throw new TaskatlasError(
          'conflict',
          'No target of this sweep can be served yet: a policy needs at least one finished tournament of a valid target.',
        );
      }
      checkNames(data, full, request);
      const started = now();
      const problem = slimmed(full);
      const answers = await answersFor(problem, curveBudgets(data, full, request));
      // A broken budget, or one that serves nobody: solved for itself, and its refusal explains what would do.
      const answer = answers.get(request.budget) ?? answerAt(problem, await solvePolicy(problem));
      const [runnerUp, range] = await Promise.all([
        runnerUpOf(problem, answer.policy),
        rangeOf(data, full, request),
      ]);
      const { gap, cost } = answer.policy;
      return policyView(data, request, recordOf(data, request, answer), curveOf(answers), {
        gap,
        cost,
        runnerUp,
        range,
        significance: answer.significance,
        solveMs: now() - started,
      });
    },
  };
}
