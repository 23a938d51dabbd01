import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { convolution, type Engine, layerNorm, openEngine } from '..';
import { registerNativeOperations } from './kernels';
import { loadNative, nativeAvailable } from './load';

const available = nativeAvailable();
if (available === null)
  console.warn(
    'SKIPPED: no native engine is installed, so nothing here ran on it. Install one: taskatlas engine install',
  );

const wave = (shape: readonly number[], seed: number): Float32Array =>
  Float32Array.from({ length: shape.reduce((product, side) => product * side, 1) }, (_, i) =>
    Math.sin(i * 1.7 + seed * 3.1 + Math.cos(i * 0.37)),
  );

describe.skipIf(available === null)(
  'native engine: addon of our own operations (SKIPPED when none is installed)',
  () => {
    it('was built with the engine', async () => {
      const native = await loadNative({ threads: 1 });
      if (native?.device === 'cpu') expect(native.ownOperations).toBe(true);
    });
  },
);

const variants = [
  ["TensorFlow's kernels", false],
  ['own kernels', true],
] as const;
describe.skipIf(available === null).each(variants)(
  'native engine: operations by %s (SKIPPED when none is installed)',
  (_, own) => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await openEngine({ backend: 'tensorflow', threads: 1 });
      // Also the variant without operations of our own, which GPUs and the vendor's engines use.
      registerNativeOperations(engine.tf, own);
    });

    /** The same work on the native engine and on pure JavaScript. */
    async function onBoth<T>(work: (tf: Engine['tf']) => T): Promise<{ native: T; cpu: T }> {
      const { tf } = engine;
      await tf.setBackend('tensorflow');
      const native = tf.tidy(() => work(tf) as never) as T;
      await openEngine({ backend: 'cpu' });
      const cpu = tf.tidy(() => work(tf) as never) as T;
      await tf.setBackend('tensorflow');
      return { native, cpu };
    }

    const expectClose = (
      actual: readonly number[][],
      expected: readonly number[][],
      tolerance = 2e-6,
    ): void => {
      expect(actual.map((values) => values.length)).toEqual(expected.map((values) => values.length));
      expected.forEach((values, i) => {
        const scale = Math.max(1e-6, ...values.map(Math.abs));
        const worst = Math.max(...values.map((value, k) => Math.abs(value - (actual[i]?.[k] ?? Number.NaN))));
        expect(worst / scale).toBeLessThan(tolerance);
      });
    };

    it.each([0, -1, 0.25])('Step with alpha %d agrees with pure JavaScript', async (alpha) => {
      const { native, cpu } = await onBoth((tf) =>
        Array.from(tf.step(tf.tensor1d([-2, -0, 0, 1e-30, 3]), alpha).dataSync()),
      );
      expect(native).toEqual(cpu);
      expect(native).toEqual([alpha, alpha, alpha, 1, 1].map(Math.fround));
    });

    it('the gradient of |x| is its sign, −1 at zero as on every backend', async () => {
      const { native, cpu } = await onBoth((tf) =>
        Array.from(
          tf
            .grad((x) => tf.abs(x))(tf.tensor1d([-2, 0, 3]))
            .dataSync(),
        ),
      );
      expect(native).toEqual([-1, -1, 1]);
      expect(cpu).toEqual(native);
    });

    it.each([
      { x: [2, 6, 7, 3], filter: [3, 3, 3, 5], stride: 1, pad: 'same', activation: 'relu' },
      { x: [3, 8, 8, 4], filter: [3, 3, 4, 6], stride: 2, pad: 'same', activation: 'relu' },
      { x: [2, 7, 6, 4], filter: [1, 1, 4, 8], stride: 1, pad: 'valid', activation: 'linear' },
    ] as const)('convolution with bias and activation, and its three gradients: %o', async (options) => {
      const { native, cpu } = await onBoth((tf) => {
        const tensors = [options.x, options.filter, [options.filter[3]]].map((shape, i) =>
          tf.tensor(wave(shape, i), [...shape]),
        );
        const run = (...[x, filter, bias]: Tensor[]): Tensor =>
          convolution(tf, {
            x: x as Tensor4D,
            filter: filter as Tensor4D,
            bias: bias as Tensor1D,
            stride: options.stride,
            pad: options.pad,
            activation: options.activation,
          });
        const y = run(...tensors);
        const gradients = tf.grads(run)(tensors, tf.tensor(wave(y.shape, 9), y.shape));
        return [y, ...gradients].map((tensor) => Array.from(tensor.dataSync()));
      });
      expectClose(native, cpu);
    });

    it.each([
      { shape: [3, 5, 4, 8], activation: 'relu', mean: 0, tolerance: 3e-6 },
      { shape: [2, 1, 1, 3], activation: 'linear', mean: 0, tolerance: 3e-6 },
      { shape: [2, 33, 65, 4], activation: 'relu', mean: 0, tolerance: 3e-6 },
      // Far from zero: a variance from plain squares would have no right digit left. The judge itself loses some.
      { shape: [2, 9, 9, 4], activation: 'linear', mean: 40, tolerance: 2e-4 },
    ] as const)(
      'layer normalisation and its three gradients: %o',
      async ({ shape, activation, mean, tolerance }) => {
        const { native, cpu } = await onBoth((tf) => {
          const x = tf.add(tf.tensor(wave(shape, 1), [...shape]), mean);
          const gain = tf.add(tf.tensor(wave([shape[3]], 2), [shape[3]]), 1.5);
          const bias = tf.tensor(wave([shape[3]], 3), [shape[3]]);
          const run = (...[a, b, c]: Tensor[]): Tensor =>
            layerNorm(tf, { x: a as Tensor4D, gain: b as Tensor1D, bias: c as Tensor1D, activation });
          const y = run(x, gain, bias);
          const gradients = tf.grads(run)([x, gain, bias], tf.tensor(wave(shape, 9), [...shape]));
          return [y, ...gradients].map((tensor) => Array.from(tensor.dataSync()));
        });
        expectClose(native, cpu, tolerance);
      },
    );

    it('layer normalisation keeps its digits far from zero', () => {
      const { tf } = engine;
      const numbers = wave([1, 20, 20, 4], 5).map((value) => value + 3000);
      const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
      const variance = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / numbers.length;
      const actual = tf.tidy(() => {
        const x = tf.tensor4d(numbers, [1, 20, 20, 4]);
        return layerNorm(tf, { x, gain: tf.ones([4]), bias: tf.zeros([4]) }).dataSync();
      });
      const errors = numbers.map(
        (value, i) => (value - mean) / Math.sqrt(variance + 1e-5) - (actual[i] ?? Number.NaN),
      );
      expect(Math.max(...errors.map(Math.abs))).toBeLessThan(1e-3);
    });

    it('leaves nothing behind', () => {
      const { tf } = engine;
      const step = (): void =>
        tf.tidy(() => {
          const [x, f, b] = [[1, 4, 4, 2], [3, 3, 2, 4], [4]].map((shape, i) =>
            tf.tensor(wave(shape, i), shape),
          );
          tf.grads((...[p, q, r]: Tensor[]) =>
            convolution(tf, {
              x: p as Tensor4D,
              filter: q as Tensor4D,
              bias: r as Tensor1D,
              activation: 'relu',
            }).abs(),
          )([x, f, b] as Tensor[]);
        });
      step();
      const before = tf.memory();
      for (let i = 0; i < 20; i++) step();
      expect(tf.memory().numTensors).toBe(before.numTensors);
      expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
    });
  },
);
