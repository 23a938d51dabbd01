import type { Variable } from '@tensorflow/tfjs-core';
import { ADAM, type BackendName, type Engine, openEngine, type Tf } from '@/lib/train/engine';
import { fusedAdam } from '@/lib/train/engine/native/adam';
import { type BenchData, benchData } from './data';
import {
  type BenchNetwork,
  type BenchOptimiser,
  createTrainer,
  REFERENCE,
  SMALL_SOURCE,
  type Style,
  TINY_HEAD,
  TINY_SOURCE,
  type Trainer,
} from './networks';

interface Named {
  readonly id: string;
  readonly title: string;
  /** The pure JavaScript backend is so slow that it gets a batch of one and a single step. */
  readonly slow?: boolean;
}

/** An engine of ours. */
export interface EngineContestant extends Named {
  readonly backend: BackendName;
  readonly simd?: boolean;
  readonly style: Style;
}

/** A Python framework: `bench/peers/engine.py <peer>`. */
export interface PeerContestant extends Named {
  readonly peer: 'torch' | 'keras' | 'keras-xla';
}

export type Contestant = EngineContestant | PeerContestant;

export const ENGINES: readonly EngineContestant[] = [
  { id: 'cpu', title: 'tfjs cpu (pure JavaScript)', backend: 'cpu', style: 'plain', slow: true },
  { id: 'wasmStock', title: 'wasm, stock + composed kernels', backend: 'wasm', simd: false, style: 'plain' },
  { id: 'wasmPlain', title: 'wasm, own kernels, plain tf code', backend: 'wasm', style: 'plain' },
  { id: 'wasm', title: 'wasm, own kernels and operations', backend: 'wasm', style: 'engine' },
  { id: 'tensorflowEager', title: 'native TensorFlow, by operation', backend: 'tensorflow', style: 'engine' },
  { id: 'tensorflow', title: 'native TensorFlow, compiled step', backend: 'tensorflow', style: 'compiled' },
];

const PEERS: readonly PeerContestant[] = [
  { id: 'keras', title: 'Keras / TensorFlow', peer: 'keras' },
  { id: 'kerasXla', title: 'Keras / TensorFlow, XLA', peer: 'keras-xla' },
  { id: 'torch', title: 'PyTorch', peer: 'torch' },
];

export const CONTESTANTS: readonly Contestant[] = [...ENGINES, ...PEERS];

export interface Workload {
  readonly network: BenchNetwork;
  readonly batch: number;
  readonly steps: number;
  /** Mean loss over all batches at which a race ends, and the rate that it is run with. */
  readonly race?: { readonly below: number; readonly rate: number };
}

/** Steps after which a race is given up. */
export const RACE_LIMIT = 600;

export const WORKLOADS: readonly Workload[] = [
  { network: REFERENCE, batch: 32, steps: 2, race: { below: 0.2, rate: 3e-3 } },
  { network: TINY_SOURCE, batch: 16, steps: 20, race: { below: 0.13, rate: 3e-3 } },
  { network: TINY_SOURCE, batch: 32, steps: 12 },
  { network: SMALL_SOURCE, batch: 32, steps: 2, race: { below: 0.2, rate: 3e-3 } },
  { network: TINY_HEAD, batch: 16, steps: 50 },
  { network: TINY_HEAD, batch: 32, steps: 30 },
];

/** Milliseconds per step of one round. */
export interface Round {
  readonly batch: number;
  readonly wall: number;
  readonly cpu: number;
}

/** A training up to a fixed loss, from the same start over the same batches everywhere. */
export interface Race {
  readonly steps: number;
  readonly seconds: number;
  readonly cpu: number;
  readonly first: number;
  readonly last: number;
}

/** What the parent asks of a contestant's process, and what it answers. */
export type Question =
  | { do: 'open' }
  | { do: 'start'; workload: number }
  | { do: 'measure' }
  | { do: 'race'; below: number; rate: number; limit: number }
  | { do: 'stop' };
export type Answer =
  | { opened: string; residentBytes: number }
  | { round: Round; residentBytes: number }
  | { race: Race; residentBytes: number }
  | { done: true }
  | { failed: string };

const optimiserOf = (tf: Tf, style: Style, rate: number) => ({
  rate,
  create: (variables: Variable[]): BenchOptimiser => {
    if (style === 'engine') {
      const adam = fusedAdam(tf, variables, ADAM);
      return { apply: (gradients) => adam.apply(gradients, rate), dispose: () => adam.dispose() };
    }
    const adam = tf.train.adam(rate, 0.9, 0.999, 1e-8);
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
  },
});

interface Running {
  readonly trainer: Trainer;
  readonly data: BenchData;
  readonly network: BenchNetwork;
  readonly batch: number;
  readonly steps: number;
}

/** Trains from the start until the mean loss of the last round over all batches is below the mark. */
function race(
  tf: Tf,
  style: Style,
  { network, data, batch }: Running,
  ask: { below: number; rate: number; limit: number },
): Race {
  const trainer = createTrainer(tf, network, batch, style, data, optimiserOf(tf, style, ask.rate));
  const losses: number[] = [];
  const cpu = process.cpuUsage();
  const start = performance.now();
  const recent = (): number => losses.slice(-trainer.batches).reduce((a, b) => a + b, 0) / trainer.batches;
  while (losses.length < ask.limit) {
    losses.push(trainer.step(losses.length));
    if (losses.length >= trainer.batches && recent() < ask.below) break;
  }
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const last = recent();
  trainer.dispose();
  return { steps: losses.length, seconds, cpu: (user + system) / 1e6, first: losses[0] ?? Number.NaN, last };
}

/** One contestant in this process. */
export function createContest(contestant: EngineContestant) {
  let engine: Engine | null = null;
  let running: Running | null = null;
  const { style } = contestant;
  const opened = async (): Promise<Engine> => {
    const { backend, simd } = contestant;
    engine ??= await openEngine({ backend, threads: 1, ...(simd === undefined ? {} : { simd }) });
    return engine;
  };
  const start = async (index: number): Promise<void> => {
    const workload = WORKLOADS[index];
    if (workload === undefined) return;
    running?.trainer.dispose();
    const { tf } = await opened();
    const { network } = workload;
    const batch = contestant.slow ? 1 : workload.batch;
    const data = benchData(network);
    const trainer = createTrainer(tf, network, batch, style, data, optimiserOf(tf, style, 1e-3));
    for (let i = 0; i < (contestant.slow ? 0 : 2 + workload.steps / 2); i++) trainer.step();
    running = { trainer, data, network, batch, steps: contestant.slow ? 1 : workload.steps };
  };
  const measure = (): Round => {
    if (running === null) return { batch: 0, wall: Number.NaN, cpu: Number.NaN };
    const { trainer, batch, steps } = running;
    const before = process.cpuUsage();
    const wall = performance.now();
    for (let i = 0; i < steps; i++) trainer.step();
    const elapsed = performance.now() - wall;
    const { user, system } = process.cpuUsage(before);
    return { batch, wall: elapsed / steps, cpu: (user + system) / 1000 / steps };
  };
  const runRace = async (ask: { below: number; rate: number; limit: number }): Promise<Race> => {
    const { tf } = await opened();
    if (running === null) throw new Error('no workload was started');
    return race(tf, style, running, ask);
  };
  return { opened, start, measure, race: runRace };
}
