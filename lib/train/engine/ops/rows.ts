import type { Tensor } from '@tensorflow/tfjs-core';
import type { WasmBackend } from '../backend-wasm';
import type { Tf } from '../types';

const ROWS = 'TaskatlasRows';

interface Attrs {
  readonly all: Float32Array;
  readonly size: number;
  readonly indices: ArrayLike<number>;
  readonly shape: number[];
}

function copyRows({ all, size, indices }: Attrs, to: Float32Array): void {
  for (let i = 0; i < indices.length; i++) {
    const from = (indices[i] ?? 0) * size;
    to.set(all.subarray(from, from + size), i * size);
  }
}

/**
 * A batch as a tensor: the rows `indices` of a matrix with rows of `size` values, as `shape`. On wasm they are
 * copied straight to where the tensor lies; elsewhere over an array in between.
 */
export function rowsTensor(
  tf: Tf,
  all: Float32Array,
  size: number,
  indices: ArrayLike<number>,
  shape: number[],
): Tensor {
  const attrs: Attrs = { all, size, indices, shape };
  if (tf.getBackend() === 'wasm') return tf.engine().runKernel(ROWS, {}, attrs as never) as Tensor;
  const values = new Float32Array(indices.length * size);
  copyRows(attrs, values);
  return tf.tensor(values, shape);
}

export function registerRows(tf: Tf): void {
  tf.registerKernel({
    kernelName: ROWS,
    backendName: 'wasm',
    kernelFunc: ({ attrs, backend }) => {
      const rows = attrs as unknown as Attrs;
      const out = (backend as WasmBackend).makeOutput(rows.shape, 'float32');
      copyRows(rows, (backend as WasmBackend).typedArrayFromHeap(out) as Float32Array);
      return out;
    },
  });
}
