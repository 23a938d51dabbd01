import type { Recipe, RunResult, TargetAnalysis } from '@/lib/science/core';
import { fingerprintOf } from '@/lib/service/sweeps/fingerprint';
import { validateSweep } from '@/lib/service/sweeps/parse';
import type { PolicyRecord } from '../../contracts';
import type { PlannedRun, StoredSweep } from '../index';

/** Small, complete values for contract suites. */
const dataset = {
  kind: 'rooms',
  version: 1,
  seed: 1,
  size: 16,
  pools: { source: 8, transfer: 8, selection: 4, test: 4 },
} as const;
const training = { epochs: 1, batchSize: 8, learningRate: 0.01, weightDecay: 0 };

/** Versions that the runs of this file need. */
export const sampleOffers: readonly string[] = ['dataset rooms 1', 'method readout 1', 'method source 1'];

/** The n-th source run: no parents. */
export function plannedSource(n: number, priority = n): PlannedRun {
  const recipe: Recipe = {
    kind: 'source',
    dataset,
    version: 1,
    task: `task-${n}`,
    preset: 'micro',
    training,
    seed: n,
  };
  return {
    fingerprint: fingerprintOf(recipe),
    recipe,
    dependsOn: [],
    priority,
    estimatedFlops: 1e6,
    layer: 0,
  };
}

/** One of the shards of a data set: what others wait for together. */
export function plannedShard(seed: number, shard: number, shards: number): PlannedRun {
  const recipe: Recipe = { kind: 'dataset', dataset: { ...dataset, seed }, version: 1, shard, shards };
  return { fingerprint: fingerprintOf(recipe), recipe, dependsOn: [], priority: shard, estimatedFlops: 1 };
}

/** A transfer from these sources. */
export function plannedTransfer(target: string, sources: readonly PlannedRun[], priority = 100): PlannedRun {
  const recipe: Recipe = {
    kind: 'transfer',
    dataset,
    version: 1,
    method: 'readout',
    task: target,
    sources: sources.map((s) => ({
      task: 'task' in s.recipe ? s.recipe.task : '',
      fingerprint: s.fingerprint,
    })),
    preset: 'micro',
    training,
    images: 8,
    seed: 1,
  };
  return {
    fingerprint: fingerprintOf(recipe),
    recipe,
    dependsOn: sources.map((s) => s.fingerprint),
    priority,
    estimatedFlops: 1e5,
    target,
    layer: 0,
  };
}

export const newSweep = (id: string): Omit<StoredSweep, 'number' | 'state' | 'createdAt' | 'finishedAt'> => ({
  id,
  name: `sweep ${id}`,
  spec: validateSweep({
    name: `sweep ${id}`,
    dataset: { kind: 'rooms', size: 16, pools: dataset.pools },
    preset: 'micro',
    tasks: ['autoencoding', 'z-depth'],
  }),
  tasks: [],
  origin: 'measured',
  source: null,
});

/** A result whose numbers are hard to keep: NaN, the smallest and the largest floats. */
export const sampleResult = (n = 0): RunResult => ({
  testLosses: Float32Array.from([0.1 + n, Number.NaN, 1e-45, 3.4e38]),
  testMetrics: Float32Array.from([100, Number.NaN, 0, 33.3]),
  metric: 12.5,
  curve: [
    { step: 1, epoch: 0.5, trainLoss: 1 / 3, selectionLoss: null },
    { step: 2, epoch: 1, trainLoss: 0.25, selectionLoss: 0.1 + 0.2 },
  ],
  samples: [
    { index: 0, role: 'input', png: Uint8Array.from([137, 80, 78, 71, 0, 255]) },
    { index: 0, role: 'prediction', png: Uint8Array.from([1, 2, 3]) },
  ],
  tables: [
    { name: 'affinity', meaning: 'of a', rows: ['a'], columns: ['a', 'b'], values: [[1 / 3, Number.NaN]] },
  ],
  artifacts: ['abc/weights'],
  cost: { steps: 20, images: 640, seconds: 1.25, flops: 1.5e15 },
});

export const sampleAnalysis = (target: string, preliminary = false): TargetAnalysis => ({
  target,
  testImages: 4,
  candidates: [
    {
      key: 'task-1',
      kind: 'transfer',
      sources: ['task-1'],
      seeds: 1,
      meanLoss: 0.5,
      affinity: { value: 0.6, low: 0.5, high: 0.7 },
      gain: { value: 0.75, low: null, high: null },
      quality: null,
      logLossRatio: { value: -0.1, low: -0.2, high: 0.1 },
      bradleyTerry: 0.4,
      skill: Number.NaN,
      probabilityBest: 0.9,
      inTieSet: true,
    },
  ],
  tournamentKeys: ['task-1'],
  winRates: [[0.5]],
  tieRate: 0,
  lambdaMax: 1,
  consistencyIndex: Number.POSITIVE_INFINITY,
  validity: {
    kept: true,
    reasons: [],
    goldSkill: { value: 0.3, low: 0.2, high: 0.4 },
    scratchSkill: null,
    signalToNoise: null,
  },
  preliminary,
});

export const samplePolicy: PolicyRecord = {
  budget: 2,
  maxOrder: 1,
  objectiveName: 'quality',
  objective: 1.1,
  bound: 1.1,
  optimal: true,
  selfShare: 0.5,
  sources: ['task-1'],
  edges: [
    {
      target: 'z-depth',
      sources: ['task-1'],
      kind: 'transfer',
      value: 0.4,
      gain: 0.7,
      quality: 0.4,
      survival: null,
    },
  ],
  greedy: 1,
  random: { median: 0.8, low: 0.6, high: 1 },
};
