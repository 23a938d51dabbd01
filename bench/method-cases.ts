/**
 * The case of each transfer method, as it is written down in docs/methods/<name>.md before it is run.
 *   node --import tsx bench/method-cases.ts [--only partial,distill] [--seeds 1,2,3,4,5] [--directory DIR]
 * On Fashion-MNIST (Debian package dataset-fashion-mnist). Every attempt is appended to docs/methods/attempts.jsonl.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { methodById, recipeOptions } from '@/lib/science/catalog/methods';
import { defaultTraining, type TrainingRole } from '@/lib/science/catalog/presets';
import {
  createRng,
  type DatasetSpec,
  type MethodOptions,
  type PresetName,
  type Recipe,
  type RunResult,
} from '@/lib/science/core';
import { openDataset } from '@/lib/science/datasets';
import { IDX_VERSION, idxManifest } from '@/lib/science/datasets/idx';
import { openEngine } from '@/lib/train/engine';
import { executeRecipe } from '@/lib/train/methods';
import { createTestContext } from '@/lib/train/methods/testing/context';

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    seeds: { type: 'string', default: '1,2,3,4,5' },
    directory: { type: 'string', default: '/usr/share/datasets/fashion-mnist' },
  },
});

const TARGET = 'classification';
const PRESET: PresetName = 'tiny';
const POOLS = { source: 2000, transfer: 300, selection: 150, test: 500 };
const EPOCHS: Record<TrainingRole, number> = { source: 6, transfer: 30, scratch: 30 };
const { directory } = flags;
const spec: DatasetSpec = {
  kind: 'idx',
  version: IDX_VERSION,
  seed: 1,
  size: 32,
  pools: POOLS,
  directory,
  manifest: idxManifest(directory).manifest,
};
const dataset = openDataset(spec, { cacheDirectory: '' });
const engine = await openEngine({ backend: 'wasm' });

/** One seed's runs: each is trained once, whichever cases ask for it. */
class Bench {
  private readonly files = new Map<string, Uint8Array>();
  private readonly results = new Map<string, RunResult>();

  constructor(private readonly seed: number) {}

  private async run(recipe: Recipe): Promise<{ fingerprint: string; result: RunResult }> {
    const fingerprint = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 16);
    const known = this.results.get(fingerprint);
    const context = createTestContext(engine, dataset, fingerprint, { files: this.files });
    const result = known ?? (await executeRecipe(recipe, { ...context, inputKinds: ['rgb'] }));
    this.results.set(fingerprint, result);
    return { fingerprint, result };
  }

  private common(role: TrainingRole, preset: PresetName = PRESET) {
    const training = { ...defaultTraining(preset, role), epochs: EPOCHS[role] };
    return { dataset: spec, version: 1, preset, seed: this.seed, training };
  }

  async source(task: string) {
    const { fingerprint } = await this.run({ ...this.common('source'), kind: 'source', task });
    return { task, fingerprint };
  }

  async scratch(preset: PresetName = PRESET, images = POOLS.transfer) {
    return await this.run({ ...this.common('scratch', preset), kind: 'scratch', task: TARGET, images });
  }

  async transfer(
    method: string,
    from: readonly string[],
    options: MethodOptions = {},
    more: { images?: number; members?: readonly { fingerprint: string; key: string }[] } = {},
  ) {
    const sources = [];
    for (const task of from) sources.push(await this.source(task));
    const { training } = methodById(method);
    return await this.run({
      ...this.common(training === 'scratch' ? 'scratch' : 'transfer'),
      kind: 'transfer',
      method,
      ...recipeOptions(method, options),
      task: TARGET,
      sources,
      ...(more.members ? { members: more.members } : {}),
      images: more.images ?? POOLS.transfer,
    });
  }
}

type Measured = { result: RunResult };
const accuracy = ({ result }: Measured): number => result.metric ?? Number.NaN;
const selection = ({ result }: Measured): number =>
  Math.min(...result.curve.map((point) => point.selectionLoss ?? Number.POSITIVE_INFINITY));

/** The method and what it is held against, for one seed; test accuracy in percent. */
type Case = (bench: Bench) => Promise<{ method: number; baseline: number }>;
const pair = async (method: Promise<Measured>, baseline: () => Promise<Measured>) => ({
  method: accuracy(await method),
  baseline: accuracy(await baseline()),
});

const SOURCES = ['rotation', 'autoencoding', 'denoising'];
const CASES: Readonly<Record<string, Case>> = {
  features: (b) =>
    pair(b.transfer('features', ['autoencoding'], { layer: 'conv2' }, { images: 60 }), () =>
      b.transfer('features', ['autoencoding'], {}, { images: 60 }),
    ),
  'fine-tune': (b) => pair(b.transfer('fine-tune', ['rotation']), () => b.scratch()),
  partial: (b) =>
    pair(b.transfer('partial', [TARGET], {}, { images: 60 }), () =>
      b.transfer('fine-tune', [TARGET], {}, { images: 60 }),
    ),
  distill: (b) => pair(b.transfer('distill', [TARGET], { student: 'micro' }), () => b.scratch('micro')),
  'born-again': (b) => pair(b.transfer('born-again', []), () => b.scratch()),
  'self-training': (b) =>
    pair(b.transfer('self-training', ['autoencoding'], {}, { images: 15 }), () =>
      b.transfer('readout', ['autoencoding'], {}, { images: 15 }),
    ),
  ensemble: async (b) => {
    const runs = [];
    for (const source of SOURCES) runs.push(await b.transfer('readout', [source]));
    const members = runs.map(({ fingerprint }, i) => ({ fingerprint, key: SOURCES[i] ?? '' }));
    const best = runs.reduce((x, y) => (selection(y) < selection(x) ? y : x));
    return await pair(b.transfer('ensemble', SOURCES, {}, { members }), async () => best);
  },
};

/** Percentile bootstrap of the mean of paired differences over the seeds. */
function interval(differences: readonly number[]): { mean: number; low: number; high: number } {
  const mean = (list: readonly number[]) => list.reduce((sum, x) => sum + x, 0) / list.length;
  const rng = createRng('method-cases');
  const draws = Array.from({ length: 4000 }, () =>
    mean(differences.map(() => differences[rng.int(differences.length)] as number)),
  ).sort((a, b) => a - b);
  return { mean: mean(differences), low: draws[100] ?? 0, high: draws[3899] ?? 0 };
}

const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
const seeds = flags.seeds.split(',').map(Number);
const wanted = flags.only?.split(',') ?? Object.keys(CASES);
const found = new Map<string, { seed: number; method: number; baseline: number }[]>();
for (const seed of seeds) {
  const bench = new Bench(seed);
  for (const name of wanted) {
    const run = CASES[name];
    if (!run) throw new Error(`There is no case "${name}"; there are ${Object.keys(CASES).join(', ')}.`);
    const measured = { seed, ...(await run(bench)) };
    found.set(name, [...(found.get(name) ?? []), measured]);
    console.log(
      `seed ${seed} ${name}: ${measured.method.toFixed(1)} % against ${measured.baseline.toFixed(1)} %`,
    );
  }
}
for (const [name, runs] of found) {
  const { mean, low, high } = interval(runs.map((run) => run.method - run.baseline));
  const difference = `${mean.toFixed(2)} points (95 % interval ${low.toFixed(2)} to ${high.toFixed(2)})`;
  console.log(`${name}: ${difference}, ${runs.length} seeds`);
  const line = { case: name, commit, runs, difference: { mean, low, high } };
  appendFileSync('docs/methods/attempts.jsonl', `${JSON.stringify(line)}\n`);
}
