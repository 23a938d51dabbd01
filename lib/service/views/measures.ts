import type { CandidateResult, TargetAnalysis } from '@/lib/science/core';
import type { RankingMeasure } from '../contracts';
import { finite } from './numbers';

/** What a transfer can be measured by and compared with, in the order in which it is preferred. */
const MEASURES = ['quality', 'gain', 'effect', 'affinity'] as const;
export type Measure = (typeof MEASURES)[number];

const negated = (x: number | null): number | null => (x === null ? null : -x);

/** A candidate by one measure, larger being better in each; null where it has no value. */
export const SCORE: Readonly<Record<RankingMeasure, (c: CandidateResult) => number | null>> = {
  affinity: (c) => finite(c.affinity?.value),
  gain: (c) => finite(c.gain?.value),
  quality: (c) => finite(c.quality?.value),
  effect: (c) => negated(finite(c.logLossRatio?.value)),
  loss: (c) => negated(finite(c.meanLoss)),
  // By its difference to scratch's, which points upwards whatever the metric's direction.
  metric: (c) => finite(c.metricGain?.value),
};

/** Number of targets with at least one transfer that has a value, by measure. */
function coverage(analyses: readonly TargetAnalysis[]): { measure: Measure; targets: number }[] {
  return MEASURES.map((measure) => ({
    measure,
    targets: analyses.filter(({ candidates }) =>
      candidates.some((c) => c.kind === 'transfer' && SCORE[measure](c) !== null),
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
