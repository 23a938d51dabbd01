/**
 * Training throughput of the engines with the same network, batch and data, one thread each:
 *   npm run bench -- engine [--json] [--rounds N] [--no-cpu] [--only wasm|tensorflow]
 * Rounds are interleaved (each round runs every contestant), so a busy machine slows all alike; figures are
 * medians over rounds. GFLOP/s counts the multiply-adds of the convolutions only, by one formula for all, over
 * processor seconds: on a shared machine wall-clock tells more about the neighbours than about the engine.
 */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type BackendName, FusedAdam, openEngine, type Tf } from '@/lib/train/engine';
import {
  type BenchNetwork,
  type BenchOptimiser,
  createTrainer,
  REFERENCE,
  type Style,
  stepFlops,
  TINY_HEAD,
  TINY_SOURCE,
  type Trainer,
} from './engine-networks';

interface Contestant {
  readonly id: string;
  readonly title: string;
  readonly backend: BackendName;
  readonly simd?: boolean;
  readonly style: Style;
  /** The pure JavaScript backend is so slow that it gets a small batch and one step. */
  readonly slow?: boolean;
}

const CONTESTANTS: readonly Contestant[] = [
  { id: 'cpu', title: 'tfjs cpu (pure JavaScript)', backend: 'cpu', style: 'plain', slow: true },
  { id: 'wasmStock', title: 'wasm, stock + composed kernels', backend: 'wasm', simd: false, style: 'plain' },
  { id: 'wasmPlain', title: 'wasm, own kernels, plain tf code', backend: 'wasm', style: 'plain' },
  { id: 'wasm', title: 'wasm, own kernels and operations', backend: 'wasm', style: 'engine' },
  { id: 'tensorflow', title: 'native TensorFlow', backend: 'tensorflow', style: 'engine' },
];

interface Workload {
  readonly network: BenchNetwork;
  readonly batch: number;
  readonly steps: number;
}

const WORKLOADS: readonly Workload[] = [
  { network: REFERENCE, batch: 32, steps: 2 },
  { network: TINY_SOURCE, batch: 16, steps: 20 },
  { network: TINY_SOURCE, batch: 32, steps: 12 },
  { network: TINY_HEAD, batch: 16, steps: 50 },
  { network: TINY_HEAD, batch: 32, steps: 30 },
];

