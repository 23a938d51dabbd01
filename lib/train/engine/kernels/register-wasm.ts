import type {
  Conv2DBackpropFilterAttrs,
  Conv2DBackpropInputAttrs,
  KernelFunc,
  MaxPoolGradAttrs,
  NamedTensorInfoMap,
  Tensor,
  Tensor4D,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import { TaskatlasError } from '@/lib/science/core/errors';
import { forgetPackedCopies, heapView, type WasmBackend } from '../backend-wasm';
import type { Tf } from '../types';
import { filterGradient, geometry, inputGradient } from './convolution';
import { depthwiseFilterGradient, depthwiseInputGradient } from './depthwise';
import { maxPoolGradient } from './max-pool';
import { segmentSum } from './segment';

/** A kernel as a function of its inputs and attributes; attributes are typed by each kernel. */
type KernelBody = (inputs: NamedTensorInfoMap, attrs: never, backend: WasmBackend) => TensorInfo;

/** Registers (or replaces) a wasm kernel. */
export function registerWasmKernel(tf: Tf, kernelName: string, body: KernelBody): void {
  if (tf.getKernel(kernelName, 'wasm') !== undefined) tf.unregisterKernel(kernelName, 'wasm');
  const kernelFunc: KernelFunc = ({ inputs, attrs, backend }) =>
    body(inputs, attrs as never, backend as WasmBackend);
  tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc });
}

/** The kernel now registered, to fall back to. */
export function stockKernel(tf: Tf, kernelName: string): KernelFunc {
  const config = tf.getKernel(kernelName, 'wasm');
  if (config === undefined) {
    throw new TaskatlasError(
      'internal',
      `The wasm backend has no kernel ${kernelName}: its version changed.`,
    );
  }
  return config.kernelFunc;
}

/** An input by name; the engine passes real tensors to kernels. */
export function input<T extends Tensor = Tensor4D>(inputs: NamedTensorInfoMap, name: string): T {
  const value = inputs[name];
  if (value === undefined)
    throw new TaskatlasError('internal', `A kernel was called without its input ${name}.`);
  return value as T;
}

/** The training kernels that the stock wasm backend lacks, as compositions of those that it has. */
export function registerComposedKernels(tf: Tf): void {
  registerWasmKernel(tf, 'Conv2DBackpropFilter', (inputs, attrs: Conv2DBackpropFilterAttrs) => {
    const x = input(inputs, 'x');
    const g = geometry(tf, x.shape, attrs.filterShape, attrs);
    return tf.tidy(() => filterGradient(tf, x, input(inputs, 'dy'), g));
  });
  registerWasmKernel(tf, 'Conv2DBackpropInput', (inputs, attrs: Conv2DBackpropInputAttrs) => {
    const filter = input(inputs, 'filter');
    const g = geometry(tf, attrs.inputShape, filter.shape, attrs);
    return tf.tidy(() => inputGradient(tf, input(inputs, 'dy'), filter, g));
  });
  type Depthwise = Parameters<typeof depthwiseFilterGradient>[4];
  type Shape4 = [number, number, number, number];
  registerWasmKernel(
    tf,
    'DepthwiseConv2dNativeBackpropFilter',
    (inputs, attrs: Depthwise & { filterShape: Shape4 }) =>
      tf.tidy(() =>
        depthwiseFilterGradient(tf, input(inputs, 'x'), input(inputs, 'dy'), attrs.filterShape, attrs),
      ),
  );
  registerWasmKernel(
    tf,
    'DepthwiseConv2dNativeBackpropInput',
    (inputs, attrs: Depthwise & { inputShape: Shape4 }) =>
      tf.tidy(() =>
        depthwiseInputGradient(tf, input(inputs, 'dy'), input(inputs, 'filter'), attrs.inputShape, attrs),
      ),
  );
  registerWasmKernel(tf, 'UnsortedSegmentSum', (inputs, attrs: { numSegments: number }, backend) => {
    const x = input<Tensor>(inputs, 'x');
    const ids = input<Tensor>(inputs, 'segmentIds');
    const out = backend.makeOutput([attrs.numSegments, ...x.shape.slice(1)], x.dtype);
    const width = x.size / Math.max(1, x.shape[0] ?? 1);
    const segmentIds = backend.typedArrayFromHeap(ids) as Int32Array;
    segmentSum(heapView(backend, x), segmentIds, width, attrs.numSegments, heapView(backend, out));
    return out;
  });
}

/**
 * The stock matrix product keeps the packed right operand under its buffer's id, whatever its shape:
 * `matMul(a, b)` and then `matMul(c, b.reshape(…))` gives wrong numbers. The packed copy is dropped when
 * the same buffer comes with another shape.
 */
export function guardMatMul(tf: Tf): void {
  const lastShape = new WeakMap<object, string>();
  for (const name of ['BatchMatMul', '_FusedMatMul']) {
    const stock = stockKernel(tf, name);
    registerWasmKernel(tf, name, (inputs, attrs, backend) => {
      const b = input<Tensor>(inputs, 'b');
      const shape = b.shape.join('×');
      const before = lastShape.get(b.dataId);
      if (before !== undefined && before !== shape) forgetPackedCopies(backend, b.dataId);
      lastShape.set(b.dataId, shape);
      return stock({ inputs, attrs, backend }) as TensorInfo;
    });
  }
}

/**
 * The stock gradient looks for a window's largest value from the smallest *positive* number on: a window without a
 * positive value passes no gradient at all.
 */
export function guardMaxPool(tf: Tf): void {
  registerWasmKernel(tf, 'MaxPoolGrad', (inputs, attrs: MaxPoolGradAttrs, backend) => {
    const [x, dy] = [input(inputs, 'input'), input(inputs, 'dy')];
    const { filterSize, strides, pad, dimRoundingMode } = attrs;
    const g = tf.backend_util.computePool2DInfo(x.shape, filterSize, strides, 1, pad, dimRoundingMode);
    const dx = backend.makeOutput(x.shape, 'float32');
    maxPoolGradient(heapView(backend, x), heapView(backend, dy), g, heapView(backend, dx));
    return dx;
  });
}

/**
 * A clone shares its buffer, as on the other backends; the stock kernel copies, and gradients clone every
 * tensor that they save.
 */
export function shareClones(tf: Tf): void {
  registerWasmKernel(tf, 'Identity', (inputs, _attrs, backend) => {
    const { dataId, shape, dtype } = input<Tensor>(inputs, 'x');
    backend.incRef(dataId);
    return { dataId, shape, dtype };
  });
}
