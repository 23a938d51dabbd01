import { describe, expect, it } from 'vitest';
import type { Recipe } from '@/lib/science/core';
import { gatherLosses, type MeasuredRun } from './analyse';

const dataset = {
  kind: 'rooms',
  version: 1,
  seed: 1,
  size: 16,
  pools: { source: 1, transfer: 1, selection: 1, test: 2 },
} as const;
const training = { epochs: 1, batchSize: 1, learningRate: 1, weightDecay: 0 };
const on = { dataset, version: 1 };
const preset = 'micro' as const;

const recipe = {
  source: (task: string, seed = 1): Recipe => ({ ...on, kind: 'source', task, preset, training, seed }),
  scratch: (task: string, seed = 1): Recipe => ({
    ...on,
    kind: 'scratch',
    task,
    preset,
    training,
    seed,
    images: 1,
  }),
  mean: (task: string): Recipe => ({ ...on, kind: 'mean', task }),
  transfer: (task: string, sources: string[], seed = 1): Recipe => ({
    ...on,
    kind: 'transfer',
    method: 'readout',
    task,
    preset,
    training,
    seed,
    images: 1,
    sources: sources.map((s) => ({ task: s, fingerprint: s })),
  }),
};

const measured = (...recipes: Recipe[]): MeasuredRun[] =>
  recipes.map((r, i) => ({ run: { fingerprint: `${i}`, recipe: r }, losses: Float32Array.from([i, i]) }));

describe('gatherLosses', () => {
  it('knows gold, scratch, mean, re-transfer and transfers apart', () => {
    const runs = measured(
      recipe.transfer('t', ['b', 'a']),
      recipe.transfer('t', ['a']),
      recipe.transfer('t', ['t']),
      recipe.scratch('t'),
      recipe.mean('t'),
      recipe.source('t'),
      recipe.source('a'),
    );
    const { candidates, target } = gatherLosses('t', runs, undefined);
    expect(target).toBe('t');
    expect(candidates.map((c) => [c.key, c.kind, c.sources])).toEqual([
      ['a', 'transfer', ['a']],
      ['b+a', 'transfer', ['b', 'a']],
      ['mean', 'mean', []],
      ['scratch', 'scratch', []],
      ['self', 'self', ['t']],
      ['t', 'retransfer', ['t']],
    ]);
  });

  it('has no gold where the source pool is another domain', () => {
    const [gold] = measured(recipe.source('t')) as [MeasuredRun];
    const elsewhere = { ...dataset, shift: { kind: 'dim', strength: 1 } } as const;
    const shifted = { ...gold, run: { ...gold.run, recipe: { ...recipe.source('t'), dataset: elsewhere } } };
    expect(gatherLosses('t', [gold], undefined).candidates.map(({ kind }) => kind)).toEqual(['self']);
    expect(gatherLosses('t', [shifted as MeasuredRun], undefined).candidates).toEqual([]);
  });

  it('gathers the seeds of a candidate, whatever was finished first', () => {
    const runs = measured(
      recipe.transfer('t', ['a'], 3),
      recipe.transfer('t', ['a'], 1),
      recipe.scratch('t', 2),
    );
    const forwards = gatherLosses('t', runs, [0, 0]);
    expect(gatherLosses('t', [...runs].reverse(), [0, 0])).toEqual(forwards);
    expect(forwards.candidates[0]?.runs.map((run) => [run.sourceSeed, run.headSeed, run.losses[0]])).toEqual([
      [1, 1, 1],
      [3, 3, 0],
    ]);
  });

  it('knows from its curve whether a training had converged', () => {
    const losses = (...of: number[]) =>
      of.map((selectionLoss, step) => ({ step, epoch: step, trainLoss: 1, selectionLoss }));
    const [transfer, scratch] = measured(recipe.transfer('t', ['a']), recipe.scratch('t')) as [
      MeasuredRun,
      MeasuredRun,
    ];
    const { candidates } = gatherLosses(
      't',
      [
        { ...transfer, curve: losses(2, 1) },
        { ...scratch, curve: losses(1, 2) },
      ],
      undefined,
    );
    expect(candidates.map((c) => c.runs.map((run) => run.stillImproving))).toEqual([[true], [false]]);
  });
});
