import { describe, expect, it } from 'vitest';
import { createRng } from '../../core';
import { openRecord, packFrame } from '../rooms/record';
import { renderRoom } from '../rooms/render';
import { graphSegments, segments2d, segments25d } from './segments';

/** Felzenszwalb and Huttenlocher's algorithm as their paper states it, on plain sets; weights by the same eighths. */
function plainSegments(features: Float32Array, channels: number, size: number, k: number): number[] {
  const edges: { a: number; b: number; w: number }[] = [];
  for (let p = 0; p < size * size; p++) {
    const [x, y] = [p % size, Math.floor(p / size)];
    for (const [dx, dy] of [
      [1, 0],
      [0, 1],
      [1, 1],
      [-1, 1],
    ] as const) {
      if (x + dx < 0 || x + dx >= size || y + dy >= size) continue;
      const q = p + dx + dy * size;
      const square = Array.from({ length: channels }, (_, c) => {
        const d = (features[p * channels + c] as number) - (features[q * channels + c] as number);
        return d * d;
      }).reduce((s, v) => s + v, 0);
      edges.push({ a: p, b: q, w: Math.fround(Math.sqrt(square)) });
    }
  }
  edges.sort((e, f) => Math.floor(e.w * 8) - Math.floor(f.w * 8));
  let sets = Array.from({ length: size * size }, (_, p) => ({ members: [p], inner: 0 }));
  const of = Array.from({ length: size * size }, (_, p) => sets[p] as { members: number[]; inner: number });
  for (const { a, b, w } of edges) {
    const [one, other] = [of[a], of[b]] as [{ members: number[]; inner: number }, (typeof sets)[0]];
    if (one === other) continue;
    if (w > Math.min(one.inner + k / one.members.length, other.inner + k / other.members.length)) continue;
    const joined = { members: [...one.members, ...other.members], inner: w };
    for (const p of joined.members) of[p] = joined;
    sets = sets.filter((s) => s !== one && s !== other).concat(joined);
  }
  const ids = new Map([...new Set(of)].map((set, i) => [set, i]));
  return of.map((set) => ids.get(set) as number);
}

/** Whether two labellings cut the pixels alike, whatever their numbers. */
function sameCut(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  const there = new Map<number, number>();
  const back = new Map<number, number>();
  for (let p = 0; p < a.length; p++) {
    const [i, j] = [a[p] as number, b[p] as number];
    if ((there.get(i) ?? j) !== j || (back.get(j) ?? i) !== i) return false;
    there.set(i, j);
    back.set(j, i);
  }
  return true;
}

describe('graph-based segmentation', () => {
  it('equals the algorithm of the paper, on pictures with regions, slopes and noise', () => {
    const size = 16;
    for (let trial = 0; trial < 12; trial++) {
      const rng = createRng('segments', trial);
      const [cut, slope, noise] = [4 + rng.int(8), 3 * rng.next(), trial % 3 === 0 ? 0 : 8 * rng.next()];
      const features = Float32Array.from({ length: size * size * 2 }, (_, i) => {
        const p = Math.floor(i / 2);
        const region = p % size < cut ? 0 : p / size < cut ? 60 : 120;
        return (i % 2 ? region : slope * (p % size)) + noise * rng.normal();
      });
      const out = new Float32Array(size * size);
      graphSegments(features, 2, size, { k: 60, least: 1 }, out, 0);
      expect(sameCut(out, plainSegments(features, 2, size, 60))).toBe(true);
    }
  });

  it('numbers segments by size and leaves none below the least size', () => {
    const size = 24;
    const rng = createRng('least');
    const features = Float32Array.from({ length: size * size }, () => 200 * rng.next());
    const out = new Float32Array(size * size + 1);
    graphSegments(features, 1, size, { k: 20, least: 9 }, out, 1);
    const counts: number[] = [];
    for (const id of out.subarray(1)) counts[id] = (counts[id] ?? 0) + 1;
    expect(counts.length).toBeGreaterThan(4);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(9);
    expect(counts).toEqual([...counts].sort((a, b) => b - a));
  });

  it('2.5D segments follow planes: a slanted one is whole, steps and folds of one colour are cut', () => {
    const n = 32;
    const counts = (shape: 'slant' | 'step' | 'fold'): number[] => {
      const frame = renderRoom(1, 1, 0, n);
      frame.rgb.fill(128);
      for (let k = 0; k < n * n; k++) {
        const right = k % n >= n / 2;
        const u = ((2 * ((k % n) + 0.5)) / n - 1) * frame.camera.tangent;
        const slanted = shape === 'slant' || (shape === 'fold' && right);
        frame.normals.set(slanted ? [-0.6, 0, 0.8] : [0, 0, 1], 3 * k);
        // the slanted plane passes through the middle of the picture 2 m ahead
        if (slanted) frame.depth[k] = 1.6 / (0.8 + 0.6 * u);
        else frame.depth[k] = shape === 'step' && right ? 2.5 : 2;
      }
      const sections = packFrame(frame);
      const record = openRecord(n, (name) => sections[name]);
      return [segments2d, segments25d].map((fill) => {
        const out = new Float32Array(n * n);
        fill(record, out, 0);
        return new Set(out).size;
      });
    };
    expect(counts('slant')).toEqual([1, 1]);
    expect(counts('step')).toEqual([1, 2]);
    expect(counts('fold')).toEqual([1, 2]);
  });
});
