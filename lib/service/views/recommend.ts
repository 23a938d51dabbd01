import type { Estimate } from '@/lib/science/core';
import type { CandidateSet } from '../contracts';
import { decimal, finite, listWords, percent, percentWithInterval, sound } from './numbers';
import { type Line, losesToConstant, type Standing } from './standing';

type Named = (line: Line) => string;

const gainOf = (line: Line): Estimate | null => sound(line.candidate.gain);

/**
 * What a constant predictor makes of a win over scratch, as a part of the same sentence; empty where scratch beats the
 * constant and the transfer does too.
 */
export function constantClause(scratchSkill: number | null, skill: number | null): string {
  const own = skill === null ? null : decimal(skill);
  const loses = skill !== null && skill <= 0;
  if (scratchSkill !== null && scratchSkill < 0) {
    const scratch = `, but scratch is worse than a constant predictor (skill ${decimal(scratchSkill)})`;
    if (own === null) return scratch;
    return loses
      ? `${scratch}, and so is this transfer (${own})`
      : `${scratch}; this transfer’s skill is ${own}`;
  }
  return loses ? `, but a constant predictor beats this transfer (skill ${own})` : '';
}

const shareOf = (line: Line): string => {
  const gain = gainOf(line);
  return gain ? percentWithInterval(gain) : 'an unknown share';
};

const clauseOf = (line: Line, scratchSkill: number | null): string =>
  constantClause(scratchSkill, finite(line.candidate.skill));

/** `beats training from scratch on 87 % (95 % interval 84–89 %) of test images`, with what a constant makes of that. */
const winsWords = (line: Line, scratchSkill: number | null, beside = ''): string =>
  `beats training from scratch on ${shareOf(line)} of test images${beside}${clauseOf(line, scratchSkill)}`;

/** Smallest and largest gain as percentages. */
function range(lines: readonly Line[]): string {
  const values = lines.flatMap((line) => gainOf(line)?.value ?? []);
  const [low, high] = [percent(Math.min(...values)), percent(Math.max(...values))];
  return low === high ? low : `${low} to ${high}`;
}

/** Several that cannot be told apart, of which the leader helps: those that help too are as good a choice. */
function tiedWords(tied: readonly Line[], scratchSkill: number | null, name: Named): string {
  const helping = tied.filter((line) => line.helps === 'helps');
  const [leader] = tied;
  if (!leader) return '';
  const skills = helping.flatMap((line) => finite(line.candidate.skill) ?? []);
  const scratch =
    scratchSkill !== null && scratchSkill < 0
      ? `, but scratch is worse than a constant predictor (skill ${decimal(scratchSkill)}); their skills are ${decimal(Math.min(...skills))} to ${decimal(Math.max(...skills))}`
      : '';
  if (tied.length > 5)
    return `Not enough evidence to separate the first ${tied.length}. ${name(leader)} leads: it ${winsWords(leader, scratchSkill)}.`;
  const apart = `Not enough evidence to separate ${listWords(tied.map(name))}.`;
  if (helping.length === tied.length)
    return `${apart} Take any of them: each beats training from scratch on ${range(helping)} of test images${scratch}.`;
  return `${apart} Shown to help: ${listWords(helping.map(name))}, on ${range(helping)} of test images against training from scratch${scratch}.`;
}

/** The leader of the ranking is not the one to take: why, and who is. */
function otherThanLeader({ lines, leader, set }: Standing, scratchSkill: number | null, name: Named): string {
  if (!leader) return '';
  const helpers = lines.filter((line) => line.helps === 'helps');
  const sure = listWords(
    helpers.slice(0, 3).map((line) => `${name(line)} (${percent(gainOf(line)?.value ?? 0)})`),
  );
  const more = helpers.length > 3 ? ` and ${helpers.length - 3} more` : '';
  const why = losesToConstant(leader.candidate)
    ? `but is not shown to beat a constant predictor: it ${winsWords(leader, scratchSkill)}`
    : `but is not shown to beat training from scratch: ${shareOf(leader)} of test images`;
  return `${name(leader)} ranks first of ${set.name} ${why}. Shown to help: ${sure}${more}.`;
}

/** No source helps: scratch is as good, or nothing that was measured is of use. */
function nobody({ lines, set }: Standing, scratchSkill: number | null, name: Named): string {
  const compared = lines.filter((line) => gainOf(line) !== null);
  const [first] = compared;
  if (!first) return '';
  const nearest = compared.reduce(
    (a, b) => ((gainOf(b)?.value ?? 0) > (gainOf(a)?.value ?? 0) ? b : a),
    first,
  );
  const near = `The nearest, ${name(nearest)}, wins ${shareOf(nearest)} of test images${clauseOf(nearest, scratchSkill)}.`;
  if (scratchSkill !== null && scratchSkill < 0)
    return `None of ${set.name} is shown to beat both training from scratch and a constant predictor. ${near}`;
  return set.verdicts.hurts === set.size
    ? `Train from scratch: each of ${set.name} loses to it. ${near}`
    : `Training from scratch is as good: none of ${set.name} is shown to beat it. ${near}`;
}

const sentenceCase = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** By what the set is ranked unless by affinity, and what is not known of it. */
const howRanked = ({ measure, measureWords, missing }: CandidateSet): string =>
  [measure === 'affinity' ? null : measureWords, measure === 'affinity' ? missing : null]
    .flatMap((text) => (text === null ? [] : [` ${sentenceCase(text)}.`]))
    .join('');

function choice(standing: Standing, scratchSkill: number | null, name: Named): string {
  const { lines, leader, best, set } = standing;
  if (!leader) return '';
  if (lines.every((line) => gainOf(line) === null))
    return `${name(leader)} ranks first of ${set.name}; there is no training from scratch to compare it with.`;
  if (!best) return nobody(standing, scratchSkill, name);
  if (best !== leader) return otherThanLeader(standing, scratchSkill, name);
  const tied = lines.filter((line) => line === leader || line.tied);
  if (tied.length > 1) return `${tiedWords(tied, scratchSkill, name)} Ranked among ${set.name}.`;
  const quality = sound(best.candidate.quality);
  const own = quality ? `, and the task’s own network on ${percent(quality.value)}` : '';
  const probability =
    best.probabilityBest === null ? '' : `, the best with probability ${decimal(best.probabilityBest)}`;
  const next = lines[1];
  const gain = next && gainOf(next);
  const then = next && gain ? ` Next is ${name(next)} with ${percent(gain.value)}.` : '';
  return `Take ${name(best)}: it ${winsWords(best, scratchSkill, own)}. It ranks first of ${set.name}${probability}.${then}`;
}

/**
 * What to take, from the standing of a set: one source, any of a tie set, another than the leader, or none. A source that
 * a constant predictor beats is never recommended.
 * @param scratchSkill skill of training from scratch; below 0 a gain over it says little, and the sentence says so
 */
export const recommendation = (standing: Standing, scratchSkill: number | null, name: Named): string =>
  choice(standing, scratchSkill, name) + howRanked(standing.set);
