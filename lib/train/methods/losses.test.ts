import type { Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type LossName as AnyLossName, createRng } from '@/lib/science/core';
import { type Engine, openEngine } from '../engine';
import type { PackedLabels } from '../networks';
import { balancedWeights, batchLoss, imageLosses, type LossSpec, lossTensor } from './losses';

/** The metric loss compares pixels with each other: metric-loss.test.ts. */
type LossName = Exclude<AnyLossName, 'metric'>;

const EXAMPLES = 5;
const ROWS = 6;
const CHANNELS = 3;
const rng = createRng(11);
const floats = (n: number): Float32Array => Float32Array.from({ length: n }, () => rng.normal());
const valid = Uint8Array.from({ length: EXAMPLES * ROWS }, (_, i) => (i % 4 === 1 || i >= 4 * ROWS ? 0 : 1));

const shares = floats(EXAMPLES * ROWS * CHANNELS).map(Math.abs);
const labelsFor = (loss: LossName): PackedLabels => ({
  examples: EXAMPLES,
  rows: ROWS,
  channels: CHANNELS,
  values:
    loss === 'l1' || loss === 'l2'
      ? floats(EXAMPLES * ROWS * CHANNELS)
      : loss === 'soft-cross-entropy'
        ? shares
        : null,
  ids:
    loss.endsWith('cross-entropy') && loss !== 'soft-cross-entropy'
      ? Uint16Array.from({ length: EXAMPLES * ROWS }, () => rng.int(3))
      : null,
  valid,
});
const specFor = (name: LossName): LossSpec & { name: LossName } => ({
  name,
  classWeights: name === 'balanced-cross-entropy' ? Float32Array.of(0.5, 2, 1.5) : null,
});

/** The formula of the docstring, by plain loops over one image. */
function naive(
  spec: LossSpec & { name: LossName },
  output: Float32Array,
  labels: PackedLabels,
  example: number,
): number {
  let sum = 0;
  let weight = 0;
  for (let row = 0; row < ROWS; row++) {
    const at = example * ROWS + row;
    if (!labels.valid[at]) continue;
    const o = Array.from(output.subarray(at * CHANNELS, (at + 1) * CHANNELS));
    const y = labels.values ? Array.from(labels.values.subarray(at * CHANNELS, (at + 1) * CHANNELS)) : [];
    const id = labels.ids?.[at] ?? 0;
    const w = spec.classWeights?.[id] ?? 1;
    const p = o.map((v) => Math.exp(v) / o.reduce((s, u) => s + Math.exp(u), 0));
    const each = {
      l1: () => o.reduce((s, v, c) => s + Math.abs(v - (y[c] as number)), 0) / CHANNELS,
      l2: () => o.reduce((s, v, c) => s + (v - (y[c] as number)) ** 2, 0) / CHANNELS,
      'cross-entropy': () => -Math.log(p[id] as number),
      'balanced-cross-entropy': () => -Math.log(p[id] as number),
      'soft-cross-entropy': () => {
        const total = y.reduce((s, v) => s + v, 0);
        return p.reduce((s, v, c) => s + (y[c] as number) * Math.log((y[c] as number) / total / v), 0);
      },
    };
    sum += w * each[spec.name]();
    weight += w;
  }
  return weight > 0 ? sum / weight : Number.NaN;
}

const LOSSES: LossName[] = ['l1', 'l2', 'cross-entropy', 'soft-cross-entropy', 'balanced-cross-entropy'];
let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ backend: 'cpu' });
});

describe.each(LOSSES)('%s', (name) => {
  const labels = labelsFor(name);
  const spec = specFor(name);
  const output = floats(EXAMPLES * ROWS * CHANNELS);

  it('per image equals the plain formula, NaN where nothing is valid', () => {
    const all = Int32Array.from({ length: EXAMPLES }, (_, i) => i);
    const losses = imageLosses(spec, output, labels, all);
    for (let i = 0; i < EXAMPLES - 1; i++) expect(losses[i]).toBeCloseTo(naive(spec, output, labels, i), 5);
    expect(losses[EXAMPLES - 1]).toBeNaN();
  });

  it('picks the labels of the images asked for', () => {
    const size = ROWS * CHANNELS;
    const picked = new Float32Array([
      ...output.subarray(3 * size, 4 * size),
      ...output.subarray(size, 2 * size),
    ]);
    const [third, first] = imageLosses(spec, picked, labels, [3, 1]);
    expect(third).toBeCloseTo(naive(spec, output, labels, 3), 5);
    expect(first).toBeCloseTo(naive(spec, output, labels, 1), 5);
  });

  it('has the gradient of finite differences', () => {
    const indices = [0, 2, 3];
    const size = ROWS * CHANNELS;
    const batch = Float32Array.from(indices.flatMap((i) => [...output.subarray(i * size, (i + 1) * size)]));
    const { gradient } = batchLoss(spec, batch, labels, indices);
    const h = 1e-3;
    for (let i = 0; i < batch.length; i++) {
      const moved = (by: number) =>
        batchLoss(
          spec,
          batch.map((v, j) => (j === i ? v + by : v)),
          labels,
          indices,
        ).loss;
      expect(gradient[i]).toBeCloseTo((moved(h) - moved(-h)) / (2 * h), 3);
    }
  });

  it('is differentiable on the engine, scaled by what follows it', () => {
    const { tf } = engine;
    const indices = Int32Array.of(0, 1);
    const input = tf.tensor(output.slice(0, 2 * ROWS * CHANNELS), [2, ROWS, CHANNELS]);
    const gradient = tf.grad((x: Tensor) => tf.mul(lossTensor(tf, spec, x, labels, indices), 3))(input);
    const plain = batchLoss(spec, input.dataSync() as Float32Array, labels, indices);
    gradient.dataSync().forEach((g, i) => {
      expect(g).toBeCloseTo(3 * (plain.gradient[i] as number), 5);
    });
    tf.dispose([input, gradient]);
  });
});

it('soft shares: the right answer has loss 0, on the engine’s kernel too', async () => {
  const labels = labelsFor('soft-cross-entropy');
  const right = shares.map((y) => Math.log(y));
  for (const loss of imageLosses(specFor('soft-cross-entropy'), right, labels, [0, 1, 2, 3])) {
    expect(loss).toBeCloseTo(0, 5);
  }
  const { tf } = await openEngine({ backend: 'wasm' });
  const loss = tf.tidy(() => {
    const x = tf.tensor(right, [EXAMPLES, ROWS, CHANNELS]);
    return lossTensor(
      tf,
      specFor('soft-cross-entropy'),
      x,
      labels,
      Int32Array.of(0, 1, 2, 3, 4),
    ).dataSync()[0];
  });
  expect(loss).toBeCloseTo(0, 5);
});

describe('balancedWeights', () => {
  it('gives each class the same total, within the clip', () => {
    const ids = Uint16Array.from({ length: 100 }, (_, i) => (i < 80 ? 0 : 1));
    const weights = balancedWeights({
      examples: 100,
      rows: 1,
      channels: 2,
      values: null,
      ids,
      valid: new Uint8Array(100).fill(1),
    });
    expect(weights[0]).toBeCloseTo(100 / 160);
    expect(weights[1]).toBeCloseTo(100 / 40);
  });
});
