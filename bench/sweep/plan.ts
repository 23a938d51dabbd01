/** A first-order sweep that finishes in minutes: ten tasks of the rooms, each a source and a target. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultTraining, type TrainingRole } from '@/lib/science/catalog/presets';
import type { DatasetSpec, SourceRecipe, TrainingOptions, TransferRecipe } from '@/lib/science/core';
import { ROOMS_VERSION } from '@/lib/science/datasets';

/** Tasks on the plain picture whose labels are numbers for each pixel: what a short script can do as well. */
export const TASKS = [
  'autoencoding',
  'edges-2d',
  'keypoints-2d',
  'edges-occlusion',
  'z-depth',
  'distance',
  'surface-normals',
  'reshading',
  'curvature',
  'keypoints-3d',
] as const;

export const SPEC = {
  kind: 'rooms',
  version: ROOMS_VERSION,
  seed: 4,
  size: 64,
  pools: { source: 640, transfer: 160, selection: 64, test: 128 },
} as const satisfies DatasetSpec;

export const cacheDirectory = join(tmpdir(), 'taskatlas-bench');

const EPOCHS: Record<TrainingRole, number> = { source: 5, transfer: 20, scratch: 20 };

/** The preset's own training, for fewer epochs. */
export const training = (role: TrainingRole): TrainingOptions => ({
  ...defaultTraining('tiny', role),
  epochs: EPOCHS[role],
});

const base = { dataset: SPEC, version: 1, preset: 'tiny' } as const;

export const sourceFingerprint = (task: string, seed: number): string => `source-${task}-${seed}`;

export const sourceRecipe = (task: string, seed: number): SourceRecipe => ({
  ...base,
  kind: 'source',
  task,
  seed,
  training: training('source'),
});

export const transferRecipe = (source: string, task: string, seed: number): TransferRecipe => ({
  ...base,
  kind: 'transfer',
  method: 'readout',
  task,
  seed,
  images: SPEC.pools.transfer,
  training: training('transfer'),
  sources: [{ task: source, fingerprint: sourceFingerprint(source, seed) }],
});

/** What a sweep's process is asked, one JSON object each. */
export type SweepQuestion =
  | { do: 'open' }
  | { do: 'prepare'; tasks: readonly string[] }
  | { do: 'source'; task: string }
  | { do: 'transfer'; source: string; task: string };

/** Mean test loss of one run, and what it took. */
export interface SweepRun {
  readonly loss: number;
  readonly wall: number;
  readonly cpu: number;
}
export type SweepAnswer = { opened: string } | { run: SweepRun } | { failed: string };
