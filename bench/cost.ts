/**
 * What a sweep costs against its number of tasks, its transfer-set size and its image size:
 *   npm run bench -- cost [--json] [--check]
 * Sizes are run. For the number of tasks a few runs of each kind are timed at two lengths, which gives seconds per FLOP
 * and the fixed seconds of a run; the plan of 4, 8, 16 and 26 tasks then says how many runs there are and how much work
 * each is. `--check` runs the sweep of four tasks for real, by one worker process, beside what was so counted.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { methodVersion } from '@/lib/science/catalog/methods';
import { defaultTraining } from '@/lib/science/catalog/presets';
import type { DatasetSpec, PoolSizes, Recipe } from '@/lib/science/core';
import { declareTasks, ROOMS_VERSION } from '@/lib/science/datasets';
import { parseSweepFile } from '@/lib/service/sweeps';
import { planSweep } from '@/lib/service/sweeps/plan';
import { readOptions } from './command/options';
import type { CostFigure, CostOrder } from './processes/cost-child';
import { timeSweep } from './processes/workers';

const rooms = (size: number, pools: PoolSizes): DatasetSpec => ({
  ...{ kind: 'rooms', version: ROOMS_VERSION, seed: 1, size, pools },
});
/** The first look's. */
const POOLS: PoolSizes = { source: 3600, transfer: 300, selection: 150, test: 600 };
const SAMPLED = ['edges-2d', 'z-depth', 'surface-normals'] as const;
const TASK_COUNTS = [4, 8, 16, 26] as const;

interface Measured {
  rendered: number;
  figures: CostFigure[];
}

async function runChild(order: CostOrder): Promise<Measured> {
  const file = fileURLToPath(new URL('./processes/cost-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', file], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(order));
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`a measuring process ended with ${code}`);
  return JSON.parse(text.trim().split('\n').at(-1) ?? '') as Measured;
}

const common = (dataset: DatasetSpec) => ({ dataset, preset: 'tiny' as const, seed: 1 });

const sourceRun = (dataset: DatasetSpec, task: string, epochs: number): Recipe => ({
  ...common(dataset),
  kind: 'source',
  version: methodVersion('source'),
  task,
  training: { ...defaultTraining('tiny', 'source'), epochs },
});
const scratchRun = (dataset: DatasetSpec, task: string, images: number, epochs: number): Recipe => ({
  ...common(dataset),
  kind: 'scratch',
  version: methodVersion('scratch'),
  task,
  images,
  training: { ...defaultTraining('tiny', 'scratch'), epochs },
});
const transferRun = (
  dataset: DatasetSpec,
  from: string,
  task: string,
  images: number,
  epochs = defaultTraining('tiny', 'transfer').epochs,
): Recipe => ({
  ...common(dataset),
  kind: 'transfer',
  method: 'readout',
  version: methodVersion('readout'),
  sources: [{ task: from, fingerprint: `source ${from}` }],
  task,
  images,
  training: { ...defaultTraining('tiny', 'transfer'), epochs },
});

/** Seconds of a run = fixed + flops / rate. */
interface UnitCost {
  fixed: number;
  rate: number;
}

/** From pairs of a short and a long run of the same thing. */
function unitCost(figures: readonly CostFigure[], short: string, long: string): UnitCost {
  const sum = (suffix: string, key: 'seconds' | 'flops'): number =>
    figures.filter(({ name }) => name.endsWith(suffix)).reduce((total, figure) => total + figure[key], 0);
  const rate = (sum(long, 'flops') - sum(short, 'flops')) / (sum(long, 'seconds') - sum(short, 'seconds'));
  const runs = figures.filter(({ name }) => name.endsWith(short)).length;
  return { rate, fixed: (sum(short, 'seconds') - sum(short, 'flops') / rate) / runs };
}

interface Units {
  source: UnitCost;
  scratch: UnitCost;
  transfer: UnitCost;
  mean: number;
  /** For each target of a probe. */
  probe: number;
  image: number;
}

