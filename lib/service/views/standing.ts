import { membersOf, type SetQuery, setIdentity } from '@/lib/science/affinity';
import type { CandidateResult, Estimate, SetMember, TargetAnalysis } from '@/lib/science/core';
import {
  type CandidateSet,
  methodsOf,
  type RankedSource,
  type RankingMeasure,
  type Verdict,
} from '../contracts';
import type { StoredSweep } from '../ports';
import { SCORE } from './measures';
import { methodOfCandidate, sourcesOf } from './model';
import { counted, finite, sound } from './numbers';
import { reportedOf } from './reported';

/** The order in which a ranking prefers measures. */
const PREFERRED: readonly RankingMeasure[] = ['affinity', 'gain', 'quality', 'effect', 'loss', 'metric'];

/** One member of a set: everything that a view says of its place there. */
export interface Line {
  candidate: CandidateResult;
  /** Members of the tie set share rank 1; equal scores share a rank. */
  rank: number;
  /** AHP weight over that of the set and the own network; null until the tournament is complete. */
  affinity: Estimate | null;
  probabilityBest: number | null;
  /** In the tie set, which has other members too. */
  tied: boolean;
  helps: Verdict;
}

/** The one answer to: who stands where among these transfers, who is recommended, does any of them help? */
export interface Standing {
  set: CandidateSet;
  /** Best first. */
  lines: readonly Line[];
  line(key: string): Line | undefined;
  leader: Line | undefined;
  /** The first line that helps. */
  best: Line | undefined;
  /** A weight of the tournament on the scale of the set's affinities, for what stands beside the set. */
  share(weight: Estimate | null): Estimate | null;
}

/** Whether a candidate is known not to beat the constant predictor: its skill, or the interval of it, is not above 0. */
export function losesToConstant({
  skill,
  skillInterval,
}: Pick<CandidateResult, 'skill' | 'skillInterval'>): boolean {
  const value = finite(skill);
  return value !== null && !((skillInterval?.low ?? value) > 0);
}

/**
 * What a transfer is worth against the better of scratch and the mean predictor, by 95 % intervals. Without an interval
 * (imported results) the point value decides, but a skill without one never says that a transfer hurts. A target that is
 * excluded gets no verdict: nothing is to be read from its ranking.
 */
export function verdictOf(
  c: Pick<CandidateResult, 'gain' | 'skill' | 'skillInterval'>,
  kept: boolean,
): Verdict {
  if (!kept) return 'unknown';
  const gain = sound(c.gain);
  if ((c.skillInterval?.high ?? 0) < 0) return 'hurts';
  if (gain === null) return 'unknown';
  if ((gain.high ?? gain.value) < 0.5) return 'hurts';
  return (gain.low ?? gain.value) > 0.5 && !losesToConstant(c) ? 'helps' : 'unsure';
}

const scaled = (e: Estimate | null, by: number): Estimate | null =>
  e && {
    value: e.value * by,
    low: e.low === null ? null : e.low * by,
    high: e.high === null ? null : e.high * by,
  };

interface Known {
  /** Affinity, P(best) and tie of each member; P(best) and ties null where they are not known. */
  of(key: string): { affinity: Estimate | null; probabilityBest: number | null; tied: boolean | null };
  missing: string | null;
  scale: number;
}

/** P(best) and ties of a set that was not stored as such, as far as those of the whole tournament decide them. */
function derived(
  analysis: TargetAnalysis,
  members: readonly CandidateResult[],
): (c: CandidateResult) => Pick<SetMember, 'probabilityBest' | 'inTieSet'> | null {
  const everybody = membersOf(analysis.candidates, { maxOrder: Number.POSITIVE_INFINITY });
  const sum = members.reduce((total, c) => total + (c.probabilityBest ?? Number.NaN), 0);
  // Whoever is outside of the set was never first, so that the draws within it are those of the whole.
  if (Math.abs(sum - 1) < 1e-9)
    return ({ probabilityBest, inTieSet }) => ({ probabilityBest: probabilityBest ?? 0, inTieSet });
  const single = everybody.filter((c) => c.amongFirstOrder !== undefined);
  const same = setIdentity(single.map((c) => c.key)) === setIdentity(members.map((c) => c.key));
  return single.length > 0 && same ? (c) => c.amongFirstOrder ?? null : () => null;
}

/** Why nothing is known of P(best) and ties. */
function missingWords(sweep: StoredSweep, members: readonly CandidateResult[], complete: boolean): string {
  if (!complete) return 'P(best) and ties follow when every transfer of this target is measured';
  if (members.every((c) => c.affinity === null || c.affinity.low === null))
    return sweep.origin === 'imported'
      ? 'P(best) and ties are not known: this import has no intervals'
      : 'P(best) and ties are not known: nothing was resampled';
  return 'P(best) and ties are not known: this analysis was stored before they were kept for this set';
}

