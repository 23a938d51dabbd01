import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flatten } from '@/lib/science/numerics';
import { describeReference, readReference } from '@/lib/science/numerics/testing/reference';
import { affinityFromWinRates, intransitiveTriples, oddsMatrix, winRates } from './tournament';

const losses = (candidates: number, images: number) =>
  fc.array(
    fc.array(
      fc.integer({ min: 0, max: 9 }).map((v) => v / 3),
      { minLength: images, maxLength: images },
    ),
    {
      minLength: candidates,
      maxLength: candidates,
    },
  );

describe('winRates', () => {
  it('counts wins, and ties half', () => {
    const { rates, tieRate, images } = winRates([
      [1, 2, 3, 4],
      [2, 2, 1, 5],
    ]);
    expect(rates[1]).toBe((1 + 0.5 + 0 + 1) / 4);
    expect(rates[2]).toBe(1 - 2.5 / 4);
    expect(tieRate).toBe(1 / 4);
    expect(images).toBe(4);
  });

  it('drops an image for everybody when one candidate has no loss on it', () => {
    const { rates, images } = winRates([
      [1, Number.NaN, 3],
      [2, 0, 1],
      [0, 0, 0],
    ]);
    expect(images).toBe(2);
    expect(rates[1]).toBe(0.5);
    expect(() => winRates([[Number.NaN], [1]])).toThrow('no test image');
    expect(() => winRates([[1, 2], [1]])).toThrow('must share one test set');
  });
});

describe('affinity', () => {
  it('does not depend on the order of candidates or images', () => {
    fc.assert(
      fc.property(losses(5, 12), fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), (given, order) => {
        const plain = affinityFromWinRates(winRates(given).rates, 5);
        const permuted = affinityFromWinRates(
          winRates(order.map((i) => [...(given[i] as number[])].reverse())).rates,
          5,
        );
        order.forEach((from, to) => {
          expect(permuted.weights[to]).toBeCloseTo(plain.weights[from] as number, 9);
        });
        expect(permuted.lambdaMax).toBeCloseTo(plain.lambdaMax, 8);
      }),
    );
  });

  it('sums to one, with λmax ≥ n, and ranks a candidate that wins everywhere first', () => {
    fc.assert(
      fc.property(losses(6, 9), (given) => {
        const better = [given[0]?.map(() => -1) as number[], ...given.slice(1)];
        const { weights, lambdaMax, consistencyIndex } = affinityFromWinRates(winRates(better).rates, 6);
        expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
        expect(lambdaMax).toBeGreaterThanOrEqual(6 - 1e-9);
        expect(consistencyIndex).toBeCloseTo((lambdaMax - 6) / 5, 12);
        for (const w of weights.slice(1)) expect(w).toBeLessThan(weights[0] as number);
      }),
    );
  });

  it('is exact for consistent odds, and saturates at the clip', () => {
    const odds = oddsMatrix([0.5, 0.75, 0.25, 0.5], 2);
    expect(Array.from(odds)).toEqual([1, 3, 1 / 3, 1]);
    expect(affinityFromWinRates([0.5, 1, 0, 0.5], 2).weights[0]).toBeCloseTo(0.999, 12);
    expect(() => oddsMatrix([0.5, 1.2, 0, 0.5], 2)).toThrow('winRates[0][1] = 1.2');
  });

  it('finds rock, paper, scissors', () => {
    const cycle = [0.5, 0.6, 0.4, 0.4, 0.5, 0.6, 0.6, 0.4, 0.5];
    expect(intransitiveTriples(cycle, 3)).toEqual([[0, 1, 2]]);
    expect(affinityFromWinRates(cycle, 3).consistencyIndex).toBeGreaterThan(0.01);
    expect(intransitiveTriples([0.5, 0.6, 0.6, 0.4, 0.5, 0.6, 0.4, 0.4, 0.5], 3)).toEqual([]);
  });
});

describeReference('AHP fixture', () => {
  interface Fixture {
    W: number[][];
    lambda_max: number;
    eigenvector: number[];
    losses?: number[][];
    ratio?: number[][];
  }
  const fixture = () =>
    readReference<{ synthetic: Fixture[]; real_3way: { cases: Fixture[] } }>('taskonomy', 'ahp_fixture.json');

  it('reproduces every synthetic and every published tournament', () => {
    const { synthetic, real_3way } = fixture();
    expect(real_3way.cases.length).toBeGreaterThan(1000);
    for (const { W, lambda_max, eigenvector } of [...synthetic, ...real_3way.cases]) {
      const { weights, lambdaMax } = affinityFromWinRates(flatten(W), W.length);
      expect(lambdaMax).toBeCloseTo(lambda_max, 9);
      eigenvector.forEach((w, i) => {
        expect(weights[i]).toBeCloseTo(w, 10);
      });
    }
  });

  it('reproduces win rates from losses, and the odds', () => {
    const withLosses = fixture().synthetic.filter((s) => s.losses);
    expect(withLosses.length).toBeGreaterThan(1);
    for (const { losses: given, W, ratio } of withLosses) {
      const { rates } = winRates(given as number[][]);
      flatten(W).forEach((w, i) => {
        expect(rates[i]).toBeCloseTo(w, 12);
      });
      if (ratio)
        expect(Array.from(oddsMatrix(rates, W.length))).toEqual(
          ratio.flat().map((v) => expect.closeTo(v, 9)),
        );
    }
  });
});
