import { PLAIN_METHOD } from '@/lib/science/catalog/methods';
import type { CandidateResult, Estimate, TargetAnalysis, TaskId } from '@/lib/science/core';
import type { BestSourceView, RankedSource } from '../contracts';
import { cellContext, targetView } from './cells';
import { atMainSize, firstOrder } from './first-order';
import { methodOfCandidate, namesOf, type SweepData, wayNames } from './model';
import { counted, finite, listWords, percent, percentWithInterval, sound, verdict } from './numbers';

type RankingUnit = 'affinity' | 'gain' | 'quality' | 'effect' | 'loss';

export interface RankingOptions {
  /** How many sources to return; all by default. */
  k?: number;
  unit?: RankingUnit;
  /** Highest number of joined sources that take part; 1 by default. */
  maxOrder?: number;
  /** Method whose transfers are ranked; every method by default. */
  method?: string;
}

/** Larger is better in every unit; null sorts last. */
const SCORE: Record<RankingUnit, (c: CandidateResult) => number | null> = {
  affinity: (c) => finite(c.affinity?.value),
  gain: (c) => finite(c.gain?.value),
  quality: (c) => finite(c.quality?.value),
  effect: (c) => negated(c.logLossRatio?.value),
  loss: (c) => negated(c.meanLoss),
};

function negated(x: number | null | undefined): number | null {
  const value = finite(x);
  return value === null ? null : -value;
}

/** A source as one line of a ranking, before its rank is known. */
export function rankedLine(c: CandidateResult): Omit<RankedSource, 'rank'> {
  const gain = sound(c.gain);
  return {
    source: c.key,
    method: methodOfCandidate(c),
    sources: [...c.sources],
    order: c.sources.length,
    affinity: sound(c.affinity),
    gain,
    quality: sound(c.quality),
    effect: sound(c.logLossRatio),
    probabilityBest: finite(c.probabilityBest),
    tied: c.inTieSet,
    helps: verdict(gain),
  };
}

/**
 * Sources of one target, best first. All members of the tie set share rank 1 ("1–3" on screen) when ranked
 * by affinity, the unit in which the tie set is drawn; equal scores share a rank in every unit.
 */
function ranking(
  analysis: TargetAnalysis | undefined,
  complete: boolean,
  options: RankingOptions = {},
): RankedSource[] {
  const unit = options.unit ?? 'affinity';
  // Shares of an unfinished tournament would change with every candidate: rank by gain until it is complete.
  const score = SCORE[unit === 'affinity' && !complete ? 'gain' : unit];
  const sorted = (analysis?.candidates ?? [])
    .filter(
      (c) =>
        c.kind === 'transfer' &&
        c.sources.length <= (options.maxOrder ?? 1) &&
        (options.method === undefined || methodOfCandidate(c) === options.method),
    )
    .map((c) => ({ c, score: score(c) }))
    .sort((a, b) => (b.score ?? Number.NEGATIVE_INFINITY) - (a.score ?? Number.NEGATIVE_INFINITY));
  const ties = unit === 'affinity' && complete;
  const ranks: number[] = [];
  return sorted.map(({ c, score: mine }, i) => {
    const above = sorted[i - 1];
    const shares = above !== undefined && ((ties && c.inTieSet && above.c.inTieSet) || mine === above.score);
    const rank = shares ? (ranks[i - 1] ?? i + 1) : i + 1;
    ranks.push(rank);
    const line = { rank, ...rankedLine(c) };
    return complete ? line : { ...line, affinity: null, probabilityBest: null, tied: false };
  });
}

/** The best sources of a target, and what to do, in words. */
export function bestSourceView(all: SweepData, target: TaskId, options: RankingOptions = {}): BestSourceView {
  const data = (options.maxOrder ?? 1) > 1 ? atMainSize(all) : firstOrder(all);
  const context = cellContext(data);
  const analysis = context.analysis(target);
  const complete = context.complete(target);
  const sources = ranking(analysis, complete, options);
  return {
    sweepId: data.sweep.id,
    target,
    preliminary: analysis?.preliminary ?? true,
    advice: adviceFor(
      data,
      analysis,
      target,
      complete,
      ranking(analysis, complete, { maxOrder: options.maxOrder ?? 1 }),
    ),
    sources: sources.slice(0, options.k ?? sources.length),
    targetRow: targetView(data, context, target),
  };
}

