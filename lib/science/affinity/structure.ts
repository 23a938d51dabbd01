import { TaskatlasError } from '@/lib/science/core';
import {
  at,
  clades,
  type DistanceMetric,
  type LinkageMethod,
  leafOrder,
  linkage,
  type Merge,
  type Numbers,
  pairwiseDistances,
  spearman,
} from '@/lib/science/numerics';

/** β of the paper's display distance. */
const BETA = 20;

/** Distance drawn in the paper's matrix: exp(−20·p), p = first-order affinity renormalised to sum 1 per target. */
export const displayDistance = (p: number): number => Math.exp(-BETA * p);

/** 1 − exp(−20·p): 0 = nothing, towards 1 = strong. The complement of `displayDistance`. */
export const displayStrength = (p: number): number => -Math.expm1(-BETA * p);

/** Divides a row by its sum over the finite entries; NaN (missing) stays NaN. */
export function renormalise(row: Numbers): Float64Array {
  const values = Float64Array.from(row as ArrayLike<number>);
  const total = values.reduce((sum, v) => sum + (Number.isNaN(v) ? 0 : v), 0);
  return values.map((v) => v / total);
}

/**
 * City-block distance over the entries that both have, scaled to the full length: a task's own transfer is often not
 * measured, and a hole must not make two profiles alike or apart. Equal to city-block without holes. Throws `data`
 * where nothing is shared.
 */
function holedCityblock(a: Numbers, b: Numbers): number {
  let [total, shared] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(at(a, i) - at(b, i));
    if (Number.isNaN(difference)) continue;
    total += difference;
    shared++;
  }
  if (shared === 0) throw new TaskatlasError('data', 'two tasks of the tree share no measured target');
  return (total * a.length) / shared;
}

/** Distances for the tree of a matrix with holes (NaN), row-major [n×n]. */
function holedDistances(features: readonly Numbers[]): Float64Array {
  const n = features.length;
  const out = new Float64Array(n * n);
  features.forEach((a, i) => {
    features.slice(0, i).forEach((b, j) => {
      const d = holedCityblock(a, b);
      out[i * n + j] = d;
      out[j * n + i] = d;
    });
  });
  return out;
}

export interface SimilarityTree {
  /** Leaf i is `leaves[i]`. */
  leaves: readonly string[];
  merges: readonly Merge[];
  /** Leaf names from left to right. */
  order: readonly string[];
  /** Leaf names under each merge, in merge order. */
  clades: readonly (readonly string[])[];
}

/**
 * Similarity tree of sources (paper, figure 13): agglomerative clustering of feature vectors, one per source, its
 * affinities to all targets in the matrix normalised over first-order sources. The defaults reproduce 15 of the 20
 * clades drawn in the paper, the most of the 12 combinations tried in the reference. NaN = not measured (city-block only).
 */
export function similarityTree(
  names: readonly string[],
  features: readonly Numbers[],
  options: { metric?: DistanceMetric; method?: LinkageMethod } = {},
): SimilarityTree {
  const metric = options.metric ?? 'cityblock';
  const holed = metric === 'cityblock' && features.some((f) => Array.from(f).some(Number.isNaN));
  const distances = holed ? holedDistances(features) : pairwiseDistances(features, metric);
  const merges = linkage(distances, names.length, options.method ?? 'complete');
  const name = (i: number): string => names[i] as string;
  return {
    leaves: [...names],
    merges,
    order: leafOrder(merges, names.length).map(name),
    clades: clades(merges, names.length).map((members) => members.map(name)),
  };
}

/** Asymmetry of a pair of tasks: how much better a → b is than b → a. */
export interface Asymmetry {
  a: string;
  b: string;
  forward: number;
  backward: number;
  difference: number;
}

/**
 * Pairs of tasks measured both ways, most asymmetric first. Values must be comparable across targets: use gain,
 * quality or log-loss reduction, not AHP affinities.
 */
export function asymmetries(
  rows: readonly string[],
  columns: readonly string[],
  value: (source: string, target: string) => number | null,
): Asymmetry[] {
  const both = rows.filter((task) => columns.includes(task));
  const found: Asymmetry[] = [];
  both.forEach((a, i) => {
    for (const b of both.slice(0, i)) {
      const [forward, backward] = [value(a, b), value(b, a)];
      if (forward === null || backward === null) continue;
      const better = forward >= backward;
      found.push({
        a: better ? a : b,
        b: better ? b : a,
        forward: Math.max(forward, backward),
        backward: Math.min(forward, backward),
        difference: Math.abs(forward - backward),
      });
    }
  });
  return found.sort((x, y) => y.difference - x.difference);
}

/**
 * Generalisation check: does the ranking of sources for one target repeat in another matrix? Spearman per target over
 * the sources that both have; NaN below 3 of them.
 */
export function rankAgreement(
  targets: readonly string[],
  sources: readonly string[],
  first: (source: string, target: string) => number | null,
  second: (source: string, target: string) => number | null,
): Record<string, number> {
  return Object.fromEntries(
    targets.map((target) => {
      const pairs = sources.flatMap((source) => {
        const [x, y] = [first(source, target), second(source, target)];
        return x === null || y === null ? [] : [[x, y] as const];
      });
      const column = (k: 0 | 1): Float64Array => Float64Array.from(pairs, (pair) => at(pair, k));
      return [target, pairs.length < 3 ? Number.NaN : spearman(column(0), column(1))];
    }),
  );
}