/** Times a few runs of every kind with the first look's sizes. */
async function measureUnits(cache: string): Promise<Units> {
  const dataset = rooms(64, { ...POOLS, source: 720 });
  const pairs = SAMPLED.map((task, i) => [task, SAMPLED[(i + 1) % SAMPLED.length] ?? task] as const);
  const images = POOLS.transfer;
  const { rendered, figures } = await runChild({
    dataset,
    cache,
    runs: [
      { name: 'warm-up', recipe: sourceRun(dataset, 'autoencoding', 1) },
      ...SAMPLED.flatMap((task) => [
        { name: `source ${task} short`, recipe: sourceRun(dataset, task, 2) },
        { name: `source ${task}`, recipe: sourceRun(dataset, task, 8) },
        { name: `scratch ${task} short`, recipe: scratchRun(dataset, task, images, 5) },
        { name: `scratch ${task} long`, recipe: scratchRun(dataset, task, images, 20) },
        {
          name: `mean ${task}`,
          recipe: { dataset, kind: 'mean', version: methodVersion('mean'), task } as Recipe,
        },
      ]),
      ...pairs.flatMap(([from, task]) => [
        { name: `transfer ${task} short`, recipe: transferRun(dataset, from, task, images, 10) },
        { name: `transfer ${task} long`, recipe: transferRun(dataset, from, task, images, 40) },
      ]),
      ...SAMPLED.map((task) => ({
        name: `probe ${task}`,
        recipe: {
          ...{ dataset, kind: 'probe', version: methodVersion('probe'), targets: [...SAMPLED], images },
          source: { task, fingerprint: `source ${task}` },
        } as Recipe,
      })),
    ],
  });
  const of = (kind: string): CostFigure[] =>
    figures
      .filter(({ name }) => name.startsWith(`${kind} `))
      .map((figure) =>
        kind === 'source' && !figure.name.endsWith(' short')
          ? { ...figure, name: `${figure.name} long` }
          : figure,
      );
  const mean = (kind: string): number => {
    const all = of(kind);
    return all.reduce((total, { seconds }) => total + seconds, 0) / all.length;
  };
  const pools = Object.values(dataset.pools).reduce((total, count) => total + count, 0);
  return {
    source: unitCost(of('source'), ' short', ' long'),
    scratch: unitCost(of('scratch'), ' short', ' long'),
    transfer: unitCost(of('transfer'), ' short', ' long'),
    mean: mean('mean'),
    probe: mean('probe') / SAMPLED.length,
    image: rendered / pools,
  };
}

/** Every n-th task of the paper's dictionary on rooms, so that all kinds of tasks stay represented. */
async function sweepOf(tasks: number): Promise<string> {
  const text = await readFile(new URL('../sweeps/rooms-26.yaml', import.meta.url), 'utf8');
  const all = [...text.matchAll(/^ {2}- ([\w-]+)/gm)].map((match) => match[1] ?? '');
  const chosen = Array.from({ length: tasks }, (_, i) => all[Math.floor((i * all.length) / tasks)]);
  return `name: cost-${tasks}
dataset: { kind: rooms, seed: 1, size: 64, pools: ${JSON.stringify(POOLS)} }
preset: tiny
tasks: ${JSON.stringify(chosen)}
seeds: [1]
`;
}

interface Counted {
  readonly tasks: number;
  readonly runs: number;
  /** Seconds of one core, by what they go to. */
  readonly seconds: Readonly<Record<'dataset' | 'sources' | 'scratch' | 'transfers' | 'other', number>>;
  readonly total: number;
}

function count(sweep: string, tasks: number, units: Units): Counted {
  const spec = parseSweepFile(sweep);
  const plan = planSweep(spec, { tasks: declareTasks('rooms'), dataset: rooms(64, POOLS) });
  const seconds = { dataset: 0, sources: 0, scratch: 0, transfers: 0, other: 0 };
  const images = Object.values(POOLS).reduce((total, n) => total + n, 0);
  const plain = plan.runs.filter(({ recipe }) => recipe.kind === 'dataset' && !recipe.views);
  const imageFlops = plain.reduce((sum, run) => sum + run.estimatedFlops, 0) / images;
  const by = ({ fixed, rate }: UnitCost, flops: number): number => fixed + flops / rate;
  for (const { recipe, estimatedFlops } of plan.runs) {
    if (recipe.kind === 'dataset') seconds.dataset += (estimatedFlops / imageFlops) * units.image;
    else if (recipe.kind === 'source') seconds.sources += by(units.source, estimatedFlops);
    else if (recipe.kind === 'scratch') seconds.scratch += by(units.scratch, estimatedFlops);
    else if (recipe.kind === 'transfer') seconds.transfers += by(units.transfer, estimatedFlops);
    else if (recipe.kind === 'probe') seconds.other += recipe.targets.length * units.probe;
    else seconds.other += units.mean;
  }
  const total = Object.values(seconds).reduce((sum, s) => sum + s, 0);
  return { tasks, runs: plan.runs.length, seconds, total };
}

interface SizeFigure {
  readonly size: number;
  readonly seconds: Readonly<Record<string, number>>;
  readonly peakMegabytes: number;
}

/** Transfers from 100, 300 and 900 images, each size in a process of its own. */
async function transferSizes(cache: string): Promise<SizeFigure[]> {
  const dataset = rooms(64, { source: 320, transfer: 900, selection: 50, test: 100 });
  const found: SizeFigure[] = [];
  for (const size of [100, 300, 900]) {
    const { figures } = await runChild({
      dataset,
      cache,
      runs: [
        { name: 'source z-depth', recipe: sourceRun(dataset, 'z-depth', 1) },
        { name: 'warm-up', recipe: transferRun(dataset, 'z-depth', 'surface-normals', size, 2) },
        { name: 'transfer', recipe: transferRun(dataset, 'z-depth', 'surface-normals', size) },
      ],
    });
    found.push(sizeFigure(size, figures, ['transfer']));
  }
  return found;
}

