import { describe, expect, it } from 'vitest';
import { createRng } from '../core';
import { contrastiveLoss } from '.';

const COLUMNS = 5;
const draw = (seed: number, rows: number): number[] => {
  const rng = createRng(seed);
  return Array.from({ length: rows * COLUMNS }, () => rng.normal());
};

/** Equation 1 written out anew, pair by pair, without shifts or matrices. */
function byTheBook(z: readonly number[], temperature: number): number[] {
  const rows = Array.from({ length: z.length / COLUMNS }, (_, i) => z.slice(i * COLUMNS, (i + 1) * COLUMNS));
  const dot = (a: number[], b: number[]) => a.reduce((sum, x, c) => sum + x * (b[c] as number), 0);
  const cosine = (a: number[], b: number[]) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  return rows.map((row, i) => {
    const others = rows.filter((_, k) => k !== i);
    const pair = rows[i < rows.length / 2 ? i + rows.length / 2 : i - rows.length / 2] as number[];
    const total = others.reduce((sum, other) => sum + Math.exp(cosine(row, other) / temperature), 0);
    return -Math.log(Math.exp(cosine(row, pair) / temperature) / total);
  });
}

describe('contrastive loss', () => {
  it.each([
    [4, 0.5],
    [12, 0.1],
    [6, 2],
  ])('of %d views at τ = %d is the equation written out', (views, temperature) => {
    const z = draw(views, views);
    const expected = byTheBook(z, temperature);
    const { loss, rows } = contrastiveLoss(z, COLUMNS, temperature);
    expected.forEach((row, i) => {
      expect(rows[i]).toBeCloseTo(row, 12);
    });
    expect(loss).toBeCloseTo(expected.reduce((sum, row) => sum + row, 0) / views, 12);
  });

  it('of equal codes is ln(2N − 1), of a perfect answer at low temperature 0', () => {
    expect(contrastiveLoss(Array(30).fill(0.7), COLUMNS, 0.5).loss).toBeCloseTo(Math.log(5), 12);
    const apart = [1, 0, 0, 1, 1, 0, 0, 1];
    expect(contrastiveLoss(apart, 2, 0.01).loss).toBeCloseTo(0, 12);
  });

  it.each([0.1, 1])('has the gradient of finite differences at τ = %d', (temperature) => {
    const z = draw(9, 8);
    const { gradient } = contrastiveLoss(z, COLUMNS, temperature);
    const h = 1e-5;
    z.forEach((_, i) => {
      const moved = (by: number) =>
        contrastiveLoss(
          z.map((v, k) => (k === i ? v + by : v)),
          COLUMNS,
          temperature,
        ).loss;
      expect(gradient[i]).toBeCloseTo((moved(h) - moved(-h)) / (2 * h), 7);
    });
  });

  it('does not overflow, and stands zeros', () => {
    const z = [...draw(3, 5), ...Array(COLUMNS).fill(0)];
    const { loss, gradient } = contrastiveLoss(z, COLUMNS, 1e-3);
    expect(Number.isFinite(loss)).toBe(true);
    expect(gradient.every(Number.isFinite)).toBe(true);
  });

  it('says what it needs', () => {
    expect(() => contrastiveLoss(draw(1, 2), COLUMNS, 1)).toThrow(/at least two pictures/);
    expect(() => contrastiveLoss(draw(1, 5), COLUMNS, 1)).toThrow(/at least two pictures/);
    expect(() => contrastiveLoss(draw(1, 4), COLUMNS, 0)).toThrow(/temperature/);
  });
});
