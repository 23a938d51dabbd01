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
 * clades drawn in the paper, the most of the 12 combinations tried in the reference.
 */
export function similarityTree(
  names: readonly string[],
  features: readonly Numbers[],
  options: { metric?: DistanceMetric; method?: LinkageMethod } = {},
): SimilarityTree {
  const distances = pairwiseDistances(features, options.metric ?? 'cityblock');
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
