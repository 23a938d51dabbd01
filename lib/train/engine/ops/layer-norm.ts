import type { NamedTensorInfoMap, Tensor, Tensor1D, Tensor4D, TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, type WasmBackend } from '../backend-wasm';
import { input } from '../kernels/register-wasm';
import type { Simd } from '../simd/context';
import { activeSimd } from '../simd/register';
import type { Tf } from '../types';

const LAYER_NORM = 'TaskatlasLayerNorm';
const LAYER_NORM_GRADIENT = 'TaskatlasLayerNormGradient';
const EPSILON = 1e-5;

export interface LayerNormOptions {
  /** [n, h, w, c] */
  readonly x: Tensor4D;
  /** [c] */
  readonly gain: Tensor1D;
  /** [c] */
  readonly bias: Tensor1D;
  readonly activation?: 'relu' | 'linear';
}

/**
 * Layer normalisation of each image over height, width and channels (Ba et al. 2016):
 * relu?((x − mean) / √(variance + 1e-5) · gain + bias). Differentiable in all three; one kernel each way on wasm.
 */
export function layerNorm(tf: Tf, { x, gain, bias, activation = 'linear' }: LayerNormOptions): Tensor4D {
  const outputs = tf.engine().runKernel(LAYER_NORM, { x, gain, bias }, { relu: activation === 'relu' });
  return (outputs as unknown as Tensor4D[])[0] as Tensor4D;
}

/** Forward by plain operations: [y, stats], stats [n, 2] holding mean and 1/√(variance + ε). */
function plainForward(tf: Tf, x: Tensor4D, gain: Tensor, bias: Tensor, relu: boolean): Tensor[] {
  return tf.tidy(() => {
    const mean = tf.mean(x, [1, 2, 3], true);
    const centred = tf.sub(x, mean);
    const rstd = tf.rsqrt(tf.add(tf.mean(tf.square(centred), [1, 2, 3], true), EPSILON));
    const y = tf.add(tf.mul(tf.mul(centred, rstd), gain), bias);
    const stats = tf.concat([tf.reshape(mean, [-1, 1]), tf.reshape(rstd, [-1, 1])], 1);
    return [relu ? tf.relu(y) : y, stats];
  });
}

/** Gradients by plain operations: [dx, dgain, dbias]. */
function plainGradient(tf: Tf, inputs: NamedTensorInfoMap, relu: boolean): Tensor[] {
  return tf.tidy(() => {
    const [x, dy, y] = [input(inputs, 'x'), input(inputs, 'dy'), input(inputs, 'y')];
    const stats = input<Tensor>(inputs, 'stats');
    const n = x.shape[0];
    const column = (i: number): Tensor => tf.reshape(tf.slice(stats, [0, i], [n, 1]), [n, 1, 1, 1]);
    const rstd = column(1);
    const hat = tf.mul(tf.sub(x, column(0)), rstd);
    const slope = relu ? tf.mul(dy, tf.step(y)) : dy;
    const scaled = tf.mul(slope, input<Tensor>(inputs, 'gain'));
    const mean = (t: Tensor): Tensor => tf.mean(t, [1, 2, 3], true);
    const centred = tf.sub(tf.sub(scaled, mean(scaled)), tf.mul(hat, mean(tf.mul(scaled, hat))));
    const sums = (t: Tensor): Tensor => tf.sum(t, [0, 1, 2]);
    return [tf.mul(centred, rstd), sums(tf.mul(slope, hat)), sums(slope)];
  });
}

function ownForward(
  simd: Simd,
  backend: WasmBackend,
  inputs: NamedTensorInfoMap,
  relu: boolean,
): TensorInfo[] {
  const x = input(inputs, 'x');
  const [n, h, w, c] = x.shape;
  const out = backend.makeOutput(x.shape, 'float32');
  const stats = backend.makeOutput([n, 2], 'float32');
  const at = (t: TensorInfo): number => addressOf(backend, t);
  const [gain, bias] = [input(inputs, 'gain'), input(inputs, 'bias')];
  simd.run.layerNorm(at(x), at(gain), at(bias), at(out), at(stats), n, h * w, c, EPSILON, relu ? 1 : 0);
  return [out, stats];
}

function ownGradient(
  simd: Simd,
  backend: WasmBackend,
  inputs: NamedTensorInfoMap,
  relu: boolean,
): TensorInfo[] {
  const x = input(inputs, 'x');
  const [n, h, w, c] = x.shape;
  const outputs = [x.shape, [c], [c]].map((shape) => backend.makeOutput(shape, 'float32'));
  const from = ['x', 'gain', 'y', 'dy', 'stats'].map((name) => addressOf(backend, input(inputs, name)));
  const to = outputs.map((info) => addressOf(backend, info));
  simd.run.layerNormGrad(...from, ...to, n, h * w, c, relu ? 1 : 0);
  return outputs;
}

/** Registers the operation for one backend. The own kernels take channels by fours. */
export function registerLayerNorm(tf: Tf, backendName: string): void {
  const simdFor = (x: Tensor4D): Simd | null => (x.shape[3] % 4 === 0 ? activeSimd(tf) : null);
  tf.registerKernel({
    kernelName: LAYER_NORM,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { relu } = attrs as { relu: boolean };
      const x = input(inputs, 'x');
      const simd = simdFor(x);
      if (simd !== null) return ownForward(simd, backend as WasmBackend, inputs, relu);
      return plainForward(tf, x, input<Tensor>(inputs, 'gain'), input<Tensor>(inputs, 'bias'), relu);
    },
  });
  tf.registerKernel({
    kernelName: LAYER_NORM_GRADIENT,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { relu } = attrs as { relu: boolean };
      const simd = simdFor(input(inputs, 'x'));
      if (simd !== null) return ownGradient(simd, backend as WasmBackend, inputs, relu);
      return plainGradient(tf, inputs, relu);
    },
  });
}

/** Registers the gradient, once for all backends. */
export function registerLayerNormGradient(tf: Tf): void {
  tf.registerGradient({
    kernelName: LAYER_NORM,
    inputsToSave: ['x', 'gain'],
    outputsToSave: [true, true],
    gradFunc: (dys, saved, attrs) => {
      const [dy] = dys as [Tensor];
      const [x, gain, y, stats] = saved as [Tensor, Tensor, Tensor, Tensor];
      const outputs = tf.engine().runKernel(LAYER_NORM_GRADIENT, { x, gain, y, stats, dy }, attrs);
      const [dx, dgain, dbias] = outputs as unknown as [Tensor, Tensor, Tensor];
      return { x: () => tf.clone(dx), gain: () => tf.clone(dgain), bias: () => tf.clone(dbias) };
    },
  });
}
