import { describe, expect, it } from 'vitest';
import { createRng } from '@/lib/science/core';
import type { PackedLabels } from '../networks';
import { concatenate, type Features, featureStatistics, standardise } from './features';
import { batchLoss, type LossSpec } from './losses';
import { meanOutput } from './mean';
import { outputBias } from './output-bias';
import { designMatrix, probeLosses, reduceTargets } from './probe-data';

const rng = createRng(21);
const floats = (n: number): Float32Array => Float32Array.from({ length: n }, () => rng.normal());
const indices = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);

describe('features', () => {
  const features: Features = { count: 3, shape: { side: 2, channels: 2 }, values: floats(24) };

  it('are standardised by channel with the statistics given, clipped to ±5', () => {
    const statistics = featureStatistics(features);
    const { values } = standardise(features, statistics);
    for (const channel of [0, 1]) {
      const own = values.filter((_, i) => i % 2 === channel);
      expect(own.reduce((sum, x) => sum + x, 0) / own.length).toBeCloseTo(0, 5);
      expect(own.reduce((sum, x) => sum + x * x, 0) / own.length).toBeCloseTo(1, 5);
    }
    const far = standardise({ ...features, values: features.values.map((x) => 100 * x + 50) }, statistics);
    expect(Math.max(...far.values)).toBe(5);
    expect(Math.min(...far.values)).toBe(-5);
    const flat = { ...features, values: new Float32Array(24).fill(3) };
    expect([...standardise(flat, featureStatistics(flat)).values].every((x) => x === 0)).toBe(true);
  });

  it('of several sources are joined channel by channel', () => {
    const other: Features = { count: 3, shape: { side: 2, channels: 1 }, values: floats(12) };
    const joined = concatenate([features, other]);
    expect(joined.shape).toEqual({ side: 2, channels: 3 });
    for (let p = 0; p < 12; p++) {
      expect([...joined.values.subarray(p * 3, p * 3 + 3)]).toEqual([
        features.values[p * 2],
        features.values[p * 2 + 1],
        other.values[p],
      ]);
    }
    expect(() => concatenate([features, { ...other, count: 2 }])).toThrow(/differ in side or number/);
  });
});

const EXAMPLES = 9;
const values: PackedLabels = {
  examples: EXAMPLES,
  rows: 4,
  channels: 2,
  values: floats(EXAMPLES * 8).map((x) => x + 2),
  ids: null,
  valid: Uint8Array.from({ length: EXAMPLES * 4 }, (_, i) => (i % 5 === 0 ? 0 : 1)),
};
const classes: PackedLabels = {
  ...values,
  channels: 3,
  values: null,
  ids: Uint16Array.from({ length: EXAMPLES * 4 }, () => Math.min(2, rng.int(4))),
};
const balanced: LossSpec = { name: 'balanced-cross-entropy', classWeights: Float32Array.of(2, 1, 0.5) };

/** Loss of the same output for every example. */
const lossOf = (spec: LossSpec, labels: PackedLabels, output: Float32Array): number => {
  const all = new Float32Array(output.length * EXAMPLES);
  for (let i = 0; i < EXAMPLES; i++) all.set(output, i * output.length);
  return batchLoss(spec, all, labels, indices(EXAMPLES)).loss;
};

describe('mean predictor', () => {
  it.each(['l1', 'l2'] as const)('no other constant image has a lower %s', (name) => {
    const spec: LossSpec = { name, classWeights: null };
    const best = meanOutput(spec, values, 16);
    const loss = lossOf(spec, values, best);
    for (let i = 0; i < best.length; i++) {
      for (const by of [-0.05, 0.05]) {
        const moved = best.map((x, j) => (j === i ? x + by : x));
        expect(lossOf(spec, values, moved)).toBeGreaterThanOrEqual(loss - 1e-6);
      }
    }
  });

  it('gives class shares as the loss weighs them, beating the uniform guess', () => {
    for (const spec of [balanced, { name: 'cross-entropy', classWeights: null } as const]) {
      const output = meanOutput(spec, classes, 16);
      const total = output.subarray(0, 3).reduce((sum, x) => sum + Math.exp(x), 0);
      expect(total).toBeCloseTo(1, 4);
      expect(lossOf(spec, classes, output)).toBeLessThan(lossOf(spec, classes, new Float32Array(12)));
    }
  });
});

