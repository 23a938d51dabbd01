import { describe, expect, it } from 'vitest';
import { createRng } from '@/lib/science/core';
import { type Augmentation, augment } from './augment';

const SIZE = 8;
const rng = createRng(5);
const picture = Float32Array.from({ length: SIZE * SIZE * 3 }, () => 2 * rng.next() - 1);
const NONE: Augmentation = { crop: 1, jitter: 0, grey: 0, flip: false };
const view = (changes: Partial<Augmentation>, ...seed: number[]) =>
  augment(picture, SIZE, { ...NONE, ...changes }, seed);
const near = (a: Float32Array, b: ArrayLike<number>) =>
  a.forEach((x, i) => {
    expect(x).toBeCloseTo(b[i] as number, 5);
  });
const mirrored = picture.map((_, i) => {
  const [p, c] = [Math.floor(i / 3), i % 3];
  const column = p % SIZE;
  return picture[(p - column + SIZE - 1 - column) * 3 + c] as number;
});
const many = Array.from({ length: 40 }, (_, i) => i);

describe('views', () => {
  it('depend on their seed alone', () => {
    const strong = { crop: 0.3, jitter: 0.5, grey: 0.2, flip: true };
    expect(view(strong, 1, 2)).toEqual(view(strong, 1, 2));
    expect(view(strong, 1, 2)).not.toEqual(view(strong, 1, 3));
    expect(view(strong, 1, 2)).not.toEqual(view(strong, 2, 2));
  });

  it('stay in [−1, 1]', () => {
    for (const seed of many) {
      const values = view({ crop: 0.2, jitter: 1, grey: 0.5, flip: true }, seed);
      expect(values.every((x) => x >= -1 && x <= 1)).toBe(true);
    }
  });

  it('are the picture where nothing changes, and its mirror image about half of the time', () => {
    near(view({}, 1), picture);
    const flips = many.map((seed) => view({ flip: true }, seed));
    const turned = flips.filter((values) => Math.abs((values[0] as number) - (mirrored[0] as number)) < 1e-5);
    for (const values of turned) near(values, mirrored);
    expect(turned.length).toBeGreaterThan(10);
    expect(turned.length).toBeLessThan(30);
  });

  it('of a crop hold the range of colours that the cut-out has', () => {
    // A ramp from left to right: a crop of at most a quarter of the area never spans all of it.
    const ramp = Float32Array.from({ length: SIZE * SIZE * 3 }, (_, i) => (Math.floor(i / 3) % SIZE) / SIZE);
    for (const seed of many) {
      const values = augment(ramp, SIZE, { ...NONE, crop: 0.1 }, [seed]);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const spans = augment(ramp, SIZE, NONE, [seed]);
      expect(high - low).toBeLessThanOrEqual(Math.max(...spans) - Math.min(...spans) + 1e-6);
      expect(low).toBeGreaterThanOrEqual(0);
    }
    const narrow = many.map((seed) => augment(ramp, SIZE, { ...NONE, crop: 0.1 }, [seed]));
    expect(narrow.some((values) => Math.max(...values) - Math.min(...values) < 0.6)).toBe(true);
  });

  it('are grey as often as asked', () => {
    const isGrey = (values: Float32Array) =>
      values.every((x, i) => Math.abs(x - (values[i - (i % 3)] as number)) < 1e-5);
    expect(many.every((seed) => isGrey(view({ grey: 1 }, seed)))).toBe(true);
    expect(many.some((seed) => isGrey(view({ grey: 0 }, seed)))).toBe(false);
  });

  it('change brightness and contrast of the whole picture at once', () => {
    const dull = picture.map((x) => 0.2 * x);
    const changed = augment(dull, SIZE, { ...NONE, jitter: 0.4 }, [3]);
    const grey = (values: Float32Array, p: number) =>
      0.299 * (values[p * 3] as number) +
      0.587 * (values[p * 3 + 1] as number) +
      0.114 * (values[p * 3 + 2] as number);
    // The luminance of every pixel is the same affine function of what it was.
    const slope = (grey(changed, 1) - grey(changed, 0)) / (grey(dull, 1) - grey(dull, 0));
    for (let p = 2; p < SIZE * SIZE; p++) {
      expect(grey(changed, p) - grey(changed, 0)).toBeCloseTo(slope * (grey(dull, p) - grey(dull, 0)), 4);
    }
    expect(Math.abs(slope - 1)).toBeGreaterThan(0.01);
  });
});
