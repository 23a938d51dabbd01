import { describe, expect, it } from 'vitest';
import { createRng } from '@/lib/science/core';
import type { CandidateLosses } from './contest';
import { analyseSizes, crossing, type SizedLosses } from './sizes';

const SIZES = [10, 100, 1000];
const IMAGES = 400;

/** Losses around a mean; scratch falls with the images, the transfers stay. */
function losses(label: string, mean: number, images: number): Float32Array {
  const rng = createRng('sizes', label, images);
  return Float32Array.from({ length: IMAGES }, () => mean * Math.exp(0.5 * rng.normal()));
}

/** Mean loss of scratch: 2, 1, 0.5. A transfer of loss 1 is caught up with at 100 images. */
const scratchLoss = (images: number): number => 2 / 2 ** (Math.log10(images) - 1);

const candidate = (
  key: string,
  kind: CandidateLosses['kind'],
  mean: number,
  images: number,
): CandidateLosses => ({
  key,
  kind,
  sources: kind === 'transfer' ? [key] : [],
  runs: [{ sourceSeed: 1, headSeed: 1, losses: losses(key, mean, images) }],
});

const sized = (images: number, extra: readonly CandidateLosses[] = []): SizedLosses => ({
  images,
  losses: {
    target: 't',
    candidates: [
      candidate('even', 'transfer', 1.4, images),
      candidate('good', 'transfer', 0.2, images),
      candidate('bad', 'transfer', 9, images),
      candidate('mean', 'mean', 4, 1),
      candidate('scratch', 'scratch', scratchLoss(images), images),
      candidate('self', 'self', 0.2, 1),
      ...extra,
    ],
  },
});

describe('crossing', () => {
  it('lies where the gain falls through one half, straight in the logarithm of the size', () => {
    expect(crossing(SIZES, [0.9, 0.6, 0.4])).toBeCloseTo(10 ** 2.5, 9);
    expect(crossing(SIZES, [0.7, 0.4, 0.3])).toBeCloseTo(10 ** (1 + 2 / 3), 9);
    expect(crossing(SIZES, [0.4, 0.6, 0.5])).toBeCloseTo(1000, 9);
  });

  it('is infinite outside of the sizes', () => {
    expect(crossing(SIZES, [0.9, 0.8, 0.7])).toBe(Number.POSITIVE_INFINITY);
    expect(crossing(SIZES, [0.5, 0.4, 0.3])).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe('analyseSizes', () => {
  const found = analyseSizes(
    SIZES.map((images) => sized(images)),
    { seed: 1 },
  );
  const crossover = (key: string) => found.crossovers.find((c) => c.key === key);

  it('finds where scratch catches up, with an interval that holds the truth', () => {
    // ln(scratch) = ln(1.4) at 2 / 2^(x−1) = 1.4, that is at 10^1.515 images.
    const even = crossover('even');
    const truth = 10 ** (1 + Math.log2(2 / 1.4));
    expect(even?.state).toBe('crosses');
    expect(even?.images).toBeGreaterThan(truth / 1.5);
    expect(even?.images).toBeLessThan(truth * 1.5);
    expect(even?.low).toBeLessThan(truth);
    expect(even?.high).toBeGreaterThan(truth);
    expect((even?.high ?? 0) / (even?.low ?? 1)).toBeLessThan(3);
  });

  it('says when it never does, and when there was nothing to catch up with', () => {
    expect(crossover('good')).toMatchObject({ state: 'always', images: null, high: null });
    expect(crossover('good')?.beyond).toEqual({ low: 'above', high: 'above' });
    expect(crossover('bad')).toMatchObject({ state: 'never', images: null, low: null, high: null });
    expect(crossover('bad')?.beyond).toEqual({ low: 'below', high: 'below' });
    expect(crossover('even')?.beyond).toEqual({ low: null, high: null });
  });

  it('measures each size against its own scratch, with gold and mean the same', () => {
    const gain = (key: string) =>
      found.points.map((p) => p.candidates.find((c) => c.key === key)?.gain?.value ?? 0);
    expect(found.points.map((p) => p.images)).toEqual(SIZES);
    const [small, , large] = gain('even');
    expect(small).toBeGreaterThan(0.6);
    expect(large).toBeLessThan(0.2);
    const self = found.points.map((p) => p.candidates.find((c) => c.key === 'self')?.meanLoss);
    expect(new Set(self).size).toBe(1);
  });

  it('does not depend on the order of sizes', () => {
    expect(analyseSizes([sized(1000), sized(10), sized(100)], { seed: 1 })).toEqual(found);
  });

  it('measures who is missing at a size where it is, without a crossover, and changes nothing else', () => {
    const early = candidate('early', 'transfer', 1, 10);
    const again = analyseSizes([sized(10, [early]), sized(100), sized(1000)], { seed: 1 });
    const [first, ...rest] = again.points;
    const own = first?.candidates.find((c) => c.key === 'early');
    expect(own?.gain?.value).toBeGreaterThan(0.8);
    expect(own?.gain?.low).toBeGreaterThan(0.7);
    expect(first?.candidates.filter((c) => c.key !== 'early')).toEqual(found.points[0]?.candidates);
    expect(rest).toEqual(found.points.slice(1));
    expect(again.crossovers).toEqual(found.crossovers);
  });

  it('leaves higher orders to their own size', () => {
    const pair = { ...candidate('pair', 'transfer', 0.1, 1000), sources: ['even', 'good'] };
    expect(analyseSizes([sized(10), sized(100), sized(1000, [pair])], { seed: 1 })).toEqual(found);
  });
});
