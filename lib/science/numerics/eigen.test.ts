import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { principalEigenvector, secondEigenModulus } from './eigen';
import { cholesky, choleskySolve, gram, matmul, matvec, ridgeSolve, transpose } from './linear-algebra';

const square = (n: number, low: number, high: number) =>
  fc.array(fc.double({ min: low, max: high, noNaN: true }), { minLength: n * n, maxLength: n * n });

describe('principalEigenvector', () => {
  it('satisfies A·v = λ·v with a positive v of sum 1, however close the second eigenvalue', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }).chain((n) => fc.tuple(fc.constant(n), square(n, -6.9, 6.9))),
        ([n, logs]) => {
          const a = Float64Array.from(logs, Math.exp);
          const { vector, value } = principalEigenvector(a, n);
          const image = matvec(a, vector, n, n);
          expect(vector.reduce((x, y) => x + y)).toBeCloseTo(1, 12);
          for (let i = 0; i < n; i++)
            expect((image[i] as number) / (value * (vector[i] as number))).toBeCloseTo(1, 9);
        },
      ),
    );
  });

  it('converges where power iteration alone would need thousands of steps', () => {
    // Two nearly separate blocks: λ₂/λ₁ = (1 − 1e-3)/(1 + 1e-3).
    const e = 1e-3;
    const { vector, value } = principalEigenvector([1, e, e, 1], 2, Float64Array.of(0.999, 0.001));
    expect(value).toBeCloseTo(1 + e, 12);
    expect(vector[0]).toBeCloseTo(0.5, 10);
  });

  it('gives the second modulus of a matrix with a known complex pair', () => {
    // Circulant [1, 2, 4]: eigenvalues 7 and 1 + 2ω + 4ω², |·| = √7 (= √(1+4+16−2−8−4)).
    const a = [1, 2, 4, 4, 1, 2, 2, 4, 1];
    const principal = principalEigenvector(a, 3);
    expect(principal.value).toBeCloseTo(7, 12);
    expect(secondEigenModulus(a, 3, principal)).toBeCloseTo(Math.sqrt(7), 10);
  });

  it('names an entry that is not positive', () => {
    expect(() => principalEigenvector([1, 2, 0, 1], 2)).toThrow('matrix entry [1][0] = 0 must be a positive');
    expect(() => principalEigenvector([1, Number.NaN, 1, 1], 2)).toThrow('[0][1]');
  });
});

describe('linear algebra', () => {
  it('Cholesky solves what it factors', () => {
    fc.assert(
      fc.property(
        square(5, -2, 2),
        fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 10, maxLength: 10 }),
        (x, b) => {
          const s = gram(x, 5, 5);
          for (let i = 0; i < 5; i++) s[i * 6] = (s[i * 6] as number) + 0.5;
          const l = cholesky(s, 5);
          const product = matmul(l, transpose(l, 5, 5), 5, 5, 5);
          product.forEach((v, i) => {
            expect(v).toBeCloseTo(s[i] as number, 9);
          });
          const solved = matmul(s, choleskySolve(s, b, 5, 2), 5, 5, 2);
          solved.forEach((v, i) => {
            expect(v).toBeCloseTo(b[i] as number, 8);
          });
        },
      ),
    );
  });

  it('refuses a matrix that is not positive definite', () => {
    expect(() => cholesky([1, 2, 2, 1], 2)).toThrow('not positive definite at row 1');
  });

  it('ridge recovers exact weights without penalty and shrinks with it', () => {
    const x = [1, 0, 0, 1, 1, 1, 2, 1];
    const y = [3, -2, 1, 4]; // = x·(3, −2)
    const shape = { n: 4, d: 2, m: 1 };
    expect(Array.from(ridgeSolve(x, y, shape, 0))).toEqual([expect.closeTo(3, 10), expect.closeTo(-2, 10)]);
    // (XᵀX + 10 I) w = Xᵀy by hand: [[16,3],[3,13]] w = [12, 3].
    const [a, b] = ridgeSolve(x, y, shape, 10);
    expect(a).toBeCloseTo((12 * 13 - 3 * 3) / (16 * 13 - 9), 10);
    expect(b).toBeCloseTo((16 * 3 - 3 * 12) / (16 * 13 - 9), 10);
  });
});
