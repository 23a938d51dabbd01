/**
 * Where a training step's time goes, layer by layer, and what share of the peak matrix rate is reached:
 *   npm run bench -- peak [--json] [--engine wasm|tensorflow] [--rounds N] [--batch N]
 * The peak is numpy's single-precision matrix product on one thread (OpenBLAS), asked again in every round. Each layer is
 * timed alone, forward and with its gradients, then the whole step; figures are medians of processor milliseconds over
 * rounds. What the layers' times leave of the step is bookkeeping, small operations and the loss.
 */
import { cpus, loadavg } from 'node:os';
import type { Scalar, Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { median } from '@/lib/science/numerics';
import { type BackendName, convolution, FusedAdam, layerNorm, openEngine, type Tf } from '@/lib/train/engine';
import { chosen, readOptions, wholeNumber } from './command/options';
import {
  type BenchNetwork,
  type ConvLayer,
  initialWeights,
  REFERENCE,
  SMALL_SOURCE,
  TINY_SOURCE,
} from './engine/networks';
import { startPeer } from './peers/process';
import { benchPython } from './peers/python';

const { values: flags } = readOptions({
  json: { type: 'boolean', default: false },
  engine: { type: 'string', default: 'wasm' },
  rounds: { type: 'string', default: '5' },
  batch: { type: 'string', default: '32' },
});
const BATCH = wholeNumber(flags.batch, '--batch');
const ROUNDS = wholeNumber(flags.rounds, '--rounds');
const [ENGINE] = chosen<BackendName>(flags.engine, ['wasm', 'tensorflow', 'cpu'], '--engine');

/** One piece of a step that can be timed alone. */
interface Piece {
  name: string;
  kind: string;
  /** Multiply-adds × 2 of one image, forward; null for what is no product of matrices. */
  flops: number | null;
  /** Whether its input needs a gradient: not so in the first layer. */
  inner: boolean;
  forward(): Tensor;
  backward(): void;
  dispose(): void;
}

interface Line {
  name: string;
  kind: string;
  forwardMs: number;
  backwardMs: number;
  gflops: number | null;
  shareOfPeak: number | null;
  shareOfStep: number;
}

/** Processor milliseconds of one call, over as many calls as fill 30 ms. */
function cost(work: () => void): number {
  work();
  let calls = 0;
  const start = process.cpuUsage();
  const wall = performance.now();
  while (performance.now() - wall < 30) {
    work();
    calls++;
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000 / calls;
}

const kindOf = (layer: ConvLayer, channels: number, first: boolean): string => {
  const shape = `${layer.kernel}×${layer.kernel}${layer.stride > 1 ? ' stride 2' : ''}`;
  if (first) return `first layer, ${shape}`;
  if (layer.channels === 1) return 'one channel out';
  return channels < 8 ? `${shape}, few channels` : shape;
};

/** A differentiable operation on some tensors as a piece; `inner` says whether the first of them needs a gradient. */
function piece(
  tf: Tf,
  about: Pick<Piece, 'name' | 'kind' | 'flops' | 'inner'>,
  inputs: Tensor[],
  apply: (inputs: Tensor[]) => Tensor,
): Piece {
  const [x, ...weights] = inputs as [Tensor, ...Tensor[]];
  const gradients = about.inner
    ? tf.grads((...args: Tensor[]) => apply(args))
    : tf.grads((...args: Tensor[]) => apply([x, ...args]));
  const output = tf.tidy(() => apply(inputs));
  const dy = tf.onesLike(output);
  output.dispose();
  const asked = about.inner ? inputs : weights;
  return {
    ...about,
    forward: () => apply(inputs),
    backward: () => {
      tf.dispose(gradients(asked, dy));
    },
    dispose: () => tf.dispose([...inputs, dy]),
  };
}

/** Every layer of a network as pieces: convolutions with their ReLU or norm, doublings, and Adam at the end. */
function piecesOf(tf: Tf, network: BenchNetwork): Piece[] {
  const weights = initialWeights(network).map(({ shape, values }) => tf.tensor(values, shape));
  let { side, channels } = network;
  let at = 0;
  const pieces: Piece[] = [];
  network.layers.forEach((layer, i) => {
    const first = i === 0;
    const last = i === network.layers.length - 1;
    const normalised = network.normalised === true && !last;
    const label = `${i + 1}: ${side}×${side}×${channels}`;
    const random = (shape: [number, number, number, number]): Tensor => tf.randomUniform(shape, -1, 1);
    if (layer.double) {
      const doubled = 2 * side;
      pieces.push(
        piece(
          tf,
          { name: label, kind: 'nearest doubling', flops: null, inner: true },
          [random([BATCH, side, side, channels])],
          ([x]) => tf.image.resizeNearestNeighbor(x as Tensor4D, [doubled, doubled]),
        ),
      );
      side = doubled;
    }
    const [filter, bias] = [weights[at++], weights[at++]] as [Tensor, Tensor];
    const out = side / layer.stride;
    pieces.push(
      piece(
        tf,
        {
          name: `${i + 1}: ${side}×${side}×${channels} → ${out}×${out}×${layer.channels}`,
          kind: kindOf(layer, channels, first),
          flops: 2 * out * out * layer.kernel ** 2 * channels * layer.channels,
          inner: !first,
        },
        [random([BATCH, side, side, channels]), filter.clone(), bias.clone()],
        ([x, f, b]) =>
          convolution(tf, {
            x: x as Tensor4D,
            filter: f as Tensor4D,
            bias: b as Tensor1D,
            stride: layer.stride,
            activation: last || normalised ? 'linear' : 'relu',
          }),
      ),
    );
    [side, channels] = [out, layer.channels];
    if (!normalised) return;
    const [gain, shift] = [weights[at++], weights[at++]] as [Tensor, Tensor];
    pieces.push(
      piece(
        tf,
        { name: `${i + 1}: ${side}×${side}×${channels}`, kind: 'normalise + ReLU', flops: null, inner: true },
        [random([BATCH, side, side, channels]), gain.clone(), shift.clone()],
        ([x, g, b]) =>
          layerNorm(tf, { x: x as Tensor4D, gain: g as Tensor1D, bias: b as Tensor1D, activation: 'relu' }),
      ),
    );
  });
  tf.dispose(weights);
  return pieces;
}

/** Adam over all variables of a network, and the whole step. */
function stepOf(tf: Tf, network: BenchNetwork): { step: () => void; adam: () => void; dispose: () => void } {
  const variables = initialWeights(network).map(({ shape, values }) => tf.variable(tf.tensor(values, shape)));
  const optimiser = new FusedAdam(tf, variables);
  const x: Tensor4D = tf.randomUniform([BATCH, network.side, network.side, network.channels]);
  const forward = (): Tensor4D => {
    let at = 0;
    return network.layers.reduce((value, layer, i) => {
      const last = i === network.layers.length - 1;
      const normalised = network.normalised === true && !last;
      const [filter, bias] = [variables[at++], variables[at++]] as unknown as [Tensor4D, Tensor1D];
      const [, h, w] = value.shape;
      const input = layer.double ? tf.image.resizeNearestNeighbor(value, [2 * h, 2 * w]) : value;
      const activation = last || normalised ? 'linear' : 'relu';
      const y = convolution(tf, { x: input, filter, bias, stride: layer.stride, activation });
      if (!normalised) return y;
      const [gain, shift] = [variables[at++], variables[at++]] as unknown as [Tensor1D, Tensor1D];
      return layerNorm(tf, { x: y, gain, bias: shift, activation: 'relu' });
    }, x);
  };
  const target = tf.tidy(() => tf.zerosLike(forward()));
  const gradients = variables.map((v) => tf.zerosLike(v));
  return {
    step: () => {
      const { value, grads } = tf.variableGrads(
        () => tf.mean(tf.abs(tf.sub(forward(), target))) as Scalar,
        variables,
      );
      optimiser.apply(
        variables.map((v) => grads[v.name] as Tensor),
        1e-3,
      );
      value.dataSync();
      tf.dispose([value, grads]);
    },
    adam: () => optimiser.apply(gradients, 1e-3),
    dispose: () => {
      optimiser.dispose();
      tf.dispose([x, target, ...gradients, ...variables]);
    },
  };
}

async function measure(
  tf: Tf,
  network: BenchNetwork,
  peakNow: () => Promise<number>,
): Promise<{ stepMs: number; peak: number; lines: Line[]; shareOfPeak: number; restMs: number }> {
  const pieces = piecesOf(tf, network);
  const { step, adam, dispose } = stepOf(tf, network);
  const forward = pieces.map((): number[] => []);
  const both = pieces.map((): number[] => []);
  const [steps, adams, peaks]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    peaks.push(await peakNow());
    pieces.forEach((p, i) => {
      forward[i]?.push(cost(() => tf.dispose(p.forward())));
      both[i]?.push(cost(p.backward));
    });
    adams.push(cost(adam));
    steps.push(cost(step));
  }
  for (const p of pieces) p.dispose();
  dispose();
  const [stepMs, peak] = [median(steps), median(peaks)];
  const lines = pieces.map((p, i): Line => {
    const forwardMs = median(forward[i] ?? []);
    const total = median(both[i] ?? []);
    const gflops = p.flops === null ? null : (p.flops * BATCH * (p.inner ? 3 : 2)) / total / 1e6;
    return {
      name: p.name,
      kind: p.kind,
      forwardMs,
      backwardMs: total - forwardMs,
      gflops,
      shareOfPeak: gflops === null ? null : gflops / peak,
      shareOfStep: total / stepMs,
    };
  });
  const adamMs = median(adams);
  const adamLine = { forwardMs: 0, backwardMs: adamMs, gflops: null, shareOfPeak: null };
  lines.push({ name: 'all weights', kind: 'Adam', ...adamLine, shareOfStep: adamMs / stepMs });
  const flops = pieces.reduce((sum, p) => sum + (p.flops ?? 0) * (p.inner ? 3 : 2), 0) * BATCH;
  const spent = lines.reduce((sum, line) => sum + line.forwardMs + line.backwardMs, 0);
  return { stepMs, peak, lines, shareOfPeak: flops / stepMs / 1e6 / peak, restMs: stepMs - spent };
}

const number = (x: number | null, digits: number): string => (x === null ? '' : x.toFixed(digits));
const percent = (x: number | null): string => (x === null ? '' : `${(100 * x).toFixed(0)} %`);

const python = benchPython({ numpy: 'numpy' });
if (python === null) {
  console.error(
    'The peak is measured with numpy: a Python 3 with venv and access to its package registry is needed.',
  );
  process.exit(1);
}
const blas = startPeer(python, 'matmul.py');
let library = '';
const peakNow = async (): Promise<number> => {
  const answer = (await blas.ask({ n: 1024, repeats: 5 })) as { gflops: number; library: string };
  library = answer.library;
  return answer.gflops;
};
const engine = await openEngine({ backend: ENGINE, threads: 1 });
const networks: Record<string, Awaited<ReturnType<typeof measure>>> = {};
for (const network of [REFERENCE, TINY_SOURCE, SMALL_SOURCE])
  networks[network.name] = await measure(engine.tf, network, peakNow);
blas.stop();
const machine = { processor: cpus()[0]?.model ?? 'unknown', load: loadavg()[0] ?? 0 };
const { summary } = engine.description;
if (flags.json)
  console.log(JSON.stringify({ machine, engine: summary, batch: BATCH, rounds: ROUNDS, library, networks }));
else {
  console.log(
    `${machine.processor}, load ${machine.load.toFixed(1)}; ${summary}; peak by ${library}, one thread`,
  );
  for (const [name, n] of Object.entries(networks)) {
    console.log(
      `\n${name}, batch ${BATCH}: ${n.stepMs.toFixed(2)} ms a step, ${percent(n.shareOfPeak)} of the peak ${n.peak.toFixed(0)} GFLOP/s`,
    );
    console.log(
      '| layer | kind | forward ms | gradients ms | GFLOP/s | of the peak | of the step |\n|---|---|---|---|---|---|---|',
    );
    for (const l of n.lines)
      console.log(
        `| ${l.name} | ${l.kind} | ${l.forwardMs.toFixed(2)} | ${l.backwardMs.toFixed(2)} | ${number(l.gflops, 1)} | ${percent(l.shareOfPeak)} | ${percent(l.shareOfStep)} |`,
      );
    console.log(
      `| the rest | loss, bookkeeping | | ${n.restMs.toFixed(2)} | | | ${percent(n.restMs / n.stepMs)} |`,
    );
  }
}
