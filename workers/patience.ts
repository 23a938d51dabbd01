import { setTimeout as sleep } from 'node:timers/promises';
import type { ArtifactStore } from '@/lib/service/ports';
import { isPlaceFault } from '@/lib/service/store';
import type { WorkerContext } from './types';

/** Pauses between two attempts to write, seconds. */
const PAUSE = { first: 1, most: 30 };

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Calls `write`; a fault of the place is shown as the worker's alarm until a write succeeds. */
async function watched(context: WorkerContext, write: () => Promise<void>): Promise<unknown> {
  try {
    await write();
    context.activity.alarm = null;
    return null;
  } catch (error) {
    if (!isPlaceFault(error)) throw error;
    if (context.activity.alarm === null) context.log(`waiting for a place to write: ${text(error)}`);
    context.activity.alarm = text(error);
    return error;
  }
}

/**
 * Artifacts of a run whose writes wait for a full or read-only disk: what was trained stays in memory, and is written
 * when there is space. Ends when the run is interrupted.
 */
export const patientArtifacts = (context: WorkerContext, signal: AbortSignal): ArtifactStore => ({
  ...context.artifacts,
  async write(name, bytes) {
    for (let wait = PAUSE.first; ; wait = Math.min(wait * 2, PAUSE.most)) {
      const fault = await watched(context, () => context.artifacts.write(name, bytes));
      if (fault === null) return;
      if (signal.aborted) throw fault;
      await sleep(wait * 1000, undefined, { signal }).catch(() => undefined);
    }
  },
});

/** Saves a checkpoint, or goes on training without it while the disk is full. */
export async function saveCheckpoint(context: WorkerContext, name: string, bytes: Uint8Array): Promise<void> {
  await watched(context, () => context.artifacts.write(name, bytes));
}
