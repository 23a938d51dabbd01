import type { PolicyEdge, PolicySolution, TaskId } from '@/lib/science/core';
import { bestEdges, costOf, type PreparedProblem, totalValue, type UsableEdge } from './problem';

/** A solved policy with what a person needs to judge it. */
export interface PolicyResult extends PolicySolution {
  /** Targets left without an edge (only with `allowUnserved`). */
  unserved: readonly TaskId[];
  /** For every edge of `edges`: its index in the problem's edges. */
  edgeIndices: readonly number[];
}

/** Turns supervised sources into a policy: the best affordable edge per target, sources that nothing uses dropped. */
export function policyFrom(
  prepared: PreparedProblem,
  supervised: ReadonlySet<number>,
  proof: { optimal: boolean; bound: number },
): PolicyResult | null {
  const chosen = bestEdges(prepared, supervised);
  const objective = totalValue(chosen);
  if (objective === null) return null;
  const served = chosen.filter((e): e is UsableEdge => e !== null && e.index >= 0);
  const used = new Set([...prepared.forced, ...served.flatMap((e) => e.needs)]);
  const bound = Math.max(proof.bound, objective);
  const edges = served.map((e): PolicyEdge => ({ ...e.edge }));
  const self = served.reduce((total, e) => total + (e.edge.kind === 'self' ? e.weighted : 0), 0);
  return {
    objective,
    sources: prepared.sources.filter((_, s) => used.has(s)),
    edges,
    edgeIndices: served.map((e) => e.index),
    optimal: proof.optimal,
    bound,
    gap: objective === bound ? 0 : (bound - objective) / Math.max(Math.abs(objective), 1e-12),
    selfShare: objective === 0 ? 0 : self / objective,
    cost: costOf(prepared, used),
    unserved: prepared.targets.filter((_, t) => chosen[t]?.index === -1),
  };
}
