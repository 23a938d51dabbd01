import { describe, expect, it } from 'vitest';
import type { RunResult } from '@/lib/science/core';
import { pairView as contract } from '../contracts';
import { logRatio, pairRuns, pairView } from './pair';
import { fingerprintOf, IMAGES, imageLosses, smallData } from './testing/small-sweep';

const png = Uint8Array.of(137, 80, 78, 71);
const url = (fingerprint: string, index: number, role: string) => `/${fingerprint}/${index}/${role}`;

function result(losses: Float32Array, roles: readonly ('input' | 'truth' | 'prediction')[]): RunResult {
  return {
    testLosses: losses,
    metric: null,
    curve: [
      { step: 0, epoch: 0, trainLoss: 2, selectionLoss: 2.5 },
      { step: 10, epoch: 1, trainLoss: Number.NaN, selectionLoss: Number.NaN },
      { step: 20, epoch: 2, trainLoss: 1, selectionLoss: null },
    ],
    samples: roles.map((role) => ({ index: 3, role, png })),
    artifacts: [],
    cost: { steps: 20, images: 160, seconds: 1, flops: 1e9 },
  };
}

const transfer = fingerprintOf('transfer normals depth 1');
const scratch = fingerprintOf('scratch depth 1');
const gold = fingerprintOf('source depth 1');
const own = imageLosses('depth', 'normals', 1);
const against = imageLosses('depth', 'scratch', 1);
own[7] = Number.NaN;

const results = new Map([
  [transfer, result(own, ['input', 'truth', 'prediction'])],
  [scratch, result(against, ['prediction'])],
  [gold, result(imageLosses('depth', 'self', 1), [])],
]);

describe('pairView', () => {
  const view = pairView(smallData(), 'normals', 'depth', results, url);

  it('keeps to its contract and finds the runs of the cell and its references', () => {
    expect(contract.strict().parse(view)).toEqual(view);
    const runs = pairRuns(smallData(), 'normals', 'depth');
    expect(runs.transfer.map((r) => r.fingerprint)).toEqual([transfer]);
    expect(runs.scratch.map((r) => r.fingerprint)).toEqual([scratch]);
    expect(runs.gold.map((r) => r.fingerprint)).toEqual([gold]);
    expect(view.runs.map((r) => r.kind)).toEqual(['transfer', 'scratch', 'source']);
  });

  it('sorts the log ratios of images that both have; the share below 0 is the gain', () => {
    expect(view.sortedLogRatios).toHaveLength(IMAGES - 1);
    expect(view.sortedLogRatios).toEqual([...view.sortedLogRatios].sort((a, b) => a - b));
    const wins = view.sortedLogRatios.filter((r) => r < 0).length / view.sortedLogRatios.length;
    expect(Math.abs(wins - (view.cell.gain?.value ?? 0))).toBeLessThan(0.01);
  });

  it('names the nearest rivals, never the own network', () => {
    expect(view.rivals.map((r) => r.source)).toContain('segmentation');
    expect(view.rivals.map((r) => r.source)).not.toContain('self');
    expect(view.rivals.map((r) => r.source)).not.toContain('normals');
    const nearest = view.rivals.find((r) => r.source === 'segmentation')?.winRate;
    expect(nearest?.low).toBeLessThan(0.5);
    expect(nearest?.high).toBeGreaterThan(0.5);
  });

  it('leaves diverged points out of curves', () => {
    expect(view.curves.map((c) => c.label)).toEqual(['transfer', 'scratch', 'gold']);
    expect(view.curves[0]?.points.map((p) => p.step)).toEqual([0, 20]);
  });

  it('shows only images that exist, each under the run that kept it', () => {
    expect(view.strips).toHaveLength(1);
    const [strip] = view.strips;
    expect(strip?.images).toEqual([
      { role: 'input', url: url(transfer, 3, 'input') },
      { role: 'truth', url: url(transfer, 3, 'truth') },
      { role: 'scratch', url: url(scratch, 3, 'prediction') },
      { role: 'transfer', url: url(transfer, 3, 'prediction') },
    ]);
    expect(strip?.logRatio).toBeCloseTo(Math.log((own[3] ?? 0) / (against[3] ?? 1)), 6);
  });

  it('is empty but valid before anything is done', () => {
    const empty = pairView(smallData({ analyses: [] }), 'normals', 'depth', new Map(), url);
    expect(contract.strict().parse(empty)).toEqual(empty);
    expect([empty.curves, empty.strips, empty.rivals, empty.sortedLogRatios]).toEqual([[], [], [], []]);
  });
});

describe('logRatio', () => {
  it('is null without a valid pixel and finite for perfect answers', () => {
    expect(logRatio(Number.NaN, 1)).toBeNull();
    expect(logRatio(1, undefined)).toBeNull();
    expect(logRatio(0, 0)).toBe(0);
    expect(logRatio(0.5, 1)).toBeCloseTo(-Math.LN2);
  });
});
