import { createHash } from 'node:crypto';
import { createRng, TaskatlasError } from '@/lib/science/core';
import {
  greedyPolicy,
  type PolicyProblem,
  type PolicyResult,
  policyCurve,
  prepareProblem,
  randomBand,
  solvePolicy,
} from '@/lib/science/policy';
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
const QUESTIONS_KEPT = 64;
/** Budgets solved without a break. */
const PORTION = 3;

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
}

const answerAt = (problem: PolicyProblem, policy: PolicyResult): Answer => ({
  policy,
  greedy: greedyPolicy(problem)?.objective ?? null,
  random: bandOf(problem),
});

/** Every whole budget, solved. Other requests get their turn between two portions. */
async function answersOf(problem: PolicyProblem): Promise<ReadonlyMap<number, Answer>> {
  const answers = new Map<number, Answer>();
  const budgets = problem.sources.map((_, i) => i + 1);
  for (let i = 0; i < budgets.length; i += PORTION) {
    const limits = budgets.slice(i, i + PORTION);
    for (const { budget, policy } of await policyCurve(problem, { budgetName: TASK_BUDGET, limits })) {
      if (policy) answers.set(budget, answerAt(withBudget(problem, budget), policy));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return answers;
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
   * The proved optimum of a question, with the curve over all whole budgets. A question is solved once for the values
   * it was asked of; moving the budget is then a look-up.
   * Throws `conflict` while no target is complete, `infeasible` with the smallest budget that would do.
   */
  solve(data: SweepData, request: PolicyRequest): Promise<PolicyView>;
}

export function createPolicySolver(now: () => number = () => performance.now()): PolicySolver {
  const known = new Map<string, Promise<ReadonlyMap<number, Answer>>>();
  const answersFor = (problem: PolicyProblem): Promise<ReadonlyMap<number, Answer>> => {
    const key = createHash('sha256')
      .update(JSON.stringify(withBudget(problem, 0)))
      .digest('hex');
    const found = known.get(key);
    if (found) return found;
    const made = answersOf(problem);
    known.set(key, made);
    made.catch(() => known.delete(key));
    const oldest = known.keys().next();
    if (known.size > QUESTIONS_KEPT && !oldest.done) known.delete(oldest.value);
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
      const full = policyProblem(data, request);
      checkNames(data, full, request);
      const started = now();
      const problem = slimmed(full);
      const answers = await answersFor(problem);
      // A broken budget, or one that serves nobody: solved for itself, and its refusal explains what would do.
      const answer = answers.get(request.budget) ?? answerAt(problem, await solvePolicy(problem));
      const { policy, greedy, random } = answer;
      const record: PolicyRecord = {
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
      return policyView(data.sweep, record, curveOf(answers), now() - started);
    },
  };
}
