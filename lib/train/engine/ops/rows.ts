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

/**
 * Arrays that the inputs of a step are gathered into, again for every step: a new array each time is megabytes of
 * garbage a second. What was gathered before must be out of use, since libtensorflow may work on the array itself.
 */
export class BatchArrays {
  private readonly arrays: Float32Array[] = [];
  private next = 0;

  /** Every `batchArray` that `gather` asks for is one of these, the same in the same order as the last time. */
  during<T>(gather: () => T): T {
    const before = current;
    current = this;
    this.next = 0;
    try {
      return gather();
    } finally {
      current = before;
    }
  }

  take(size: number): Float32Array {
    const at = this.next++;
    const found = this.arrays[at];
    if (found?.length === size) return found;
    const made = new Float32Array(size);
    this.arrays[at] = made;
    return made;
  }
}

let current: BatchArrays | null = null;

/** An array for a batch's numbers, every one of which is to be written: its old ones may be there still. */
export const batchArray = (size: number): Float32Array => current?.take(size) ?? new Float32Array(size);

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
  const values = batchArray(indices.length * size);
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