describe('output bias', () => {
  it('is the best constant for all pixels alike', () => {
    const bias = outputBias({ name: 'l2', classWeights: null }, values, 8, EXAMPLES);
    expect(bias).toHaveLength(8);
    expect([...bias.subarray(2, 4)]).toEqual([...bias.subarray(0, 2)]);
    const spec: LossSpec = { name: 'l2', classWeights: null };
    const loss = lossOf(spec, values, bias);
    for (const by of [-0.05, 0.05]) {
      expect(
        lossOf(
          spec,
          values,
          bias.map((x, i) => (i % 2 === 0 ? x + by : x)),
        ),
      ).toBeGreaterThan(loss);
    }
  });

  it('minimises the weighted cross-entropy and looks at the training images only', () => {
    const bias = outputBias(balanced, classes, 12, EXAMPLES);
    const loss = lossOf(balanced, classes, bias);
    for (let c = 0; c < 3; c++) {
      for (const by of [-0.1, 0.1]) {
        expect(
          lossOf(
            balanced,
            classes,
            bias.map((x, i) => (i % 3 === c ? x + by : x)),
          ),
        ).toBeGreaterThan(loss);
      }
    }
    expect(outputBias(balanced, classes, 12, 3)).not.toEqual(bias);
  });
});

describe('probe data', () => {
  it('windows hold the neighbours of each position, zeros outside, and a one', () => {
    const features: Features = {
      count: 1,
      shape: { side: 2, channels: 1 },
      values: Float32Array.of(1, 2, 3, 4),
    };
    const { values: x, columns } = designMatrix(features, 1, false);
    expect(columns).toBe(10);
    expect([...x.subarray(0, 10)]).toEqual([0, 0, 0, 0, 1, 2, 0, 3, 4, 1]);
    expect([...x.subarray(30, 40)]).toEqual([1, 2, 0, 3, 4, 0, 0, 0, 0, 1]);
    expect([...designMatrix(features, 1, true).values]).toEqual([1, 2, 3, 4, 1]);
  });

  it('targets are averages of valid labels; losses are taken over valid cells', () => {
    // Size 16: code 2×2, outputs 8×8, so 4×4 label rows for each position, averaged to 2×2 cells of 2×2.
    const labels: PackedLabels = {
      examples: 1,
      rows: 64,
      channels: 1,
      values: Float32Array.from({ length: 64 }, (_, i) => i),
      ids: null,
      valid: Uint8Array.from({ length: 64 }, (_, i) => (i === 0 || [2, 3, 6, 7].includes(i) ? 0 : 1)),
    };
    const targets = reduceTargets(labels, { outputSide: 8, codeSide: 2 });
    expect([targets.positions, targets.cells, targets.outputs]).toEqual([4, 4, 4]);
    expect(targets.values[0]).toBeCloseTo((1 + 4 + 5) / 3);
    expect([...targets.valid.subarray(0, 4)]).toEqual([1, 0, 1, 1]);
    expect([...targets.complete]).toEqual([0, 1, 1, 1]);
    // Of a code of one position the whole picture is one: 8×8 label rows, 4×4 cells in the order of the picture.
    const whole = reduceTargets(labels, { outputSide: 8, codeSide: 1 });
    expect([whole.positions, whole.cells, whole.outputs]).toEqual([1, 16, 16]);
    expect(whole.values[0]).toBeCloseTo((1 + 8 + 9) / 3);
    expect(whole.values[5]).toBeCloseTo((18 + 19 + 26 + 27) / 4);
    const output = targets.values.map((x, i) => x + (i === 0 ? 3 : i === 1 ? 99 : 0));
    expect(probeLosses({ name: 'l1', classWeights: null }, output, targets)[0]).toBeCloseTo(3 / 15);
    expect(probeLosses({ name: 'l2', classWeights: null }, output, targets)[0]).toBeCloseTo(9 / 15);
  });
});
