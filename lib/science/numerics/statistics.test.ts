import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '@/lib/science/core';
import { mean } from './arrays';
import { bcaInterval, bootstrapInterval, jackknifeValues, percentileInterval } from './bootstrap';
import { kendallTauB, pearson, spearman, weightedKendall } from './correlation';
import { fairBinomialCdf, fairBinomialPmf, logGamma, normalCdf, normalQuantile } from './distributions';
import { drawRunWeights, drawSceneCounts, evenRunWeights, runTree } from './hierarchical';
import { signTest, wilsonInterval } from './intervals';
import { blockPermutationTest, permutationTest } from './permutation';
import { median, medianInPlace, quantile } from './quantile';
import { describeReference, readReference } from './testing/reference';

const list = (min = 3, max = 30) =>
  fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: min, maxLength: max });

describe('distributions', () => {
  it('normal quantile inverts the distribution function', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 14);
    expect(normalQuantile(1e-10)).toBeCloseTo(-6.361340902404056, 11);
    expect(normalCdf(1)).toBeCloseTo(0.8413447460685429, 14);
    expect(normalCdf(-7)).toBeCloseTo(1.279812543885835e-12, 22);
    fc.assert(
      fc.property(fc.double({ min: 1e-8, max: 1 - 1e-8, noNaN: true }), (p) => {
        expect(Math.abs(normalCdf(normalQuantile(p)) - p)).toBeLessThan(1e-14);
      }),
    );
  });

  it('fair binomial sums to one and agrees across its two formulas', () => {
    let total = 0;
    for (let k = 0; k <= 40; k++) total += fairBinomialPmf(k, 40);
    expect(total).toBeCloseTo(1, 13);
    expect(logGamma(5)).toBeCloseTo(Math.log(24), 13);
    expect(fairBinomialCdf(500, 1000) - fairBinomialCdf(499, 1000)).toBeCloseTo(
      fairBinomialPmf(500, 1000),
      13,
    );
    // By ln Γ above n = 1000, by products below: neighbours must join, P(1002/2) = P(1000/2)·1001/1002.
    expect(fairBinomialPmf(501, 1002) / fairBinomialPmf(500, 1000)).toBeCloseTo(1001 / 1002, 10);
  });

  it('Wilson and sign test refuse nonsense and count ties', () => {
    expect(() => wilsonInterval(5, 4)).toThrow('0 ≤ successes ≤ n');
    const [low, high] = wilsonInterval(2.5, 5);
    expect(low).toBeCloseTo(1 - high, 12);
    expect(signTest([1, 1, 0, -1, 2])).toMatchObject({ positive: 3, negative: 1, zero: 1, greater: 5 / 16 });
  });
});

describe('order statistics', () => {
  it('quickselect finds the median that sorting finds', () => {
    fc.assert(
      fc.property(list(1, 60), (values) => {
        expect(medianInPlace(Float64Array.from(values))).toBe(median(values));
        expect(median(values)).toBeCloseTo(quantile(values, 0.5), 9);
      }),
    );
  });
});

describe('correlations', () => {
  it('are symmetric, bounded, and blind to increasing maps where they should be', () => {
    fc.assert(
      fc.property(
        fc
          .array(fc.integer({ min: -50, max: 50 }), { minLength: 4, maxLength: 20 })
          .chain((x) =>
            fc.tuple(
              fc.constant(x),
              fc.array(fc.integer({ min: -5, max: 5 }), { minLength: x.length, maxLength: x.length }),
            ),
          ),
        ([x, y]) => {
          for (const r of [pearson, spearman, kendallTauB, weightedKendall]) {
            const value = r(x, y);
            if (Number.isNaN(value)) continue;
            expect(Math.abs(value)).toBeLessThanOrEqual(1 + 1e-12);
            expect(r(y, x)).toBeCloseTo(value, 10);
          }
          const stretched = x.map((v) => Math.cbrt(v));
          const tau = kendallTauB(x, y);
          if (!Number.isNaN(tau)) expect(kendallTauB(stretched, y)).toBeCloseTo(tau, 10);
        },
      ),
    );
  });

  it('weighted Kendall cares most for the top', () => {
    const truth = [6, 5, 4, 3, 2, 1];
    const topWrong = weightedKendall([5, 6, 4, 3, 2, 1], truth);
    const bottomWrong = weightedKendall([6, 5, 4, 3, 1, 2], truth);
    expect(topWrong).toBeLessThan(bottomWrong);
    expect(() => pearson([1, 2], [1])).toThrow('must be pairs');
  });
});

