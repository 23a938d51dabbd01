import {
  type CandidateResult,
  createRng,
  type Estimate,
  type SetMember,
  type TargetAnalysis,
  TaskatlasError,
} from '@/lib/science/core';
import { at, drawRunWeights, drawSceneCounts, evenRunWeights, unflatten } from '@/lib/science/numerics';
import { bradleyTerry } from './bradley-terry';
import { buildContest, type Contest, type TargetLosses, type Weights } from './contest';
import { logLosses, type Measures, measure, type Parts } from './measures';
import { resamplesFor } from './resamples';
import { estimate, standingsOf } from './standing';
import { judge } from './validity';

export interface AnalyseOptions {
  /** Hierarchical bootstrap resamples; by default what `resamplesFor` allows, 0 for point estimates (no intervals). */
  resamples?: number;
  /** Level of the intervals; 0.95 by default. */
  level?: number;
  /** Seed of the bootstrap; the same seed gives the same intervals. */
  seed?: number | string;
  /** Marks the result: some candidates are still missing. */
  preliminary?: boolean;
}

/** Bootstrap draws of every candidate's measures, for edge survival of policies. [draw] per candidate key. */
export interface AnalysisDraws {
  affinity: Readonly<Record<string, Float64Array>>;
  gain: Readonly<Record<string, Float64Array>>;
  quality: Readonly<Record<string, Float64Array>>;
  /** −logLossRatio is the value that a policy maximises. */
  logLossRatio: Readonly<Record<string, Float64Array>>;
}

function findParts(contest: Contest, target: string): Parts {
  const only = (kind: CandidateResult['kind']): number => {
    const found = contest.contestants.flatMap((c, i) => (c.candidate.kind === kind ? [i] : []));
    if (found.length > 1)
      throw new TaskatlasError(
        'invalid-input',
        `target "${target}" has ${found.length} "${kind}" candidates`,
      );
    return found[0] ?? -1;
  };
  return {
    tournament: contest.contestants.flatMap((c, i) =>
      ['transfer', 'self'].includes(c.candidate.kind) ? [i] : [],
    ),
    self: only('self'),
    scratch: only('scratch'),
    mean: only('mean'),
  };
}

const evenWeights = (contest: Contest): Weights => ({
  scenes: new Float64Array(contest.scenes).fill(1),
  runs: contest.contestants.map((c) => evenRunWeights(c.tree)),
});

function candidateResults(
  contest: Contest,
  parts: Parts,
  point: Measures,
  draws: readonly Measures[],
  level: number,
  standings: readonly (readonly SetMember[])[],
): CandidateResult[] {
  const strengths = bradleyTerry(point.winRates, parts.tournament.length, contest.images);
  // The set of all transfers is the largest: every other one is a part of it.
  const whole = [...standings].sort((a, b) => b.length - a.length)[0] ?? [];
  const standing = new Map(whole.map((member) => [member.key, member]));
  return contest.contestants.map(({ candidate, runs }, c) => {
    const position = parts.tournament.indexOf(c);
    const inside = position >= 0;
    const of = (
      name: 'gain' | 'quality' | 'logLossRatio' | 'skill' | 'metric' | 'metricGain',
    ): Estimate | null =>
      estimate(
        at(point[name], c),
        draws.map((m) => at(m[name], c)),
        level,
      );
    const skill = of('skill');
    const known = skill !== null && skill.low !== null && skill.high !== null;
    return {
      key: candidate.key,
      kind: candidate.kind,
      ...(candidate.method === undefined ? {} : { method: candidate.method }),
      sources: candidate.sources,
      seeds: runs.length,
      meanLoss: at(point.meanLoss, c),
      affinity: inside
        ? estimate(
            at(point.affinity, position),
            draws.map((m) => at(m.affinity, position)),
            level,
          )
        : null,
      gain: of('gain'),
      quality: of('quality'),
      logLossRatio: of('logLossRatio'),
      metric: of('metric'),
      metricGain: of('metricGain'),
      bradleyTerry: inside && strengths ? at(strengths, position) : null,
      skill: at(point.skill, c),
      ...(known ? { skillInterval: { low: skill.low as number, high: skill.high as number } } : {}),
      probabilityBest: standing.get(candidate.key)?.probabilityBest ?? null,
      inTieSet: standing.get(candidate.key)?.inTieSet ?? false,
    };
  });
}

