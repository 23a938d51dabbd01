import { type Rng, TaskatlasError } from '@/lib/science/core';
import { sortedQuantile } from '@/lib/science/numerics';
import {
  bestEdges,
  type PolicyProblem,
  type PreparedProblem,
  prepareProblem,
  withinBudgets,
} from './problem';
import { type PolicyResult, policyFrom } from './result';

/** Targets served first, then value: the order in which greedy compares sets of sources. */
function score(
  prepared: PreparedProblem,
  supervised: ReadonlySet<number>,
): { served: number; value: number } {
  const chosen = bestEdges(prepared, supervised).filter((e) => e !== null);
  return { served: chosen.length, value: chosen.reduce((total, e) => total + e.weighted, 0) };
}

/** Sum over budgets of the share of the limit that a source takes; ranks gains per cost. */
function relativeCost(prepared: PreparedProblem, source: number): number {
  return prepared.budgets.reduce(
    (total, b) => total + (b.limit > 0 ? (b.costs[source] ?? 0) / b.limit : 0),
    0,
  );
}

/**
 * Greedy baseline: starting from the forced sources, adds the affordable source that serves most new targets and, among
 * equals, gains most value per relative cost, until nothing gains. Null when it ends with a target unserved.
 */
export const greedyPolicy = (problem: PolicyProblem): PolicyResult | null =>
  greedyFrom(prepareProblem(problem));

/** The greedy policy of a prepared problem; `bound`: what no policy exceeds, where something is known. */
export function greedyFrom(prepared: PreparedProblem, bound = -Infinity): PolicyResult | null {
  const supervised = new Set(prepared.forced);
  if (!withinBudgets(prepared, supervised)) return null;
  for (;;) {
    const now = score(prepared, supervised);
    let best: { source: number; served: number; rate: number } | null = null;
    for (let source = 0; source < prepared.sources.length; source++) {
      const next = new Set([...supervised, source]);
      if (supervised.has(source) || !withinBudgets(prepared, next)) continue;
      const gained = score(prepared, next);
      const served = gained.served - now.served;
      const gain = gained.value - now.value;
      if (served <= 0 && gain <= 0) continue;
      const rate = gain / Math.max(relativeCost(prepared, source), 1e-9);
      if (!best || served > best.served || (served === best.served && rate > best.rate))
        best = { source, served, rate };
    }
    if (!best) return policyFrom(prepared, supervised, { optimal: false, bound });
    supervised.add(best.source);
  }
}

export interface RandomBand {
  /** Objectives of the random feasible policies, ascending. */
  values: Float64Array;
  low: number;
  median: number;
  high: number;
  /** Share of draws that were feasible. */
  feasibleShare: number;
}

/**
 * Random feasible policies of the same budget (the paper's significance test). Sources join in random order while they
 * fit; each target then takes its best edge (`best`, a strong baseline: random sources, sensible use) or a uniformly
 * random affordable edge (`any`, the paper's). Draws that leave a target unserved are rejected. `low`/`high` are the
 * 5 % and 95 % quantiles. Throws `infeasible` when no draw is feasible.
 */
export function randomBand(
  problem: PolicyProblem,
  options: { draws: number; rng: Rng; edges?: 'best' | 'any' },
): RandomBand {
  const prepared = options.edges === 'any' ? unprunedProblem(problem) : prepareProblem(problem);
  const values: number[] = [];
  for (let draw = 0; draw < options.draws; draw++) {
    const value = randomValue(prepared, options.rng, options.edges ?? 'best');
    if (value !== null) values.push(value);
  }
  if (values.length === 0) {
    throw new TaskatlasError(
      'infeasible',
      `none of ${options.draws} random source sets serves every target within the budget`,
    );
  }
  const sorted = Float64Array.from(values).sort();
  return {
    values: sorted,
    low: sortedQuantile(sorted, 0.05),
    median: sortedQuantile(sorted, 0.5),
    high: sortedQuantile(sorted, 0.95),
    feasibleShare: values.length / options.draws,
  };
}

const unprunedProblem = (problem: PolicyProblem): PreparedProblem =>
  prepareProblem(problem, { prune: false });

function randomValue(prepared: PreparedProblem, rng: Rng, edges: 'best' | 'any'): number | null {
  const supervised = new Set(prepared.forced);
  for (const source of rng.permutation(prepared.sources.length)) {
    if (supervised.has(source)) continue;
    supervised.add(source);
    if (!withinBudgets(prepared, supervised)) supervised.delete(source);
  }
  let total = 0;
  for (const candidates of prepared.edgesByTarget) {
    const affordable = candidates.filter((e) => e.needs.every((s) => supervised.has(s)));
    const chosen = affordable[edges === 'any' ? rng.int(affordable.length) : 0];
    if (!chosen) return null;
    total += chosen.weighted;
  }
  return total;
}

/** One-sided significance of a policy against random ones: (1 + #{random ≥ objective}) / (1 + n). */
export const policySignificance = (objective: number, band: RandomBand): number =>
  (1 + band.values.filter((v) => v >= objective - 1e-12).length) / (1 + band.values.length);
