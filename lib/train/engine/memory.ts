import type { TensorContainer } from '@tensorflow/tfjs-core';
import { TaskatlasError } from '@/lib/science/core/errors';
import type { Tf } from './types';

/** Runs `work`; every tensor made inside is freed, except those that it returns. */
export const scope = <T extends TensorContainer>(tf: Tf, work: () => T): T => tf.tidy(work);

/**
 * The same for asynchronous work. Scopes are one process-wide stack, so two asynchronous scopes must not
 * run interleaved: await one before the next is opened.
 */
export async function scopeAsync<T extends TensorContainer>(tf: Tf, work: () => Promise<T>): Promise<T> {
  const engine = tf.engine();
  engine.startScope('scopeAsync');
  let result: T | undefined;
  try {
    result = await work();
    return result;
  } finally {
    engine.endScope(result);
  }
}

export interface MemoryCount {
  readonly tensors: number;
  readonly buffers: number;
  readonly bytes: number;
}

/** Tensors, distinct buffers and bytes alive now. */
export function memoryCount(tf: Tf): MemoryCount {
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  return { tensors: numTensors, buffers: numDataBuffers, bytes: numBytes };
}

/**
 * Runs `work` and throws if it left tensors or buffers behind.
 * @throws TaskatlasError `internal` naming what was left.
 */
export async function expectNoLeak<T>(tf: Tf, what: string, work: () => Promise<T> | T): Promise<T> {
  const before = memoryCount(tf);
  const result = await work();
  const after = memoryCount(tf);
  if (after.tensors > before.tensors || after.buffers > before.buffers) {
    throw new TaskatlasError(
      'internal',
      `${what} left ${after.tensors - before.tensors} tensors and ${after.buffers - before.buffers} buffers ` +
        `(${after.bytes - before.bytes} bytes) behind: wrap the step in scope() and dispose what it keeps.`,
    );
  }
  return result;
}
