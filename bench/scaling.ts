/**
 * One worker process against two on the same sweep, memory of a worker, and process start to first training step:
 *   npm run bench -- scaling [--json] [--rounds N] [--engines wasm,tensorflow] [--sweep FILE]
 * Rounds are interleaved (1, 2, 1, 2, …); the best of each counts, since neighbours on the machine only ever slow a round
 * down. Beside it the same ratio of a loop that touches no memory: where "two cores"
 * are two threads of one core, or neighbours share the machine, nothing can scale better than that.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from '@/lib/science/numerics';
import { nativeAvailable } from '@/lib/train/engine/native';
import { chosen, readOptions, wholeNumber } from './command/options';
import { type SweepTiming, timeSweep } from './processes/workers';

/** Small enough to run several times, wide enough that two workers seldom wait for each other. */
const SWEEP = `
name: scaling
dataset: { kind: rooms, seed: 1, size: 64, pools: { source: 640, transfer: 200, selection: 50, test: 100 } }
preset: tiny
tasks: [autoencoding, denoising, edges-2d, z-depth, surface-normals, reshading]
seeds: [1]
`;

async function child<T>(script: string, ...args: string[]): Promise<T> {
  const { TASKATLAS_ENGINE: _, ...env } = process.env;
  const file = fileURLToPath(new URL(script, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', file, ...args], { env });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as T;
}

/** Turns of the plain loop by two processes over those by one. */
async function spinScaling(rounds: number): Promise<number> {
  let [one, two] = [0, 0];
  const spin = (): Promise<{ turns: number }> => child('./processes/spin-child.ts', '2000');
  for (let round = 0; round < rounds; round++) {
    one = Math.max(one, (await spin()).turns);
    const both = await Promise.all([spin(), spin()]);
    two = Math.max(two, both[0].turns + both[1].turns);
  }
  return two / one;
}

interface FirstStep {
  loaded: number;
  opened: number;
  first: number;
  peakMegabytes: number;
}

async function firstStep(engine: string, rounds: number): Promise<FirstStep> {
  const steps: FirstStep[] = [];
  for (let round = 0; round < rounds; round++)
    steps.push(await child('./processes/first-step-child.ts', engine));
  const of = (key: keyof FirstStep): number => median(steps.map((step) => step[key]));
  return {
    loaded: of('loaded'),
    opened: of('opened'),
    first: of('first'),
    peakMegabytes: of('peakMegabytes'),
  };
}

interface Scaling {
  readonly engine: string;
  /** Of the seconds. */
  readonly ratio: number;
  /** One worker's processor seconds over those of the busier of two: what is lost to each other and to unequal shares. */
  readonly processorRatio: number;
  readonly one: SweepTiming;
  readonly two: SweepTiming;
  readonly start: FirstStep;
}

async function scaling(engine: string, sweep: string, cache: string, rounds: number): Promise<Scaling> {
  const best = (a: SweepTiming | null, b: SweepTiming): SweepTiming => (a && a.seconds < b.seconds ? a : b);
  let one: SweepTiming | null = null;
  let two: SweepTiming | null = null;
  for (let round = 0; round < rounds; round++) {
    one = best(one, await timeSweep({ sweep, engine, cache, workers: 1 }));
    two = best(two, await timeSweep({ sweep, engine, cache, workers: 2 }));
  }
  if (!one || !two) throw new Error('no round was run');
  const processorRatio = Math.max(...one.processorSeconds) / Math.max(...two.processorSeconds);
  const ratio = one.seconds / two.seconds;
  return { engine, ratio, processorRatio, one, two, start: await firstStep(engine, 3) };
}

const rowOf = (timing: SweepTiming): string =>
  `${timing.seconds.toFixed(1)} | ${timing.processorSeconds.map((s) => s.toFixed(1)).join(', ')} | ${timing.imagesPerSecond.toFixed(0)} | ${(100 * timing.busy).toFixed(0)} % | ${timing.peakMegabytes.join(', ')}`;

function print(spin: number, results: readonly Scaling[]): void {
  console.log(`A plain loop scales ${spin.toFixed(2)}× from one process to two.\n`);
  console.log(
    '| engine | workers | s | processor s | images/s | training | peak MB per worker | ratio |\n|---|---|---|---|---|---|---|---|',
  );
  for (const { engine, ratio, processorRatio, one, two } of results) {
    console.log(`| ${engine} | 1 | ${rowOf(one)} | |`);
    console.log(
      `| | 2 | ${rowOf(two)} | ${ratio.toFixed(2)}×, in processor time ${processorRatio.toFixed(2)}× |`,
    );
  }
  console.log(
    '\n| engine | code loaded, ms | engine open, ms | first training step done, ms | peak MB |\n|---|---|---|---|---|',
  );
  for (const { engine, start } of results) {
    const cells = [start.loaded, start.opened, start.first, start.peakMegabytes];
    console.log(`| ${engine} | ${cells.map((cell) => cell.toFixed(0)).join(' | ')} |`);
  }
}

const { values } = readOptions({
  json: { type: 'boolean', default: false },
  rounds: { type: 'string', default: '3' },
  engines: { type: 'string' },
  sweep: { type: 'string' },
  cache: { type: 'string' },
});
const rounds = wholeNumber(values.rounds, '--rounds');
const engines = chosen(values.engines, nativeAvailable() ? ['wasm', 'tensorflow'] : ['wasm'], '--engines');
const sweep = values.sweep ? await readFile(values.sweep, 'utf8') : SWEEP;
const cache = values.cache ?? (await mkdtemp(path.join(tmpdir(), 'taskatlas-bench-cache-')));
const machine = `${cpus()[0]?.model}, ${availableParallelism()} processors, Node ${process.version}`;
if (!values.json) console.log(`${machine}, load ${loadavg()[0]?.toFixed(1)}`);
try {
  const spin = await spinScaling(rounds);
  const results: Scaling[] = [];
  for (const engine of engines) results.push(await scaling(engine, sweep, cache, rounds));
  if (values.json) console.log(JSON.stringify({ machine, rounds, spin, results }));
  else print(spin, results);
} finally {
  if (!values.cache) await rm(cache, { recursive: true, force: true });
}
