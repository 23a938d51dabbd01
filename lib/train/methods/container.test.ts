import { createHash } from 'node:crypto';
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

  it('are refused when any bit of them has changed, or bytes were added', () => {
    const bytes = packFile({ meta: { step: 1 }, arrays }, new Set(['h']));
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = bytes.slice();
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => unpackFile(changed), `bit ${bit}`).toThrowError(expect.objectContaining({ code: 'data' }));
    }
    expect(() => unpackFile(Uint8Array.of(...bytes, 0))).toThrow(/damaged/);
    expect(() => unpackFile(new Uint8Array(bytes.length))).toThrow(/not a file/);
    expect(() => unpackFile(new Uint8Array(0))).toThrow(/not a file/);
  });

  it('of the format before are still read, while their numbers are those that were written', () => {
    const body = new Uint8Array(8);
    new DataView(body.buffer).setFloat32(0, 1.5, true);
    const sha256 = createHash('sha256').update(body).digest('hex');
    const entries = [{ name: 'a', type: 'f32', length: 1 }];
    const header = new TextEncoder().encode(JSON.stringify({ meta: { x: 1 }, entries, sha256 }));
    const start = (8 + header.length + 7) & ~7;
    const old = new Uint8Array(start + 8);
    old.set(new TextEncoder().encode('TTA1'));
    new DataView(old.buffer).setUint32(4, header.length, true);
    old.set(header, 8);
    old.set(body, start);
    expect(unpackFile(old)).toEqual({ meta: { x: 1 }, arrays: new Map([['a', Float32Array.of(1.5)]]) });
    old[start] = 1;
    expect(() => unpackFile(old)).toThrow(/damaged/);
  });
});
