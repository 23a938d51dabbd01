import type { Scalar, Tensor, Tensor1D, Tensor4D, Variable } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  BatchArrays,
  batchArray,
  convolution,
  expectNoLeak,
  FusedAdam,
  heNormal,
  layerNorm,
  memoryCount,
  openEngine,
  rowsTensor,
} from '../index';
import { createRng, randomValues, relativeError, sizeOf, valuesOn } from '../testing/random';
import type { Tf } from '../types';
import { ADAM, type AdamConstants } from './adam';

// About WebAssembly itself, whichever engine the rest of the suite is run on.
delete process.env.TASKATLAS_ENGINE;

let tf: Tf;
beforeAll(async () => {
  await openEngine({ backend: 'cpu' });
  tf = (await openEngine({ backend: 'wasm' })).tf;
});
const tensor = (seed: number, label: string, shape: number[]): Tensor =>
  tf.tensor(randomValues(createRng(seed, label), sizeOf(shape)), shape);

const expectSame = (actual: Float32Array[], expected: Float32Array[], tolerance: number): void => {
  expect(actual.length).toBe(expected.length);
  expected.forEach((values, i) => {
    expect(relativeError(actual[i] ?? [], values)).toBeLessThan(tolerance);
  });
};

const shapes = fc.record({
  n: fc.integer({ min: 1, max: 4 }),
  h: fc.integer({ min: 1, max: 9 }),
  w: fc.integer({ min: 1, max: 9 }),
  ci: fc.integer({ min: 1, max: 12 }),
  co: fc.integer({ min: 1, max: 12 }),
  kernel: fc.integer({ min: 1, max: 3 }),
  stride: fc.integer({ min: 1, max: 2 }),
  activation: fc.constantFrom('relu' as const, 'linear' as const),
  seed: fc.integer(),
});

describe('convolution', () => {
  it('is conv2d, bias and activation, with their gradients', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async ({ n, h, w, ci, co, kernel, stride, activation, seed }) => {
        const run = (own: boolean) => () => {
          const x = tensor(seed, 'x', [n, h, w, ci]);
          const f = tensor(seed, 'f', [kernel, kernel, ci, co]);
          const b = tensor(seed, 'b', [co]);
          const apply = (x: Tensor, filter: Tensor, bias: Tensor): Tensor => {
            const options = { x: x as Tensor4D, filter: filter as Tensor4D, bias: bias as Tensor1D };
            if (own) return convolution(tf, { ...options, stride, activation });
            const sums = tf.add(tf.conv2d(options.x, options.filter, stride, 'same'), bias);
            return activation === 'relu' ? tf.relu(sums) : sums;
          };
          const y = apply(x, f, b);
          return [y, ...tf.grads(apply)([x, f, b], tensor(seed, 'dy', y.shape))];
        };
        const expected = await valuesOn(tf, 'cpu', run(false));
        expectSame(await valuesOn(tf, 'wasm', run(true)), expected, 1e-5);
        expectSame(await valuesOn(tf, 'cpu', run(true)), expected, 1e-5);
      }),
      { numRuns: 60, seed: 5 },
    );
  });
});

