import { z } from 'zod';
import { ahp, ahpDetails } from '@/lib/science/affinity';
import { TaskatlasError } from '@/lib/science/core';
import {
  flatten,
  kendallTauB,
  LINKAGE_METHODS,
  leafOrder,
  linkage,
  mean,
  median,
  type Numbers,
  pairwiseDistances,
  pearson,
  percentileInterval,
  signTest,
  spearman,
  standardDeviation,
  variance,
  weightedKendall,
  wilsonInterval,
} from '@/lib/science/numerics';
import { defineMetric, jsonMatrix, jsonVector, type ReferenceMetric } from './reference-metric';

const pair = z.object({ x: jsonVector, y: jsonVector });

const correlation = (description: string, compute: (x: Numbers, y: Numbers) => number): ReferenceMetric =>
  defineMetric(description, pair, ({ x, y }) => compute(x, y));

const difference = (x: Numbers, y: Numbers): Float64Array =>
  Float64Array.from(x, (v, i) => v - (y[i] as number));

type Statistic = (x: Float64Array, y: Float64Array) => number;

/** Statistics of a (paired) sample by their names in `bootstrap_ci` cases. */
const STATISTICS: Readonly<Record<string, Statistic>> = {
  mean,
  median,
  std_ddof1: standardDeviation,
  std_ddof0: (x) => Math.sqrt((variance(x) * (x.length - 1)) / x.length),
  var_ddof1: variance,
  pearson,
  spearman,
  kendall_tau_b: kendallTauB,
  weighted_kendall: weightedKendall,
  'mean(x-y)': (x, y) => mean(difference(x, y)),
  'median(x-y)': (x, y) => median(difference(x, y)),
};

const bootstrapInputs = z.object({
  x: jsonVector.min(1),
  y: jsonVector.optional(),
  statistic: z.string(),
  resample_indices: z.array(z.array(z.number().int().min(0))).min(1),
  level: z.number().gt(0).lt(1),
});

function bootstrap({
  x,
  y,
  statistic,
  resample_indices,
  level,
}: z.infer<typeof bootstrapInputs>): [number, number] {
  const compute = STATISTICS[statistic];
  if (!compute) {
    throw new TaskatlasError(
      'invalid-input',
      `inputs.statistic: "${statistic}" must be one of ${Object.keys(STATISTICS).join(', ')}`,
    );
  }
  const pick = (values: readonly number[], indices: readonly number[]): Float64Array =>
    Float64Array.from(indices, (i) => {
      const value = values[i];
      if (value === undefined)
        throw new TaskatlasError('invalid-input', `inputs.resample_indices: ${i} is beyond the sample`);
      return value;
    });
  const other = y ?? x;
  return percentileInterval(
    resample_indices.map((indices) => compute(pick(x, indices), pick(other, indices))),
    level,
  );
}

const linkageInputs = z
  .object({
    method: z.enum(LINKAGE_METHODS),
    points: jsonMatrix.optional(),
    distances: jsonMatrix.optional(),
  })
  .refine(
    (inputs) => (inputs.points === undefined) !== (inputs.distances === undefined),
    'give either points or distances',
  );

function clusterTable({ method, points, distances }: z.infer<typeof linkageInputs>) {
  const rows = points ?? distances ?? [];
  const n = rows.length;
  const merges = linkage(points ? pairwiseDistances(points, 'euclidean') : flatten(rows), n, method);
  return {
    merge_table: merges.map(({ left, right, height, size }) => [left, right, height, size]),
    leaf_order: leafOrder(merges, n),
  };
}

const ahpInputs = z.object({
  matrix: jsonMatrix.refine((rows) => rows.length === rows[0]?.length, 'must be square'),
});

function ahpTable({ matrix }: z.infer<typeof ahpInputs>) {
  const n = matrix.length;
  const odds = flatten(matrix);
  const result = ahp(odds, n);
  const details = ahpDetails(odds, n, result);
  return {
    weights: result.weights,
    lambda_max: result.lambdaMax,
    CI: result.consistencyIndex,
    CR_saaty: result.consistencyRatio,
    RI_alonso_lamata: details.randomIndexAlonsoLamata,
    CR_alonso_lamata: details.consistencyRatioAlonsoLamata,
    geometric_mean_weights: details.geometricMeanWeights,
    second_eigen_modulus: details.secondEigenModulus,
  };
}

/** The statistics behind affinities, trees and intervals. */
export const statisticsMetrics: Readonly<Record<string, ReferenceMetric>> = {
  ahp: defineMetric(
    'principal eigenvector and consistency of a positive reciprocal matrix',
    ahpInputs,
    ahpTable,
  ),
  linkage: defineMetric('agglomerative clustering: merge table and leaf order', linkageInputs, clusterTable),
  bootstrap_ci: defineMetric(
    'percentile bootstrap interval with given resample indices',
    bootstrapInputs,
    bootstrap,
  ),
  wilson_interval: defineMetric(
    'Wilson score interval of a proportion',
    z.object({
      successes: z.number().min(0),
      n: z.number().positive(),
      level: z.number().gt(0).lt(1).default(0.95),
    }),
    ({ successes, n, level }) => wilsonInterval(successes, n, level),
  ),
  sign_test: defineMetric(
    'exact two-sided sign test',
    z.object({ differences: jsonVector }),
    ({ differences }) => signTest(differences).twoSided,
  ),
  kendall_tau_b: correlation('Kendall rank correlation τ-b', kendallTauB),
  weighted_kendall: correlation('weighted Kendall τ, hyperbolic and additive', weightedKendall),
  spearman: correlation('Spearman rank correlation', spearman),
  pearson: correlation('Pearson correlation', pearson),
};
