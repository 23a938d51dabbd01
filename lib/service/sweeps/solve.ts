import { type AnalysisDraws, analyseTargetWithDraws } from '@/lib/science/affinity';
import { type TargetAnalysis, TaskatlasError } from '@/lib/science/core';
import { solvePolicy } from '@/lib/science/policy';
import type { PolicyRecord } from '../contracts';
import { beside, survivalOf } from '../policies';
import type { Store, StoredSweep } from '../ports';
import type { SweepData } from '../views/model';
import { objectiveOf, policyEdges, policyProblem, servable } from '../views/policy';
import { analysisSeed, loadTarget, type ScenesOf } from './analyse';

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
  const { greedy, random } = beside(problem, solution);
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
    greedy,
    random,
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
