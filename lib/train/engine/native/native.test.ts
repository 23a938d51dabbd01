import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../open';
import { knownAnswers, trainAndCount, wrongAnswers } from './known-answer';
import { loadNative, type NativeEngine, nativeAvailable } from './load';

const available = nativeAvailable();
if (available === null)
  console.warn(
    'SKIPPED: no native engine is installed, so nothing here ran on it. Install one: taskatlas engine install',
  );

/** Deterministic numbers in [−1, 1) without a generator of any backend. */
const wave = (size: number, seed: number): Float32Array =>
  Float32Array.from(
    { length: size },
    (_, i) => 2 * ((Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453) % 1),
  );

const size = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let scale = 1e-6;
  let difference = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < b.length; i++) {
    scale = Math.max(scale, Math.abs(b[i] ?? 0));
    difference = Math.max(difference, Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN)));
  }
  return difference / scale;
}

describe.skipIf(available === null)('native engine: TensorFlow (SKIPPED when none is installed)', () => {
  let native: NativeEngine;
  beforeAll(async () => {
    const loaded = await loadNative({ threads: 1 });
    if (loaded === null) throw new Error('no engine');
    native = loaded;
  });

  it("is the backend of the project's own tfjs, by require and by import", async () => {
    const required = createRequire(import.meta.url)('@tensorflow/tfjs') as NativeEngine['tf'];
    const imported = await import('@tensorflow/tfjs');
    const core = await import('@tensorflow/tfjs-core');
    expect(native.tf.getBackend()).toBe('tensorflow');
    for (const other of [required, imported, core]) expect(other.engine()).toBe(native.tf.engine());
    expect(imported.getBackend()).toBe('tensorflow');
    expect(existsSync(native.directory)).toBe(true);
    expect(native.version).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('leaves no trace in how modules are found', () => {
    const require = createRequire(import.meta.url);
    // Answered by the loader inside the engine's folder only.
    const answered = ['@mapbox', 'node-pre-gyp'].join('/');
    expect(() => require(answered)).toThrow(/Cannot find module/);
  });

  it('is loaded once per process', async () => expect(await loadNative()).toBe(native));

  it('is described with the threads that it has, not those that a later caller asks for', async () => {
    const { description } = await openEngine({ backend: 'tensorflow', threads: 7 });
    expect(description.threads).toBe(1);
  });

  it('gives the answers that were worked by hand', () => {
    const before = native.tf.memory().numTensors;
    const answers = knownAnswers(native.tf);
    expect(wrongAnswers(answers)).toEqual([]);
    expect(answers).toHaveLength(8);
    expect(native.tf.memory().numTensors).toBe(before);
  });

  it('trains a hundred steps without a leak, and twice to the same bits', () => {
    const first = trainAndCount(native.tf, 100);
    expect(first.leaked).toBe(0);
    expect(first.last).toBeLessThan(0.5 * first.first);
    expect(trainAndCount(native.tf, 100)).toEqual(first);
  });

  it.each([
    { image: [2, 7, 9, 3], filter: [3, 3, 3, 5], stride: 1, pad: 'same' },
    { image: [3, 8, 8, 4], filter: [3, 3, 4, 6], stride: 2, pad: 'same' },
    { image: [2, 9, 6, 2], filter: [5, 3, 2, 3], stride: 2, pad: 'valid' },
    { image: [4, 5, 5, 8], filter: [1, 1, 8, 3], stride: 1, pad: 'same' },
  ] as const)('agrees with the cpu backend on a convolution and its gradients: %o', async (shape) => {
    const { tf } = native;
    const run = (): number[][] =>
      tf.tidy(() => {
        const x = tf.tensor4d(wave(size(shape.image), 1), [...shape.image]);
        const f = tf.tensor4d(wave(size(shape.filter), 2), [...shape.filter]);
        const convolve = (a: Tensor, b: Tensor): Tensor =>
          tf.conv2d(a as Tensor4D, b as Tensor4D, shape.stride, shape.pad);
        const y = convolve(x, f);
        const dy = tf.tensor(wave(y.size, 3), y.shape);
        return [y, ...tf.grads(convolve)([x, f], dy)].map((tensor) => Array.from(tensor.dataSync()));
      });
    const ours = run();
    await tf.setBackend('cpu');
    const reference = run();
    await tf.setBackend('tensorflow');
    ours.forEach((values, i) => {
      expect(largestDifference(values, reference[i] ?? [])).toBeLessThan(2e-6);
    });
  });

  it('has the operations that training here uses, with right gradients', async () => {
    const { tf } = native;
    const x4 = (): Tensor4D => tf.tensor4d(wave(2 * 6 * 6 * 4, 5), [2, 6, 6, 4]);
    const operations: Record<string, (x: Tensor4D) => Tensor> = {
      maxPool: (x) => tf.maxPool(x, 2, 2, 'same'),
      avgPool: (x) => tf.avgPool(x, 3, 2, 'same'),
      resizeNearest: (x) => tf.image.resizeNearestNeighbor(x, [12, 12]).square(),
      resizeBilinear: (x) => tf.image.resizeBilinear(x, [9, 9]),
      depthwise: (x) => tf.depthwiseConv2d(x, tf.tensor4d(wave(9 * 4 * 2, 6), [3, 3, 4, 2]), 1, 'same'),
      gather: (x) => tf.gather(x, tf.tensor1d([1, 0, 1], 'int32')),
      softmax: (x) => tf.logSoftmax(x.reshape([12, 24])),
      layerNorm: (x) =>
        x.sub(x.mean([1, 2, 3], true)).div(tf.moments(x, [1, 2, 3], true).variance.add(1e-5).sqrt()),
      fused: (x) =>
        tf.fused.conv2d({
          x,
          filter: tf.tensor4d(wave(9 * 4 * 3, 7), [3, 3, 4, 3]),
          strides: 1,
          pad: 'same',
          bias: tf.tensor1d([0.1, 0, -0.1]),
          activation: 'relu',
        }),
      erf: (x) => tf.erf(x),
      pad: (x) =>
        tf
          .pad(x, [
            [0, 0],
            [1, 2],
            [0, 1],
            [0, 0],
          ])
          .square(),
      concat: (x) => tf.concat([x, x.mul(2)], 3).slice([0, 1, 0, 2], [2, 4, 6, 4]),
    };
    // Stock cpu kernels whose gradient is wrong: for batches the one, at a padded border the other.
    const wrongOnCpu = new Set(['resizeNearest', 'avgPool']);
    for (const [name, operation] of Object.entries(operations)) {
      const run = (): { values: number[]; gradient: number[] } =>
        tf.tidy(() => {
          const y = operation(x4());
          const dy = tf.tensor(wave(y.size, 8), y.shape);
          const gradient = tf.grad((x) => operation(x as Tensor4D))(x4(), dy);
          return { values: Array.from(y.dataSync()), gradient: Array.from(gradient.dataSync()) };
        });
      const ours = run();
      // Along one direction d: (f(x + hd) − f(x − hd))·dy / 2h ≈ ∇·d.
      const direction = wave(2 * 6 * 6 * 4, 9);
      const along = (h: number): number[] =>
        tf.tidy(() =>
          Array.from(operation(x4().add(tf.tensor4d(direction, [2, 6, 6, 4]).mul(h))).dataSync()),
        );
      const h = 1e-3;
      const [plus, minus, dy] = [along(h), along(-h), wave(ours.values.length, 8)];
      const numeric = plus.reduce(
        (sum, value, i) => sum + ((value - (minus[i] ?? 0)) * (dy[i] ?? 0)) / (2 * h),
        0,
      );
      const analytic = ours.gradient.reduce((sum, value, i) => sum + value * (direction[i] ?? 0), 0);
      const scale = Math.max(1, Math.hypot(...ours.gradient));
      expect({ name, off: Math.abs(numeric - analytic) / scale < 5e-3 ? 0 : [numeric, analytic] }).toEqual({
        name,
        off: 0,
      });
      if (wrongOnCpu.has(name)) continue;
      await tf.setBackend('cpu');
      const reference = run();
      await tf.setBackend('tensorflow');
      const difference = Math.max(
        largestDifference(ours.values, reference.values),
        largestDifference(ours.gradient, reference.gradient),
      );
      expect({ name, fine: difference < 1e-5 }).toEqual({ name, fine: true });
    }
  });
});
