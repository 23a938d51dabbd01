/** What the cases of docs/methods are run on: one seed's networks on Fashion-MNIST, each trained once. */
import { createHash } from 'node:crypto';
import { methodById, recipeOptions, trainingOf } from '@/lib/science/catalog/methods';
import { defaultTraining, type TrainingRole } from '@/lib/science/catalog/presets';
import type {
  DatasetSpec,
  DomainShift,
  MethodOptions,
  PoolSizes,
  PresetName,
  Recipe,
  RunResult,
  SourceRef,
  TaskId,
} from '@/lib/science/core';
import { openDataset } from '@/lib/science/datasets';
import { IDX_VERSION, idxManifest } from '@/lib/science/datasets/idx';
import { openEngine } from '@/lib/train/engine';
import { executeRecipe } from '@/lib/train/methods';
import { createTestContext } from '@/lib/train/methods/testing/context';

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

export const accuracy = ({ result }: Measured): number => result.metric ?? Number.NaN;
export const pair = async (method: Promise<Measured>, baseline: () => Promise<Measured>) => ({
  method: accuracy(await method),
  baseline: accuracy(await baseline()),
});

/** Data and engine, opened once. */
export async function openGround(directory: string) {
  const spec: DatasetSpec = {
    kind: 'idx',
    version: IDX_VERSION,
    seed: 1,
    size: 32,
    pools: { source: 2000, transfer: 300, selection: 150, test: 500 },
    directory,
    manifest: idxManifest(directory).manifest,
  };
  const dataset = openDataset(spec, { cacheDirectory: '' });
  return { spec, dataset, engine: await openEngine({ backend: 'wasm' }) };
}

/** One seed's runs: each is trained once, whichever cases ask for it. */
export class Bench {
  constructor(
    private readonly ground: Awaited<ReturnType<typeof openGround>>,
    private readonly seed: number,
    private readonly settings: CaseSettings = SETTINGS,
    private readonly files = new Map<string, Uint8Array>(),
    private readonly results = new Map<string, RunResult>(),
  ) {}

  /** The same seed with other networks. */
  at(settings: CaseSettings): Bench {
    return new Bench(this.ground, this.seed, settings, this.files, this.results);
  }

  /** The same seed and networks on the same files dealt otherwise, every pool but `source` with another appearance. */
  inDomains(shift: DomainShift, pools: PoolSizes): Bench {
    const spec = { ...this.ground.spec, pools, shift };
    const ground = { ...this.ground, spec, dataset: openDataset(spec, { cacheDirectory: '' }) };
    return new Bench(ground, this.seed, this.settings, this.files, this.results);
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
    more: { images?: number; members?: readonly { fingerprint: string; key: string }[] } = {},
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
      task: TARGET,
      sources,
      ...(more.members ? { members: more.members } : {}),
      images: more.images ?? this.ground.spec.pools.transfer,
    });
  }
}