/** Why a target's results do not pass the validity check. */
export function exclusionWords({ validity: { reasons } }: TargetAnalysis, target: string): string {
  const why = reasons.length > 0 ? reasons.join('; ') : 'it failed the validity check';
  return `${target} is excluded: ${why}. Do not rely on its ranking.`;
}

function adviceFor(
  data: SweepData,
  analysis: TargetAnalysis | undefined,
  target: TaskId,
  complete: boolean,
  ranked: readonly RankedSource[],
): string {
  const name = namesOf(data.sweep);
  const best = ranked[0];
  if (!analysis || !best) return `Nothing is measured for ${name(target)} yet.`;
  if (!analysis.validity.kept) return exclusionWords(analysis, name(target));
  const named = wayNames(data.sweep);
  const words = recommend(ranked, (line) =>
    line.method === PLAIN_METHOD ? line.sources.map(name).join(' + ') : named(line.method, line.sources),
  );
  if (!complete) return `Preliminary, some transfers are still missing. ${words}`;
  return analysis.preliminary ? `Preliminary, more seeds are still to come. ${words}` : words;
}

/** What to take, from the ranked sources: one, any of a tie set, or none. */
function recommend(ranked: readonly RankedSource[], name: (line: RankedSource) => string): string {
  const [best, second] = ranked;
  if (!best) return '';
  const helpers = ranked.filter((line) => line.helps === 'helps');
  if (best.gain === null) {
    return `${name(best)} ranks first; there is no training from scratch to compare it with.`;
  }
  if (helpers.length === 0) return scratchInstead(ranked, name);
  const tied = ranked.filter((line) => line.tied || line === best);
  if (best.helps !== 'helps') {
    const sure = listWords(helpers.slice(0, 3).map(name));
    return `${name(best)} ranks first but is not shown to beat training from scratch: ${percentWithInterval(best.gain)} of test images. Shown to beat it: ${sure}.`;
  }
  if (tied.length > 1 && tied.length <= 5) {
    const [low, high] = range(tied.map((line) => line.gain));
    const share = low === high ? low : `${low} to ${high}`;
    const all = tied.every((line) => line.helps === 'helps');
    const evidence = all
      ? `each beats training from scratch on ${share} of test images`
      : `they beat training from scratch on ${share} of test images, not all of them surely`;
    return `Not enough evidence to separate ${listWords(tied.map(name))}. Take any of them: ${evidence}.`;
  }
  if (tied.length > 5) {
    return `Not enough evidence to separate the first ${tied.length} sources. ${name(best)} leads: it beats training from scratch on ${percentWithInterval(best.gain)} of test images.`;
  }
  const own = best.quality ? `, and the task's own network on ${percent(best.quality.value)}` : '';
  const next = second?.gain ? ` Next is ${name(second)} with ${percent(second.gain.value)}.` : '';
  return `Take ${name(best)}: it beats training from scratch on ${percentWithInterval(best.gain)} of test images${own}.${next}`;
}

/** No source is shown to beat scratch. */
function scratchInstead(ranked: readonly RankedSource[], name: (line: RankedSource) => string): string {
  const best = ranked.reduce((a, b) => ((b.gain?.value ?? 0) > (a.gain?.value ?? 0) ? b : a));
  const gain = best.gain ? percentWithInterval(best.gain) : 'an unknown share';
  const losers = ranked.filter((line) => line.helps === 'hurts').length;
  if (losers === ranked.length) {
    return `Train from scratch: every one of ${counted(losers, 'source')} loses to it. The nearest, ${name(best)}, wins ${gain} of test images.`;
  }
  return `Training from scratch is as good: no source is shown to beat it. The nearest, ${name(best)}, wins ${gain} of test images.`;
}

/** Smallest and largest gain as percentages. */
function range(gains: readonly (Estimate | null)[]): [string, string] {
  const values = gains.flatMap((gain) => (gain ? [gain.value] : []));
  return [percent(Math.min(...values)), percent(Math.max(...values))];
}
