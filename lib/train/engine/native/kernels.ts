import type { KernelBackend, KernelFunc, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { Tfjs } from './load';

/** Attribute of an operation, as tfjs-node's binding takes it. */
interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: string | number | boolean;
}

/** The part of tfjs-node's backend that the kernels here use (`nodejs_kernel_backend.ts`, 4.22). */
interface NativeBackend extends KernelBackend {
  readonly binding: {
    readonly TF_ATTR_TYPE: number;
    readonly TF_ATTR_STRING: number;
    readonly TF_FLOAT: number;
  };
  executeSingleOutput(name: string, attributes: readonly Attribute[], inputs: readonly TensorInfo[]): Tensor;
}

const floatType = ({ binding }: NativeBackend): Attribute => ({
  name: 'T',
  type: binding.TF_ATTR_TYPE,
  value: binding.TF_FLOAT,
});

const channelsLast = ({ binding }: NativeBackend): Attribute => ({
  name: 'data_format',
  type: binding.TF_ATTR_STRING,
  value: 'NHWC',
});

/** Replaces a kernel without tfjs's warning about it. */
function replaceKernel(tf: Tfjs, kernelName: string, kernelFunc: KernelFunc): void {
  if (tf.getKernel(kernelName, 'tensorflow') !== undefined) tf.unregisterKernel(kernelName, 'tensorflow');
  tf.registerKernel({ kernelName, backendName: 'tensorflow', kernelFunc });
}

/**
 * The gradients of ReLU and |x| go through Step (1 above zero, else alpha), and tfjs-node's Step makes its ones and
 * zeros in JavaScript and copies them in: 10–15 times the cost of the comparison itself.
 * Step(NaN) is alpha here, not NaN; the loss shows the NaN anyway.
 */
function replaceStep(tf: Tfjs): void {
  replaceKernel(tf, 'Step', ({ inputs, attrs }) => {
    const { alpha = 0 } = attrs as unknown as { alpha?: number };
    return tf.tidy(() => {
      const above = tf.cast(tf.greater(inputs.x as Tensor, 0), 'float32');
      return alpha === 0 ? above : tf.add(tf.mul(above, 1 - alpha), alpha);
    });
  });
}

/** relu?(conv(x, filter) + bias) by TensorFlow's own BiasAdd, without a broadcast. */
function replaceConvolution(tf: Tfjs): void {
  replaceKernel(tf, 'TaskatlasConvolution', ({ inputs, attrs, backend }) => {
    const { strides, pad, relu } = attrs as unknown as {
      strides: number;
      pad: 'same' | 'valid';
      relu: boolean;
    };
    const { x, filter, bias } = inputs as Record<'x' | 'filter' | 'bias', Tensor>;
    const native = backend as NativeBackend;
    return tf.tidy(() => {
      const sums = tf.conv2d(x as never, filter as never, strides, pad);
      const shifted = native.executeSingleOutput(
        'BiasAdd',
        [floatType(native), channelsLast(native)],
        [sums, bias],
      );
      return relu ? tf.relu(shifted) : shifted;
    });
  });
}

/** dy, y → [Σ over rows, dy where y > 0] by ReluGrad and BiasAddGrad: two passes in place of five. */
function replaceActivationGradient(tf: Tfjs): void {
  replaceKernel(tf, 'TaskatlasActivationGradient', ({ inputs, attrs, backend }) => {
    const { relu } = attrs as unknown as { relu: boolean };
    const { dy, y } = inputs as Record<'dy' | 'y', Tensor>;
    const native = backend as NativeBackend;
    const slopes = relu ? native.executeSingleOutput('ReluGrad', [floatType(native)], [dy, y]) : null;
    const sums = native.executeSingleOutput(
      'BiasAddGrad',
      [floatType(native), channelsLast(native)],
      [slopes ?? dy],
    );
    return slopes === null ? [sums] : [sums, slopes];
  });
}

/** Stock kernels of tfjs-node that training here cannot afford as they are. Done when the engine is loaded. */
export function replaceSlowKernels(tf: Tfjs): void {
  replaceStep(tf);
}

/**
 * The engine room's own operations (`../ops`) by TensorFlow's kernels. To be called after they are registered
 * for the backend `tensorflow` as compositions, which these replace; without it they are right, only slower.
 */
export function registerNativeOperations(tf: Tfjs): void {
  replaceConvolution(tf);
  replaceActivationGradient(tf);
}
