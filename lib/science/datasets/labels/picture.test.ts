import { describe, expect, it } from 'vitest';
import { createRng } from '../../core';
import { fillInput, holeOf, JIGSAW_ORDERS, orderOf, turnOf } from '../inputs';
import { PICTURE_LABELS } from './labeller';
import { colourBins, edges2d, keypoints2d } from './picture';

const size = 24;
const rng = createRng('picture labels');
const noise = Uint8Array.from({ length: size * size * 3 }, () => rng.int(256));
const keys = [3, 17, 101, 4242, 90001];

/** A white square on black: corners at (8, 8) and (15, 15). */
const square = new Uint8Array(size * size * 3);
for (let y = 8; y < 16; y++)
  for (let x = 8; x < 16; x++) square.fill(255, 3 * (y * size + x), 3 * (y * size + x) + 3);

const mapOf = (fill: typeof edges2d, rgb: Uint8Array): Float32Array => {
  const out = new Float32Array(size * size + 2);
  fill(rgb, size, out, 2);
  return out.subarray(2);
};
const label = (
  task: string,
  rgb: Uint8Array,
  key: number,
  length: number,
  mask: Uint8Array | null = null,
) => {
  const out = new Float32Array(length);
  PICTURE_LABELS[task]?.fill({ size, rgb }, out, 0, key, mask, 0);
  return out;
};
const input = (kind: 'rgb' | 'masked' | 'tiles' | 'rotated', rgb: Uint8Array, key: number): Float32Array => {
  const out = new Float32Array(rgb.length);
  fillInput(kind, rgb, size, key, out, 0);
  return out;
};
/** A quarter turn counter-clockwise of a map. */
const turned = (map: Float32Array): Float32Array =>
  map.map((_, k) => map[(k % size) * size + size - 1 - Math.floor(k / size)] as number);

describe('2D edges', () => {
  it('equal gradients of luminance smoothed by the 3 × 3 binomial kernel, taken pixel by pixel', () => {
    const grey = (x: number, y: number): number => {
      // mirrored at the borders
      const [i, j] = [x, y].map((v) => (v < 0 ? 1 : v >= size ? size - 2 : v)) as [number, number];
      const at = 3 * (j * size + i);
      return (0.299 * (noise[at] ?? 0) + 0.587 * (noise[at + 1] ?? 0) + 0.114 * (noise[at + 2] ?? 0)) / 255;
    };
    const soft = (x: number, y: number): number => {
      let sum = 0;
      for (const [dy, v] of [1, 2, 1].entries())
        for (const [dx, h] of [1, 2, 1].entries()) sum += (h * v * grey(x + dx - 1, y + dy - 1)) / 16;
      return sum;
    };
    const edges = mapOf(edges2d, noise);
    for (let y = 1; y < size - 1; y++) {
      for (let x = 1; x < size - 1; x++) {
        const gradient = Math.hypot(soft(x + 1, y) - soft(x - 1, y), soft(x, y + 1) - soft(x, y - 1)) / 2;
        expect(edges[y * size + x]).toBeCloseTo((Math.sqrt(gradient) - 0.15) / 0.11, 3);
      }
    }
  });

  it('are largest at the border of a square and least far from it', () => {
    const edges = mapOf(edges2d, square);
    expect(edges[12 * size + 8]).toBeGreaterThan(0.9 * Math.max(...edges));
    expect(edges[12 * size + 12]).toBe(edges[2 * size + 2]);
    expect(edges[12 * size + 12]).toBeCloseTo(-0.15 / 0.11, 5);
  });
});

describe('2D keypoints', () => {
  it('are at the corners of a square, not along its sides', () => {
    const points = mapOf(keypoints2d, square);
    const best = (x0: number, y0: number): number => {
      let top = -9;
      for (let y = y0 - 1; y <= y0 + 1; y++)
        for (let x = x0 - 1; x <= x0 + 1; x++) top = Math.max(top, points[y * size + x] as number);
      return top;
    };
    expect(best(8, 8)).toBe(Math.max(...points));
    expect(best(12, 8)).toBeLessThan(0.1 * best(8, 8));
  });

  it('turn with the picture', () => {
    const bytes = turned(Float32Array.from({ length: size * size }, (_, k) => noise[3 * k] as number));
    const grey = Uint8Array.from(
      { length: size * size * 3 },
      (_, i) => noise[3 * Math.floor(i / 3)] as number,
    );
    const round = Uint8Array.from({ length: size * size * 3 }, (_, i) => bytes[Math.floor(i / 3)] as number);
    const [plain, after] = [turned(mapOf(keypoints2d, grey)), mapOf(keypoints2d, round)];
    for (let k = 0; k < plain.length; k++) expect(after[k]).toBeCloseTo(plain[k] as number, 3);
  });
});

