import { analyseTarget, type CandidateLosses } from '@/lib/science/affinity';
import {
  createRng,
  hash32,
  type Recipe,
  type RunState,
  type TargetAnalysis,
  type TaskDeclaration,
  type TaskId,
} from '@/lib/science/core';
import { sweepSpec } from '../../contracts';
import type { StoredRun, StoredSweep } from '../../ports';
import type { SweepData } from '../model';

/** A small sweep whose truth is known: mean losses below, log-normal images around them, analysed for real. */

const TASKS: readonly [
  id: TaskId,
  name: string,
  family: TaskDeclaration['family'],
  roles: TaskDeclaration['roles'],
][] = [
  ['edges', '2D edges', 'texture', ['source', 'target']],
  ['depth', 'Z-depth', 'geometry', ['source', 'target']],
  ['normals', 'Normals', 'geometry', ['source', 'target']],
  ['segmentation', 'Segmentation', 'semantics', ['source', 'target']],
  ['layout', 'Layout', 'layout', ['source', 'target']],
  ['colour', 'Colour', 'texture', ['source']],
];

export const smallTasks: readonly TaskDeclaration[] = TASKS.map(([id, name, family, roles]) => ({
  id,
  name,
  summary: `Predict ${name}.`,
  roles,
  family,
  input: 'rgb',
  head: { kind: 'pixels', channels: 1 },
  loss: 'l1',
  metric: { name: 'error', unit: '', higherIsBetter: false },
  labelCost: 1,
  version: 1,
}));

type Row = Readonly<Record<string, number>>;

/** Mean loss of every source on every target. Normals and segmentation cannot be told apart on depth. */
const LOSSES: Readonly<Record<TaskId, Row>> = {
  edges: {
    self: 0.3,
    scratch: 1,
    mean: 1.6,
    depth: 1.35,
    normals: 1.3,
    segmentation: 1.4,
    layout: 1.5,
    colour: 1.12,
  },
  depth: {
    self: 0.3,
    scratch: 1,
    mean: 1.6,
    edges: 1.3,
    normals: 0.5,
    segmentation: 0.5,
    layout: 0.8,
    colour: 1.3,
  },
  normals: {
    self: 0.3,
    scratch: 1,
    mean: 1.6,
    edges: 1.3,
    depth: 0.45,
    segmentation: 1.05,
    layout: 0.9,
    colour: 1.3,
  },
  segmentation: {
    self: 0.3,
    scratch: 1,
    mean: 1.6,
    edges: 1.2,
    depth: 1.1,
    normals: 0.45,
    layout: 1.2,
    colour: 1.3,
  },
  // The own network learns nothing: the target has to be excluded.
  layout: {
    self: 1.62,
    scratch: 1.2,
    mean: 1.6,
    edges: 1.5,
    depth: 1.1,
    normals: 1.1,
    segmentation: 1.1,
    colour: 1.5,
  },
};

export const IMAGES = 240;
const SPREAD = 0.35;

export function imageLosses(target: TaskId, candidate: string, seed: number): Float32Array {
  const mean = LOSSES[target]?.[candidate] ?? 1;
  const rng = createRng('small sweep', target, candidate, seed);
  return Float32Array.from({ length: IMAGES }, () => mean * Math.exp(SPREAD * rng.normal()));
}

/** The real analysis of one target, with all or some of its sources. */
export function smallAnalysis(
  target: TaskId,
  options: {
    seeds?: readonly number[];
    without?: readonly TaskId[];
    preliminary?: boolean;
    resamples?: number;
  } = {},
): TargetAnalysis {
  const seeds = options.seeds ?? [1];
  const candidates = Object.keys(LOSSES[target] ?? {})
    .filter((key) => !options.without?.includes(key))
    .map((key): CandidateLosses => {
      const kind = key === 'self' || key === 'scratch' || key === 'mean' ? key : 'transfer';
      const runs = (kind === 'mean' ? [0] : seeds).map((seed) => ({
        sourceSeed: seed,
        headSeed: seed,
        losses: imageLosses(target, key, seed),
      }));
      return { key, kind, sources: kind === 'transfer' ? [key] : kind === 'self' ? [target] : [], runs };
    });
  return analyseTarget(
    { target, candidates },
    { resamples: options.resamples ?? 100, preliminary: options.preliminary ?? false },
  );
}

