import type { NamedTensorInfoMap, Tensor, Tensor1D, Tensor4D, TensorInfo } from '@tensorflow/tfjs-core';
import { TaskatlasError } from '@/lib/science/core/errors';
import { addressOf, type WasmBackend } from '../backend-wasm';
import { type ConvAttrs, type ConvGeometry, geometry } from '../kernels/convolution';
import { input } from '../kernels/register-wasm';
import { convForward } from '../simd/choose';
import type { Simd } from '../simd/context';
import { activeSimd } from '../simd/register';
import type { Tf } from '../types';

/** Convolution, bias and activation as one kernel with a gradient (stock fusing ends where gradients begin). */
const CONVOLUTION = 'TaskatlasConvolution';
/** The gradient of activation and bias in one pass: dy, y → [dy where y > 0, column sums of that]. */
const ACTIVATION_GRADIENT = 'TaskatlasActivationGradient';

export interface ConvolutionOptions {
  /** [n, h, w, ci] */
  readonly x: Tensor4D;
  /** [kh, kw, ci, co] */
  readonly filter: Tensor4D;
  /** [co] */
  readonly bias: Tensor1D;
  readonly stride?: number;
  readonly pad?: 'same' | 'valid';
  readonly activation?: 'relu' | 'linear';
}

interface Attrs {
  readonly strides: number;
  readonly pad: 'same' | 'valid';
  readonly relu: boolean;
}

const convAttrs = ({ strides, pad }: Attrs): ConvAttrs => ({
  strides: [strides, strides],
  pad,
  dataFormat: 'NHWC',
});

/** relu?(conv(x, filter) + bias), differentiable in all three. On wasm one kernel forward and three backward. */
export function convolution(
  tf: Tf,
  { x, filter, bias, stride = 1, pad = 'same', activation = 'linear' }: ConvolutionOptions,
): Tensor4D {
  return tf
    .engine()
    .runKernel(
      CONVOLUTION,
      { x, filter, bias },
      { strides: stride, pad, relu: activation === 'relu' },
    ) as Tensor4D;
}

function ownForward(
  simd: Simd,
  backend: WasmBackend,
  inputs: NamedTensorInfoMap,
  g: ConvGeometry,
  relu: boolean,
): TensorInfo {
  const out = backend.makeOutput([g.n, g.oh, g.ow, g.co], 'float32');
  const at = (name: string): number => addressOf(backend, input(inputs, name));
  convForward(simd, g, at('x'), at('filter'), at('bias'), addressOf(backend, out), relu);
  return out;
}

function ownActivationGradient(
  simd: Simd,
  backend: WasmBackend,
  dy: Tensor,
  y: Tensor,
  relu: boolean,
): TensorInfo[] {
  const channels = dy.shape.at(-1) ?? 1;
  const slopes = relu ? backend.makeOutput(dy.shape, 'float32') : null;
  const sums = backend.makeOutput([channels], 'float32');
  const from = addressOf(backend, dy);
  if (slopes !== null) simd.run.reluGrad(from, addressOf(backend, y), addressOf(backend, slopes), dy.size);
  const source = slopes === null ? from : addressOf(backend, slopes);
  simd.run.columnSums(source, addressOf(backend, sums), dy.size / channels, channels);
  return slopes === null ? [sums] : [sums, slopes];
}

/** Registers the operations for one backend. */
export function registerConvolution(tf: Tf, backendName: string): void {
  tf.registerKernel({
    kernelName: CONVOLUTION,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { strides, pad, relu } = attrs as unknown as Attrs;
      const [x, filter, bias] = [
        input(inputs, 'x'),
        input(inputs, 'filter'),
        input<Tensor1D>(inputs, 'bias'),
      ];
      const simd = activeSimd(tf);
      if (simd === null) {
        return tf.tidy(() => {
          const sums = tf.add(tf.conv2d(x, filter, strides, pad), bias);
          return relu ? tf.relu(sums) : sums;
        });
      }
      const g = geometry(tf, x.shape, filter.shape, convAttrs({ strides, pad, relu }));
      if (bias.size !== g.co) {
        throw new TaskatlasError(
          'internal',
          `A convolution of ${g.co} filters was given ${bias.size} biases.`,
        );
      }
      return ownForward(simd, backend as WasmBackend, inputs, g, relu);
    },
  });
  tf.registerKernel({
    kernelName: ACTIVATION_GRADIENT,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { relu } = attrs as unknown as Attrs;
      const [dy, y] = [input<Tensor>(inputs, 'dy'), input<Tensor>(inputs, 'y')];
      const simd = activeSimd(tf);
      if (simd !== null) return ownActivationGradient(simd, backend as WasmBackend, dy, y, relu);
      return tf.tidy(() => {
        const slopes = relu ? tf.mul(dy, tf.step(y)) : dy;
        const sums = tf.sum(tf.reshape(slopes, [-1, dy.shape.at(-1) ?? 1]), 0);
        return relu ? [sums, slopes] : [sums];
      }) as Tensor[];
    },
  });
}

/** Registers the gradient, once for all backends. */
export function registerConvolutionGradient(tf: Tf): void {
  tf.registerGradient({
    kernelName: CONVOLUTION,
    inputsToSave: ['x', 'filter'],
    outputsToSave: [true],
    gradFunc: (dy, saved, attrs) => {
      const { relu, ...rest } = attrs as unknown as Attrs;
      const { strides, pad, dataFormat } = convAttrs({ ...rest, relu });
      const [x, filter, y] = saved as [Tensor4D, Tensor4D, Tensor4D];
      const run = (name: string, inputs: Record<string, Tensor>, more: object): Tensor =>
        tf.engine().runKernel(name, inputs, { strides, pad, dataFormat, ...more }) as Tensor;
      const [sums, slopes = dy] = tf
        .engine()
        .runKernel(ACTIVATION_GRADIENT, { dy: dy as Tensor, y }, { relu }) as unknown as [Tensor, Tensor?];
      const inner = slopes as Tensor;
      return {
        x: () => run('Conv2DBackpropInput', { dy: inner, filter }, { inputShape: x.shape }),
        filter: () => run('Conv2DBackpropFilter', { x, dy: inner }, { filterShape: filter.shape }),
        bias: () => tf.clone(sums),
      };
    },
  });
}
