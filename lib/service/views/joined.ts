import { labelOf } from '@/lib/science/catalog/methods';
import type { CandidateResult, TargetAnalysis } from '@/lib/science/core';
import { median, wilsonInterval } from '@/lib/science/numerics';
import type { OrdersView } from '../contracts';
import { completeness } from './cells';
import { atMainSize } from './main-size';
import { methodIn, methodOfCandidate, type SweepData, targetsOf } from './model';
import { finite } from './numbers';
import { type Line, rankedSource, standingOf } from './standing';

type TargetOrders = OrdersView['targets'][number];

const byAffinity = (a: CandidateResult, b: CandidateResult): number =>
  (finite(b.affinity?.value) ?? -1) - (finite(a.affinity?.value) ?? -1);

const middle = (values: readonly (number | undefined)[]): number | null => {
  const known = values.flatMap((value) => finite(value) ?? []);
  return known.length === 0 ? null : median(known);
};

/**
 * Orders are those of the plain method: what another method joins by itself (an ensemble), or does without a source, is
 * a way of its own.
 */
const isPlain =
  (sweep: SweepData['sweep']) =>
  (method: string): boolean =>
    method === methodIn(sweep);

/** Transfers of each order: how many are planned and done, from the runs of the first seed. */
function countsOf(data: SweepData, target: string): Map<number, { planned: number; done: number }> {
  const counts = new Map<number, { planned: number; done: number }>();
  for (const { recipe, state } of atMainSize(data).runs) {
    if (recipe.kind !== 'transfer' || recipe.task !== target || recipe.seed !== data.sweep.spec.seeds[0])
      continue;
    if (recipe.sources.length === 1 && recipe.sources[0]?.task === target) continue;
    if (!isPlain(data.sweep)(labelOf(recipe))) continue;
    const known = counts.get(recipe.sources.length) ?? { planned: 0, done: 0 };
    counts.set(recipe.sources.length, {
      planned: known.planned + 1,
      done: known.done + (state === 'done' ? 1 : 0),
    });
  }
  return counts;
}

/** The part of a joined candidate that does best alone, and how often the whole beats it. */
function againstParts(analysis: TargetAnalysis, c: CandidateResult) {
  const parts = analysis.candidates.filter(
    (p) =>
      p.kind === 'transfer' &&
      p.method === c.method &&
      p.sources.length === 1 &&
      c.sources.includes(p.sources[0] ?? ''),
  );
  const best = [...parts].sort(byAffinity)[0];
  const place = (key: string | undefined): number => analysis.tournamentKeys.indexOf(key ?? '');
  const rate = finite(analysis.winRates[place(c.key)]?.[place(best?.key)]);
  if (!best || rate === null) return { bestPart: best?.key ?? null, overBestPart: null };
  const n = analysis.testImages;
  const [low, high] = n > 0 ? wilsonInterval(rate * n, n) : [null, null];
  return { bestPart: best.key, overBestPart: { value: rate, low, high } };
}

function ordersOfTarget(data: SweepData, target: string, complete: boolean): TargetOrders {
  const analysis = data.analyses.find((a) => a.target === target);
  const { lines, set } = standingOf(data.sweep, analysis, complete, {
    maxOrder: Number.POSITIVE_INFINITY,
    method: methodIn(data.sweep),
  });
  const orderOf = (line: Line): number => line.candidate.sources.length;
  const joined = lines.filter((line) => orderOf(line) > 1);
  const counts = countsOf(data, target);
  const orders = [...new Set([...counts.keys(), ...lines.map(orderOf)])].sort((a, b) => a - b);
  return {
    target,
    kept: analysis?.validity.kept ?? true,
    complete: analysis !== undefined && !analysis.preliminary,
    set,
    joinedFrom: [...new Set(joined.flatMap((line) => line.candidate.sources))].sort(),
    orders: orders.map((order) => {
      const mine = lines.filter((line) => orderOf(line) === order);
      const [best] = mine;
      const measured = { planned: mine.length, done: mine.length };
      return {
        order,
        ...(counts.get(order) ?? measured),
        best: best ? rankedSource(best) : null,
        medianGain: middle(mine.map(({ candidate }) => candidate.gain?.value)),
        medianQuality: middle(mine.map(({ candidate }) => candidate.quality?.value)),
      };
    }),
    joined: joined.map((line) => ({
      ...rankedSource(line),
      ...(analysis ? againstParts(analysis, line.candidate) : { bestPart: null, overBestPart: null }),
    })),
  };
}

/** Order as a dimension: what joined sources bring each target, beside its single ones. */
export function ordersView(data: SweepData): OrdersView {
  const complete = completeness(data);
  const plain = isPlain(data.sweep);
  return {
    sweepId: data.sweep.id,
    maxOrder: Math.max(
      data.sweep.spec.maxOrder ?? 1,
      ...data.analyses.flatMap((a) =>
        a.candidates.filter((c) => plain(methodOfCandidate(c))).map((c) => c.sources.length),
      ),
    ),
    targets: targetsOf(data.sweep).map(({ id }) => ordersOfTarget(data, id, complete(id))),
  };
}
