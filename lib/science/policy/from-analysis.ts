import type { CandidateResult, PolicyEdge, TargetAnalysis } from '@/lib/science/core';

/** What a policy maximises. `log-loss` is the reduction −median ln(loss/scratch loss), larger = better. */
export const OBJECTIVES = ['affinity', 'gain', 'quality', 'log-loss'] as const;
export type ObjectiveName = (typeof OBJECTIVES)[number];

function measuredValue(candidate: CandidateResult, objective: ObjectiveName): number | null {
  switch (objective) {
    case 'affinity':
      return candidate.affinity?.value ?? null;
    case 'gain':
      return candidate.gain?.value ?? null;
    case 'quality':
      return candidate.quality?.value ?? null;
    case 'log-loss':
      // `0 −` and not a sign flip: scratch itself must give 0, not −0.
      return candidate.logLossRatio ? 0 - candidate.logLossRatio.value : null;
  }
}

/** An edge with the key of the candidate that it stands for, to look up its bootstrap draws. */
export interface KeyedEdge extends PolicyEdge {
  key: string;
}

const edgeKind = (kind: CandidateResult['kind']): PolicyEdge['kind'] | null =>
  kind === 'self' || kind === 'transfer' || kind === 'scratch' ? kind : null;

/**
 * Edges of a policy from analysed targets: transfers, `self`, and `scratch` (usable only with `allowScratch`).
 * Re-transfers and the mean predictor are no candidates; what was not measured gives no edge. Targets that are not
 * `kept` are left out unless `includeExcluded`.
 */
export function edgesFromAnalyses(
  analyses: readonly TargetAnalysis[],
  objective: ObjectiveName,
  options: { includeExcluded?: boolean } = {},
): KeyedEdge[] {
  return analyses
    .filter((analysis) => options.includeExcluded || analysis.validity.kept)
    .flatMap(({ target, candidates }) =>
      candidates.flatMap((candidate): KeyedEdge[] => {
        const kind = edgeKind(candidate.kind);
        const value = measuredValue(candidate, objective);
        if (kind === null || value === null || !Number.isFinite(value)) return [];
        const sources = kind === 'self' ? [target] : kind === 'scratch' ? [] : candidate.sources;
        return [{ target, sources, kind, value, key: candidate.key }];
      }),
    );
}