/** Shares of image pairs that tie, over all run pairs with even weights: of the tournament, and of each candidate. */
function tieRates(contest: Contest, parts: Parts): { all: number; each: number[] } {
  const n = parts.tournament.length;
  const [ties, pairs] = [new Float64Array(n), new Float64Array(n)];
  parts.tournament.forEach((i, p) => {
    parts.tournament.slice(0, p).forEach((j, q) => {
      for (const a of contest.contestants[i]?.runs ?? []) {
        for (const b of contest.contestants[j]?.runs ?? []) {
          const x = contest.losses[a] as Float64Array;
          const y = contest.losses[b] as Float64Array;
          let equal = 0;
          for (let k = 0; k < contest.images; k++) if (x[k] === y[k]) equal++;
          for (const place of [p, q]) {
            ties[place] = at(ties, place) + equal;
            pairs[place] = at(pairs, place) + contest.images;
          }
        }
      }
    });
  });
  const share = (t: number, of: number): number => (of === 0 ? 0 : t / of);
  const sum = (list: Float64Array): number => list.reduce((a, b) => a + b, 0);
  return { all: share(sum(ties), sum(pairs)), each: Array.from(ties, (t, p) => share(t, at(pairs, p))) };
}

function collectDraws(contest: Contest, parts: Parts, draws: readonly Measures[]): AnalysisDraws {
  const keys = contest.contestants.map((c) => c.candidate.key);
  const by = (name: 'gain' | 'quality' | 'logLossRatio') =>
    Object.fromEntries(keys.map((key, c) => [key, Float64Array.from(draws, (d) => at(d[name], c))]));
  return {
    affinity: Object.fromEntries(
      parts.tournament.map((c, p) => [keys[c] as string, Float64Array.from(draws, (d) => at(d.affinity, p))]),
    ),
    gain: by('gain'),
    quality: by('quality'),
    logLossRatio: by('logLossRatio'),
  };
}

/** Like `analyseTarget`, with the bootstrap draws behind the intervals. */
export function analyseTargetWithDraws(
  input: TargetLosses,
  options: AnalyseOptions = {},
): { analysis: TargetAnalysis; draws: AnalysisDraws } {
  const level = options.level ?? 0.95;
  const contest = buildContest(input);
  const parts = findParts(contest, input.target);
  const logs = logLosses(contest);
  const point = measure(contest, parts, logs, evenWeights(contest));
  const rng = createRng(options.seed ?? 0, 'hierarchical bootstrap', input.target);
  const draws = Array.from({ length: options.resamples ?? resamplesFor(contest, parts) }, () =>
    measure(
      contest,
      parts,
      logs,
      {
        scenes: drawSceneCounts(contest.scenes, rng),
        runs: contest.contestants.map((c) => drawRunWeights(c.tree, rng)),
      },
      point.affinity,
    ),
  );
  const goldSkill = (parts.self >= 0 &&
    estimate(
      at(point.skill, parts.self),
      draws.map((m) => at(m.skill, parts.self)),
      level,
    )) || { value: Number.NaN, low: null, high: null };
  const n = parts.tournament.length;
  const ties = tieRates(contest, parts);
  const standings = standingsOf(contest, parts, point, draws, level);
  const analysis: TargetAnalysis = {
    target: input.target,
    testImages: contest.images,
    candidates: candidateResults(contest, parts, point, draws, level, standings),
    tournamentKeys: parts.tournament.map((c) => contest.contestants[c]?.candidate.key ?? ''),
    winRates: unflatten(point.winRates, n, n),
    tieRate: ties.all,
    candidateTieRates: ties.each,
    lambdaMax: point.lambdaMax,
    consistencyIndex: point.consistencyIndex,
    validity: judge(contest, parts, point, goldSkill),
    preliminary: options.preliminary ?? false,
    standings,
  };
  return { analysis, draws: collectDraws(contest, parts, draws) };
}

/**
 * Analyses one target's tournament from stored per-image losses: affinities with intervals, gain, quality, paired
 * effect size, Bradley–Terry strength, best source with its tie set, and validity (DESIGN §4).
 * Intervals come from the hierarchical bootstrap over source seed, head seed and test scene. Throws `data` when the
 * lists cannot be compared, `invalid-input` when a reference is given twice.
 */
export const analyseTarget = (input: TargetLosses, options: AnalyseOptions = {}): TargetAnalysis =>
  analyseTargetWithDraws(input, options).analysis;