describe('convolution of shapes that do not fit', () => {
  const zeros = (...shape: [number, number, number, number]): Tensor4D => tf.zeros(shape);
  const kernel = (name: string, inputs: Record<string, Tensor>, more: object) => (): unknown =>
    tf.engine().runKernel(name, inputs, { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', ...more });

  it('is refused forward: channels and biases', () => {
    tf.tidy(() => {
      const apply = (x: Tensor4D, filter: Tensor4D, biases: number) => (): unknown =>
        convolution(tf, { x, filter, bias: tf.zeros([biases]) as Tensor1D });
      expect(apply(zeros(2, 4, 4, 12), zeros(3, 3, 6, 8), 8)).toThrow('6 channels was given 12');
      expect(apply(zeros(2, 4, 4, 6), zeros(3, 3, 12, 8), 8)).toThrow('12 channels was given 6');
      expect(apply(zeros(2, 4, 4, 6), zeros(3, 3, 6, 8), 7)).toThrow('8 filters was given 7 biases');
      expect(apply(zeros(2, 4, 4, 6), zeros(3, 3, 6, 8), 8)).not.toThrow();
      const inputs = { x: zeros(2, 4, 4, 12), filter: zeros(3, 3, 6, 8) };
      expect(kernel('Conv2D', inputs, {})).toThrow('6 channels was given 12');
      expect(kernel('FusedConv2D', inputs, { activation: 'relu' })).toThrow('6 channels was given 12');
    });
  });

  it('is refused in both gradients: channels, and slopes of another shape than the output', () => {
    tf.tidy(() => {
      const [x, filter, dy] = [zeros(2, 4, 4, 6), zeros(3, 3, 6, 8), zeros(2, 4, 4, 8)];
      const filterGradient = (of: Tensor4D, slopes: Tensor4D) =>
        kernel('Conv2DBackpropFilter', { x: of, dy: slopes }, { filterShape: filter.shape });
      const inputGradient = (inputShape: readonly number[], slopes: Tensor4D) =>
        kernel('Conv2DBackpropInput', { dy: slopes, filter }, { inputShape });
      expect(filterGradient(zeros(2, 4, 4, 12), dy)).toThrow('6 channels was given 12');
      expect(inputGradient([2, 4, 4, 12], dy)).toThrow('6 channels was given 12');
      for (const wrong of [zeros(1, 4, 4, 8), zeros(2, 2, 4, 8), zeros(2, 4, 2, 8), zeros(2, 4, 4, 4)]) {
        expect(filterGradient(x, wrong)).toThrow('not of its output’s shape [2,4,4,8]');
        expect(inputGradient(x.shape, wrong)).toThrow('not of its output’s shape [2,4,4,8]');
      }
      expect(filterGradient(x, dy)).not.toThrow();
      expect(inputGradient(x.shape, dy)).not.toThrow();
    });
  });
});

describe('layerNorm', () => {
  it('is the plain formula with its gradients, on own kernels and on plain operations', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async ({ n, h, w, ci, activation, seed }) => {
        fc.pre(h * w * ci > 4);
        const run = (own: boolean) => () => {
          const inputs = [tensor(seed, 'x', [n, h, w, ci]), tensor(seed, 'g', [ci]), tensor(seed, 'b', [ci])];
          const apply = (x: Tensor, gain: Tensor, bias: Tensor): Tensor => {
            if (own)
              return layerNorm(tf, {
                x: x as Tensor4D,
                gain: gain as Tensor1D,
                bias: bias as Tensor1D,
                activation,
              });
            const centred = tf.sub(x, tf.mean(x, [1, 2, 3], true));
            const variance = tf.mean(tf.square(centred), [1, 2, 3], true);
            const y = tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-5))), gain), bias);
            return activation === 'relu' ? tf.relu(y) : y;
          };
          const [x, g, b] = inputs as [Tensor, Tensor, Tensor];
          const y = apply(x, g, b);
          return [y, ...tf.grads(apply)([x, g, b], tensor(seed, 'dy', y.shape))];
        };
        const expected = await valuesOn(tf, 'cpu', run(false));
        expectSame(await valuesOn(tf, 'wasm', run(true)), expected, 1e-4);
        expectSame(await valuesOn(tf, 'cpu', run(true)), expected, 1e-4);
      }),
      { numRuns: 40, seed: 6 },
    );
  });
});

