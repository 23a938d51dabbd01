import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createRng } from '@/lib/science/core';
import { openEngine } from '../engine';
import type { PackedLabels } from '../networks';
import { batchLoss, imageLosses, type LossSpec, lossTensor } from './losses';
import { pairAccuracy, pairLoss, placeEmbedding } from './metric-loss';

const spec: LossSpec = { name: 'metric', classWeights: null };
const rng = createRng(31);
/** 4 × 4 pixels, all of which are drawn; embeddings of 3 numbers. */
const labels: PackedLabels = {
  examples: 3,
  rows: 16,
  channels: 3,
  values: null,
  ids: Uint16Array.from({ length: 48 }, () => rng.int(3)),
  valid: Uint8Array.from({ length: 48 }, (_, i) => (i % 7 === 3 || (i >= 32 && i !== 40) ? 0 : 1)),
};
const output = Float32Array.from({ length: 48 * 3 }, () => 0.6 * rng.normal());

/** The formula with σ = 2 / (1 + e^d) written out over all labelled pixels. */
function plain(example: number): number {
  const sums = { same: [0, 0], other: [0, 0] };
  for (let p = 0; p < 16; p++) {
    for (let q = 0; q < p; q++) {
      const [a, b] = [example * 16 + p, example * 16 + q];
      if (!labels.valid[a] || !labels.valid[b]) continue;
      let d = 0;
      for (let c = 0; c < 3; c++) d += ((output[a * 3 + c] as number) - (output[b * 3 + c] as number)) ** 2;
      const kind = labels.ids?.[a] === labels.ids?.[b] ? sums.same : sums.other;
      const sigma = (x: number): number => 2 / (1 + Math.exp(x));
      const own = kind === sums.same ? -Math.log(sigma(d)) : -Math.log(1 - sigma(d + 0.01));
      kind[0] = (kind[0] as number) + own;
      kind[1] = (kind[1] as number) + 1;
    }
  }
  return (
    0.5 * ((sums.same[0] as number) / (sums.same[1] as number)) +
    0.5 * ((sums.other[0] as number) / (sums.other[1] as number))
  );
}

describe('metric loss', () => {
  it('is the balanced mean over like and unlike pairs, NaN where there is no pair', () => {
    const losses = imageLosses(spec, output, labels, [0, 1, 2]);
    expect(losses[0]).toBeCloseTo(plain(0), 5);
    expect(losses[1]).toBeCloseTo(plain(1), 5);
    expect(losses[2]).toBeNaN();
    expect(pairLoss(0, true)).toBe(0);
    expect(pairLoss(1000, true)).toBeCloseTo(1000 - Math.LN2);
    expect(Number.isFinite(pairLoss(0, false))).toBe(true);
  });

  it('has the gradient of finite differences', () => {
    const { loss, gradient } = batchLoss(spec, output, labels, [0, 1, 2], 5);
    expect(loss).toBeCloseTo((plain(0) + plain(1)) / 3, 5);
    const h = 1e-3;
    for (let i = 0; i < output.length; i++) {
      const at = (by: number) =>
        batchLoss(
          spec,
          output.map((v, j) => (j === i ? v + by : v)),
          labels,
          [0, 1, 2],
          5,
        ).loss;
      expect(gradient[i]).toBeCloseTo((at(h) - at(-h)) / (2 * h), 2);
    }
  });

  it('compares other pixels at every step, and for measurement always the same', () => {
    const rows = 400;
    const large: PackedLabels = {
      examples: 1,
      rows,
      channels: 2,
      values: null,
      ids: Uint16Array.from({ length: rows }, () => rng.int(4)),
      valid: new Uint8Array(rows).fill(1),
    };
    const values = Float32Array.from({ length: rows * 2 }, () => rng.normal());
    const touched = (step: number): string =>
      batchLoss(spec, values, large, [0], step)
        .gradient.map((g) => (g === 0 ? 0 : 1))
        .join('');
    expect(touched(3)).toBe(touched(3));
    expect(touched(4)).not.toBe(touched(3));
    expect([...touched(3)].filter((c) => c === '1').length).toBe(2 * 32);
    expect(imageLosses(spec, values, large, [0])).toEqual(imageLosses(spec, values, large, [0]));
  });

  it.each(['wasm', 'cpu'] as const)('is the same number with the same gradient on %s', async (backend) => {
    const { tf } = await openEngine({ backend });
    const before = tf.memory().numTensors;
    const x = tf.tensor(output, [3, 16, 3]);
    const { value, grad } = tf.valueAndGrad((t: Tensor) =>
      tf.mul(lossTensor(tf, spec, t, labels, Int32Array.of(0, 1, 2), 5), 2),
    )(x);
    const plainly = batchLoss(spec, output, labels, [0, 1, 2], 5);
    expect(value.dataSync()[0]).toBeCloseTo(2 * plainly.loss, 5);
    grad.dataSync().forEach((g, i) => {
      expect(g).toBeCloseTo(2 * (plainly.gradient[i] as number), 5);
    });
    tf.dispose([x, value, grad]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('a NaN in the output shows in the loss', () => {
    const broken = output.map((v, i) => (i === 4 ? Number.NaN : v));
    expect(batchLoss(spec, broken, labels, [0, 1], 0).loss).toBeNaN();
  });

  it('accuracy: 100 % for embeddings that part the segments, 50 % when all are alike', () => {
    const right = Float32Array.from({ length: 48 * 3 }, (_, i) =>
      i % 3 === 0 ? 5 * (labels.ids?.[Math.floor(i / 3)] ?? 0) : 0,
    );
    const each = (outputs: Float32Array): number[] => [0, 1].map((i) => pairAccuracy(outputs, labels, i));
    expect(each(right)).toEqual([100, 100]);
    expect(each(new Float32Array(48 * 3))).toEqual([50, 50]);
  });
});

describe('the embedding that knows no image', () => {
  it('uses that near pixels are more often of one segment, and is no worse than a coin', () => {
    const side = 8;
    const places = Float32Array.from({ length: side * side }, (_, i) => i);
    const made = (idAt: (p: number, example: number) => number): PackedLabels => ({
      examples: 20,
      rows: side * side,
      channels: 64,
      values: null,
      ids: Uint16Array.from({ length: 20 * side * side }, (_, i) =>
        idAt(i % (side * side), Math.floor(i / (side * side))),
      ),
      valid: new Uint8Array(20 * side * side).fill(1),
    });
    const lossOf = (l: PackedLabels): number => {
      const one = placeEmbedding(l, places);
      const all = new Float32Array(20 * one.length);
      for (let e = 0; e < 20; e++) all.set(one, e * one.length);
      return batchLoss(spec, all, l, [...Array(20).keys()], -1).loss;
    };
    // halves whose border wanders
    const halves = lossOf(made((p, e) => (p % side < 2 + (e % 5) ? 0 : 1)));
    const noise = lossOf(made(() => rng.int(3)));
    expect(halves).toBeLessThan(0.55);
    expect(noise).toBeLessThan(Math.LN2 + 0.03);
    expect(noise).toBeGreaterThan(0.6);
  });
});