describe('bootstrap', () => {
  it('covers the mean about as often as it says', () => {
    const rng = createRng('coverage');
    let covered = 0;
    for (let trial = 0; trial < 200; trial++) {
      const sample = Array.from({ length: 40 }, () => rng.normal());
      const { low, high } = bootstrapInterval(
        40,
        (index) => mean(Array.from(index, (i) => sample[i] as number)),
        { draws: 200, level: 0.9, rng },
      );
      if (low <= 0 && 0 <= high) covered++;
    }
    expect(covered / 200).toBeGreaterThan(0.82);
    expect(covered / 200).toBeLessThan(0.96);
  });

  it('hierarchical weights keep sum one, and vary between seeds of a source and between sources', () => {
    const tree = runTree([1, 1, 2, 2, 3]);
    expect(Array.from(evenRunWeights(tree))).toEqual([1 / 6, 1 / 6, 1 / 6, 1 / 6, 1 / 3]);
    const rng = createRng('tree');
    const total = new Float64Array(5);
    for (let i = 0; i < 3000; i++) {
      const weights = drawRunWeights(tree, rng);
      expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
      weights.forEach((w, run) => {
        total[run] = (total[run] as number) + w / 3000;
      });
    }
    for (const [run, even] of evenRunWeights(tree).entries()) expect(total[run]).toBeCloseTo(even, 1);
    expect(drawSceneCounts(17, rng).reduce((a, b) => a + b)).toBe(17);
  });
});

describe('permutation tests', () => {
  it('gives uniform-like p-values under the null and a small one for real blocks', () => {
    const tasks = ['d1', 'd2', 'd3', 'd4', 't1', 't2', 't3', 't4'];
    const family = Object.fromEntries(tasks.map((t) => [t, t.startsWith('d') ? 'geometry' : 'texture']));
    const rng = createRng('blocks');
    const structured = Float64Array.from({ length: 64 }, (_, k) => {
      const [i, j] = [Math.floor(k / 8), k % 8];
      if (i === j) return Number.NaN;
      return (i < 4 === j < 4 ? 1 : 0) + 0.1 * rng.normal();
    });
    const found = blockPermutationTest(structured, tasks, tasks, family, { draws: 500, rng });
    expect(found.observed).toBeGreaterThan(0.8);
    expect(found.pValue).toBeLessThan(0.06); // 2 of 70 splits are as good as the true one
    const noise = Float64Array.from({ length: 64 }, () => rng.normal());
    expect(blockPermutationTest(noise, tasks, tasks, family, { draws: 500, rng }).pValue).toBeGreaterThan(
      0.02,
    );
    expect(() => blockPermutationTest(noise, tasks, tasks, {}, { draws: 1, rng })).toThrow(
      'no family given for task "d1"',
    );
  });

  it('counts equal arrangements as ties', () => {
    expect(permutationTest(1, () => 1, 9).pValue).toBe(1);
    expect(permutationTest(1, () => 0, 9).pValue).toBe(0.1);
  });
});

describeReference('BCa interval', () => {
  it('reproduces the published variants', () => {
    interface Case {
      name: string;
      inputs: { x: number[]; y?: number[]; statistic: string; resample_indices: number[][]; level: number };
      variants: { bca_interval: [number, number] | null; point_estimate: number };
    }
    const { cases } = readReference<{ cases: Case[] }>('vectors', 'bootstrap_ci.json');
    const compared = cases.filter((c) => c.inputs.statistic === 'mean' || c.inputs.statistic === 'median');
    for (const { inputs, variants } of compared) {
      if (!variants.bca_interval) continue;
      const statistic = (index: ArrayLike<number>): number => {
        const picked = Array.from(index, (i) => inputs.x[i] as number);
        return inputs.statistic === 'mean' ? mean(picked) : median(picked);
      };
      const replicates = inputs.resample_indices.map(statistic);
      const jackknife = jackknifeValues(inputs.x.length, statistic);
      const [low, high] = bcaInterval(replicates, variants.point_estimate, jackknife, inputs.level);
      expect([low, high]).toEqual(variants.bca_interval.map((v) => expect.closeTo(v, 9)));
      expect(percentileInterval(replicates, inputs.level)).not.toEqual([low, high]);
    }
    expect(compared.length).toBeGreaterThan(2);
  });
});
