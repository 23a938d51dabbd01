import { createRng, type Rng } from '@/lib/science/core';
import { at, mean, spearman } from '@/lib/science/numerics';
import { buildContest, type CandidateLosses, type TargetLosses } from './contest';
import { affinityFromWinRates, winRates } from './tournament';

export interface Reliability {
  /** Mean Spearman correlation of the two halves' affinities, per target. */
  perTarget: Readonly<Record<string, number>>;
  /** Mean over targets; NaN when no target has two transfers. */
  halves: number;
  /** Spearman–Brown: reliability of the whole from the correlation of its halves, 2r/(1+r). */
  full: number;
}

const transfersOf = (input: TargetLosses): CandidateLosses[] =>
  input.candidates.filter((c) => c.kind === 'transfer' && c.runs.length > 0);

const stepUp = (r: number): number => (2 * r) / (1 + r);

function summarise(perTarget: Record<string, number>): Reliability {
  const halves = mean(Object.values(perTarget).filter((r) => !Number.isNaN(r)));
  return { perTarget, halves, full: stepUp(halves) };
}

/** Affinities of the first runs on a subset of positions. */
function affinityOn(lists: readonly Float64Array[], positions: readonly number[]): Float64Array {
  const subset = lists.map((list) => Float64Array.from(positions, (i) => at(list, i)));
  return affinityFromWinRates(winRates(subset).rates, lists.length).weights;
}

function sceneHalves(input: TargetLosses, splits: number, rng: Rng): number {
  const candidates = transfersOf(input);
  if (candidates.length < 2) return Number.NaN;
  const contest = buildContest({ ...input, candidates });
  const lists = contest.contestants.map((c) => {
    const total = new Float64Array(contest.images);
    for (const run of c.runs)
      contest.losses[run]?.forEach((loss, i) => {
        total[i] = at(total, i) + loss / c.runs.length;
      });
    return total;
  });
  if (contest.scenes < 2) return Number.NaN;
  const correlations = Array.from({ length: splits }, () => {
    const halves: [number[], number[]] = [[], []];
    rng.permutation(contest.scenes).forEach((scene, rank) => {
      const half = halves[rank % 2] as number[];
      for (let i = at(contest.sceneStart, scene); i < at(contest.sceneStart, scene + 1); i++) half.push(i);
    });
    return spearman(affinityOn(lists, halves[0]), affinityOn(lists, halves[1]));
  });
  return mean(correlations.filter((r) => !Number.isNaN(r)));
}

/**
 * Split-half reliability of the matrix over test scenes: scenes are split at random, each half gives its own
 * affinities (losses averaged over seeds), and the halves are rank-correlated per target. High values say only that
 * there are enough test images; they say nothing of seeds.
 */
export function splitHalfReliability(
  inputs: readonly TargetLosses[],
  options: { splits?: number; seed?: number | string } = {},
): Reliability {
  const rng = createRng(options.seed ?? 0, 'split half');
  return summarise(
    Object.fromEntries(
      inputs.map((input) => [
        input.target,
        sceneHalves(input, options.splits ?? 20, rng.child(input.target)),
      ]),
    ),
  );
}

/**
 * Reliability over seeds: affinities from each candidate's first half of runs against those from the second half
 * (source seeds apart), per target. NaN where a candidate has a single seed. This is what a new training would repeat.
 */
export function seedReliability(inputs: readonly TargetLosses[]): Reliability {
  return summarise(Object.fromEntries(inputs.map((input) => [input.target, seedHalves(input)])));
}

function seedHalves(input: TargetLosses): number {
  const candidates = transfersOf(input).filter((c) => new Set(c.runs.map((r) => r.sourceSeed)).size > 1);
  if (candidates.length < 2) return Number.NaN;
  const contest = buildContest({ ...input, candidates });
  const half = (which: 0 | 1): Float64Array => {
    const lists = contest.contestants.map((c) => {
      const groups = c.tree.bySourceSeed.filter((_, g) => g % 2 === which).flat();
      const total = new Float64Array(contest.images);
      for (const local of groups) {
        const losses = contest.losses[at(c.runs, local)] as Float64Array;
        losses.forEach((loss, i) => {
          total[i] = at(total, i) + loss / groups.length;
        });
      }
      return total;
    });
    return affinityFromWinRates(winRates(lists).rates, lists.length).weights;
  };
  return spearman(half(0), half(1));
}