function knownOf(
  sweep: StoredSweep,
  analysis: TargetAnalysis,
  members: readonly CandidateResult[],
  complete: boolean,
): Known {
  const identity = setIdentity(members.map((c) => c.key));
  const stored = analysis.standings?.find((set) => setIdentity(set.map((m) => m.key)) === identity);
  const own = analysis.candidates.filter((c) => c.kind === 'self');
  const total = [...members, ...own].reduce((sum, c) => sum + (finite(c.affinity?.value) ?? 0), 0);
  const scale = total > 0 ? 1 / total : 1;
  const byKey = new Map(members.map((c) => [c.key, c]));
  const kept = new Map(stored?.map((member) => [member.key, member]));
  const fallback = derived(analysis, members);
  const standing = (key: string) => kept.get(key) ?? fallback(byKey.get(key) as CandidateResult);
  const known = complete && members.length > 0 && members.every((c) => standing(c.key) !== null);
  return {
    of: (key) => ({
      affinity: complete
        ? sound(kept.get(key)?.affinity ?? scaled(byKey.get(key)?.affinity ?? null, scale))
        : null,
      probabilityBest: known ? finite(standing(key)?.probabilityBest) : null,
      tied: known ? (standing(key)?.inTieSet ?? false) : null,
    }),
    missing: known || members.length === 0 ? null : missingWords(sweep, members, complete),
    scale,
  };
}

/** The preferred measure among those that the most members have; affinities are shares of a complete tournament only. */
function measureOf(members: readonly CandidateResult[], complete: boolean): RankingMeasure | null {
  const counts = PREFERRED.filter((measure) => complete || measure !== 'affinity').map((measure) => ({
    measure,
    count: members.filter((c) => SCORE[measure](c) !== null).length,
  }));
  const most = Math.max(0, ...counts.map(({ count }) => count));
  return most === 0 ? null : (counts.find(({ count }) => count === most)?.measure ?? null);
}

const MEASURE_WORDS: Readonly<Record<RankingMeasure, string>> = {
  affinity: 'affinity',
  gain: 'gain',
  quality: 'quality',
  effect: 'effect (median loss against scratch)',
  loss: 'mean loss',
  metric: 'the metric that people report',
};

function measureWords(
  sweep: StoredSweep,
  members: readonly CandidateResult[],
  measure: RankingMeasure | null,
  complete: boolean,
): string {
  if (measure === null) return members.length === 0 ? 'nothing is measured yet' : 'no measure has a value';
  const by = `ranked by ${MEASURE_WORDS[measure]}`;
  if (measure === 'affinity') return by;
  if (!complete) return `${by} until every transfer of this target is measured`;
  const others = PREFERRED.slice(0, PREFERRED.indexOf(measure));
  const partly = others.find((other) => members.some((c) => SCORE[other](c) !== null));
  const what = sweep.origin === 'imported' ? 'this import' : 'this target';
  if (partly === undefined) return `${by}; ${what} has no ${others.join(' or ')}`;
  const held = members.filter((c) => SCORE[partly](c) !== null).length;
  return `${by}; ${what} has ${partly} for ${held} of ${members.length} only`;
}

function nameOf(sweep: StoredSweep, members: readonly CandidateResult[], { method }: SetQuery): string {
  const methods = methodsOf(sweep.spec);
  const joined = members.some((c) => c.sources.length > 1);
  const kind = joined ? 'single and joined' : 'single';
  if (methods.length < 2) return counted(members.length, `${kind} source`);
  if (method === undefined) return `${counted(members.length, 'way')} from ${kind} sources`;
  const label = methods.find(({ id }) => id === method)?.label ?? method;
  return `${counted(members.length, `${kind} source`)} by ${label}`;
}

/** Best first; what has no value last, in the order in which it came. */
const byScore =
  <T>(score: (x: T) => number | null) =>
  (a: T, b: T): number =>
    (score(b) ?? Number.NEGATIVE_INFINITY) - (score(a) ?? Number.NEGATIVE_INFINITY) || 0;

/** Ranks of lines in order: a line shares that of the one above where `same` says so. */
function ranked<T>(sorted: readonly T[], same: (a: T, b: T) => boolean): number[] {
  const ranks: number[] = [];
  sorted.forEach((line, i) => {
    const above = sorted[i - 1];
    ranks.push(above !== undefined && same(line, above) ? (ranks[i - 1] ?? i + 1) : i + 1);
  });
  return ranks;
}

