import type { Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { memoryCount, openEngine, type RowLabels, type RowLossName, rowLoss, rowLosses } from '../index';
import { createRng, randomValues, relativeError } from '../testing/random';
import type { Tf } from '../types';

// About WebAssembly itself, whichever engine the rest of the suite is run on.
delete process.env.TASKATLAS_ENGINE;

let tf: Tf;
beforeAll(async () => {
  tf = (await openEngine({ backend: 'wasm' })).tf;
});

interface Case {
  name: RowLossName;
  soft: boolean;
  weighted: boolean;
  rows: number;
  channels: number;
  batch: number;
  missing: number;
  seed: number;
}

const EXAMPLES = 5;
const cases: fc.Arbitrary<Case> = fc.record({
  name: fc.constantFrom('l1' as const, 'l2' as const, 'cross-entropy' as const),
  soft: fc.boolean(),
  weighted: fc.boolean(),
  rows: fc.integer({ min: 1, max: 70 }),
  channels: fc.integer({ min: 1, max: 14 }),
  batch: fc.integer({ min: 1, max: 4 }),
  missing: fc.constantFrom(0, 0, 0.3, 1),
  seed: fc.integer(),
});

function makeLabels({ name, soft, rows, channels, missing, seed }: Case): RowLabels {
  const rng = createRng(seed, 'labels');
  const hard = name === 'cross-entropy' && !soft;
  const draw = name === 'cross-entropy' ? () => rng.next() : () => rng.normal();
  return {
    rows,
    channels,
    values: hard ? null : Float32Array.from({ length: EXAMPLES * rows * channels }, draw),
    ids: hard ? Uint16Array.from({ length: EXAMPLES * rows }, () => rng.int(channels)) : null,
    valid: Uint8Array.from({ length: EXAMPLES * rows }, () => (rng.next() < missing ? 0 : 1)),
  };
}

/** Sum of w·loss and its gradient over one row, from the formulas, in double precision. */
function rowByFormula(
  c: Case,
  o: number[],
  y: number[],
  id: number,
  w: number,
): { loss: number; gradient: number[] } {
  if (c.name !== 'cross-entropy') {
    const d = o.map((v, k) => v - (y[k] ?? 0));
    const each = d.map((v) => (c.name === 'l1' ? Math.abs(v) : v * v));
    const slope = d.map((v) => (c.name === 'l1' ? Math.sign(v) : 2 * v) / c.channels);
    return { loss: each.reduce((a, b) => a + b, 0) / c.channels, gradient: slope };
  }
  const target = c.soft ? y : o.map((_, k) => (k === id ? 1 : 0));
  const mass = target.reduce((a, b) => a + b, 0);
  const top = Math.max(...o);
  const powers = o.map((v) => Math.exp(v - top));
  const sum = powers.reduce((a, b) => a + b, 0);
  const fit = o.reduce((a, v, k) => a + v * (target[k] ?? 0), 0);
  return {
    loss: w * (mass * (top + Math.log(sum)) - fit),
    gradient: powers.map((p, k) => w * ((mass * p) / sum - (target[k] ?? 0))),
  };
}

function byFormula(
  c: Case,
  output: Float32Array,
  labels: RowLabels,
  indices: number[],
  classWeights: Float32Array | null,
) {
  const gradient = new Float64Array(output.length);
  const images = indices.map((example, i) => {
    let loss = 0;
    let weight = 0;
    for (let r = 0; r < c.rows; r++) {
      const row = example * c.rows + r;
      if (labels.valid[row] === 0) continue;
      const id = labels.ids?.[row] ?? 0;
      const w = classWeights && labels.ids ? (classWeights[id] ?? 0) : 1;
      const at = (i * c.rows + r) * c.channels;
      const o = [...output.subarray(at, at + c.channels)];
      const y = labels.values ? [...labels.values.subarray(row * c.channels, (row + 1) * c.channels)] : [];
      const result = rowByFormula(c, o, y, id, w);
      gradient.set(result.gradient, at);
      loss += result.loss;
      weight += w;
    }
    return { loss, weight };
  });
  const weight = images.reduce((a, b) => a + b.weight, 0);
  const loss = weight > 0 ? images.reduce((a, b) => a + b.loss, 0) / weight : 0;
  return {
    loss,
    gradient: gradient.map((g) => (weight > 0 ? g / weight : 0)),
    each: images.map((image) => (image.weight > 0 ? image.loss / image.weight : Number.NaN)),
  };
}

describe('rowLoss', () => {
  it('is the formula in double precision, with its gradient, for every kind of label', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const labels = makeLabels(c);
        const rng = createRng(c.seed, 'output');
        const indices = Array.from({ length: c.batch }, () => rng.int(EXAMPLES));
        const output = randomValues(rng, c.batch * c.rows * c.channels).map((v) => 3 * v);
        const classWeights = c.weighted
          ? Float32Array.from({ length: c.channels }, () => 0.1 + rng.next())
          : null;
        const expected = byFormula(c, output, labels, indices, classWeights);
        tf.tidy(() => {
          const tensor = tf.tensor(output, [c.batch, c.rows * c.channels]);
          const options = { name: c.name, labels, indices, classWeights };
          const { value, grad } = tf.valueAndGrad(
            (o: Tensor) => rowLoss(tf, { ...options, output: o }) as Tensor,
          )(tensor);
          expect(relativeError(value.dataSync(), [expected.loss])).toBeLessThan(2e-6);
          expect(relativeError(grad.dataSync(), expected.gradient)).toBeLessThan(1e-6);
          const each = rowLosses(tf, { ...options, output: tensor }) ?? [];
          expected.each.forEach((loss, i) => {
            if (Number.isNaN(loss)) expect(each[i]).toBeNaN();
            else expect(relativeError([each[i] ?? 0], [loss])).toBeLessThan(2e-6);
          });
        });
      }),
      { numRuns: 200, seed: 9 },
    );
  });

  it('is right where the labels make the heap grow in the middle of it', () => {
    const heap = (): number =>
      (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.byteLength;
    // As large as the heap is: output and gradient enlarge it by less than the labels then need.
    const batch = 8;
    const rows = Math.ceil(heap() / 4 / batch);
    const values = new Float32Array(batch * rows).fill(1);
    const labels = { rows, channels: 1, values, ids: null, valid: new Uint8Array(batch * rows).fill(1) };
    const before = heap();
    tf.tidy(() => {
      const output = tf.fill([batch, rows], 3);
      const indices = Array.from({ length: batch }, (_, i) => i);
      const options = { name: 'l2', labels, indices } as const;
      const { value, grad } = tf.valueAndGrad(
        (o: Tensor) => rowLoss(tf, { ...options, output: o }) as Tensor,
      )(output);
      expect(value.dataSync()[0]).toBeCloseTo(4, 5);
      expect(grad.dataSync()[rows]).toBeCloseTo(4 / (batch * rows), 10);
    });
    expect(heap()).toBeGreaterThan(before);
  });

  it('shows an output that is not a number', () => {
    const labels = {
      rows: 2,
      channels: 3,
      values: null,
      ids: Uint16Array.of(0, 2),
      valid: Uint8Array.of(1, 1),
    };
    const loss = tf.tidy(() => {
      const output = tf.tensor2d([[0, 1, 2, Number.NaN, 1, 2]]);
      return rowLoss(tf, { name: 'cross-entropy', output, labels, indices: [0] })?.dataSync()[0];
    });
    expect(loss).toBeNaN();
  });

  it('takes extreme outputs without overflow', () => {
    const labels = { rows: 1, channels: 2, values: null, ids: Uint16Array.of(1), valid: Uint8Array.of(1) };
    const lossOf = (a: number, b: number) =>
      tf.tidy(() => {
        const output = tf.tensor2d([[a, b]]);
        return rowLoss(tf, { name: 'cross-entropy', output, labels, indices: [0] })?.dataSync()[0];
      });
    expect(lossOf(500, -500)).toBeCloseTo(1000, 3);
    expect(lossOf(-500, 500)).toBeCloseTo(0, 5);
  });

  it('leaves no tensors, and is left to the caller where there is no kernel', async () => {
    const labels = {
      rows: 4,
      channels: 1,
      values: new Float32Array(4),
      ids: null,
      valid: new Uint8Array(4).fill(1),
    };
    const output = tf.ones([1, 4]);
    const before = memoryCount(tf);
    const grad = tf.grad(
      (o: Tensor) => rowLoss(tf, { name: 'l1', output: o, labels, indices: [0] }) as Tensor,
    )(output);
    expect([...grad.dataSync()]).toEqual([0.25, 0.25, 0.25, 0.25]);
    grad.dispose();
    expect(memoryCount(tf)).toEqual(before);
    await openEngine({ backend: 'wasm', simd: false });
    expect(rowLoss(tf, { name: 'l1', output, labels, indices: [0] })).toBeNull();
    await openEngine({ backend: 'wasm' });
    output.dispose();
  });
});
