import { createRng, TaskatlasError } from '@/lib/science/core';
import {
  greedyPolicy,
  type PolicyProblem,
  type PolicyResult,
  policySignificance,
  randomBand,
} from '@/lib/science/policy';
import type { PolicyRecord, PolicyView } from '../contracts';

/** Random policies per budget for the 5–95 % band: the sweep's own policy and every asked one draw the same ones. */
const RANDOM_DRAWS = 500;

/** What one budget gives: its policy, and what greedy and random choices reach beside it. */
export interface Answer {
  policy: PolicyResult;
  greedy: number | null;
  random: PolicyRecord['random'];
  significance: PolicyView['significance'];
}

/** The band of random feasible policies and what it says of an optimum; null where no draw serves every target. */
function bandOf(problem: PolicyProblem, objective: number): Pick<Answer, 'random' | 'significance'> {
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

/** A solved policy with the baselines of the same problem. */
export const beside = (problem: PolicyProblem, policy: PolicyResult): Answer => ({
  policy,
  greedy: greedyPolicy(problem)?.objective ?? null,
  ...bandOf(problem, policy.objective),
});
