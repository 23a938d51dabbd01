import type { Estimate, TargetValidity } from '@/lib/science/core';
import { at, mean, variance } from '@/lib/science/numerics';
import type { Contest } from './contest';
import type { Measures, Parts } from './measures';

/** DESIGN §4: a target whose gold network does not reach this skill over the mean predictor is excluded. */
export const MINIMUM_GOLD_SKILL = 0.1;
/** DESIGN §4: below this ratio of between-source to seed variance a target is greyed out. */
export const MINIMUM_SIGNAL_TO_NOISE = 3;
/** Above this share of runs that were still improving at their last evaluation a target's validity says so. */
const MAXIMUM_UNCONVERGED = 0.1;

/**
 * Variance between sources over variance between seeds, of mean test losses of first-order transfers:
 * Var_s(mean over runs) / mean_s Var_runs. Null with one run per source or fewer than two sources.
 */
function signalToNoise(contest: Contest): number | null {
  const perSource = contest.contestants
    .filter((c) => c.candidate.kind === 'transfer' && c.candidate.sources.length === 1)
    .map((c) => c.runs.map((run) => mean(contest.losses[run] as Float64Array)));
  const repeated = perSource.filter((runs) => runs.length > 1);
  if (perSource.length < 2 || repeated.length === 0) return null;
  const noise = mean(repeated.map(variance));
  const signal = variance(perSource.map(mean));
  return noise === 0 ? Infinity : signal / noise;
}

/** Of the runs whose learning curves are known, how many were still improving at their last evaluation. */
function unconverged(contest: Contest): { runs: number; improving: number } {
  const known = contest.contestants
    .flatMap(({ candidate }) => candidate.runs)
    .flatMap(({ stillImproving }) => (stillImproving === undefined ? [] : [stillImproving]));
  return { runs: known.length, improving: known.filter(Boolean).length };
}

/**
 * The reason that a target gets whose scratch loses to the constant predictor, else null. The target is kept: its
 * losses are sound and sources that beat the constant are of use, but a win over such a scratch is no evidence of it.
 */
export const gainOverNothing = (scratchSkill: number | null): string | null =>
  scratchSkill !== null && scratchSkill < 0
    ? `gain is over nothing: training from scratch is worse than a constant predictor (skill ${scratchSkill.toFixed(2).replace('-', '\u2212')}), so a source counts as helping only when its own skill is above 0`
    : null;

/**
 * Judges a target: excluded when gold does not beat the mean predictor or scratch, or, where there is no gold, when
 * nothing beats the mean predictor; notes for what else to mind.
 */
export function judge(contest: Contest, parts: Parts, point: Measures, goldSkill: Estimate): TargetValidity {
  const excluded: string[] = [];
  const notes: string[] = [];
  const measured = parts.self >= 0 && parts.mean >= 0;
  if (parts.self < 0) notes.push('the gold network is not measured');
  if (parts.mean < 0) notes.push('the mean predictor is not measured');
  // Without gold (few labels) the least that makes a ranking worth reading: somebody learned something.
  const learned = [...parts.tournament, parts.scratch].some((c) => c >= 0 && at(point.skill, c) > 0);
  if (parts.self < 0 && parts.mean >= 0 && !learned) {
    excluded.push('neither scratch nor any transfer beats the mean predictor');
  }
  if (measured && !(goldSkill.value >= MINIMUM_GOLD_SKILL)) {
    excluded.push(
      `gold skill over the mean predictor is ${goldSkill.value.toFixed(3)}, below ${MINIMUM_GOLD_SKILL}`,
    );
  }
  const low = goldSkill.low ?? goldSkill.value;
  if (measured && !(low > 0)) {
    excluded.push(`the interval of the gold skill reaches ${low.toFixed(3)}, not above 0`);
  }
  if (
    parts.self >= 0 &&
    parts.scratch >= 0 &&
    !(at(point.meanLoss, parts.self) < at(point.meanLoss, parts.scratch))
  ) {
    excluded.push('the gold network does not beat scratch');
  }
  const scratchSkill = parts.scratch >= 0 && parts.mean >= 0 ? at(point.skill, parts.scratch) : null;
  const nothing = gainOverNothing(scratchSkill);
  if (nothing !== null) notes.push(nothing);
  const ratio = signalToNoise(contest);
  if (ratio !== null && ratio < MINIMUM_SIGNAL_TO_NOISE) {
    notes.push(
      `differences between sources are not clear of seed noise (variance ratio ${ratio.toFixed(1)}, below 3)`,
    );
  }
  const { runs, improving } = unconverged(contest);
  if (improving > MAXIMUM_UNCONVERGED * runs) {
    notes.push(
      `${improving} of ${runs} runs were still improving at their last evaluation: longer training may change the order of sources`,
    );
  }
  if (contest.unevenRuns.length > 0) {
    notes.push(`losses missing on images that other runs have: ${contest.unevenRuns.join(', ')}`);
  }
  return {
    kept: excluded.length === 0,
    reasons: [...excluded, ...notes],
    goldSkill,
    scratchSkill,
    signalToNoise: ratio,
    ...(runs > 0 ? { converged: 1 - improving / runs } : {}),
  };
}
