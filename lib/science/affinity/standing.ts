import { PLAIN_METHOD } from '@/lib/science/catalog/methods';
import type { CandidateResult, Estimate, SetMember } from '@/lib/science/core';
import { argMax, at, centralInterval } from '@/lib/science/numerics';
import type { Contest } from './contest';
import type { Measures, Parts } from './measures';

/** Which transfers are ranked against each other. */
export interface SetQuery {
  /** Most sources that a member joins. */
  maxOrder: number;
  /** The members' method with its options; every method when absent. */
  method?: string | undefined;
}

type Candidate = Pick<CandidateResult, 'key' | 'kind' | 'sources'> & { method?: string };

/** The transfers of a target that belong to a set, in the order of `candidates`. */
export const membersOf = <T extends Candidate>(
  candidates: readonly T[],
  { maxOrder, method }: SetQuery,
): T[] =>
  candidates.filter(
    (c) =>
      c.kind === 'transfer' &&
      c.sources.length <= maxOrder &&
      (method === undefined || (c.method ?? PLAIN_METHOD) === method),
  );

/** A set is known by its members, in whatever order they come. */
export const setIdentity = (keys: readonly string[]): string => [...keys].sort().join('\n');

/** Every set that a view may ask for: up to each order that exists, by every method and by each one; no set twice. */
function namedSets(candidates: readonly Candidate[]): Candidate[][] {
  const transfers = membersOf(candidates, { maxOrder: Number.POSITIVE_INFINITY });
  const orders = new Set(transfers.map((c) => Math.max(1, c.sources.length)));
  const methods = new Set(transfers.map((c) => c.method ?? PLAIN_METHOD));
  const sets = new Map<string, Candidate[]>();
  for (const maxOrder of orders) {
    for (const method of [undefined, ...methods]) {
      const members = membersOf(transfers, { maxOrder, method });
      if (members.length > 0) sets.set(setIdentity(members.map((c) => c.key)), members);
    }
  }
  return [...sets.values()];
}

/** Interval of one measure; the point value may lie outside a percentile interval, which is then widened to hold it. */
export function estimate(value: number, draws: readonly number[], level: number): Estimate | null {
  if (Number.isNaN(value)) return null;
  if (draws.length === 0) return { value, low: null, high: null };
  const [low, high] = centralInterval(draws, level);
  return { value, low: Math.min(low, value), high: Math.max(high, value) };
}

/** The affinities of a set under one weighting: weights of the tournament, to sum 1 with that of the own network. */
function shares({ affinity }: Measures, positions: readonly number[], own: number): Float64Array {
  const weights = Float64Array.from(positions, (p) => at(affinity, p));
  const total = weights.reduce((a, b) => a + b, own < 0 ? 0 : at(affinity, own));
  return weights.map((w) => w / total);
}

/**
 * Best of a set and its tie set: a member is tied with the leader when it reaches the leader's affinity in more than
 * (1 − level)/2 of the draws, so that the leader is not reliably ahead of it.
 */
function standingOf(
  members: readonly Candidate[],
  positions: readonly number[],
  self: number,
  point: Measures,
  draws: readonly Measures[],
  level: number,
): SetMember[] {
  const own = shares(point, positions, self);
  const leader = argMax(own);
  const drawn = draws.map((draw) => shares(draw, positions, self));
  const used = drawn.length > 0 ? drawn : [own];
  const firsts = new Float64Array(members.length);
  for (const draw of used) firsts[argMax(draw)] = at(firsts, argMax(draw)) + 1;
  return members.map(({ key }, m) => ({
    key,
    affinity: estimate(
      at(own, m),
      drawn.map((draw) => at(draw, m)),
      level,
    ) as Estimate,
    probabilityBest: at(firsts, m) / used.length,
    inTieSet:
      m === leader ||
      used.filter((draw) => at(draw, m) >= at(draw, leader)).length / used.length > (1 - level) / 2,
  }));
}

/** How every named set of one target's transfers stands, from the draws of its analysis. */
export function standingsOf(
  contest: Contest,
  parts: Parts,
  point: Measures,
  draws: readonly Measures[],
  level: number,
): SetMember[][] {
  const place = new Map(
    parts.tournament.map((c, position) => [contest.contestants[c]?.candidate.key ?? '', position]),
  );
  const candidates = contest.contestants.map(({ candidate }) => candidate);
  return namedSets(candidates).map((members) =>
    standingOf(
      members,
      members.map(({ key }) => place.get(key) ?? -1),
      parts.tournament.indexOf(parts.self),
      point,
      draws,
      level,
    ),
  );
}
