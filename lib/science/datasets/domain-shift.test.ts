import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DOMAIN_SHIFTS, type DomainShift, POOLS } from '../core';
import { shiftPicture } from './domain-shift';
import { openRooms, ROOMS_VERSION } from './index';

const cacheDirectory = mkdtempSync(join(tmpdir(), 'taskatlas-shift-'));
afterAll(() => rmSync(cacheDirectory, { recursive: true, force: true }));

const open = (shift?: DomainShift) =>
  openRooms(
    {
      kind: 'rooms',
      version: ROOMS_VERSION,
      seed: 5,
      size: 16,
      pools: { source: 3, transfer: 3, selection: 2, test: 3 },
      ...(shift ? { shift } : {}),
    },
    { cacheDirectory },
  );
const plain = open();

describe('a data set in two domains', () => {
  it.each(DOMAIN_SHIFTS)('%s: only the target domain looks different, and the same each time', (kind) => {
    const shifted = open({ kind, strength: 1 });
    for (const pool of POOLS) {
      const indices = Array.from({ length: plain.count(pool) }, (_, i) => i);
      const before = plain.inputs(pool, 'rgb', indices);
      const after = shifted.inputs(pool, 'rgb', indices);
      if (pool === 'source') expect(after).toEqual(before);
      else expect(Math.max(...after.map((x, i) => Math.abs(x - (before[i] as number))))).toBeGreaterThan(0.1);
      expect(open({ kind, strength: 1 }).inputs(pool, 'rgb', indices)).toEqual(after);
      expect(shifted.labels(pool, 'z-depth', indices)).toEqual(plain.labels(pool, 'z-depth', indices));
    }
    expect(shifted.id).not.toBe(plain.id);
  });

  it('asks the same in both domains: labels made from the picture are the changed picture’s', () => {
    const shifted = open({ kind: 'textured', strength: 0.7 });
    const picture = shifted.inputs('test', 'rgb', [1]);
    expect(shifted.labels('test', 'autoencoding', [1]).values).toEqual(picture);
    const [r = 0, g = 0, b = 0] = picture;
    expect(shifted.inputs('test', 'grey', [1])[0]).toBeCloseTo(0.299 * r + 0.587 * g + 0.114 * b, 5);
  });

  it('changes further views too, and not what else is stored of a picture', () => {
    const shifted = open({ kind: 'inverted', strength: 1 });
    const [before, after] = [plain, shifted].map((data) => data.inputs('test', 'orbit-1', [0]));
    after?.forEach((x, i) => {
      expect(x).toBeCloseTo(-(before?.[i] ?? 0), 5);
    });
    expect(shifted.labels('test', 'surface-normals', [0])).toEqual(
      plain.labels('test', 'surface-normals', [0]),
    );
  });
});

describe('changes of a picture', () => {
  const grey = new Uint8Array(16 * 16 * 3).fill(100);
  const mean = (values: Uint8Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;

  it('are what their formulas say', () => {
    expect(shiftPicture(grey, 16, { kind: 'inverted', strength: 1 }, 1)[0]).toBe(155);
    expect([...shiftPicture(grey, 16, { kind: 'tinted', strength: 1 }, 1).slice(0, 3)]).toEqual([
      140, 90, 50,
    ]);
    expect(mean(shiftPicture(grey, 16, { kind: 'dim', strength: 1 }, 1))).toBeCloseTo(40, -1);
    const noise = shiftPicture(grey, 16, { kind: 'noisy', strength: 0.4 }, 1);
    const spread = Math.sqrt(mean(noise.map((x) => Math.min(255, (x - 100) ** 2))));
    expect(spread).toBeGreaterThan(8);
    expect(spread).toBeLessThan(25.5);
  });

  it('differ from picture to picture where something is random', () => {
    for (const kind of ['dim', 'noisy', 'textured'] as const) {
      const [a, b] = [1, 2].map((key) => shiftPicture(grey, 16, { kind, strength: 1 }, key));
      expect(a).not.toEqual(b);
    }
  });

  it('stay within 8 bits', () => {
    const white = new Uint8Array(16 * 16 * 3).fill(255);
    const tinted = shiftPicture(white, 16, { kind: 'tinted', strength: 1 }, 1);
    expect([...tinted.slice(0, 3)]).toEqual([255, 230, 128]);
  });
});
