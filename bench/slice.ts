/**
 * The method end to end in one process, on rooms: mean, gold, scratch, probe and every transfer of a few tasks.
 *   npm run bench -- slice [--tasks a,b,c] [--source N] [--epochs S,T,C] [--seed N] [--preset tiny]
 *                          [--rates S,T,C] [--batches S,T,C] [--test] [--cache DIR] [--curves FILE]
 * Figures are skills, 1 − L / L_mean, on the selection pool: choices of preset and epochs are made with this
 * script, and must not see the test pool. `--test` shows the test pool instead, for a last look. Source networks
 * are kept in the cache by recipe: delete its folder `runs` after a change to their code.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stillImproving } from '@/lib/science/affinity';
import { defaultTraining, type TrainingRole } from '@/lib/science/catalog/presets';
import type {
  CurvePoint,
  DatasetSpec,
  PresetName,
  Recipe,
  RunResult,
  TrainingOptions,
} from '@/lib/science/core';
import { type Dataset, openDataset, ROOMS_VERSION, renderShard } from '@/lib/science/datasets';
import { openEngine } from '@/lib/train/engine';
import { executeRecipe } from '@/lib/train/methods';
import { meanLoss } from '@/lib/train/methods/losses';
import { createTestContext } from '@/lib/train/methods/testing/context';
import { readOptions, wholeNumber } from './command/options';

const { values: flags } = readOptions({
  tasks: { type: 'string', default: 'autoencoding,z-depth,surface-normals' },
  source: { type: 'string', default: '3600' },
  transfer: { type: 'string', default: '300' },
  epochs: { type: 'string' },
  rates: { type: 'string' },
  batches: { type: 'string' },
  seed: { type: 'string', default: '1' },
  preset: { type: 'string', default: 'tiny' },
  only: { type: 'string', default: 'source,scratch,transfer,probe' },
  test: { type: 'boolean', default: false },
  cache: { type: 'string', default: path.join(tmpdir(), 'taskatlas-bench') },
  curves: { type: 'string' },
});

const tasks = flags.tasks.split(',');
const preset = flags.preset as PresetName;
const seed = wholeNumber(flags.seed, '--seed');
const pools = {
  source: wholeNumber(flags.source, '--source'),
  transfer: wholeNumber(flags.transfer, '--transfer'),
  selection: 150,
  test: 600,
};
const spec: DatasetSpec = { kind: 'rooms', version: ROOMS_VERSION, seed: 1, size: 64, pools };

/** Shows the selection pool wherever the test pool is asked for. */
const blind = (dataset: Dataset): Dataset => ({
  ...dataset,
  id: dataset.id,
  count: (pool) => dataset.count(pool === 'test' ? 'selection' : pool),
  scenes: (pool) => dataset.scenes(pool === 'test' ? 'selection' : pool),
  inputs: (pool, kind, indices) => dataset.inputs(pool === 'test' ? 'selection' : pool, kind, indices),
  labels: (pool, task, indices) => dataset.labels(pool === 'test' ? 'selection' : pool, task, indices),
});

const rendering = performance.now();
await renderShard(spec, 0, 1, flags.cache);
console.log(`data set ready after ${((performance.now() - rendering) / 1000).toFixed(1)} s`);
const engine = await openEngine({ backend: 'wasm' });
console.log(engine.description.summary);
const opened = await openDataset(spec, { cacheDirectory: flags.cache });
const dataset = flags.test ? opened : blind(opened);
const inputKinds = [
  ...new Set(tasks.map((id) => dataset.tasks.find((task) => task.id === id)?.input ?? 'rgb')),
];

const given = (text: string | undefined, role: TrainingRole): number | undefined => {
  const at = ['source', 'transfer', 'scratch'].indexOf(role);
  const number = Number(text?.split(',')[at]);
  return Number.isFinite(number) && number > 0 ? number : undefined;
};
const training = (role: TrainingRole): TrainingOptions => {
  const base = defaultTraining(preset, role);
  return {
    ...base,
    batchSize: given(flags.batches, role) ?? base.batchSize,
    epochs: given(flags.epochs, role) ?? base.epochs,
    learningRate: given(flags.rates, role) ?? base.learningRate,
  };
};

const phases = new Map<string, { seconds: number; runs: number }>();
/** Fingerprints by task of the sources trained so far. */
const trained = new Map<string, string>();

