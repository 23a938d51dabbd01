import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { convolution, type Engine, openEngine } from '..';
import { registerNativeOperations } from './kernels';
import { nativeAvailable } from './load';

const available = nativeAvailable();
if (available === null)
  console.warn(
    'SKIPPED: no native engine is installed, so nothing here ran on it. Install one: taskatlas engine install',
  );

const wave = (shape: readonly number[], seed: number): Float32Array =>
  Float32Array.from({ length: shape.reduce((product, side) => product * side, 1) }, (_, i) =>
    Math.sin(i * 1.7 + seed * 3.1 + Math.cos(i * 0.37)),
  );

describe.skipIf(available === null)('kernels of the native engine (SKIPPED when none is installed)', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine({ backend: 'tensorflow', threads: 1 });
    registerNativeOperations(engine.tf);
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

  const expectClose = (actual: readonly number[][], expected: readonly number[][]): void => {
    expect(actual.map((values) => values.length)).toEqual(expected.map((values) => values.length));
    expected.forEach((values, i) => {
      const scale = Math.max(1e-6, ...values.map(Math.abs));
      const worst = Math.max(...values.map((value, k) => Math.abs(value - (actual[i]?.[k] ?? Number.NaN))));
      expect(worst / scale).toBeLessThan(2e-6);
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
});
