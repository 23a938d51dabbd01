import { describe, expect, it } from 'vitest';
import { createRng } from '@/lib/science/core';
import { analyseTarget, analyseTargetWithDraws } from './analyse';
import type { CandidateLosses, TargetLosses } from './contest';
import { stillImproving } from './convergence';
import { seedReliability, splitHalfReliability } from './reliability';

const IMAGES = 240;

interface Shape {
  /** ln of the typical loss. */
  level: number;
  seeds?: number;
  /** Spread between seeds, in ln loss. */
  seedNoise?: number;
  imageNoise?: number;
}

function runs(key: string, { level, seeds = 3, seedNoise = 0.02, imageNoise = 0.2 }: Shape) {
  return Array.from({ length: seeds }, (_, seed) => {
    const rng = createRng('test', key, seed);
    const shift = level + seedNoise * rng.normal();
    return {
      sourceSeed: seed,
      headSeed: seed,
      losses: Float32Array.from({ length: IMAGES }, (_, i) =>
        Math.exp(shift + 0.5 * Math.sin(i) + imageNoise * rng.normal()),
      ),
    };
  });
}

const candidate = (key: string, kind: CandidateLosses['kind'], shape: Shape): CandidateLosses => ({
  key,
  kind,
  sources: kind === 'transfer' ? [key] : [],
  runs: runs(key, shape),
});

const references = [
  candidate('self', 'self', { level: -1 }),
  candidate('scratch', 'scratch', { level: -0.5 }),
  candidate('mean', 'mean', { level: 0, seeds: 1 }),
];
const target = (...candidates: CandidateLosses[]): TargetLosses => ({
  target: 't',
  candidates: [...candidates, ...references],
});
const typical = target(
  candidate('good', 'transfer', { level: -0.8 }),
  candidate('twin', 'transfer', { level: -0.799 }),
  candidate('bad', 'transfer', { level: -0.3 }),
);
const find = (analysis: ReturnType<typeof analyseTarget>, key: string) => {
  const found = analysis.candidates.find((c) => c.key === key);
  if (!found) throw new Error(`no ${key}`);
  return found;
};

