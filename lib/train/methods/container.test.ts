import { describe, expect, it } from 'vitest';
import { createRng } from '@/lib/science/core';
import { fromHalf, packFile, roundToHalf, toHalf, unpackFile } from './container';

describe('half precision', () => {
  it('keeps every half number as it is', () => {
    for (let bits = 0; bits < 0x7c00; bits++) {
      expect(toHalf(fromHalf(bits))).toBe(bits);
      expect(toHalf(fromHalf(bits | 0x8000))).toBe(bits | 0x8000);
    }
  });

  it('rounds to the nearest half, ties to even, and saturates', () => {
    const rng = createRng(5);
    for (let i = 0; i < 2000; i++) {
      const x = Math.fround(rng.normal() * 10 ** (rng.int(12) - 8));
      const bits = toHalf(x);
      const error = Math.abs(fromHalf(bits) - x);
      for (const other of [bits - 1, bits + 1]) {
        const near = Math.abs(fromHalf(other) - x);
        if (Number.isFinite(near)) expect(error).toBeLessThanOrEqual(near);
      }
    }
    expect(fromHalf(toHalf(1 + 2 ** -11))).toBe(1);
    expect(fromHalf(toHalf(1 + 3 * 2 ** -11))).toBe(1 + 2 ** -9);
    expect(fromHalf(toHalf(1e9))).toBe(65504);
    expect(fromHalf(toHalf(-1e9))).toBe(-65504);
    expect(fromHalf(toHalf(Number.NaN))).toBeNaN();
  });
});

describe('files', () => {
  const arrays = new Map<string, Float32Array | Int32Array | Uint8Array>([
    ['a', Float32Array.of(1.5, -2.25, 1 / 3)],
    ['b', Int32Array.of(-7, 2 ** 31 - 1)],
    ['c', Uint8Array.of(1, 2, 255)],
    ['h', Float32Array.of(0.1, 1e-7, 65504)],
  ]);

  it('come back as they went, chosen arrays in half precision', () => {
    const { meta, arrays: read } = unpackFile(packFile({ meta: { x: [1, 'ü'] }, arrays }, new Set(['h'])));
    expect(meta).toEqual({ x: [1, 'ü'] });
    expect(read.get('a')).toEqual(arrays.get('a'));
    expect(read.get('b')).toEqual(arrays.get('b'));
    expect(read.get('c')).toEqual(arrays.get('c'));
    expect(read.get('h')).toEqual(roundToHalf(Float32Array.of(0.1, 1e-7, 65504)));
  });

  it('are refused when cut short or foreign', () => {
    const bytes = packFile({ meta: {}, arrays });
    for (const end of [3, 12, bytes.length - 8]) {
      expect(() => unpackFile(bytes.slice(0, end))).toThrowError(expect.objectContaining({ code: 'data' }));
    }
    expect(() => unpackFile(new TextEncoder().encode('not such a file'))).toThrow(/not a file of weights/);
  });

  it('are refused when a byte of their numbers has changed', () => {
    const bytes = packFile({ meta: {}, arrays }, new Set(['h']));
    // The magic, the header's form, the arrays; names and numbers of the header are not covered.
    for (const at of [0, 8, bytes.length - 1, bytes.length - 20, bytes.length - 40]) {
      const changed = bytes.slice();
      changed[at] = (changed[at] as number) ^ 0x40;
      expect(() => unpackFile(changed)).toThrowError(expect.objectContaining({ code: 'data' }));
    }
  });
});
