import { describe, expect, it } from 'vitest';
import { type CandidateResult, createRng } from '@/lib/science/core';
import { analyseTarget } from './analyse';
import type { CandidateLosses, TargetLosses } from './contest';

const RNG = createRng('metric');
const losses = (images: number): Float32Array => Float32Array.from({ length: images }, () => 1 + RNG.next());

const candidate = (
  key: string,
  kind: CandidateLosses['kind'],
  metrics: readonly (readonly number[] | null)[],
  images = metrics.find((list) => list !== null)?.length ?? 4,
): CandidateLosses => ({
  key,
  kind,
  sources: kind === 'transfer' ? [key] : [],
  runs: metrics.map((list, seed) => ({
    sourceSeed: seed,
    headSeed: seed,
    losses: losses(images),
    ...(list ? { metrics: Float32Array.from(list) } : {}),
  })),
});

const toy = (...candidates: CandidateLosses[]): TargetLosses => ({
  target: 't',
  candidates,
  metric: { higherIsBetter: true },
});

function found(input: TargetLosses, key: string, resamples = 100): CandidateResult {
  const result = analyseTarget(input, { resamples, seed: 3 }).candidates.find((c) => c.key === key);
  if (!result) throw new Error(`no ${key}`);
  return result;
}

describe('the metric of a target', () => {
  const two = candidate('a', 'transfer', [
    [100, 0, 100, 100],
    [100, 100, 100, 100],
  ]);
  const scratch = candidate('scratch', 'scratch', [[100, 0, 0, Number.NaN]]);

  it('is the mean over images with a label and over seeds, with an interval around it', () => {
    const input = toy(two, scratch);
    expect(found(input, 'a').metric?.value).toBeCloseTo(87.5, 9);
    expect(found(input, 'scratch').metric?.value).toBeCloseTo(100 / 3, 9);
    const { value = 0, low, high } = found(input, 'a').metric ?? {};
    expect(low).toBeLessThan(value);
    expect(high).toBeGreaterThan(value);
    expect(found(input, 'scratch').metricGain).toEqual({ value: 0, low: 0, high: 0 });
  });

  it('differs from scratch’s upwards where it is better, whatever the direction', () => {
    const difference = 87.5 - 100 / 3;
    const input = toy(two, scratch);
    expect(found(input, 'a').metricGain?.value).toBeCloseTo(difference, 9);
    const error = { ...input, metric: { higherIsBetter: false } };
    expect(found(error, 'a').metricGain?.value).toBeCloseTo(-difference, 9);
    expect(found(error, 'a').metric).toEqual(found(input, 'a').metric);
  });

  it('is not known of candidates with a run that did not keep it, nor a difference without scratch’s', () => {
    const old = candidate('a', 'transfer', [[100, 0, 100, 0], null]);
    expect(found(toy(old, scratch), 'a')).toMatchObject({ metric: null, metricGain: null });
    const older = candidate('scratch', 'scratch', [null]);
    expect(found(toy(two, older), 'a').metric?.value).toBeCloseTo(87.5, 9);
    expect(found(toy(two, older), 'a').metricGain).toBeNull();
    const { metric: _, ...nobody } = toy(two, scratch);
    expect(found(nobody, 'a').metricGain).toBeNull();
  });

  it('pairs the images: a fixed lead has no interval, however noisy the images', () => {
    const noisy = Array.from({ length: 60 }, () => 100 * RNG.next());
    const input = toy(
      candidate('a', 'transfer', [noisy.map((value) => value + 5)]),
      candidate('scratch', 'scratch', [noisy]),
    );
    const { low, high } = found(input, 'a').metricGain ?? {};
    expect(low).toBeCloseTo(5, 4);
    expect(high).toBeCloseTo(5, 4);
  });

  it('has 95 % intervals that hold the accuracy in about 95 of 100 draws of images', () => {
    const [images, times, truth] = [150, 150, 70];
    let held = 0;
    for (let t = 0; t < times; t++) {
      const draw = (): number[] => Array.from({ length: images }, () => (RNG.next() < truth / 100 ? 100 : 0));
      const input = toy(candidate('a', 'transfer', [draw()]), candidate('scratch', 'scratch', [draw()]));
      const { low, high } = found(input, 'a', 200).metric ?? {};
      if ((low ?? 0) <= truth && (high ?? 0) >= truth) held++;
    }
    expect(held / times).toBeGreaterThan(0.88);
    expect(held / times).toBeLessThan(0.995);
  });

  it('takes images of one scene together', () => {
    const hits = Array.from({ length: 200 }, (_, i) => ((i >> 3) % 2 === 0 ? 100 : 0));
    const input = toy(candidate('a', 'transfer', [hits]), candidate('scratch', 'scratch', [hits]));
    const width = (of: TargetLosses): number => {
      const { low, high } = found(of, 'a').metric ?? {};
      return (high ?? 0) - (low ?? 0);
    };
    expect(width({ ...input, scenes: hits.map((_, i) => i >> 3) })).toBeGreaterThan(1.5 * width(input));
  });
});
