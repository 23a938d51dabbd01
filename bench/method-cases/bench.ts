/** What the cases of docs/methods are run on: one seed's networks on Fashion-MNIST or on rooms, each trained once. */
import { createHash } from 'node:crypto';
import { methodById, recipeOptions, trainingOf } from '@/lib/science/catalog/methods';
import { defaultTraining, type TrainingRole } from '@/lib/science/catalog/presets';
import { encoderPlan } from '@/lib/science/catalog/presets-layers';
import {
  createRng,
  type DatasetSpec,
  type DomainShift,
  type MethodOptions,
  type PoolSizes,
  type PresetName,
  type Recipe,
  type RunResult,
  type SourceRef,
  type TaskId,
} from '@/lib/science/core';
import { type Dataset, openDataset, ROOMS_VERSION, renderShard } from '@/lib/science/datasets';
import { IDX_VERSION, idxManifest } from '@/lib/science/datasets/idx';
import { type Engine, openEngine } from '@/lib/train/engine';
import { executeRecipe } from '@/lib/train/methods';
import { readSource } from '@/lib/train/methods/features';
import { heldOutCurve } from '@/lib/train/methods/pretrain/adaptation';
import { createTestContext } from '@/lib/train/methods/testing/context';
import { initialWeights } from '@/lib/train/networks';

export const TARGET = 'classification';

/** What all networks of a case have in common. */
export interface CaseSettings {
  preset: PresetName;
  epochs: Readonly<Record<TrainingRole, number>>;
}

const SETTINGS: CaseSettings = { preset: 'tiny', epochs: { source: 6, transfer: 30, scratch: 30 } };

/** The method and what it is held against, for one seed; test accuracy in percent. */
export type Case = (bench: Bench) => Promise<{ method: number; baseline: number }>;
export interface Measured {
  fingerprint: string;
  result: RunResult;
}

/** Loss on the selection pool that the kept weights have. */
export const selection = ({ result }: Measured): number =>
  Math.min(...result.curve.map((point) => point.selectionLoss ?? Number.POSITIVE_INFINITY));

const accuracy = ({ result }: Measured): number => result.metric ?? Number.NaN;
export const pair = async (method: Promise<Measured>, baseline: () => Promise<Measured>) => ({
  method: accuracy(await method),
  baseline: accuracy(await baseline()),
});

/** Data and engine, opened once. */
export interface Ground {
  spec: DatasetSpec;
  dataset: Dataset;
  engine: Engine;
}

export async function openGround(directory: string): Promise<Ground> {
  const spec: DatasetSpec = {
    kind: 'idx',
    version: IDX_VERSION,
    seed: 1,
    size: 32,
    pools: { source: 2000, transfer: 300, selection: 150, test: 500 },
    directory,
    manifest: idxManifest(directory).manifest,
  };
  const dataset = await openDataset(spec, { cacheDirectory: '' });
  return { spec, dataset, engine: await openEngine({ backend: 'wasm' }) };
}

/** Rooms of 32×32: a dictionary of many tasks. Rendered once into `cacheDirectory`. */
export async function openRoomsGround(cacheDirectory: string): Promise<Ground> {
  const spec: DatasetSpec = {
    kind: 'rooms',
    version: ROOMS_VERSION,
    seed: 1,
    size: 32,
    pools: { source: 1500, transfer: 200, selection: 150, test: 400 },
  };
  await renderShard(spec, 0, 1, cacheDirectory);
  return {
    spec,
    dataset: await openDataset(spec, { cacheDirectory }),
    engine: await openEngine({ backend: 'wasm' }),
  };
}

/** One seed's runs: each is trained once, whichever cases ask for it. */
export class Bench {
  constructor(
    readonly ground: Ground,
    readonly seed: number,
    private readonly settings: CaseSettings = SETTINGS,
    private readonly files = new Map<string, Uint8Array>(),
    private readonly results = new Map<string, RunResult>(),
  ) {}

  /** The same seed with other networks. */
  at(settings: CaseSettings): Bench {
    return new Bench(this.ground, this.seed, settings, this.files, this.results);
  }

