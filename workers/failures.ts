import { type FailureClass, TaskatlasError } from '@/lib/science/core';

/** How allocation failures of V8, WebAssembly and native TensorFlow read. */
const OUT_OF_MEMORY =
  /allocation failed|out of memory|cannot enlarge memory|memory\.grow|OOM when allocating|Invalid typed array length|Failed to create tensor of size/i;

/** What kind of failure an error is, which decides about another attempt. */
export function classify(error: unknown): { class: FailureClass; message: string } {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof TaskatlasError) {
    if (error.code === 'out-of-memory' || error.code === 'diverged' || error.code === 'data') {
      return { class: error.code, message };
    }
    // An artifact or a file of the data set is not where it should be.
    if (error.code === 'not-found') return { class: 'data', message };
  }
  if (OUT_OF_MEMORY.test(message)) return { class: 'out-of-memory', message };
  const where =
    error instanceof Error ? error.stack?.split('\n').slice(1, 3).join(' ').replaceAll(/\s+/g, ' ') : '';
  return {
    class: 'code',
    message: where && !(error instanceof TaskatlasError) ? `${message} (${where.trim()})` : message,
  };
}