/** A net small enough for thousands of steps, trained on fixed data. */
function tinyTraining(seed: number, constants: AdamConstants = ADAM) {
  const rng = createRng(seed);
  const variable = (values: Float32Array, shape: number[]): Variable => {
    const start = tf.tensor(values, shape);
    const made = tf.variable(start);
    start.dispose();
    return made;
  };
  const variables = [
    variable(heNormal(rng, [3, 3, 4, 8]), [3, 3, 4, 8]),
    variable(new Float32Array(8), [8]),
    variable(new Float32Array(8).fill(1), [8]),
    variable(new Float32Array(8), [8]),
    variable(heNormal(rng, [1, 1, 8, 3]), [1, 1, 8, 3]),
    variable(new Float32Array(3), [3]),
  ];
  const [f1, b1, gain, shift, f2, b2] = variables as unknown as [
    Tensor4D,
    Tensor1D,
    Tensor1D,
    Tensor1D,
    Tensor4D,
    Tensor1D,
  ];
  const x = tf.tensor(randomValues(rng, 2 * 4 * 4 * 4), [2, 4, 4, 4]) as Tensor4D;
  const target = tf.tensor(randomValues(rng, 2 * 4 * 4 * 3), [2, 4, 4, 3]);
  const adam = new FusedAdam(tf, variables, constants);
  const forward = (): Tensor => {
    const hidden = convolution(tf, { x, filter: f1, bias: b1 });
    const normal = layerNorm(tf, { x: hidden, gain, bias: shift, activation: 'relu' });
    return convolution(tf, { x: normal, filter: f2, bias: b2 });
  };
  const step = (): number => {
    const { value, grads } = tf.variableGrads(
      () => tf.mean(tf.abs(tf.sub(forward(), target))) as Scalar,
      variables,
    );
    adam.apply(
      variables.map((v) => grads[v.name] as Tensor),
      1e-2,
    );
    const loss = value.dataSync()[0] ?? Number.NaN;
    tf.dispose([value, grads]);
    return loss;
  };
  const dispose = (): void => {
    tf.dispose([x, target, ...variables]);
    adam.dispose();
  };
  return { step, dispose, adam, variables };
}

describe('a training', () => {
  it('leaks no tensor over 2,000 steps', async () => {
    await expectNoLeak(tf, 'a training', () => {
      const training = tinyTraining(1);
      training.step();
      const before = memoryCount(tf);
      for (let i = 0; i < 2000; i++) training.step();
      expect(memoryCount(tf)).toEqual(before);
      training.dispose();
    });
  });

  it('goes on after the engine has given its scratch space back', async () => {
    const training = tinyTraining(6);
    training.step();
    (await openEngine({ backend: 'wasm' })).dispose();
    expect(training.step()).toBeGreaterThan(0);
    training.dispose();
  });

  it('gives bit-identical losses again, and learns', async () => {
    const losses = (): number[] => {
      const training = tinyTraining(2);
      const all = Array.from({ length: 150 }, training.step);
      training.dispose();
      return all;
    };
    const first = losses();
    expect(losses()).toEqual(first);
    expect(first.at(-1)).toBeLessThan(0.7 * (first[0] ?? 0));
  });

  it('agrees with composed kernels, within rounding', async () => {
    const own = tinyTraining(3);
    const a = Array.from({ length: 20 }, own.step);
    own.dispose();
    await openEngine({ backend: 'wasm', simd: false });
    const composed = tinyTraining(3);
    const b = Array.from({ length: 20 }, composed.step);
    composed.dispose();
    await openEngine({ backend: 'wasm' });
    expect(relativeError(a, b)).toBeLessThan(1e-4);
  });

  it('goes on bit for bit from saved weights and optimiser state', async () => {
    const whole = tinyTraining(4);
    for (let i = 0; i < 10; i++) whole.step();
    const weights = whole.variables.map((v) => (v.dataSync() as Float32Array).slice());
    const state = whole.adam.state();
    const expected = Array.from({ length: 10 }, whole.step);
    whole.dispose();
    const resumed = tinyTraining(4);
    resumed.variables.forEach((v, i) => {
      tf.tidy(() => v.assign(tf.tensor(weights[i] ?? [], v.shape)));
    });
    resumed.adam.restore(state);
    expect(Array.from({ length: 10 }, resumed.step)).toEqual(expected);
    resumed.dispose();
  });
});

describe('rowsTensor', () => {
  it.each(['wasm', 'cpu'] as const)(
    'takes the rows asked for, in order, with repeats (%s)',
    async (backend) => {
      const all = Float32Array.from({ length: 12 }, (_, i) => i);
      const [values] = await valuesOn(tf, backend, () => rowsTensor(tf, all, 3, [2, 0, 2], [3, 1, 3]));
      expect([...(values ?? [])]).toEqual([6, 7, 8, 0, 1, 2, 6, 7, 8]);
    },
  );
});

