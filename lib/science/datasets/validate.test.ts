import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createRng } from '../core';
import { openRooms, ROOMS_VERSION } from './rooms';
import { classFromPalette, heldOutR2, validateLabels } from './validate';

const cacheDirectory = mkdtempSync(join(tmpdir(), 'taskatlas-validate-'));
afterAll(() => rmSync(cacheDirectory, { recursive: true, force: true }));

describe('held-out R²', () => {
  const rng = createRng('r2');
  const rows = 2000;
  const x = Float64Array.from({ length: rows * 2 }, () => rng.normal());
  const signal = Float64Array.from(
    { length: rows },
    (_, r) => 2 * (x[2 * r] as number) - (x[2 * r + 1] as number) + 5,
  );

  it('is 1 for a linear function, near its share for a noisy one, not above 0 for noise', () => {
    expect(heldOutR2(x, 2, signal, rows)).toBeGreaterThan(0.9999);
    const noisy = signal.map((v) => v + Math.sqrt(5) * rng.normal());
    expect(Math.abs(heldOutR2(x, 2, noisy, rows) - 0.5)).toBeLessThan(0.06);
    expect(
      heldOutR2(
        x,
        2,
        Float64Array.from({ length: rows }, () => rng.normal()),
        rows,
      ),
    ).toBeLessThan(0.02);
  });
});

/** Pairs whose labels are known to be nearly the same; sweeps should not hold both. */
const TWINS: readonly (readonly [string, string])[] = [
  ['autoencoding', 'denoising'],
  ['autoencoding', 'inpainting'],
  ['denoising', 'inpainting'],
  ['z-depth', 'distance'],
];
const isTwin = (a: string, b: string): boolean =>
  TWINS.some(([x, y]) => (a === x && b === y) || (a === y && b === x));

describe('labels of rooms', () => {
  const pools = { source: 110, transfer: 1, selection: 1, test: 60 };
  const data = openRooms(
    { kind: 'rooms', version: ROOMS_VERSION, seed: 12, size: 48, pools },
    { cacheDirectory },
  );
  const reports = validateLabels(data, 'source', 110);

  it('are not functions of the place in the picture (R² < 0.6)', () => {
    for (const { task, fromPosition } of reports)
      expect([task, (fromPosition ?? 1) < 0.6]).toEqual([task, true]);
  });

  it('are not near-functions of each other (R² < 0.8), but for the declared twins', () => {
    for (const { task, fromOther } of reports) {
      for (const [other, r2] of Object.entries(fromOther)) {
        if (isTwin(task, other)) expect([task, other, r2 > 0.9]).toEqual([task, other, true]);
        else expect([task, other, r2 < 0.8]).toEqual([task, other, true]);
      }
    }
  });

  it('have units in which an L1 loss is of order 1', () => {
    for (const { task, spread } of reports) {
      expect([task, spread > 0.2 && spread < 1.6]).toEqual([task, true]);
    }
  });

  it('classes of rooms cannot be told by colours', () => {
    const scene = classFromPalette(
      data,
      (pool, i) => data.labels(pool, 'scene-class', [i]).values[0] ?? 0,
      110,
    );
    expect(scene.accuracy).toBeLessThan(scene.base + 0.15);
  });
});
