import { describe, expect, it } from 'vitest';
import { createRng } from '../core';
import { fillInput, holeOf, JIGSAW_CLASSES, JIGSAW_ORDERS, orderOf, turnOf } from './inputs';

const size = 30;
const rng = createRng('inputs test');
const rgb = Uint8Array.from({ length: size * size * 3 }, () => rng.int(256));
const input = (
  kind: Parameters<typeof fillInput>[0],
  key: number,
  picture: Uint8Array = rgb,
): Float32Array => {
  const out = new Float32Array(size * size * 3);
  fillInput(kind, picture, size, key, out, 0);
  return out;
};
const level = (byte: number): number => Math.fround((byte * 2) / 255 - 1);
const keys = Array.from({ length: 40 }, (_, i) => i * 7919 + 1);

describe('inputs', () => {
  it('rgb is the picture', () => {
    expect(input('rgb', 1)).toEqual(Float32Array.from(rgb, level));
  });

  it('noise has the declared strength and a stream of its own per image', () => {
    const grey = new Uint8Array(rgb.length).fill(128);
    for (const key of keys.slice(0, 5)) {
      const noise = input('noisy', key, grey).map((v) => v - level(128));
      // the median of |σ·n| is 0.6745·σ, whatever is clipped
      const sizes = Array.from(noise, Math.abs).sort((x, y) => x - y);
      const sigma = (sizes[sizes.length >> 1] as number) / 0.6745;
      expect(sigma).toBeGreaterThan(0.27);
      expect(sigma).toBeLessThan(0.64);
      expect(Math.abs(noise.reduce((a, b) => a + b, 0) / noise.length)).toBeLessThan(0.05);
    }
    expect(input('noisy', 1, grey)).not.toEqual(input('noisy', 2, grey));
  });

  it('masked inputs lack exactly the hole', () => {
    for (const key of keys) {
      const hole = holeOf(size, key);
      const share = ((hole.x1 - hole.x0) * (hole.y1 - hole.y0)) / size ** 2;
      expect(share).toBeGreaterThan(0.15);
      expect(share).toBeLessThan(0.35);
      const masked = input('masked', key);
      for (let k = 0; k < size * size; k++) {
        const inside =
          k % size >= hole.x0 &&
          k % size < hole.x1 &&
          Math.floor(k / size) >= hole.y0 &&
          Math.floor(k / size) < hole.y1;
        expect(masked[3 * k]).toBe(inside ? 0 : level(rgb[3 * k] as number));
      }
    }
  });

  it('grey inputs have one luminance in all channels', () => {
    const grey = input('grey', 1);
    expect(grey[0]).toBe(grey[1]);
    expect(grey[0]).toBeCloseTo(
      level(0.299 * (rgb[0] as number) + 0.587 * (rgb[1] as number) + 0.114 * (rgb[2] as number)),
      5,
    );
  });

  it('turning four times by one quarter gives the picture back, all four turns occur', () => {
    const seen = new Set(keys.map(turnOf));
    expect([...seen].sort()).toEqual([0, 1, 2, 3]);
    const quarter = keys.find((k) => turnOf(k) === 1) ?? 0;
    const bytes = (values: Float32Array): Uint8Array =>
      Uint8Array.from(values, (v) => Math.round(((v + 1) * 255) / 2));
    let turned: Uint8Array = rgb;
    for (let i = 0; i < 4; i++) {
      turned = bytes(input('rotated', quarter, turned));
      expect(turned.join() === rgb.join()).toBe(i === 3);
    }
    const half = keys.find((k) => turnOf(k) === 2) ?? 0;
    const twice = bytes(input('rotated', quarter, bytes(input('rotated', quarter))));
    expect(bytes(input('rotated', half))).toEqual(twice);
    // counter-clockwise: the top right corner comes to the top left
    expect(bytes(input('rotated', quarter)).slice(0, 3)).toEqual(rgb.slice((size - 1) * 3, size * 3));
  });

  it('jigsaw orders are permutations, far apart, and the tiles come from where they say', () => {
    expect(JIGSAW_ORDERS.length).toBe(JIGSAW_CLASSES);
    for (const [i, a] of JIGSAW_ORDERS.entries()) {
      expect([...a].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
      for (const b of JIGSAW_ORDERS.slice(0, i))
        expect(a.filter((v, k) => v !== b[k]).length).toBeGreaterThan(5);
    }
    // a picture whose red channel is the number of the tile
    const cell = size / 3;
    const numbered = new Uint8Array(rgb.length);
    for (let k = 0; k < size * size; k++) {
      numbered[3 * k] =
        10 * (3 * Math.floor(Math.floor(k / size) / cell) + Math.floor((k % size) / cell)) + 20;
    }
    for (const key of keys.slice(0, 8)) {
      const tiles = input('tiles', key, numbered);
      const order = JIGSAW_ORDERS[orderOf(key)] as Int32Array;
      for (let t = 0; t < 9; t++) {
        const x = (t % 3) * cell + 4;
        const y = Math.floor(t / 3) * cell + 4;
        expect(tiles[(y * size + x) * 3]).toBe(level(10 * (order[t] as number) + 20));
      }
    }
  });
});