describe('BatchArrays', () => {
  it('gives the same arrays again in the same order, new ones where sizes change, and none outside', () => {
    const arrays = new BatchArrays();
    const step = (...sizes: number[]) => arrays.during(() => sizes.map(batchArray));
    const [a, b] = step(6, 4);
    const [c, d, e] = step(6, 5, 4);
    expect(c).toBe(a);
    expect([d, e].map((array) => array?.length)).toEqual([5, 4]);
    expect(d).not.toBe(b);
    expect(batchArray(6)).not.toBe(a);
  });
});

describe('FusedAdam', () => {
  it.each([true, false])('follows the formula in double precision (own kernel: %s)', async (simd) => {
    await openEngine({ backend: 'wasm', simd });
    const constants = { ...ADAM, weightDecay: 0.01 };
    const rng = createRng(8);
    const start = randomValues(rng, 11);
    const variable = tf.variable(tf.tensor1d(start));
    const adam = new FusedAdam(tf, [variable], constants);
    const p = Float64Array.from(start);
    const m = new Float64Array(11);
    const v = new Float64Array(11);
    for (let t = 1; t <= 5; t++) {
      const g = randomValues(rng, 11);
      const gradient = tf.tensor1d(g);
      adam.apply([gradient], 0.1);
      gradient.dispose();
      p.forEach((value, i) => {
        const slope = (g[i] ?? 0) + 0.01 * value;
        m[i] = 0.9 * (m[i] ?? 0) + 0.1 * slope;
        v[i] = 0.999 * (v[i] ?? 0) + 0.001 * slope * slope;
        const mean = (m[i] ?? 0) / (1 - 0.9 ** t);
        p[i] = value - (0.1 * mean) / (Math.sqrt((v[i] ?? 0) / (1 - 0.999 ** t)) + 1e-8);
      });
    }
    expect(relativeError(variable.dataSync(), p)).toBeLessThan(1e-5);
    variable.dispose();
    adam.dispose();
    await openEngine({ backend: 'wasm' });
  });

  it('leaves a clone of the weights as it was', () => {
    const variable = tf.variable(tf.tensor1d([1, 2, 3]));
    const before = variable.clone();
    const adam = new FusedAdam(tf, [variable]);
    adam.apply([tf.tensor1d([1, 1, 1])], 0.1);
    expect([...before.dataSync()]).toEqual([1, 2, 3]);
    expect(variable.dataSync()[0]).toBeCloseTo(0.9, 5);
    tf.dispose([variable, before]);
    adam.dispose();
  });

  it('changes weights that a stock kernel has packed, and the stock kernel sees it', async () => {
    await openEngine({ backend: 'wasm', simd: false });
    const a = tf.ones([4, 8]);
    // Alone on its buffer: Adam would otherwise give the variable a fresh one, which nothing has packed.
    const start = tf.ones([8, 8]);
    const variable = tf.variable(start);
    start.dispose();
    const before = tf.tidy(() => tf.matMul(a, variable as unknown as Tensor).dataSync()[0]);
    await openEngine({ backend: 'wasm' });
    const adam = new FusedAdam(tf, [variable]);
    adam.apply([tf.ones([8, 8])], 0.5);
    await openEngine({ backend: 'wasm', simd: false });
    const after = tf.tidy(() => tf.matMul(a, variable as unknown as Tensor).dataSync()[0]);
    await openEngine({ backend: 'wasm' });
    expect(before).toBeCloseTo(8, 4);
    expect(after).toBeCloseTo(4, 4);
    tf.dispose([a, variable]);
    adam.dispose();
  });

  it('refuses the state of another network', () => {
    const variable = tf.variable(tf.tensor1d([1, 2, 3]));
    const adam = new FusedAdam(tf, [variable]);
    const state = { step: 1, moments: [{ first: new Float32Array(2), second: new Float32Array(2) }] };
    expect(() => adam.restore(state)).toThrow(/another network/);
    variable.dispose();
    adam.dispose();
  });
});