  /** The same seed and networks on the same files dealt otherwise, every pool but `source` with another appearance. */
  async inDomains(shift: DomainShift, pools: PoolSizes): Promise<Bench> {
    const spec = { ...this.ground.spec, pools, shift };
    const ground = { ...this.ground, spec, dataset: await openDataset(spec, { cacheDirectory: '' }) };
    return new Bench(ground, this.seed, this.settings, this.files, this.results);
  }

  /** The same seed on other data. */
  on(ground: Ground, settings: CaseSettings): Bench {
    return new Bench(ground, this.seed, settings);
  }

  private async run(recipe: Recipe): Promise<Measured> {
    const { engine, dataset } = this.ground;
    const fingerprint = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 16);
    const known = this.results.get(fingerprint);
    const context = createTestContext(engine, dataset, fingerprint, { files: this.files });
    const result = known ?? (await executeRecipe(recipe, { ...context, inputKinds: ['rgb'] }));
    this.results.set(fingerprint, result);
    return { fingerprint, result };
  }

  private common(role: TrainingRole, preset: PresetName = this.settings.preset) {
    const training = { ...defaultTraining(preset, role), epochs: this.settings.epochs[role] };
    return { dataset: this.ground.spec, version: 1, preset, seed: this.seed, training };
  }

  async source(task: TaskId): Promise<SourceRef> {
    const { fingerprint } = await this.run({ ...this.common('source'), kind: 'source', task });
    return { task, fingerprint };
  }

  /** An encoder taught by a method of the kind `pretrain`. */
  async pretrain(
    method: string,
    options: MethodOptions = {},
    tasks: readonly TaskId[] = [],
  ): Promise<SourceRef> {
    const common = this.common('source');
    const { fingerprint } = await this.run({
      ...common,
      kind: 'pretrain',
      method,
      ...recipeOptions(method, options),
      tasks,
      sources: [],
      training: trainingOf(common.training, options),
    });
    return { task: method, fingerprint };
  }

  /** The constant predictor of a task. */
  async mean(task: TaskId): Promise<Measured> {
    return await this.run({ dataset: this.ground.spec, version: 1, kind: 'mean', task });
  }

  /** K-shot adaptation from a finished encoder, or from a random one: test losses after 0, 1, … steps. */
  async adaptation(
    source: SourceRef | null,
    task: TaskId,
    options: { shots: number; draw: number; steps: number },
  ): Promise<number[]> {
    const { engine, dataset } = this.ground;
    const { preset } = this.settings;
    const { seed, files } = this;
    const context = createTestContext(engine, dataset, 'adaptation', { files });
    const plan = encoderPlan(preset, dataset.size);
    const stored = source
      ? await readSource(context, source.fingerprint)
      : { weights: initialWeights(plan, createRng(seed, 'adaptation')) };
    return await heldOutCurve(context, preset, stored, task, {
      ...options,
      seed,
    });
  }

  async scratch(
    preset: PresetName = this.settings.preset,
    images = this.ground.spec.pools.transfer,
  ): Promise<Measured> {
    return await this.run({ ...this.common('scratch', preset), kind: 'scratch', task: TARGET, images });
  }

  /** @param from tasks whose own networks are the sources, or encoders that are there already */
  async transfer(
    method: string,
    from: readonly (TaskId | SourceRef)[],
    options: MethodOptions = {},
    more: { task?: TaskId; images?: number; members?: readonly { fingerprint: string; key: string }[] } = {},
  ): Promise<Measured> {
    const sources: SourceRef[] = [];
    for (const source of from) sources.push(typeof source === 'string' ? await this.source(source) : source);
    const { training } = methodById(method);
    const common = this.common(training ?? 'transfer');
    return await this.run({
      ...common,
      training: trainingOf(common.training, options),
      kind: 'transfer',
      method,
      ...recipeOptions(method, options),
      task: more.task ?? TARGET,
      sources,
      ...(more.members ? { members: more.members } : {}),
      images: more.images ?? this.ground.spec.pools.transfer,
    });
  }
}