export const smallSpec = sweepSpec.parse({
  name: 'small',
  dataset: { kind: 'rooms', size: 32, pools: { source: 64, transfer: 32, selection: 16, test: IMAGES } },
  preset: 'micro',
  tasks: TASKS.map(([id]) => id),
});

export const STARTED = Date.UTC(2026, 10, 23, 12);

export const smallSweep: StoredSweep = {
  id: 'sweep-1',
  number: 1,
  name: 'small',
  state: 'done',
  spec: smallSpec,
  tasks: smallTasks,
  origin: 'measured',
  source: null,
  createdAt: STARTED,
  finishedAt: STARTED + 60_000,
};

/** A fingerprint for a label; 64 hexadecimal digits like a real one. */
export const fingerprintOf = (label: string): string =>
  Array.from({ length: 8 }, (_, i) => hash32(label, i).toString(16).padStart(8, '0')).join('');

if (smallSpec.dataset.kind !== 'rooms') throw new Error('the small sweep is of rooms');
const dataset = { ...smallSpec.dataset, version: 1 };
const training = { epochs: 1, batchSize: 8, learningRate: 1e-3, weightDecay: 0 };

function storedRun(recipe: Recipe, label: string, state: RunState = 'done'): StoredRun {
  const done = state === 'done';
  return {
    fingerprint: fingerprintOf(label),
    kind: recipe.kind,
    recipe,
    state,
    attempt: 1,
    failure: state === 'failed' ? { class: 'diverged', message: 'the loss became NaN at step 3' } : null,
    claimedBy: state === 'running' ? 'worker-1' : null,
    claimExpiresAt: state === 'running' ? STARTED + 90_000 : null,
    progress: state === 'running' ? { step: 25, totalSteps: 100, imagesPerSecond: 120 } : null,
    backend: done ? 'wasm' : null,
    seconds: done ? 1.5 : null,
    priority: 0,
    notBefore: 0,
    estimatedFlops: 1e9,
    finishedAt: done ? STARTED + 30_000 : null,
  };
}

const common = { dataset, version: 1, preset: 'micro' as const, training, images: 32 };
const sourceIds = TASKS.filter(([, , , roles]) => roles.includes('source')).map(([id]) => id);
const targetIds = TASKS.filter(([, , , roles]) => roles.includes('target')).map(([id]) => id);

/** Every run of the sweep for one seed, all done unless `state` says otherwise. Labels: `transfer a b 1`. */
export function smallRuns(seed = 1, state: (label: string) => RunState = () => 'done'): StoredRun[] {
  const make = (recipe: Recipe, label: string) => storedRun(recipe, label, state(label));
  const sources = sourceIds.map((task) =>
    make({ ...common, kind: 'source', task, seed }, `source ${task} ${seed}`),
  );
  const references = targetIds.flatMap((task) => [
    make({ kind: 'mean', dataset, version: 1, task }, `mean ${task}`),
    make({ ...common, kind: 'scratch', task, seed }, `scratch ${task} ${seed}`),
  ]);
  const encoder = (task: TaskId) => ({ task, fingerprint: fingerprintOf(`source ${task} ${seed}`) });
  const probes = sourceIds.map((task) =>
    make(
      { kind: 'probe', dataset, version: 1, targets: targetIds, source: encoder(task), images: 32 },
      `probe ${task} ${seed}`,
    ),
  );
  const transfers = targetIds.flatMap((task) =>
    sourceIds
      .filter((source) => source !== task)
      .map((source) =>
        make(
          { ...common, kind: 'transfer', method: 'readout', task, sources: [encoder(source)], seed },
          `transfer ${source} ${task} ${seed}`,
        ),
      ),
  );
  return [...sources, ...references, ...probes, ...transfers];
}

/** Analyses of all targets, computed once: several tests read them. */
export const smallAnalyses: readonly TargetAnalysis[] = targetIds.map((target) => smallAnalysis(target));

export function smallData(change: Partial<SweepData> = {}): SweepData {
  return {
    sweep: smallSweep,
    runs: smallRuns(),
    analyses: smallAnalyses,
    policies: [],
    summaries: new Map(),
    workers: [],
    phases: {},
    now: STARTED + 60_000,
    ...change,
  };
}
