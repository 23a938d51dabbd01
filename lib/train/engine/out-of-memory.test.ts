import type { Tensor4D } from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { TaskatlasError } from '@/lib/science/core/errors';
import type { WasmBackend } from './backend-wasm';
import { asOutOfMemory, isOutOfMemory, openEngine } from './index';

// About WebAssembly itself, whichever engine the rest of the suite is run on.
delete process.env.TASKATLAS_ENGINE;

const MB = 2 ** 20;

describe('how out of memory reads', () => {
  it.each([
    [new RangeError('Array buffer allocation failed'), true],
    [new RangeError('Invalid typed array length: 8589934592'), true],
    [new RangeError('WebAssembly.Memory.grow(): Maximum memory size exceeded'), true],
    // libtensorflow 2.21 through tfjs-node 4.22, as it came from `tf.add` of two long vectors.
    [
      new Error(
        'Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[1048576,1048576] and type float on /job:localhost/replica:0/task:0/device:CPU:0 by allocator mklcpu',
      ),
      true,
    ],
    [new Error('CUDA_ERROR_OUT_OF_MEMORY: out of memory'), true],
    [new Error('CUDNN_STATUS_ALLOC_FAILED'), true],
    [new TaskatlasError('out-of-memory', 'no 3 MB left'), true],
    [new TaskatlasError('data', 'a file about out of memory'), false],
    [new Error('Invalid TF_Status: 3\nMessage: Incompatible shapes'), false],
    [new RangeError('Maximum call stack size exceeded'), false],
    ['a thrown text', false],
  ])('%s: %s', (error, expected) => {
    expect(isOutOfMemory(error)).toBe(expected);
  });
});

describe('the WebAssembly heap', () => {
  // One backend for the process: the next test must find it unbounded.
  afterEach(async () => void (await openEngine({ backend: 'wasm' })));
  const heap = (tf: Awaited<ReturnType<typeof openEngine>>['tf']) => (tf.backend() as WasmBackend).wasm;

  it('fails loudly at its bound, and computes on afterwards', async () => {
    const { tf } = await openEngine({ backend: 'wasm', heapBytes: 64 * MB });
    const { numTensors } = tf.memory();
    expect(() => tf.tidy(() => tf.add(tf.ones([4096, 1]), tf.ones([1, 8192])))).toThrow(
      expect.objectContaining({ code: 'out-of-memory', message: expect.stringContaining('128 MB') }),
    );
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(tf.tidy(() => tf.sum(tf.ones([1024, 1024])).dataSync()[0])).toBe(MB);
  });

  it('puts a trap down to memory only where the heap is full', async () => {
    const trap = new WebAssembly.RuntimeError('memory access out of bounds');
    const roomy = await openEngine({ backend: 'wasm', heapBytes: 1024 * MB });
    heap(roomy.tf)._free(heap(roomy.tf)._malloc(MB));
    const full = await openEngine({ backend: 'wasm', heapBytes: 8 * MB });
    expect(asOutOfMemory(full.tf, trap)).toMatchObject({ code: 'out-of-memory', cause: trap });
    expect(asOutOfMemory(full.tf, new TypeError('x'))).toBeInstanceOf(TypeError);
  });

  it('never hands out a block beyond its end or over another, up to the last address', async () => {
    const { tf } = await openEngine({ backend: 'wasm' });
    const wasm = heap(tf);
    const blocks: [from: number, to: number][] = [];
    for (let size = 512 * MB; size >= MB; ) {
      try {
        const from = wasm._malloc(size) >>> 0;
        blocks.push([from, from + size]);
      } catch (error) {
        expect(error).toMatchObject({ code: 'out-of-memory' });
        size /= 2;
      }
    }
    blocks.sort(([a], [b]) => a - b);
    expect(blocks.length).toBeGreaterThan(7);
    expect(blocks.at(-1)?.[1]).toBeLessThanOrEqual(wasm.asm.memory.buffer.byteLength);
    for (const [i, [from]] of blocks.entries()) expect(from).toBeGreaterThanOrEqual(blocks[i - 1]?.[1] ?? 0);
    wasm._free(blocks[0]?.[0] ?? 0);
    // What the stock kernels allocate inside is still to be had.
    expect(
      tf.tidy(() => tf.sum(tf.maxPool(tf.ones([8, 64, 64, 8]) as Tensor4D, 2, 2, 'same')).dataSync()[0]),
    ).toBe(65536);
    for (const [from] of blocks.slice(1)) wasm._free(from);
  });
});
