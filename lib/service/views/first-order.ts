import type { CandidateResult, Estimate, TargetAnalysis } from '@/lib/science/core';
import { transferSizesOf } from '../contracts';
import type { StoredRun } from '../ports';
import type { SweepData } from './model';

/** Whether a run was trained on a smaller transfer set than the sweep's main one. */
const isSmaller = ({ recipe }: StoredRun, images: number): boolean =>
  (recipe.kind === 'transfer' || recipe.kind === 'scratch') && recipe.images < images;

/** The sweep without its smaller transfer sets: what matrix, tournaments and policy speak of. */
export function atMainSize<T extends Pick<SweepData, 'sweep' | 'runs'>>(data: T): T {
  if (!data.sweep.spec.transferSizes) return data;
  const images = transferSizesOf(data.sweep.spec).at(-1) ?? 0;
  return { ...data, runs: data.runs.filter((run) => !isSmaller(run, images)) };
}

const isJoined = (c: CandidateResult): boolean => c.sources.length > 1;

const scaled = (e: Estimate | null, by: number): Estimate | null =>
  e && {
    value: e.value * by,
    low: e.low === null ? null : e.low * by,
    high: e.high === null ? null : e.high * by,
  };

/**
 * A tournament as its first-order transfers and the own network saw it: their affinities renormalised to sum 1, as the
 * paper displays them (DESIGN §4), ties and the best source among themselves. The same analysis where there is no
 * higher order.
 */
export function firstOrderAnalysis(analysis: TargetAnalysis): TargetAnalysis {
  if (!analysis.candidates.some(isJoined)) return analysis;
  const kept = analysis.candidates.filter((c) => !isJoined(c));
  const total = kept.reduce((sum, c) => sum + (c.affinity?.value ?? 0), 0);
  const scale = total > 0 ? 1 / total : 1;
  const places = analysis.tournamentKeys.flatMap((key, i) => (kept.some((c) => c.key === key) ? [i] : []));
  return {
    ...analysis,
    candidates: kept.map((c) => ({ ...c, ...c.amongFirstOrder, affinity: scaled(c.affinity, scale) })),
    tournamentKeys: places.map((i) => analysis.tournamentKeys[i] ?? ''),
    winRates: places.map((i) => places.map((j) => analysis.winRates[i]?.[j] ?? Number.NaN)),
  };
}

/** First-order transfers at the main size: the matrix and everything read off it. */
export const firstOrder = (data: SweepData): SweepData => ({
  ...atMainSize(data),
  analyses: data.analyses.map(firstOrderAnalysis),
});
