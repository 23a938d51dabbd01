import { describe, expect, it } from 'vitest';
import { principalDirections } from './index';

describe('principalDirections', () => {
  it('finds the eigenvectors of a matrix built from known ones, by descending variance', () => {
    const [s, n] = [Math.SQRT1_2, 3];
    const vectors = [
      [s, s, 0],
      [-s, s, 0],
      [0, 0, 1],
    ];
    const values = [9, 2, 0.5];
    const a = Float64Array.from({ length: n * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      return values.reduce((sum, v, c) => sum + v * (vectors[c]?.[i] ?? 0) * (vectors[c]?.[j] ?? 0), 0);
    });
    const q = principalDirections(a, n, 2);
    const column = (c: number): number[] => [0, 1, 2].map((i) => q[i * 2 + c] as number);
    column(0).forEach((entry, i) => {
      expect(entry).toBeCloseTo([s, s, 0][i] as number, 10);
    });
    expect(Math.abs(column(1)[0] as number)).toBeCloseTo(s, 10);
    expect((column(1)[0] as number) + (column(1)[1] as number)).toBeCloseTo(0, 10);
    expect(Math.max(...column(1))).toBeCloseTo(s, 10);
  });

  it('gives empty directions beyond the rank', () => {
    const q = principalDirections([4, 0, 0, 0], 2, 2);
    expect(Math.abs(q[0] as number)).toBeCloseTo(1, 12);
    expect([q[1], q[3]]).toEqual([0, 0]);
  });
});