describe('analyseTarget', () => {
  const analysis = analyseTarget(typical, { resamples: 150, seed: 7 });

  it('puts transfers and gold in the tournament, references beside it', () => {
    expect(analysis.tournamentKeys).toEqual(['good', 'twin', 'bad', 'self']);
    expect(find(analysis, 'scratch')).toMatchObject({
      affinity: null,
      bradleyTerry: null,
      gain: { value: 0.5 },
    });
    expect(find(analysis, 'self').quality).toEqual({ value: 0.5, low: 0.5, high: 0.5 });
    const total = analysis.candidates.reduce((sum, c) => sum + (c.affinity?.value ?? 0), 0);
    expect(total).toBeCloseTo(1, 12);
  });

  it('has intervals around its values, and effects of the right size and sign', () => {
    for (const c of analysis.candidates) {
      for (const estimate of [c.affinity, c.gain, c.quality, c.logLossRatio]) {
        if (!estimate) continue;
        expect(estimate.low).toBeLessThanOrEqual(estimate.value);
        expect(estimate.high).toBeGreaterThanOrEqual(estimate.value);
      }
    }
    expect(find(analysis, 'good').logLossRatio?.value).toBeCloseTo(-0.3, 1);
    expect(find(analysis, 'good').gain?.low).toBeGreaterThan(0.5);
    expect(find(analysis, 'bad').gain?.high).toBeLessThan(0.5);
    expect(find(analysis, 'self').skill).toBeCloseTo(1 - Math.exp(-1), 1);
  });

  it('ties near-twins and nothing else', () => {
    expect(analysis.candidates.filter((c) => c.inTieSet).map((c) => c.key)).toEqual(['good', 'twin']);
    const best = analysis.candidates.map((c) => c.probabilityBest ?? 0);
    expect(best.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
    expect(find(analysis, 'self').probabilityBest).toBeNull();
  });

  it('gives the same numbers again, and others with another seed', () => {
    expect(analyseTarget(typical, { resamples: 150, seed: 7 })).toEqual(analysis);
    expect(analyseTarget(typical, { resamples: 150, seed: 8 })).not.toEqual(analysis);
  });

  it('does not depend on the order of candidates', () => {
    const point = analyseTarget(typical, { resamples: 0 });
    const turned = analyseTarget(
      { ...typical, candidates: [...typical.candidates].reverse() },
      { resamples: 0 },
    );
    for (const c of point.candidates) {
      const other = find(turned, c.key);
      expect(other.gain?.value).toBe(c.gain?.value);
      if (c.affinity) expect(other.affinity?.value).toBeCloseTo(c.affinity.value, 10);
    }
    expect(find(point, 'good').affinity).toMatchObject({ low: null, high: null });
  });

  it('widens intervals with seed noise, and with scenes of many like images', () => {
    const width = (input: TargetLosses, key: string): number => {
      const gain = find(analyseTarget(input, { resamples: 150 }), key).gain;
      return (gain?.high ?? 0) - (gain?.low ?? 0);
    };
    const noisy = target(candidate('n', 'transfer', { level: -0.5, seedNoise: 0.4 }));
    const steady = target(candidate('n', 'transfer', { level: -0.5, seedNoise: 0 }));
    expect(width(noisy, 'n')).toBeGreaterThan(2 * width(steady, 'n'));
    // Every image eight times over: as scenes they are one observation each.
    const copies = (input: TargetLosses): TargetLosses => ({
      ...input,
      candidates: input.candidates.map((c) => ({
        ...c,
        runs: c.runs.map((r) => ({
          ...r,
          losses: Float32Array.from({ length: IMAGES }, (_, i) => r.losses[i >> 3] as number),
        })),
      })),
    });
    const scenes = Int32Array.from({ length: IMAGES }, (_, i) => i >> 3);
    const copied = copies(steady);
    expect(width({ ...copied, scenes }, 'n')).toBeGreaterThan(1.25 * width(copied, 'n'));
  });

  it('hands out the draws behind its intervals', () => {
    const { draws } = analyseTargetWithDraws(typical, { resamples: 40, seed: 7 });
    expect(Object.keys(draws.affinity)).toEqual(['good', 'twin', 'bad', 'self']);
    expect(draws.gain.good).toHaveLength(40);
    expect(Math.min(...(draws.gain.good ?? []))).toBeGreaterThan(0.5);
  });
});

describe('validity', () => {
  it('keeps a clean target', () => {
    const { validity } = analyseTarget(typical, { resamples: 50 });
    expect(validity).toMatchObject({ kept: true, reasons: [] });
    expect(validity.goldSkill.value).toBeGreaterThan(0.5);
    expect(validity.signalToNoise).toBeGreaterThan(3);
  });

  it('excludes a target whose gold is no better than the mean predictor, saying so', () => {
    const weak = {
      ...typical,
      candidates: typical.candidates.map((c) =>
        c.kind === 'self' ? candidate('self', 'self', { level: -0.02 }) : c,
      ),
    };
    const { validity } = analyseTarget(weak, { resamples: 50 });
    expect(validity.kept).toBe(false);
    expect(validity.reasons.join()).toMatch(/gold skill over the mean predictor is .* below 0.1/);
    expect(validity.reasons.join()).toContain('does not beat scratch');
  });

  it('tells how many trainings had not converged', () => {
    const improving = (share: number): TargetLosses => ({
      ...typical,
      candidates: typical.candidates.map((c) => ({
        ...c,
        runs: c.runs.map((run) =>
          c.kind === 'transfer' ? { ...run, stillImproving: run.headSeed === share } : run,
        ),
      })),
    });
    const some = analyseTarget(improving(1), { resamples: 20 }).validity;
    expect(some.kept).toBe(true);
    const runs = typical.candidates.filter((c) => c.kind === 'transfer').flatMap((c) => c.runs);
    const first = runs.filter((run) => run.headSeed === 1).length;
    expect(some.converged).toBeCloseTo(1 - first / runs.length, 12);
    expect(some.reasons).toEqual([
      `${first} of ${runs.length} runs were still improving at their last evaluation: longer training may change the order of sources`,
    ]);
    expect(analyseTarget(improving(-1), { resamples: 20 }).validity).toMatchObject({
      converged: 1,
      reasons: [],
    });
    expect(analyseTarget(typical, { resamples: 20 }).validity.converged).toBeUndefined();
  });

  it('sees in a curve whether its last evaluation is the best', () => {
    const curve = (...losses: (number | null)[]) =>
      losses.map((selectionLoss, step) => ({ step, epoch: step, trainLoss: 1, selectionLoss }));
    expect(stillImproving(curve(3, 2, 1))).toBe(true);
    expect(stillImproving(curve(3, 1, 2))).toBe(false);
    // An equal loss later is no improvement: the first of both is kept.
    expect(stillImproving(curve(3, 1, 1))).toBe(false);
    expect(stillImproving(curve(3, 1, 0.9995))).toBe(false);
    expect(stillImproving(curve(3, 1, 0.9985))).toBe(true);
    expect(stillImproving(curve(3, null, 1))).toBe(true);
    expect(stillImproving(curve(1))).toBeNull();
    expect(stillImproving(curve(null, null))).toBeNull();
  });

  it('notes differences that seeds explain', () => {
    const noise = { seedNoise: 0.2 };
    const { validity } = analyseTarget(
      target(
        candidate('x', 'transfer', { level: -0.5, ...noise }),
        candidate('y', 'transfer', { level: -0.5, ...noise }),
      ),
      { resamples: 20 },
    );
    expect(validity.kept).toBe(true);
    expect(validity.reasons.join()).toContain('not clear of seed noise');
  });

  it('names runs that drop images for everybody, and refuses what cannot be compared', () => {
    const holed = candidate('holed', 'transfer', { level: -0.5 });
    (holed.runs[1]?.losses as Float32Array)[5] = Number.NaN;
    const analysis = analyseTarget(target(holed), { resamples: 0 });
    expect(analysis.testImages).toBe(IMAGES - 1);
    expect(analysis.validity.reasons.join()).toContain('holed (seed 1)');
    const short = { ...holed, runs: [{ sourceSeed: 0, headSeed: 0, losses: new Float32Array(3) }] };
    expect(() => analyseTarget(target(short))).toThrow('must share one test set');
    expect(() => analyseTarget(target({ ...holed, runs: [] }))).toThrow('"holed" of target "t" has no run');
    expect(() =>
      analyseTarget({ ...typical, candidates: [...typical.candidates, references[1] as CandidateLosses] }),
    ).toThrow('2 "scratch"');
  });

  it('without gold asks that somebody beats the mean predictor', () => {
    const without = (level: number) => {
      const candidates = target(candidate('only', 'transfer', { level })).candidates;
      const scratch = candidate('scratch', 'scratch', { level: 0.2 });
      return analyseTarget(
        { target: 't', candidates: [...candidates.filter((c) => ['only', 'mean'].includes(c.key)), scratch] },
        { resamples: 20 },
      ).validity;
    };
    expect(without(-0.5)).toMatchObject({ kept: true });
    expect(without(-0.5).reasons[0]).toBe('the gold network is not measured');
    expect(without(-0.5).reasons[1]).toMatch(/^gain is over nothing: .* \(skill −0\.\d\d\)/);
    expect(without(0.2)).toMatchObject({ kept: false });
    expect(without(0.2).reasons[0]).toContain('beats the mean predictor');
  });

  it('judges only what is there while a target is incomplete', () => {
    const bare = analyseTarget(
      { target: 't', candidates: [candidate('only', 'transfer', { level: 0 })] },
      { preliminary: true, resamples: 5 },
    );
    expect(bare).toMatchObject({ preliminary: true, winRates: [[0.5]], lambdaMax: 1 });
    expect(bare.candidates[0]).toMatchObject({
      gain: null,
      quality: null,
      logLossRatio: null,
      affinity: { value: 1 },
    });
    expect(bare.validity.reasons).toEqual([
      'the gold network is not measured',
      'the mean predictor is not measured',
    ]);
  });
});

describe('reliability', () => {
  const spread = (gap: number, seedNoise: number): TargetLosses =>
    target(
      ...['a', 'b', 'c', 'd', 'e', 'f'].map((key, i) =>
        candidate(key, 'transfer', { level: -0.8 + gap * i, seedNoise, seeds: 4 }),
      ),
    );

  it('is high for clear differences and falls when seeds or images are the only ones', () => {
    expect(splitHalfReliability([spread(0.1, 0)]).halves).toBeGreaterThan(0.9);
    expect(seedReliability([spread(0.1, 0)]).halves).toBeGreaterThan(0.9);
    // Seed noise repeats in every scene: halves of the test set agree, halves of the seeds do not.
    const noise = spread(0, 0.3);
    expect(splitHalfReliability([noise]).halves).toBeGreaterThan(0.8);
    expect(seedReliability([noise]).halves).toBeLessThan(0.7);
  });

  it('steps halves up to the whole, and says when it cannot', () => {
    const { halves, full } = splitHalfReliability([spread(0.02, 0.1)], { splits: 10 });
    expect(full).toBeCloseTo((2 * halves) / (1 + halves), 12);
    expect(seedReliability([target(candidate('a', 'transfer', { level: 0, seeds: 1 }))]).halves).toBeNaN();
  });
});

it.each([2, 3, 5, 6, 7])(
  'a candidate that wins every image with every one of %i seeds wins all, not more',
  (seeds) => {
    // 9 · (1/9) is 1.0000000000000002: the loser's rate must not fall below 0.
    const sure = target(
      candidate('always', 'transfer', { level: -20, seeds, imageNoise: 0 }),
      candidate('never', 'transfer', { level: 20, seeds, imageNoise: 0 }),
    );
    const { candidates, winRates, tournamentKeys } = analyseTarget(sure, { resamples: 40, seed: 1 });
    const at = (key: string): number => tournamentKeys.indexOf(key);
    expect(winRates[at('always')]?.[at('never')]).toBe(1);
    expect(winRates[at('never')]?.[at('always')]).toBe(0);
    expect(candidates.find((c) => c.key === 'never')?.gain).toEqual({ value: 0, low: 0, high: 0 });
  },
);
