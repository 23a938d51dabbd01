import type { Variable } from '@tensorflow/tfjs-core';
import { type BackendName, type Engine, FusedAdam, openEngine, type Tf } from '@/lib/train/engine';
import {
  type BenchNetwork,
  type BenchOptimiser,
  createTrainer,
  REFERENCE,
  type Style,
  TINY_HEAD,
  TINY_SOURCE,
  type Trainer,
} from './engine-networks';

export interface Contestant {
  readonly id: string;
  readonly title: string;
  readonly backend: BackendName;
  readonly simd?: boolean;
  readonly style: Style;
  /** The pure JavaScript backend is so slow that it gets a batch of one and a single step. */
  readonly slow?: boolean;
}

export const CONTESTANTS: readonly Contestant[] = [
  { id: 'cpu', title: 'tfjs cpu (pure JavaScript)', backend: 'cpu', style: 'plain', slow: true },
  { id: 'wasmStock', title: 'wasm, stock + composed kernels', backend: 'wasm', simd: false, style: 'plain' },
  { id: 'wasmPlain', title: 'wasm, own kernels, plain tf code', backend: 'wasm', style: 'plain' },
  { id: 'wasm', title: 'wasm, own kernels and operations', backend: 'wasm', style: 'engine' },
  { id: 'tensorflow', title: 'native TensorFlow', backend: 'tensorflow', style: 'engine' },
];

export interface Workload {
  readonly network: BenchNetwork;
  readonly batch: number;
  readonly steps: number;
}

export const WORKLOADS: readonly Workload[] = [
  { network: REFERENCE, batch: 32, steps: 2 },
  { network: TINY_SOURCE, batch: 16, steps: 20 },
  { network: TINY_SOURCE, batch: 32, steps: 12 },
  { network: TINY_HEAD, batch: 16, steps: 50 },
  { network: TINY_HEAD, batch: 32, steps: 30 },
];

/** Milliseconds per step of one round. */
export interface Round {
  readonly batch: number;
  readonly wall: number;
  readonly cpu: number;
}

/** What the parent asks of a contestant's process, and what it answers. */
export type Question =
  | { do: 'open' }
  | { do: 'start'; workload: number }
  | { do: 'measure' }
  | { do: 'stop' };
export type Answer =
  | { opened: string; residentBytes: number }
  | { round: Round; residentBytes: number }
  | { done: true }
  | { failed: string };

function createOptimiser(tf: Tf, style: Style): (variables: Variable[]) => BenchOptimiser {
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

/** One contestant in this process. */
export function createContest(contestant: Contestant) {
  let engine: Engine | null = null;
  let running: { trainer: Trainer; batch: number; steps: number } | null = null;
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
    const batch = contestant.slow ? 1 : workload.batch;
    const { style } = contestant;
    const trainer = createTrainer(tf, workload.network, batch, style, createOptimiser(tf, style));
    for (let i = 0; i < (contestant.slow ? 0 : 2 + workload.steps / 2); i++) trainer.step();
    running = { trainer, batch, steps: contestant.slow ? 1 : workload.steps };
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
  return { opened, start, measure };
}
