import type { AnalysisDraws } from '@/lib/science/affinity';
import type { PolicyEdge, TargetAnalysis } from '@/lib/science/core';
import { edgeSurvival, type PolicyProblem } from '@/lib/science/policy';
import type { PolicyRecord } from '../contracts';
import { edgeCandidate, keyOf, servesNobody } from '../views/policy';

/** Bootstrap draws that the policy is solved again for. */
const SURVIVAL_DRAWS = 200;

type Objective = PolicyRecord['objectiveName'];

/**
 * The bootstrap draws of what the policy maximises, by the candidate that an edge stands for. An edge that a constant beats
 * has no positive value in any draw (`policyProblem` gives it none).
 */
function drawsOf(
  draws: AnalysisDraws,
  edge: PolicyEdge,
  objective: Objective,
  useless: boolean,
): Float64Array | undefined {
  const key = keyOf(edge);
  const values =
    objective === 'log-loss' ? draws.logLossRatio[key]?.map((value) => -value) : draws[objective][key];
  return useless ? values?.map((value) => Math.min(0, value)) : values;
}

/** Share of bootstrap draws in which each edge of the problem is in the optimum; null when nothing was resampled. */
export async function survivalOf(
  problem: PolicyProblem,
  draws: ReadonlyMap<string, AnalysisDraws>,
  objective: Objective,
  analyses: readonly TargetAnalysis[],
): Promise<readonly (number | null)[]> {
  const byEdge = problem.edges.map((edge) => {
    const ofTarget = draws.get(edge.target);
    const candidate = edgeCandidate(analyses, edge);
    const useless = candidate !== undefined && servesNobody(candidate);
    return ofTarget ? drawsOf(ofTarget, edge, objective, useless) : undefined;
  });
  const count = Math.min(SURVIVAL_DRAWS, ...byEdge.map((values) => values?.length ?? SURVIVAL_DRAWS));
  if (count === 0 || byEdge.every((values) => values === undefined)) return problem.edges.map(() => null);
  const table = Array.from({ length: count }, (_, draw) =>
    byEdge.map((values, i) => values?.[draw] ?? problem.edges[i]?.value ?? Number.NaN),
  );
  const { edges } = await edgeSurvival(problem, table);
  return [...edges];
}