async function run(recipe: Recipe): Promise<RunResult> {
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([recipe, flags.test]))
    .digest('hex')
    .slice(0, 16);
  const folder = path.join(flags.cache, 'runs');
  const stored = path.join(folder, `${fingerprint}.json`);
  const fileOf = (name: string): string => path.join(folder, name.replaceAll('/', '-'));
  if (recipe.kind === 'source') trained.set(recipe.task, fingerprint);
  if (recipe.kind === 'source' && existsSync(stored)) {
    const result = JSON.parse(readFileSync(stored, 'utf8')) as RunResult & { losses: (number | null)[] };
    return { ...result, testLosses: Float32Array.from(result.losses, (loss) => loss ?? Number.NaN) };
  }
  const before = process.cpuUsage();
  const memory = createTestContext(engine, dataset, fingerprint);
  const artifacts = {
    read: async (name: string) =>
      existsSync(fileOf(name)) ? new Uint8Array(readFileSync(fileOf(name))) : null,
    write: async (name: string, bytes: Uint8Array) => writeFileSync(fileOf(name), bytes),
  };
  mkdirSync(folder, { recursive: true });
  const result = await executeRecipe(recipe, { ...memory, artifacts, inputKinds });
  const { user, system } = process.cpuUsage(before);
  const phase = phases.get(recipe.kind) ?? { seconds: 0, runs: 0 };
  phases.set(recipe.kind, { seconds: phase.seconds + (user + system) / 1e6, runs: phase.runs + 1 });
  if (recipe.kind === 'source') {
    writeFileSync(stored, JSON.stringify({ ...result, samples: [], losses: [...(result.testLosses ?? [])] }));
  }
  return result;
}
const lossOf = (result: RunResult): number => meanLoss(result.testLosses ?? new Float32Array(0));
const winsOver = (a: RunResult, b: RunResult): number => {
  const [own, other] = [a.testLosses ?? new Float32Array(0), b.testLosses ?? new Float32Array(0)];
  const valid = [...own.keys()].filter((i) => !Number.isNaN(own[i]) && !Number.isNaN(other[i]));
  return valid.filter((i) => (own[i] as number) < (other[i] as number)).length / valid.length;
};
/** The first of the lowest points: what a training keeps. */
const bestPoint = (curve: readonly CurvePoint[]): CurvePoint | undefined =>
  curve.reduce((a, b) => ((b.selectionLoss ?? 9e9) < (a.selectionLoss ?? 9e9) ? b : a));
/** Heads and scratch runs, for how far they converged. */
const learned: { kind: string; task: string; source: string; mean: number; curve: readonly CurvePoint[] }[] =
  [];
const curveOf = ({ curve }: RunResult): string =>
  curve
    .map((point) => `${point.trainLoss?.toFixed(3) ?? '–'}/${point.selectionLoss?.toFixed(3) ?? '–'}`)
    .join(' ');

const wanted = flags.only.split(',');
const declared = new Map(dataset.tasks.map((task) => [task.id, task]));
const isTarget = (id: string): boolean => declared.get(id)?.roles.includes('target') ?? false;
const gold = new Map<string, RunResult>();
const means = new Map<string, RunResult>();
for (const task of tasks) {
  if (isTarget(task)) means.set(task, await run({ kind: 'mean', dataset: spec, version: 1, task }));
  const result = await run({
    kind: 'source',
    dataset: spec,
    version: 1,
    task,
    preset,
    seed,
    training: training('source'),
  });
  gold.set(task, result);
  console.log(
    `source ${task.padEnd(22)} ${result.cost.seconds.toFixed(1)} s  metric ${result.metric?.toFixed(3)}  ${curveOf(result)}`,
  );
}

const probes = new Map<string, RunResult>();
const targets = tasks.filter(isTarget);
for (const task of wanted.includes('probe') ? tasks : []) {
  const source = { task, fingerprint: trained.get(task) ?? '' };
  probes.set(
    task,
    await run({ kind: 'probe', dataset: spec, version: 1, targets, source, images: pools.transfer }),
  );
}

for (const task of targets) {
  const mean = lossOf(means.get(task) as RunResult);
  const skill = (loss: number): string => (1 - loss / mean).toFixed(3).padStart(7);
  const own = gold.get(task) as RunResult;
  console.log(`\n${task}: mean loss ${mean.toFixed(4)}, gold skill ${skill(lossOf(own))}`);
  if (!wanted.includes('scratch')) continue;
  const scratch = await run({
    kind: 'scratch',
    dataset: spec,
    version: 1,
    task,
    preset,
    seed,
    images: pools.transfer,
    training: training('scratch'),
  });
  learned.push({ kind: 'scratch', task, source: '', mean, curve: scratch.curve });
  console.log(
    `  scratch ${skill(lossOf(scratch))}  gold wins ${winsOver(own, scratch).toFixed(2)}  ${curveOf(scratch)}`,
  );
  for (const source of wanted.includes('transfer') ? tasks : []) {
    const result = await run({
      kind: 'transfer',
      dataset: spec,
      version: 1,
      method: 'readout',
      task,
      preset,
      seed,
      images: pools.transfer,
      training: training('transfer'),
      sources: [{ task: source, fingerprint: trained.get(source) ?? '' }],
    });
    learned.push({ kind: 'transfer', task, source, mean, curve: result.curve });
    const probe = probes.get(source)?.probeLosses?.[task];
    console.log(
      `  ${source.padEnd(22)} ${skill(lossOf(result))}  gain ${winsOver(result, scratch).toFixed(2)}  quality ` +
        `${winsOver(result, own).toFixed(2)}  probe ${probe ? meanLoss(probe).toFixed(4) : '–'}  ` +
        `train ${result.curve.at(-1)?.trainLoss?.toFixed(3)}  best at ${bestEpoch(result)}`,
    );
  }
}

function bestEpoch({ curve }: RunResult): string {
  return `${bestPoint(curve)?.epoch.toFixed(0)} of ${curve.at(-1)?.epoch.toFixed(0)} epochs`;
}

for (const kind of ['transfer', 'scratch']) {
  const curves = learned.filter((run) => run.kind === kind).map(({ curve }) => curve);
  const last = curves.filter((curve) => bestPoint(curve) === curve.at(-1)).length;
  const still = curves.filter((curve) => stillImproving(curve)).length;
  console.log(
    `${kind}: ${last} of ${curves.length} runs are best at their last evaluation, ${still} by more than 0.1 %`,
  );
}
if (flags.curves) writeFileSync(flags.curves, JSON.stringify(learned));
for (const [kind, { seconds, runs }] of phases) {
  console.log(`${kind}: ${runs} runs, ${seconds.toFixed(1)} CPU-s, ${(seconds / runs).toFixed(2)} each`);
}