export interface Figure {
  readonly network: string;
  readonly batch: number;
  readonly millisecondsPerStep: number;
  readonly bestMilliseconds: number;
  /** Processor time of the whole process: what a step costs when the machine is shared. */
  readonly cpuMilliseconds: number;
  readonly imagesPerSecond: number;
  readonly gflopsPerCore: number;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

function optimiserFor(
  tf: Tf,
  style: Style,
): (variables: ConstructorParameters<typeof FusedAdam>[1]) => BenchOptimiser {
  return (variables) => {
    if (style === 'engine') {
      const adam = new FusedAdam(tf, variables);
      return { apply: (gradients) => adam.apply(gradients, 1e-3), dispose: () => adam.dispose() };
    }
    const adam = tf.train.adam(1e-3);
    return {
      apply: (gradients) =>
        adam.applyGradients(
          variables.flatMap((v, i) => {
            const tensor = gradients[i];
            return tensor === undefined ? [] : [{ name: v.name, tensor }];
          }),
        ),
      dispose: () => adam.dispose(),
    };
  };
}

interface Running {
  readonly contestant: Contestant;
  readonly trainer: Trainer;
  readonly batch: number;
  readonly steps: number;
  readonly wall: number[];
  readonly cpu: number[];
}

const open = (c: Contestant) =>
  openEngine({ backend: c.backend, threads: 1, ...(c.simd === undefined ? {} : { simd: c.simd }) });

async function start(contestant: Contestant, { network, batch, steps }: Workload): Promise<Running> {
  const { tf } = await open(contestant);
  const own = contestant.slow ? 1 : batch;
  const trainer = createTrainer(tf, network, own, contestant.style, optimiserFor(tf, contestant.style));
  for (let i = 0; i < (contestant.slow ? 0 : 2 + steps / 2); i++) trainer.step();
  return { contestant, trainer, batch: own, steps: contestant.slow ? 1 : steps, wall: [], cpu: [] };
}

/** One round: a few steps of this contestant. */
async function measure(running: Running): Promise<void> {
  await open(running.contestant);
  const cpu = process.cpuUsage();
  const wall = performance.now();
  for (let i = 0; i < running.steps; i++) running.trainer.step();
  running.wall.push((performance.now() - wall) / running.steps);
  const { user, system } = process.cpuUsage(cpu);
  running.cpu.push((user + system) / 1000 / running.steps);
}

function figure({ wall, cpu, batch }: Running, network: BenchNetwork): Figure {
  const millisecondsPerStep = median(wall);
  return {
    network: network.name,
    batch,
    millisecondsPerStep,
    bestMilliseconds: Math.min(...wall),
    cpuMilliseconds: median(cpu),
    imagesPerSecond: (1000 * batch) / millisecondsPerStep,
    gflopsPerCore: (stepFlops(network) * batch) / median(cpu) / 1e6,
  };
}

async function runWorkload(
  contestants: readonly Contestant[],
  workload: Workload,
  rounds: number,
): Promise<Map<string, Figure>> {
  const all: Running[] = [];
  for (const contestant of contestants) all.push(await start(contestant, workload));
  for (let round = 0; round < rounds; round++) {
    for (const running of all) if (!running.contestant.slow || round === 0) await measure(running);
  }
  for (const { contestant, trainer } of all) {
    await open(contestant);
    trainer.dispose();
  }
  return new Map(all.map((running) => [running.contestant.id, figure(running, workload.network)]));
}

function printTable(workload: Workload, figures: ReadonlyMap<string, Figure>): void {
  const flops = (stepFlops(workload.network) / 1e6).toFixed(1);
  console.log(`\n${workload.network.name}, batch ${workload.batch}, ${flops} MFLOP per image and step`);
  console.log(
    '| engine | ms/step (best) | cpu ms/step | images/s | GFLOP/s per core |\n|---|---|---|---|---|',
  );
  for (const { id, title } of CONTESTANTS) {
    const f = figures.get(id);
    if (f === undefined) continue;
    const time = `${f.millisecondsPerStep.toFixed(2)} (${f.bestMilliseconds.toFixed(2)})`;
    const note = f.batch === workload.batch ? '' : ` (batch ${f.batch})`;
    console.log(
      `| ${title}${note} | ${time} | ${f.cpuMilliseconds.toFixed(2)} | ${f.imagesPerSecond.toFixed(1)} | ${f.gflopsPerCore.toFixed(2)} |`,
    );
  }
}

/** Contestants that this machine has. Native TensorFlow is left out where it is not installed. */
async function available(wanted: readonly Contestant[]): Promise<Contestant[]> {
  const found: Contestant[] = [];
  for (const contestant of wanted) {
    try {
      await open(contestant);
      found.push(contestant);
    } catch (error) {
      console.error(
        `${contestant.title}: left out (${error instanceof Error ? error.message : String(error)})`,
      );
    }
  }
  return found;
}

/** Entry point of `npm run bench -- engine`. */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '7' },
      'no-cpu': { type: 'boolean', default: false },
      only: { type: 'string' },
    },
  });
  delete process.env.TASKATLAS_ENGINE;
  const rounds = Math.max(1, Number(values.rounds));
  const wanted = CONTESTANTS.filter(
    (c) => (!c.slow || !values['no-cpu']) && (values.only === undefined || c.backend === values.only),
  );
  const contestants = await available(wanted);
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} processors, Node ${process.version}`;
  if (!values.json) console.log(`${machine}; one thread per engine; load ${loadavg()[0]?.toFixed(1)}`);
  const engines: Record<string, Figure & { networks: Figure[] }> = {};
  for (const workload of WORKLOADS) {
    const figures = await runWorkload(contestants, workload, rounds);
    if (!values.json) printTable(workload, figures);
    for (const [id, f] of figures) {
      engines[id] ??= { ...f, networks: [] };
      engines[id].networks.push(f);
    }
  }
  if (values.json) console.log(JSON.stringify({ machine, rounds, load: loadavg()[0], ...engines }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run(process.argv.slice(2));
