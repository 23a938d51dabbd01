import { PLAIN_METHOD } from '@/lib/science/catalog/methods';
import type { TargetAnalysis, TaskId } from '@/lib/science/core';
import type { BestSourceView, RankingMeasure } from '../contracts';
import { cellContext, targetView } from './cells';
import { atMainSize } from './main-size';
import { methodOfCandidate, namesOf, reference, type SweepData, wayNames } from './model';
import { finite } from './numbers';
import { recommendation } from './recommend';
import { type Line, rankedBy, rankedSource, standingOf } from './standing';

export interface RankingOptions {
  /** How many sources to return; all by default. */
  k?: number;
  /** Orders the lines; by default, and where no member of the set has it, the set's own measure. */
  unit?: RankingMeasure;
  /** Highest number of joined sources that take part; 1 by default. */
  maxOrder?: number;
  /** Method whose transfers are ranked; every method by default. */
  method?: string;
}

/** The best sources of a target, and what to do, in words. */
export function bestSourceView(all: SweepData, target: TaskId, options: RankingOptions = {}): BestSourceView {
  const { k, unit, maxOrder = 1, method } = options;
  const data = atMainSize(all);
  const context = cellContext(data);
  const analysis = context.analysis(target);
  const complete = context.complete(target);
  const standing = standingOf(data.sweep, analysis, complete, { maxOrder, method });
  const lines = rankedBy(standing, unit);
  const name = namesOf(data.sweep);
  const named = wayNames(data.sweep);
  const way = ({ candidate: { sources, ...c } }: Line): string =>
    methodOfCandidate(c) === PLAIN_METHOD
      ? sources.map(name).join(' + ')
      : named(methodOfCandidate(c), sources);
  return {
    sweepId: data.sweep.id,
    target,
    preliminary: analysis?.preliminary ?? true,
    advice: adviceFor(analysis, name(target), complete, () =>
      recommendation(standing, finite(reference(analysis, 'scratch')?.skill), way),
    ),
    set: standing.set,
    sources: lines.slice(0, k ?? lines.length).map(rankedSource),
    targetRow: targetView(data, context, target, standing),
  };
}

/** Why a target's results do not pass the validity check. */
export function exclusionWords({ validity: { reasons } }: TargetAnalysis, target: string): string {
  const why = reasons.length > 0 ? reasons.join('; ') : 'it failed the validity check';
  return `${target} is excluded: ${why}. Do not rely on its ranking.`;
}

function adviceFor(
  analysis: TargetAnalysis | undefined,
  target: string,
  complete: boolean,
  words: () => string,
): string {
  if (!analysis?.candidates.some((c) => c.kind === 'transfer'))
    return `Nothing is measured for ${target} yet.`;
  if (!analysis.validity.kept) return exclusionWords(analysis, target);
  if (!complete) return `Preliminary, some transfers are still missing. ${words()}`;
  return analysis.preliminary ? `Preliminary, more seeds are still to come. ${words()}` : words();
}
