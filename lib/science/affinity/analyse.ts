import {
  type CandidateResult,
  createRng,
  type Estimate,
  type TargetAnalysis,
  TaskatlasError,
} from '@/lib/science/core';
import {
  argMax,
  at,
  centralInterval,
  drawRunWeights,
  drawSceneCounts,
  evenRunWeights,
  unflatten,
} from '@/lib/science/numerics';
import { bradleyTerry } from './bradley-terry';
import { buildContest, type Contest, type TargetLosses, type Weights } from './contest';
import { logLosses, type Measures, measure, type Parts } from './measures';
import { resamplesFor } from './resamples';
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

/** Interval of one measure; the point value may lie outside a percentile interval, which is then widened to hold it. */
function estimate(
  value: number,
  draws: readonly Measures[],
  pick: (m: Measures) => number,
  level: number,
): Estimate | null {
  if (Number.isNaN(value)) return null;
  if (draws.length === 0) return { value, low: null, high: null };
  const [low, high] = centralInterval(draws.map(pick), level);
  return { value, low: Math.min(low, value), high: Math.max(high, value) };
}

/** Positions (in the tournament) of transfers, the only ones that can be "best source". */
const transferPositions = (contest: Contest, parts: Parts): number[] =>
  parts.tournament.flatMap((c, p) => (contest.contestants[c]?.candidate.kind === 'transfer' ? [p] : []));

const sourcesAt = (contest: Contest, parts: Parts, position: number): number =>
  contest.contestants[parts.tournament[position] ?? -1]?.candidate.sources.length ?? 0;

interface Ranking {
  /** Share of draws in which the transfer at this tournament position has the highest affinity. */
  probabilityBest: Float64Array;
  tied: Uint8Array;
}

/**
 * Best source among the transfers at `positions`, and its tie set: a transfer is tied with the best when it reaches the best's affinity in more than
 * (1 − level)/2 of the draws, so that the best is not reliably ahead of it.
 */
function rank(
  parts: Parts,
  point: Measures,
  draws: readonly Measures[],
  level: number,
  positions: readonly number[],
): Ranking {
  const n = parts.tournament.length;
  const probabilityBest = new Float64Array(n);
  const tied = new Uint8Array(n);
  const best = positions[argMax(positions.map((p) => at(point.affinity, p)))];
  if (best === undefined) return { probabilityBest, tied };
  tied[best] = 1;
  const used = draws.length > 0 ? draws : [point];
  for (const draw of used) {
    const winner = positions[argMax(positions.map((p) => at(draw.affinity, p)))] as number;
    probabilityBest[winner] = at(probabilityBest, winner) + 1 / used.length;
  }
  for (const p of positions) {
    const reaches = used.filter((d) => at(d.affinity, p) >= at(d.affinity, best)).length / used.length;
    if (reaches > (1 - level) / 2) tied[p] = 1;
  }
  return { probabilityBest, tied };
}

function candidateResults(
  contest: Contest,
  parts: Parts,
  point: Measures,
  draws: readonly Measures[],
  level: number,
): CandidateResult[] {
  const strengths = bradleyTerry(point.winRates, parts.tournament.length, contest.images);
  const transfers = transferPositions(contest, parts);
  const { probabilityBest, tied } = rank(parts, point, draws, level, transfers);
  const single = transfers.filter((p) => sourcesAt(contest, parts, p) === 1);
  const first = single.length < transfers.length ? rank(parts, point, draws, level, single) : null;
  return contest.contestants.map(({ candidate, runs }, c) => {
    const position = parts.tournament.indexOf(c);
    const inside = position >= 0;
    const of = (name: 'gain' | 'quality' | 'logLossRatio' | 'metric' | 'metricGain'): Estimate | null =>
      estimate(at(point[name], c), draws, (m) => at(m[name], c), level);
    return {
      key: candidate.key,
      kind: candidate.kind,
      ...(candidate.method === undefined ? {} : { method: candidate.method }),
      sources: candidate.sources,
      seeds: runs.length,
      meanLoss: at(point.meanLoss, c),
      affinity: inside
        ? estimate(at(point.affinity, position), draws, (m) => at(m.affinity, position), level)
        : null,
      gain: of('gain'),
      quality: of('quality'),
      logLossRatio: of('logLossRatio'),
      metric: of('metric'),
      metricGain: of('metricGain'),
      bradleyTerry: inside && strengths ? at(strengths, position) : null,
      skill: at(point.skill, c),
      probabilityBest: inside && candidate.kind === 'transfer' ? at(probabilityBest, position) : null,
      inTieSet: inside && tied[position] === 1,
      ...(first && single.includes(position)
        ? {
            amongFirstOrder: {
              probabilityBest: at(first.probabilityBest, position),
              inTieSet: first.tied[position] === 1,
            },
          }
        : {}),
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
    estimate(at(point.skill, parts.self), draws, (m) => at(m.skill, parts.self), level)) || {
    value: Number.NaN,
    low: null,
    high: null,
  };
  const n = parts.tournament.length;
  const ties = tieRates(contest, parts);
  const analysis: TargetAnalysis = {
    target: input.target,
    testImages: contest.images,
    candidates: candidateResults(contest, parts, point, draws, level),
    tournamentKeys: parts.tournament.map((c) => contest.contestants[c]?.candidate.key ?? ''),
    winRates: unflatten(point.winRates, n, n),
    tieRate: ties.all,
    candidateTieRates: ties.each,
    lambdaMax: point.lambdaMax,
    consistencyIndex: point.consistencyIndex,
    validity: judge(contest, parts, point, goldSkill),
    preliminary: options.preliminary ?? false,
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
