import type { CandidateResult, TargetAnalysis } from '@/lib/science/core';
import { finite } from './numbers';

/** What a transfer can be measured by and compared with, in the order in which it is preferred. */
const MEASURES = ['quality', 'gain', 'effect', 'affinity'] as const;
export type Measure = (typeof MEASURES)[number];

const VALUE: Readonly<Record<Measure, (c: CandidateResult) => number | null>> = {
  quality: (c) => finite(c.quality?.value),
  gain: (c) => finite(c.gain?.value),
  effect: (c) => finite(c.logLossRatio?.value),
  affinity: (c) => finite(c.affinity?.value),
};

/** Number of targets with at least one transfer that has a value, by measure. */
function coverage(analyses: readonly TargetAnalysis[]): { measure: Measure; targets: number }[] {
  return MEASURES.map((measure) => ({
    measure,
    targets: analyses.filter(({ candidates }) =>
      candidates.some((c) => c.kind === 'transfer' && VALUE[measure](c) !== null),
    ).length,
  }));
}

/**
 * The measures that a sweep's transfers have values of, in the order quality, gain, effect (log loss ratio), affinity.
 * References (own network, re-transfer, scratch, mean) do not count: they rank no source.
 */
export const measuresOf = (analyses: readonly TargetAnalysis[]): Measure[] =>
  coverage(analyses).flatMap(({ measure, targets }) => (targets > 0 ? [measure] : []));

/**
 * The measure to show and to decide by when nobody asked for one: the one that the most targets have, the preferred
 * one among equals. Null when nothing is measured.
 */
export function leadingMeasure(analyses: readonly TargetAnalysis[]): Measure | null {
  const [first, ...rest] = coverage(analyses);
  if (!first) return null;
  const best = rest.reduce((a, b) => (b.targets > a.targets ? b : a), first);
  return best.targets > 0 ? best.measure : null;
}
