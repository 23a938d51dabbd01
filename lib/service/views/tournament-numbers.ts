import {
  affinityFromWinRates,
  ahp,
  ahpDetails,
  CLIP,
  intransitiveTriples,
  oddsMatrix,
} from '@/lib/science/affinity';
import type { TargetAnalysis } from '@/lib/science/core';
import { unflatten } from '@/lib/science/numerics';

/** The other clip of the sensitivity check: ten times the paper's. */
const WIDE_CLIP = 0.01;

/** Everything that AHP makes of a tournament's win rates, step by step. */
export interface TournamentNumbers {
  odds: number[][];
  clippedPairs: number;
  consistencyRatio: number | null;
  secondEigenvalue: number;
  geometricMean: Float64Array;
  /** Weights under the wide clip. */
  wideClip: Float64Array;
  /** Majority cycles as candidate indices. */
  cycles: [number, number, number][];
}

/** Number of triples among n candidates. */
export const triplesOf = (n: number): number => (n * (n - 1) * (n - 2)) / 6;

/** Row-major win rates, or null where they are not stored (published results). */
export function flatRates(analysis: TargetAnalysis | undefined): Float64Array | null {
  const n = analysis?.tournamentKeys.length ?? 0;
  const rates = Float64Array.from((analysis?.winRates ?? []).flat());
  return n > 1 && rates.length === n * n && rates.every(Number.isFinite) ? rates : null;
}

/** Recomputed from the stored win rates by the functions that made the affinities. */
export function tournamentNumbers(rates: Float64Array, n: number): TournamentNumbers {
  const odds = oddsMatrix(rates, n);
  const details = ahpDetails(odds, n, ahp(odds, n));
  let clippedPairs = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const rate = rates[i * n + j] as number;
      if (rate < CLIP || rate > 1 - CLIP) clippedPairs++;
    }
  }
  return {
    odds: unflatten(odds, n, n),
    clippedPairs,
    consistencyRatio: details.consistencyRatioAlonsoLamata,
    secondEigenvalue: details.secondEigenModulus,
    geometricMean: details.geometricMeanWeights,
    wideClip: affinityFromWinRates(
      rates.map((w) => Math.min(1 - WIDE_CLIP, Math.max(WIDE_CLIP, w))),
      n,
    ).weights,
    cycles: intransitiveTriples(rates, n),
  };
}
