import { describe, expect, it } from 'vitest';
import type { CandidateResult, TaskDeclaration } from '@/lib/science/core';
import type { RunSummary, SweepData } from './model';
import { withRunMetrics } from './reported';
import { fingerprintOf, smallData, smallRuns, smallSweep } from './testing/small-sweep';

const task = (change: Partial<TaskDeclaration>): SweepData['sweep'] => ({
  ...smallSweep,
  tasks: smallSweep.tasks.map((t) => (t.id === 'depth' ? { ...t, ...change } : t)),
});

/** Two seeds: normals reach 80 and 70, scratch 60, the mean predictor 25. */
const scalars: readonly [label: string, metric: number][] = [
  ['transfer normals depth 1', 80],
  ['transfer normals depth 2', 70],
  ['scratch depth 1', 60],
  ['scratch depth 2', 60],
  ['mean depth', 25],
];
const summaries = new Map<string, RunSummary>(
  scalars.map(([label, metric]) => [fingerprintOf(label), { meanLoss: 1, probe: null, metric }]),
);

function found(sweep: SweepData['sweep'], key: string, change: Partial<SweepData> = {}): CandidateResult {
  const data = smallData({ sweep, runs: [...smallRuns(1), ...smallRuns(2)], summaries, ...change });
  const analysis = withRunMetrics(data).find(({ target }) => target === 'depth');
  const candidate = analysis?.candidates.find((c) => c.key === key);
  if (!candidate) throw new Error(`no ${key}`);
  return candidate;
}

describe('the metric of runs from before it was kept image by image', () => {
  const classes = task({
    head: { kind: 'classes', classes: 4 },
    metric: { name: 'accuracy', unit: '%', higherIsBetter: true },
  });

  it('is the mean over seeds; accuracy has a Wilson interval over the test images', () => {
    const { metric, metricGain } = found(classes, 'normals');
    expect(metric?.value).toBe(75);
    // Wilson at 180 of 240, from the closed form.
    expect(metric?.low).toBeCloseTo(69.156, 2);
    expect(metric?.high).toBeCloseTo(80.06, 2);
    expect(metricGain).toEqual({ value: 15, low: null, high: null });
    expect(found(classes, 'mean').metricGain?.value).toBe(-35);
    expect(found(classes, 'edges').metric ?? null).toBeNull();
  });

  it('has no interval where it is no share of hits, and its difference points the right way', () => {
    const error = task({ metric: { name: 'error', unit: '', higherIsBetter: false } });
    expect(found(error, 'normals').metric).toEqual({ value: 75, low: null, high: null });
    expect(found(error, 'normals').metricGain?.value).toBe(-15);
    const pixels = task({ metric: { name: 'accuracy', unit: '%', higherIsBetter: true } });
    expect(found(pixels, 'normals').metric?.low).toBeNull();
  });

  it('gives way to what was analysed image by image', () => {
    const kept = { value: 77, low: 70, high: 84 };
    const analyses = smallData().analyses.map((a) => ({
      ...a,
      candidates: a.candidates.map((c) => ({ ...c, metric: kept, metricGain: kept })),
    }));
    expect(found(classes, 'normals', { analyses }).metric).toEqual(kept);
  });
});
