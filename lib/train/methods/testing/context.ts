import type { Dataset } from '@/lib/science/datasets/dataset';
import type { Engine } from '../../engine';
import type { RunContext, TrainingProgress } from '../types';

export interface TestContext extends RunContext {
  files: Map<string, Uint8Array>;
  checkpoints: { saved: Uint8Array | null };
  progress: TrainingProgress[];
}

/** A run context on memory, for tests and benches. */
export function createTestContext(
  engine: Engine,
  dataset: Dataset,
  fingerprint: string,
  options: { files?: Map<string, Uint8Array>; signal?: AbortSignal; everySeconds?: number } = {},
): TestContext {
  const files = options.files ?? new Map<string, Uint8Array>();
  const checkpoints: TestContext['checkpoints'] = { saved: null };
  const progress: TrainingProgress[] = [];
  return {
    engine,
    dataset,
    fingerprint,
    files,
    checkpoints,
    progress,
    tasks: new Map(dataset.tasks.map((task) => [task.id, task])),
    artifacts: {
      read: async (name) => files.get(name) ?? null,
      write: async (name, bytes) => {
        files.set(name, bytes);
      },
    },
    checkpoint: {
      load: async () => checkpoints.saved,
      save: async (bytes) => {
        checkpoints.saved = bytes;
      },
      everySeconds: options.everySeconds ?? 1e9,
    },
    signal: options.signal ?? new AbortController().signal,
    onProgress: (point) => progress.push(point),
    inputKinds: ['rgb', 'grey'],
  };
}
