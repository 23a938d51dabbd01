import { describe, expect, it } from 'vitest';
import type { CurvePoint, TransferRecipe } from '@/lib/science/core';
import { declareTasks, ROOMS_VERSION } from '@/lib/science/datasets';
import type { StoredRun, StoredSweep } from '../ports';
import { fingerprintOf } from './fingerprint';
import { joinedRuns, rankSources } from './grow';
import { validateSweep } from './parse';
import { planSweep } from './plan';

const tasks = declareTasks('rooms');
const spec = validateSweep({
  name: 'test',
  dataset: { kind: 'rooms', size: 64, pools: { source: 900, transfer: 300, selection: 150, test: 600 } },
  tasks: [
    'autoencoding',
    'z-depth',
    'surface-normals',
    'reshading',
    'edges-2d',
    'denoising',
    'random-projection',
  ],
  seeds: [4, 5],
  maxOrder: 3,
});
if (spec.dataset.kind !== 'rooms') throw new Error('rooms only');
const plan = planSweep(spec, { tasks, dataset: { ...spec.dataset, version: ROOMS_VERSION } });
const sweep = { id: 's', spec, tasks } as unknown as StoredSweep;

type First = StoredRun & { recipe: TransferRecipe };
const first = plan.runs.flatMap(({ recipe, fingerprint, priority }): First[] =>
  recipe.kind === 'transfer' && recipe.task === 'z-depth' && recipe.sources[0]?.task !== 'z-depth'
    ? [{ fingerprint, recipe, priority, kind: 'transfer', state: 'done' } as First]
    : [],
);
const ofSeed = (seed: number) => first.filter((run) => run.recipe.seed === seed);

const looks = (...losses: (number | null)[]): CurvePoint[] =>
  losses.map((selectionLoss, step) => ({ step, epoch: step, trainLoss: 1, selectionLoss }));

describe('rankSources', () => {
  it('ranks by the selection loss of the weights that were kept: the lowest look', () => {
    const runs = ofSeed(4).slice(0, 3);
    const curves = new Map([
      [runs[0]?.fingerprint ?? '', looks(0.9, 0.5, 0.8)],
      [runs[1]?.fingerprint ?? '', looks(null, 0.6)],
      [runs[2]?.fingerprint ?? '', looks(0.7, 0.4)],
    ]);
    const names = runs.map((run) => run.recipe.sources[0]?.task);
    expect(rankSources(runs, curves)).toEqual([names[2], names[0], names[1]]);
  });

  it('leaves out who was never looked at, and breaks ties by name', () => {
    const curves = new Map(ofSeed(4).map((run) => [run.fingerprint, looks(0.5)]));
    const [gone] = [...curves.keys()];
    curves.set(gone ?? '', looks(null));
    const ranked = rankSources(ofSeed(4), curves);
    expect(ranked).toHaveLength(ofSeed(4).length - 1);
    expect(ranked).toEqual([...ranked].sort());
  });
});

describe('joinedRuns', () => {
  const ranked = [
    'surface-normals',
    'reshading',
    'edges-2d',
    'autoencoding',
    'denoising',
    'random-projection',
  ];

  it('plans the same combinations for every seed, as many as the preview promised', () => {
    const runs = joinedRuns(sweep, first, ranked);
    expect(runs).toHaveLength(2 * (10 + 10));
    expect(plan.growth.runs).toBe(plan.targets.length * runs.length);
    expect(new Set(runs.map((run) => run.fingerprint)).size).toBe(runs.length);
    expect(runs.some((run) => JSON.stringify(run.recipe).includes('random-projection'))).toBe(false);
    const flops = runs.reduce((sum, run) => sum + run.estimatedFlops, 0);
    const depth = plan.growth.flops / plan.targets.length;
    expect(flops / depth).toBeGreaterThan(0.8);
    expect(flops / depth).toBeLessThan(1.2);
  });

  it('joins the networks of the run’s own seed, and waits for them', () => {
    for (const run of joinedRuns(sweep, first, ranked)) {
      if (run.recipe.kind !== 'transfer') throw new Error('transfers only');
      const { seed, sources } = run.recipe;
      const own = new Map(
        ofSeed(seed).map((r) => [r.recipe.sources[0]?.task, r.recipe.sources[0]?.fingerprint]),
      );
      expect(sources.map((s) => own.get(s.task))).toEqual(sources.map((s) => s.fingerprint));
      expect(run.dependsOn).toEqual(sources.map((s) => s.fingerprint));
      expect(run.fingerprint).toBe(fingerprintOf(run.recipe));
      expect(sources.map((s) => s.task)).toEqual(sources.map((s) => s.task).sort());
      expect(run.layer).toBe(100_000 + spec.seeds.indexOf(seed));
    }
  });
});