/** One source epoch and one transfer at 32, 64 and 128 pixels, each size in a process of its own. */
async function imageSizes(cache: string): Promise<SizeFigure[]> {
  const found: SizeFigure[] = [];
  for (const size of [32, 64, 128]) {
    const dataset = rooms(size, { source: 192, transfer: 96, selection: 32, test: 32 });
    const { figures } = await runChild({
      dataset,
      cache,
      runs: [
        { name: 'source z-depth', recipe: sourceRun(dataset, 'z-depth', 1) },
        { name: 'source', recipe: sourceRun(dataset, 'z-depth', 5) },
        { name: 'transfer', recipe: transferRun(dataset, 'z-depth', 'surface-normals', 96) },
      ],
    });
    found.push(sizeFigure(size, figures, ['source', 'transfer']));
  }
  return found;
}

function sizeFigure(size: number, figures: readonly CostFigure[], names: readonly string[]): SizeFigure {
  const seconds = names.map((name) => [name, figures.find((f) => f.name === name)?.seconds ?? Number.NaN]);
  return {
    size,
    seconds: Object.fromEntries(seconds),
    peakMegabytes: Math.max(...figures.map((f) => f.peakMegabytes)),
  };
}

function print(
  units: Units,
  counted: readonly Counted[],
  transfers: SizeFigure[],
  images: SizeFigure[],
): void {
  const rate = ({ fixed, rate: r }: UnitCost): string =>
    `${fixed.toFixed(2)} s + ${(r / 1e9).toFixed(1)} GFLOP/s`;
  console.log(
    `A source ${rate(units.source)}, scratch ${rate(units.scratch)}, a transfer ${rate(units.transfer)}; a mean ${units.mean.toFixed(2)} s, a probe ${(1000 * units.probe).toFixed(0)} ms per target, an image ${(1000 * units.image).toFixed(1)} ms.\n`,
  );
  console.log('Seconds of one core, counted by the plan:');
  console.log(
    '| tasks | runs | images | sources | scratch | transfers | probes and means | all |\n|---|---|---|---|---|---|---|---|',
  );
  for (const { tasks, runs, seconds: s, total } of counted) {
    const cells = [s.dataset, s.sources, s.scratch, s.transfers, s.other, total].map((x) => x.toFixed(0));
    console.log(`| ${tasks} | ${runs} | ${cells.join(' | ')} |`);
  }
  console.log('\n| transfer images | transfer, s | peak MB |\n|---|---|---|');
  for (const { size, seconds, peakMegabytes } of transfers)
    console.log(`| ${size} | ${seconds.transfer?.toFixed(2)} | ${peakMegabytes.toFixed(0)} |`);
  console.log(
    '\n| image side | 5 epochs of a source of 192, s | transfer of 96, s | peak MB |\n|---|---|---|---|',
  );
  for (const { size, seconds, peakMegabytes } of images)
    console.log(
      `| ${size} | ${seconds.source?.toFixed(2)} | ${seconds.transfer?.toFixed(2)} | ${peakMegabytes.toFixed(0)} |`,
    );
}

const { values } = readOptions({
  json: { type: 'boolean', default: false },
  check: { type: 'boolean', default: false },
  cache: { type: 'string' },
});
const cache = values.cache ?? (await mkdtemp(path.join(tmpdir(), 'taskatlas-bench-cache-')));
const machine = `${cpus()[0]?.model}, ${availableParallelism()} processors, Node ${process.version}`;
if (!values.json) console.log(`${machine}, load ${loadavg()[0]?.toFixed(1)}`);
try {
  const units = await measureUnits(cache);
  const counted: Counted[] = [];
  for (const tasks of TASK_COUNTS) counted.push(count(await sweepOf(tasks), tasks, units));
  const [transfers, images] = [await transferSizes(cache), await imageSizes(cache)];
  const engine = process.env.TASKATLAS_ENGINE ?? 'wasm';
  const check = values.check ? await timeSweep({ sweep: await sweepOf(4), workers: 1, engine, cache }) : null;
  if (values.json) console.log(JSON.stringify({ machine, units, counted, transfers, images, check }));
  else {
    print(units, counted, transfers, images);
    const four = counted[0];
    if (check && four)
      console.log(
        `\nFour tasks for real, one worker: ${check.seconds.toFixed(0)} s without rendering, ${(check.seconds * check.busy).toFixed(0)} of them in training loops; counted ${(four.total - four.seconds.dataset).toFixed(0)} s. Peak ${check.peakMegabytes.join(', ')} MB.`,
      );
  }
} finally {
  if (!values.cache) await rm(cache, { recursive: true, force: true });
}
