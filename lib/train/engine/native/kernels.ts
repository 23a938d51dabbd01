import type { KernelBackend, KernelFunc, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { Tf as Tfjs } from '../types';

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
    readonly TF_ATTR_BOOL: number;
    readonly TF_FLOAT: number;
  };
  executeSingleOutput(name: string, attributes: readonly Attribute[], inputs: readonly TensorInfo[]): Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly TensorInfo[],
    outputs: number,
  ): Tensor[];
}

interface ConvolutionAttributes {
  readonly strides: number;
  readonly pad: 'same' | 'valid';
  readonly relu: boolean;
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

/** An operation of `operations.cc`: its only attribute is whether there is a ReLU. */
function runOwn(
  backend: KernelBackend,
  name: string,
  inputs: readonly TensorInfo[],
  outputs: number,
  relu: boolean,
): Tensor[] {
  const native = backend as NativeBackend;
  const attributes = [{ name: 'relu', type: native.binding.TF_ATTR_BOOL, value: relu }];
  return native.executeMultipleOutputs(name, attributes, inputs, outputs);
}

/** The same operations, and layer normalisation, in as few passes over memory as there can be. Processor only. */
function replaceByOwnOperations(tf: Tfjs): void {
  replaceKernel(tf, 'TaskatlasConvolution', ({ inputs, attrs, backend }) => {
    const { strides, pad, relu } = attrs as unknown as ConvolutionAttributes;
    const { x, filter, bias } = inputs as Record<'x' | 'filter' | 'bias', Tensor>;
    return tf.tidy(() => {
      const sums = tf.conv2d(x as never, filter as never, strides, pad);
      return runOwn(backend as KernelBackend, 'TaskatlasBiasActivation', [sums, bias], 1, relu)[0] as Tensor;
    });
  });
  replaceKernel(tf, 'TaskatlasActivationGradient', ({ inputs, attrs, backend }) => {
    const { relu } = attrs as unknown as { relu: boolean };
    const { dy, y } = inputs as Record<'dy' | 'y', Tensor>;
    const [sums, slopes] = runOwn(backend as KernelBackend, 'TaskatlasActivationGradient', [dy, y], 2, relu);
    if (relu) return [sums, slopes] as Tensor[];
    slopes?.dispose();
    return [sums] as Tensor[];
  });
  const pass = (name: string, from: readonly string[], outputs: number): void =>
    replaceKernel(tf, name, ({ inputs, attrs, backend }) => {
      const tensors = from.map((input) => inputs[input] as Tensor);
      return runOwn(
        backend as KernelBackend,
        name,
        tensors,
        outputs,
        (attrs as unknown as { relu: boolean }).relu,
      );
    });
  pass('TaskatlasLayerNorm', ['x', 'gain', 'bias'], 2);
  pass('TaskatlasLayerNormGradient', ['x', 'gain', 'y', 'stats', 'dy'], 3);
}

/** Stock kernels of tfjs-node that training here cannot afford as they are. Done when the engine is loaded. */
export function replaceSlowKernels(tf: Tfjs): void {
  replaceStep(tf);
}

/**
 * The engine room's own operations (`../ops`) by TensorFlow's kernels, or by those of `operations.cc` where they
 * were built and the processor computes. To be called after they are registered for the backend `tensorflow` as
 * compositions, which these replace; without it they are right, only slower.
 */
export function registerNativeOperations(tf: Tfjs, own: boolean): void {
  if (own) replaceByOwnOperations(tf);
  else {
    replaceConvolution(tf);
    replaceActivationGradient(tf);
  }
}
