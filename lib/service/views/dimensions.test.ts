import { describe, expect, it } from 'vitest';
import { analyseSizes, analyseTarget, type CandidateLosses, type TargetLosses } from '@/lib/science/affinity';
import { createRng, type TargetAnalysis, type TransferRecipe } from '@/lib/science/core';
import { ordersView as ordersContract, sizesView as sizesContract } from '../contracts';
import type { StoredRun } from '../ports';
import { bestSourceView } from './best-source';
import { ordersView } from './joined';
import { matrixView } from './matrix';
import { progressView } from './progress';
import { sizesView } from './sizes';
import { smallAnalyses, smallData, smallRuns, smallSweep } from './testing/small-sweep';

const IMAGES = 240;

function losses(label: string, mean: number): Float32Array {
  const rng = createRng('dimensions', label);
  return Float32Array.from({ length: IMAGES }, () => mean * Math.exp(0.3 * rng.normal()));
}

function candidate(key: string, mean: number, size = ''): CandidateLosses {
  const kind = key === 'self' || key === 'scratch' || key === 'mean' ? key : 'transfer';
  const sources = kind === 'transfer' ? key.split('+') : kind === 'self' ? ['depth'] : [];
  const label = kind === 'transfer' || kind === 'scratch' ? key + size : key;
  return { key, kind, sources, runs: [{ sourceSeed: 1, headSeed: 1, losses: losses(label, mean) }] };
}

const references = [candidate('self', 0.3), candidate('scratch', 1), candidate('mean', 1.6)];
const single = [
  candidate('normals', 0.5),
  candidate('segmentation', 0.55),
  candidate('edges', 1.3),
  candidate('layout', 0.8),
  candidate('colour', 1.3),
];
const joinedOnes = [candidate('normals+segmentation', 0.35), candidate('edges+normals', 0.5)];

const analysisOf = (candidates: readonly CandidateLosses[]): TargetAnalysis =>
  analyseTarget({ target: 'depth', candidates }, { resamples: 60 });
const whole = analysisOf([...references, ...single, ...joinedOnes]);

/** The small sweep with second-order transfers to depth. */
function joinedData(maxOrder = 2) {
  const first = smallRuns().find(({ recipe }) => recipe.kind === 'transfer' && recipe.task === 'depth');
  const template = first as StoredRun & { recipe: TransferRecipe };
  const more = joinedOnes.map(
    ({ sources }, i): StoredRun => ({
      ...template,
      fingerprint: String(i).repeat(64),
      recipe: { ...template.recipe, sources: sources.map((task) => ({ task, fingerprint: 'f' })) },
    }),
  );
  return smallData({
    sweep: { ...smallSweep, spec: { ...smallSweep.spec, maxOrder } },
    runs: [...smallRuns(), ...more],
    analyses: smallAnalyses.map((a) => (a.target === 'depth' ? whole : a)),
  });
}

describe('order as a dimension', () => {
  it('shows affinities as shares of their set, ratios as measured', () => {
    const cells = matrixView(joinedData()).cells.filter((c) => c.target === 'depth' && c.rank !== null);
    const share = (key: string) => cells.find((c) => c.source === key)?.affinity?.value ?? 0;
    const weight = (key: string) => whole.candidates.find((c) => c.key === key)?.affinity?.value ?? 0;
    const row = matrixView(joinedData()).targetRows.find((r) => r.target === 'depth');
    expect(cells.reduce((sum, c) => sum + (c.affinity?.value ?? 0), row?.self?.value ?? 0)).toBeCloseTo(
      1,
      12,
    );
    expect(share('normals') / share('layout')).toBeCloseTo(weight('normals') / weight('layout'), 9);
    expect(share('normals')).toBeGreaterThan(weight('normals'));
  });

  it('finds the best single source although a joined one beats it', () => {
    const cell = (source: string) =>
      matrixView(joinedData()).cells.find((c) => c.target === 'depth' && c.source === source);
    expect(whole.candidates.find((c) => c.key === 'normals')?.probabilityBest).toBeLessThan(0.05);
    expect(cell('normals')).toMatchObject({ best: true });
    expect(cell('normals')?.probabilityBest).toBeGreaterThan(0.5);
    const single1 = bestSourceView(joinedData(), 'depth', { k: 1 });
    expect(single1.sources[0]).toMatchObject({ source: 'normals', order: 1 });
    const upTo2 = bestSourceView(joinedData(), 'depth', { k: 1, maxOrder: 2 });
    expect(upTo2.sources[0]).toMatchObject({ source: 'normals+segmentation', order: 2, rank: 1 });
  });

  it('answers by order what joining brings, and whether it beats its best part', () => {
    const view = ordersContract.parse(ordersView(joinedData()));
    const depth = view.targets.find((t) => t.target === 'depth');
    expect(view.maxOrder).toBe(2);
    expect(depth?.orders.map((o) => [o.order, o.planned, o.done, o.best?.source])).toEqual([
      [1, 5, 5, 'normals'],
      [2, 2, 2, 'normals+segmentation'],
    ]);
    expect(depth?.joinedFrom).toEqual(['edges', 'normals', 'segmentation']);
    expect(depth?.joined[0]).toMatchObject({ source: 'normals+segmentation', bestPart: 'normals', rank: 1 });
    expect(depth?.set.name).toBe('7 single and joined sources');
    expect(depth?.joined[0]?.overBestPart?.low).toBeGreaterThan(0.5);
    const none = depth?.joined[1]?.overBestPart;
    expect(none?.low).toBeLessThan(0.5);
    expect(none?.high).toBeGreaterThan(0.5);
  });

  it('counts what is still to be planned into the work that is left', () => {
    const sweep = { ...smallSweep, state: 'active' as const, finishedAt: null };
    const done = smallData({ sweep });
    expect(progressView(done)).toMatchObject({ later: 0, share: 1 });
    const planned = smallData({ sweep: { ...sweep, spec: { ...sweep.spec, maxOrder: 2 } } });
    // Four targets have five sources (10 pairs), colour being none of the five targets.
    expect(progressView(planned).later).toBe(5 * 10);
    expect(progressView(planned).share).toBeLessThan(1);
    expect(progressView(planned).etaSeconds).toBeGreaterThan(0);
    expect(progressView({ ...planned, runs: joinedData().runs }).later).toBe(4 * 10);
  });
});

