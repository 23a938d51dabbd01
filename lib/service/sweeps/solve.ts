import { type AnalysisDraws, analyseTargetWithDraws } from '@/lib/science/affinity';
import { createRng, type PolicyEdge, type TargetAnalysis, TaskatlasError } from '@/lib/science/core';
import {
  edgeSurvival,
  greedyPolicy,
  type PolicyProblem,
  randomBand,
  solvePolicy,
} from '@/lib/science/policy';
import type { PolicyRecord } from '../contracts';
import type { Store, StoredSweep } from '../ports';
import type { SweepData } from '../views/model';
import {
  edgeCandidate,
  keyOf,
  objectiveOf,
  policyEdges,
  policyProblem,
  servable,
  servesNobody,
} from '../views/policy';
import { analysisSeed, loadTarget, type ScenesOf } from './analyse';

const RANDOM_DRAWS = 500;
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
async function survivalOf(
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

async function drawsOfTargets(
  store: Store,
  sweep: StoredSweep,
  analyses: readonly TargetAnalysis[],
  scenesOf: ScenesOf,
): Promise<ReadonlyMap<string, AnalysisDraws>> {
  const found = new Map<string, AnalysisDraws>();
  for (const { target } of analyses) {
    const { losses } = await loadTarget(store, sweep.id, target, scenesOf);
    found.set(target, analyseTargetWithDraws(losses, { seed: analysisSeed(target) }).draws);
  }
  return found;
}

/** The policy of the sweep's own question, or null when no target can be served. */
async function solveSweepPolicy(
  data: SweepData,
  draws: ReadonlyMap<string, AnalysisDraws>,
): Promise<PolicyRecord | null> {
  const { sweep, analyses } = data;
  const { budget, maxOrder } = sweep.spec.policy;
  const objective = objectiveOf(data);
  const problem = policyProblem(data, { budget, maxOrder, objective, force: [], forbid: [], weights: {} });
  if (problem.targets.length === 0) return null;
  const solution = await solvePolicy(problem).catch((error: unknown) => {
    if (error instanceof TaskatlasError && error.code === 'infeasible') return null;
    throw error;
  });
  if (!solution) return null;
  const survival = await survivalOf(problem, draws, objective, analyses);
  const random = randomBand(problem, { draws: RANDOM_DRAWS, rng: createRng('random policies', sweep.name) });
  const edges = policyEdges(analyses, solution.edges, undefined).map((edge, i) => ({
    ...edge,
    survival: survival[solution.edgeIndices[i] ?? -1] ?? null,
  }));
  return {
    budget,
    maxOrder,
    objectiveName: objective,
    objective: solution.objective,
    bound: solution.bound,
    optimal: solution.optimal,
    selfShare: solution.selfShare,
    sources: [...solution.sources],
    edges,
    greedy: greedyPolicy(problem)?.objective ?? null,
    random: { median: random.median, low: random.low, high: random.high },
  };
}

/** Solves and stores the policy of a sweep whose runs have all ended, and ends the sweep. Safe to repeat. */
export async function finishSweep(store: Store, sweepId: string, scenesOf: ScenesOf): Promise<void> {
  const sweep = await store.getSweep(sweepId);
  if (!sweep) throw new TaskatlasError('not-found', `There is no sweep "${sweepId}".`);
  const [runs, analyses] = await Promise.all([store.runsOf(sweepId), store.analyses(sweepId)]);
  const data = { sweep, runs, analyses, policies: [], summaries: new Map(), workers: [], now: Date.now() };
  const draws = await drawsOfTargets(store, sweep, servable(data), scenesOf);
  const policy = await solveSweepPolicy(data, draws);
  if (policy) await store.savePolicy(sweepId, policy);
  // A person may have stopped or cancelled it meanwhile, or retried a run: then it is not at its end.
  if ((await store.duePolicies([sweepId])).includes(sweepId)) await store.setSweepState(sweepId, 'done');
}
