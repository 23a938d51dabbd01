import { describe, expect, it } from 'vitest';
import { createRng } from '../core';
import { domainDistances, type FeatureMaps, quadrantMoments } from './domain-summary';

const maps = (count: number, seed: number, shift = 0, spread = 1): FeatureMaps => {
  const rng = createRng('domain-summary', seed);
  const [side, channels] = [4, 2];
  const values = Float32Array.from(
    { length: count * side * side * channels },
    () => shift + spread * rng.normal(),
  );
  return { values, side, channels };
};

describe('quadrant moments', () => {
  it('are mean and deviation of each channel in each quadrant', () => {
    // One 2 × 2 map of 2 channels: every quadrant is one place.
    const one = quadrantMoments({ values: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), side: 2, channels: 2 });
    expect([...one.rows]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
    const values = new Float32Array(16).fill(1);
    values.set([2, 4], 0);
    values.set([6, 8], 4);
    const { rows, columns } = quadrantMoments({ values, side: 4, channels: 1 });
    expect(columns).toBe(8);
    expect(rows[0]).toBe(5);
    expect(rows[4]).toBeCloseTo(Math.sqrt(5), 10);
    expect([...rows.subarray(1, 4), ...rows.subarray(5)]).toEqual([1, 1, 1, 0, 0, 0]);
  });

  it('take maps of one place as they are', () => {
    const { rows, columns } = quadrantMoments({ values: Float32Array.of(1, 2, 3, 4), side: 1, channels: 2 });
    expect([columns, ...rows]).toEqual([4, 1, 2, 0, 0, 3, 4, 0, 0]);
  });
});

describe('distances between domains', () => {
  it('are small between samples of one domain and large between two', () => {
    const same = domainDistances(maps(120, 1), maps(120, 2));
    const moved = domainDistances(maps(120, 1), maps(120, 2, 1));
    const wider = domainDistances(maps(120, 1), maps(120, 2, 0, 3));
    expect(Math.abs(same.proxyA)).toBeLessThan(0.5);
    expect(moved.proxyA).toBeGreaterThan(1.8);
    expect(wider.proxyA).toBeGreaterThan(1.8);
    expect(moved.mmd).toBeGreaterThan(10 * same.mmd);
    expect(wider.coral).toBeGreaterThan(4 * same.coral);
  });

  it('do not depend on the scale of a channel, nor on one that says nothing', () => {
    const [a, b] = [maps(60, 3), maps(60, 4, 0.4)];
    const scaled = ({ values, side, channels }: FeatureMaps): FeatureMaps => ({
      values: values.map((x, i) => (i % channels === 0 ? 64 * x : x)),
      side,
      channels,
    });
    const [plain, other] = [domainDistances(a, b), domainDistances(scaled(a), scaled(b))];
    expect(other.proxyA).toBe(plain.proxyA);
    expect(other.mmd).toBeCloseTo(plain.mmd, 6);
    const dead = (m: FeatureMaps): FeatureMaps => ({
      ...m,
      values: m.values.map((x, i) => (i % 2 ? 0.1 : x)),
    });
    expect(Number.isFinite(domainDistances(dead(a), dead(b)).coral)).toBe(true);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('are no number where a map has %s', (value) => {
    const [a, b] = [maps(20, 5), maps(20, 6)];
    const broken = { ...b, values: b.values.with(7, value) };
    const none = { proxyA: Number.NaN, mmd: Number.NaN, coral: Number.NaN };
    expect(domainDistances(a, broken)).toEqual(none);
    expect(domainDistances(broken, a)).toEqual(none);
    expect(domainDistances(broken, broken)).toEqual(none);
  });
});
