import type { CandidateResult, PolicyEdge, TargetAnalysis, TaskId } from '@/lib/science/core';
import type { PolicyProblem } from '@/lib/science/policy';
import type { PolicyEdgeView, PolicyRecord, PolicyView } from '../contracts';
import type { StoredSweep } from '../ports';
import { completeness } from './cells';
import { type SweepData, sourcesOf } from './model';
import { finite, sound } from './numbers';
import { sweepTasks } from './tasks';

type PolicyObjective = PolicyRecord['objectiveName'];

/** What a person may ask of a policy. */
export interface PolicyRequest {
  budget: number;
  maxOrder: number;
  objective: PolicyObjective;
  force: readonly TaskId[];
  forbid: readonly TaskId[];
  /** Importance by target; 1 when not named. */
  weights: Readonly<Record<TaskId, number>>;
}

/** Name of the one budget: the number of fully supervised tasks. */
export const TASK_BUDGET = 'tasks';

/**
 * Value of serving a target by a candidate. Affinity is only defined in a complete tournament; quality of the own
 * network against itself is one half (every image a tie); log-loss counts the reduction, so larger is better.
 */
function worth(objective: PolicyObjective, c: CandidateResult): number | null {
  switch (objective) {
    case 'affinity':
      return finite(c.affinity?.value);
    case 'gain':
      return finite(c.gain?.value);
    case 'quality':
      return c.kind === 'self' ? (finite(c.quality?.value) ?? 0.5) : finite(c.quality?.value);
    case 'log-loss': {
      const ratio = finite(c.logLossRatio?.value);
      return ratio === null ? null : -ratio;
    }
  }
}

/** What a policy is made from. */
export type Measured = Pick<SweepData, 'sweep' | 'runs' | 'analyses'>;

/**
 * Targets whose tournament is complete and valid: the ones that a policy can serve. While a sweep is under way a
 * complete first seed is enough; a run that has failed for good is not waited for.
 */
export function servable(data: Measured): TargetAnalysis[] {
  const complete = completeness(data);
  return data.analyses.filter((a) => complete(a.target) && a.validity.kept);
}

/**
 * The integer program of DESIGN §4 from measured results. Candidates are transfers and the own network (`self`);
 * re-transfers from a task's own encoder, scratch and mean are references and no edges. Nothing is imputed: an edge
 * without a finite value is left out, and so are incomplete and excluded targets.
 */
export function policyProblem(data: Measured, request: PolicyRequest): PolicyProblem {
  const served = servable(data);
  const targets = served.map((a) => a.target);
  const sources = new Set([...sourcesOf(data.sweep).map((t) => t.id), ...targets]);
  const edges = served.flatMap((analysis) =>
    analysis.candidates.flatMap((c): PolicyEdge[] => {
      const value = c.kind === 'transfer' || c.kind === 'self' ? worth(request.objective, c) : null;
      if (value === null || (c.kind !== 'transfer' && c.kind !== 'self')) return [];
      return [
        {
          target: analysis.target,
          sources: c.kind === 'self' ? [analysis.target] : c.sources,
          kind: c.kind,
          value,
        },
      ];
    }),
  );
  return {
    targets,
    sources: [...sources],
    edges,
    budgets: [{ name: TASK_BUDGET, limit: request.budget }],
    importance: request.weights,
    forced: request.force,
    forbidden: request.forbid,
    maxOrder: request.maxOrder,
  };
}

/** The candidate that an edge stands for. */
function candidate(analyses: readonly TargetAnalysis[], edge: PolicyEdge): CandidateResult | undefined {
  const analysis = analyses.find((a) => a.target === edge.target);
  const key = edge.sources.join('+');
  return analysis?.candidates.find((c) =>
    edge.kind === 'self' ? c.kind === 'self' : c.kind === 'transfer' && c.sources.join('+') === key,
  );
}

/** Edges with what is known of them; survival comes from the stored policy that the bootstrap was run for. */
export function policyEdges(
  analyses: readonly TargetAnalysis[],
  edges: readonly PolicyEdge[],
  stored: PolicyRecord | undefined,
): PolicyEdgeView[] {
  return edges.map((edge) => {
    const found = candidate(analyses, edge);
    const key = edge.sources.join('+');
    const known = stored?.edges.find((e) => e.target === edge.target && e.sources.join('+') === key);
    return {
      target: edge.target,
      sources: [...edge.sources],
      kind: edge.kind,
      value: edge.value,
      gain: sound(found?.gain)?.value ?? null,
      quality: sound(found?.quality)?.value ?? null,
      survival: known?.survival ?? null,
    };
  });
}

/** The stored policy of the same question, if the sweep's own job has solved it. */
export function storedPolicy(
  policies: readonly PolicyRecord[],
  request: PolicyRequest,
): PolicyRecord | undefined {
  if (request.force.length + request.forbid.length + Object.keys(request.weights).length > 0)
    return undefined;
  return policies.find(
    (p) =>
      p.budget === request.budget && p.maxOrder === request.maxOrder && p.objectiveName === request.objective,
  );
}

/** One budget of the curve, with what greedy and random choices reach. */
export type PolicyCurve = PolicyView['curve'];

/** A solved policy in drawing-ready numbers. */
export function policyView(
  sweep: StoredSweep,
  record: PolicyRecord,
  curve: PolicyCurve,
  solveMs: number,
): PolicyView {
  return { ...record, sweepId: sweep.id, curve, tasks: sweepTasks(sweep), solveMs };
}