describe('colour bins', () => {
  it('are the nearest to published CIE a*b* coordinates', () => {
    // sRGB primaries and others under D65 (Lindbloom)
    const known: [number[], number, number][] = [
      [[255, 0, 0], 80.1, 67.2],
      [[0, 255, 0], -86.2, 83.2],
      [[0, 0, 255], 79.2, -107.9],
      [[255, 255, 0], -21.6, 94.5],
      [[128, 128, 128], 0, 0],
      [[255, 255, 255], 0, 0],
    ];
    const bins: [number, number][] = [];
    for (let q = -3; q <= 3; q++)
      for (let r = -3; r <= 3; r++)
        if (Math.abs(q + r) <= 3) bins.push([12 * (q + r / 2), 12 * r * Math.sqrt(0.75)]);
    expect(bins).toHaveLength(37);
    for (const [rgb, a, b] of known) {
      const out = new Float32Array(1);
      colourBins(Uint8Array.from(rgb), out, 0);
      const far = ([x, y]: [number, number]): number => Math.hypot(x - a, y - b);
      const chosen = bins[out[0] as number] as [number, number];
      // colours are looked up by steps of 8 levels: a neighbouring bin may win by a hair
      expect(far(chosen)).toBeLessThan(Math.min(...bins.map(far)) + 3);
    }
  });
});

describe('labels that undo what was done to the picture', () => {
  it('autoencoding and denoising ask for the clean picture', () => {
    const clean = input('rgb', noise, 1);
    for (const task of ['autoencoding', 'denoising'])
      expect(label(task, noise, 7, clean.length)).toEqual(clean);
  });

  it('in-painting counts exactly the pixels that the input lacks', () => {
    for (const key of keys) {
      const mask = new Uint8Array(size * size);
      const truth = label(
        'inpainting',
        square.map((v) => v + 3),
        key,
        size * size * 3,
        mask,
      );
      const seen = input(
        'masked',
        square.map((v) => v + 3),
        key,
      );
      const hole = holeOf(size, key);
      expect(mask.reduce((sum, bit) => sum + bit, 0)).toBe((hole.x1 - hole.x0) * (hole.y1 - hole.y0));
      for (let k = 0; k < mask.length; k++) expect(seen[3 * k] === truth[3 * k]).toBe(mask[k] === 0);
    }
  });

  it('jigsaw and rotation name the order and the turn that the input was given', () => {
    for (const key of keys) {
      expect(label('jigsaw', noise, key, 1)[0]).toBe(orderOf(key));
      const order = JIGSAW_ORDERS[label('jigsaw', noise, key, 1)[0] as number] as Int32Array;
      const tiles = Uint8Array.from({ length: size * size * 3 }, (_, i) => {
        const k = Math.floor(i / 3);
        return 20 * (3 * Math.floor(k / size / 8) + Math.floor((k % size) / 8)) + 20;
      });
      const shuffled = input('tiles', tiles, key);
      order.forEach((from, to) => {
        const middle = (8 * Math.floor(to / 3) + 3) * size + 8 * (to % 3) + 3;
        expect(shuffled[3 * middle]).toBeCloseTo(((20 * from + 20) * 2) / 255 - 1, 6);
      });
      const turns = label('rotation', noise, key, 1)[0] as number;
      expect(turns).toBe(turnOf(key));
      let upright: Float32Array = Float32Array.from(
        { length: size * size },
        (_, k) => input('rgb', noise, key)[3 * k] as number,
      );
      for (let t = 0; t < turns; t++) upright = turned(upright);
      const seen = input('rotated', noise, key);
      expect(upright).toEqual(upright.map((_, k) => seen[3 * k] as number));
    }
  });
});