/** The lines in the order of another measure, with its ranks; the lines as they are where no member has it. */
export function rankedBy({ lines, set }: Standing, unit: RankingMeasure | undefined): readonly Line[] {
  const score = (line: Line): number | null => (unit ? SCORE[unit](line.candidate) : null);
  const known = unit !== undefined && unit !== set.measure && lines.some((line) => score(line) !== null);
  if (!known || (unit === 'affinity' && lines.every((line) => line.affinity === null))) return lines;
  const sorted = [...lines].sort(byScore(score));
  const ranks = ranked(sorted, (a, b) => score(a) === score(b));
  return sorted.map((line, i) => ({ ...line, rank: ranks[i] ?? i + 1 }));
}

function linesOf(
  members: readonly CandidateResult[],
  known: Known,
  measure: RankingMeasure | null,
  kept: boolean,
): { lines: Line[]; tieSet: string[] } {
  const score = (c: CandidateResult): number | null => (measure ? SCORE[measure](c) : null);
  const sorted = [...members].sort(byScore(score));
  const [leader] = sorted;
  const top = leader === undefined ? null : score(leader);
  // Ties are drawn among affinities; by any other measure only equal values are tied.
  const isTied = (c: CandidateResult): boolean =>
    c === leader ||
    (measure === 'affinity' ? known.of(c.key).tied === true : top !== null && score(c) === top);
  const tieSet = sorted.filter(isTied);
  const ranks = ranked(sorted, (a, b) => (isTied(a) && isTied(b)) || score(a) === score(b));
  return {
    lines: sorted.map((candidate, i) => ({
      candidate,
      rank: ranks[i] ?? i + 1,
      affinity: known.of(candidate.key).affinity,
      probabilityBest: known.of(candidate.key).probabilityBest,
      tied: tieSet.length > 1 && tieSet.includes(candidate),
      helps: verdictOf(candidate, kept),
    })),
    tieSet: tieSet.map((c) => c.key),
  };
}

const NOBODY: Pick<TargetAnalysis, 'candidates' | 'validity'> = {
  candidates: [],
  validity: {
    kept: true,
    reasons: [],
    goldSkill: { value: Number.NaN, low: null, high: null },
    scratchSkill: null,
    signalToNoise: null,
  },
};

/**
 * The standing of a set of a target's transfers: every view's rank, P(best), tie, affinity, verdict and count come from
 * here and carry the set's name. Pure.
 * @param complete whether every planned candidate takes part in the analysis, so that affinities are shares of the whole
 */
export function standingOf(
  sweep: StoredSweep,
  analysis: TargetAnalysis | undefined,
  complete: boolean,
  query: SetQuery,
): Standing {
  const found = { ...NOBODY, ...analysis } as TargetAnalysis;
  // Sources that the sweep leaves out have no column and serve no target: they are members of no set.
  const chosen = new Set(sourcesOf(sweep).map(({ id }) => id));
  const left = new Set(
    sweep.tasks.flatMap(({ id, roles }) => (roles.includes('source') && !chosen.has(id) ? [id] : [])),
  );
  const members = membersOf(found.candidates, query).filter(
    (c) => !c.sources.some((source) => left.has(source)),
  );
  const known = knownOf(sweep, found, members, complete);
  const measure = measureOf(members, complete);
  const { lines, tieSet } = linesOf(members, known, measure, found.validity.kept);
  const byKey = new Map(lines.map((line) => [line.candidate.key, line]));
  const verdicts = { helps: 0, unsure: 0, hurts: 0, unknown: 0 };
  for (const { helps } of lines) verdicts[helps] += 1;
  const best = lines.find(({ helps }) => helps === 'helps');
  return {
    set: {
      name: nameOf(sweep, members, query),
      size: members.length,
      maxOrder: Math.max(1, ...members.map((c) => c.sources.length)),
      method: query.method ?? null,
      measure,
      measureWords: measureWords(sweep, members, measure, complete),
      leader: lines[0]?.candidate.key ?? null,
      best: best?.candidate.key ?? null,
      tieSet,
      verdicts,
      noneHelps: best === undefined,
      missing: known.missing,
    },
    lines,
    line: (key) => byKey.get(key),
    leader: lines[0],
    best,
    share: (weight) => (complete ? sound(scaled(weight, known.scale)) : null),
  };
}

/** A line as the contract has it. */
export function rankedSource({ candidate: c, ...line }: Line): RankedSource {
  return {
    rank: line.rank,
    source: c.key,
    method: methodOfCandidate(c),
    sources: [...c.sources],
    order: c.sources.length,
    affinity: line.affinity,
    gain: sound(c.gain),
    quality: sound(c.quality),
    effect: sound(c.logLossRatio),
    ...reportedOf(c),
    skill: finite(c.skill),
    probabilityBest: line.probabilityBest,
    tied: line.tied,
    helps: line.helps,
  };
}
