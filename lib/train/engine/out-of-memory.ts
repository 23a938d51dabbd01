import { TaskatlasError } from '@/lib/science/core/errors';
import type { WasmBackend } from './backend-wasm';
import type { Tf } from './types';

/**
 * Out of memory: the one place that knows how it reads. V8 throws a RangeError; libtensorflow answers
 * RESOURCE_EXHAUSTED ("OOM when allocating tensor", TF_Status 8); CUDA and cuDNN have names of their own.
 */
const READS_LIKE =
  /out of memory|array buffer allocation failed|cannot enlarge memory|memory\.grow\(\)|invalid typed array length|failed to create tensor of size|OOM when allocating|resource_?exhausted|TF_Status: 8\b|failed to allocate|bad_alloc|CUDA_ERROR_OUT_OF_MEMORY|CUD?NN_STATUS_(?:ALLOC_FAILED|INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED)|CUBLAS_STATUS_ALLOC_FAILED/i;

/** What a WebAssembly trap says; it means memory only where the heap is full, else it is a fault of the code. */
const TRAP = /memory access out of bounds|unreachable|table index is out of bounds/i;

/** Most that WebAssembly's 32-bit addresses reach. */
const ADDRESSABLE = 2 ** 32;

/**
 * Kept free of tensors. The stock allocator of tfjs-backend-wasm 4.22 counts wrongly at the top of the address space: it
 * answers blocks that reach beyond the memory and overlap others, so numbers go wrong without a word (measured: the last
 * block of 512 MB at 3584 of 3680 MB). And the stock kernels allocate inside WebAssembly, where nobody asks us.
 */
const RESERVE = 256 * 2 ** 20;

/** A trap with less than this left is put down to memory. */
const NEARLY_FULL = 64 * 2 ** 20;

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MB`;

interface Guard {
  ceiling: number;
  /** Set when an allocation was refused. */
  refused: boolean;
}
const guards = new WeakMap<WasmBackend, Guard>();

/**
 * Makes the backend's allocator fail loudly: `out-of-memory` in place of address 0 (which the stock code writes to) or
 * of a block that lies outside of the memory.
 * @param ceiling bytes that the heap may take, tensors and kernels together; at most 3.75 GB
 */
export function guardAllocation(tf: Tf, ceiling = ADDRESSABLE - RESERVE): void {
  const backend = tf.backend() as WasmBackend;
  const bounded = Math.min(ceiling, ADDRESSABLE - RESERVE);
  const known = guards.get(backend);
  if (known) {
    known.ceiling = bounded;
    return;
  }
  const guard: Guard = { ceiling: bounded, refused: false };
  guards.set(backend, guard);
  const { wasm } = backend;
  // Not `wasm._malloc`: at its first call the stock one puts itself back in our place.
  const { malloc, memory } = wasm.asm;
  wasm._malloc = (bytes) => {
    const address = malloc(bytes) >>> 0;
    const end = address + bytes;
    if (address !== 0 && end <= Math.min(guard.ceiling, memory.buffer.byteLength)) return address;
    // A block beyond the memory has no header to free it by.
    if (address !== 0 && end <= memory.buffer.byteLength) wasm._free(address);
    guard.refused = true;
    throw new TaskatlasError(
      'out-of-memory',
      `WebAssembly has no ${megabytes(bytes)} left of the ${megabytes(guard.ceiling)} that it may take.`,
    );
  };
}

/** Whether the heap of the present backend has come to its end; false where it has none. */
function heapIsFull(tf: Tf): boolean {
  const guard = tf.getBackend() === 'wasm' ? guards.get(tf.backend() as WasmBackend) : undefined;
  if (!guard) return false;
  const { byteLength } = (tf.backend() as WasmBackend).wasm.asm.memory.buffer;
  return guard.refused || byteLength > guard.ceiling - NEARLY_FULL;
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Whether an error says that memory has run out, on whichever engine (or in this process itself). */
export const isOutOfMemory = (error: unknown): boolean =>
  error instanceof TaskatlasError ? error.code === 'out-of-memory' : READS_LIKE.test(textOf(error));

/** The error as the rooms above know it: `out-of-memory` where that is what happened, else unchanged. */
export function asOutOfMemory(tf: Tf, error: unknown): unknown {
  if (error instanceof TaskatlasError) return error;
  const trapped = TRAP.test(textOf(error)) && heapIsFull(tf);
  if (!trapped && !isOutOfMemory(error)) return error;
  const [first = ''] = textOf(error)
    .replace(/^Invalid TF_Status: 8\s*Message: /, '')
    .split('\n');
  return new TaskatlasError('out-of-memory', `${tf.getBackend()}: ${first}`, { cause: error });
}
