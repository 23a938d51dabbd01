import { at, type Numbers } from './arrays';
import { pearson } from './correlation';

const DISTANCE_METRICS = ['euclidean', 'cityblock', 'cosine', 'correlation'] as const;
export type DistanceMetric = (typeof DISTANCE_METRICS)[number];

const METRIC: Record<DistanceMetric, (a: Numbers, b: Numbers) => number> = {
  euclidean: (a, b) => {
    let total = 0;
    for (let i = 0; i < a.length; i++) total += (at(a, i) - at(b, i)) ** 2;
    return Math.sqrt(total);
  },
  cityblock: (a, b) => {
    let total = 0;
    for (let i = 0; i < a.length; i++) total += Math.abs(at(a, i) - at(b, i));
    return total;
  },
  cosine: (a, b) => {
    let [ab, aa, bb] = [0, 0, 0];
    for (let i = 0; i < a.length; i++) {
      ab += at(a, i) * at(b, i);
      aa += at(a, i) ** 2;
      bb += at(b, i) ** 2;
    }
    return Math.max(0, 1 - ab / Math.sqrt(aa * bb));
  },
  correlation: (a, b) => Math.max(0, 1 - pearson(a, b)),
};

/** Symmetric matrix of pairwise distances between row vectors; row-major [n×n], zero diagonal. */
export function pairwiseDistances(rows: readonly Numbers[], metric: DistanceMetric): Float64Array {
  const n = rows.length;
  const out = new Float64Array(n * n);
  rows.forEach((a, i) => {
    for (let j = 0; j < i; j++) {
      const d = METRIC[metric](a, rows[j] as Numbers);
      out[i * n + j] = d;
      out[j * n + i] = d;
    }
  });
  return out;
}