describe('transfer size as a dimension', () => {
  const sized = (
    images: number,
    scratch: number,
    normals: number,
  ): { images: number; losses: TargetLosses } => ({
    images,
    losses: {
      target: 'depth',
      candidates: [
        candidate('self', 0.3),
        candidate('mean', 1.6),
        candidate('scratch', scratch, ` ${images}`),
        candidate('normals', normals, ` ${images}`),
        candidate('edges', 2, ` ${images}`),
      ],
    },
  });
  const sizes = analyseSizes([sized(4, 1.5, 0.6), sized(16, 0.9, 0.5), sized(32, 0.3, 0.45)], {
    resamples: 60,
  });
  const data = smallData({
    sweep: { ...smallSweep, spec: { ...smallSweep.spec, transferSizes: [4, '50 %', '100 %'] } },
    runs: smallRuns().flatMap((run): StoredRun[] => {
      const { recipe } = run;
      if (recipe.kind !== 'transfer' && recipe.kind !== 'scratch') return [run];
      return [32, 16, 4].map((n) => ({
        ...run,
        fingerprint: `${n}${run.fingerprint}`.slice(0, 64),
        state: n === 4 ? ('running' as const) : ('done' as const),
        recipe: { ...recipe, images: n },
      }));
    }),
    analyses: smallAnalyses.map((a) => (a.target === 'depth' ? { ...a, sizes } : a)),
  });

  it('serves every size with its own scratch, and says where scratch catches up', () => {
    const view = sizesContract.parse(sizesView(data, 'depth'));
    expect(view.sizes).toEqual([
      { images: 4, share: 0.125, planned: 6, done: 0 },
      { images: 16, share: 0.5, planned: 6, done: 6 },
      { images: 32, share: 1, planned: 6, done: 6 },
    ]);
    expect(view.points.map((p) => p.images)).toEqual([4, 16, 32]);
    const normals = view.crossovers.find((c) => c.key === 'normals');
    expect(normals?.state).toBe('crosses');
    expect(normals?.images).toBeGreaterThan(16);
    expect(view.advice).toMatch(
      /^Scratch catches up with Normals, best at 4 images, at about \d+ images \(95 %/,
    );
    expect(view.crossovers.find((c) => c.key === 'edges')?.state).toBe('never');
  });

  it('finds the sides of ends beyond the sizes again where an analysis did not keep them', () => {
    const old = { ...sizes, crossovers: sizes.crossovers.map(({ beyond: _, ...c }) => c) };
    const analyses = data.analyses.map((a) => (a.target === 'depth' ? { ...a, sizes: old } : a));
    const sides = (from: typeof data) => sizesView(from, 'depth').crossovers.map((c) => c.beyond);
    expect(sides({ ...data, analyses })).toEqual(sides(data));
  });

  it('says that there is no curve where there is none', () => {
    expect(sizesView(smallData(), 'depth')).toMatchObject({ points: [], crossovers: [] });
    expect(sizesView(smallData(), 'depth').advice).toContain('no curve');
  });

  it('keeps smaller sets out of the matrix', () => {
    const cell = matrixView(data).cells.find((c) => c.target === 'depth' && c.source === 'normals');
    expect(cell).toMatchObject({ state: 'done', progress: null });
    expect(cell?.runs).toHaveLength(1);
  });
});
