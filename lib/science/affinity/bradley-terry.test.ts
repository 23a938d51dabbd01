import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bradleyTerry } from './bradley-terry';

/** Smoothed win rates that the strengths themselves give: the answer is known exactly. */
function ratesOf(strengths: readonly number[], images: number): number[] {
  return strengths.flatMap((p) => strengths.map((q) => (((images + 1) * p) / (p + q) - 0.5) / images));
}

const known = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 2, maxLength: 8 });

describe('Bradley–Terry strengths', () => {
  it('gives back the strengths behind the wins, to 1e-11 of each', () => {
    fc.assert(
      fc.property(known, fc.integer({ min: 400, max: 20_000 }), (given, images) => {
        const total = given.reduce((a, b) => a + b, 0);
        const found = bradleyTerry(ratesOf(given, images), given.length, images);
        given.forEach((p, i) => {
          expect(Math.abs(((found?.[i] ?? Number.NaN) * total) / p - 1)).toBeLessThan(1e-11);
        });
      }),
    );
  });

  it('solves its likelihood equations where some candidates win or lose everything', () => {
    const rate = fc.constantFrom(0, 0.25, 0.5, 0.75, 1);
    fc.assert(
      fc.property(fc.array(rate, { minLength: 15, maxLength: 15 }), (upper) => {
        const n = 6;
        const images = 600;
        const rates = new Array<number>(n * n).fill(0.5);
        let next = 0;
        for (let i = 0; i < n; i++)
          for (let j = 0; j < i; j++) {
            rates[i * n + j] = upper[next++] ?? 0.5;
            rates[j * n + i] = 1 - (rates[i * n + j] ?? 0.5);
          }
        const p = [...(bradleyTerry(rates, n, images) ?? [])];
        expect(p.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
        p.forEach((mine, i) => {
          let [expected, won] = [0, 0];
          p.forEach((other, j) => {
            if (i === j) return;
            expected += ((images + 1) * mine) / (mine + other);
            won += (rates[i * n + j] ?? 0) * images + 0.5;
          });
          expect(Math.abs(expected / won - 1)).toBeLessThan(1e-10);
        });
      }),
    );
  });

  it('a candidate alone has all of the strength', () => {
    expect(bradleyTerry([0.5], 1, 10)).toEqual(new Float64Array([1]));
  });
});
