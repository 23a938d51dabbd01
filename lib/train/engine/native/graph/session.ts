import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Binding } from './record';
import { type GraphNode, savedModel, TAG } from './saved-model';

/** A graph with state of its own inside libtensorflow. Tensors go in and come out as ids of the binding. */
export interface Session {
  run(feeds: ReadonlyMap<string, number>, fetches: readonly string[]): number[];
  /** Gives the session back: kept for the next training with the same graph, or freed. */
  release(): void;
}

/** Idle sessions that are kept. A sweep's transfers differ in their number of output channels only. */
const KEPT = 8;
const idle: { readonly key: string; readonly id: number }[] = [];

function load(binding: Binding, file: Uint8Array): number {
  const directory = mkdtempSync(join(tmpdir(), 'taskatlas-graph-'));
  try {
    writeFileSync(join(directory, 'saved_model.pb'), file);
    return binding.loadSavedModel(directory, TAG);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * A session for a graph. libtensorflow optimises a graph when it first runs, which costs more than many small steps:
 * a session that a finished training left is taken again. Its variables keep their old numbers until they are set.
 */
export function openSession(binding: Binding, nodes: readonly GraphNode[]): Session {
  const file = savedModel(nodes);
  const key = createHash('sha256').update(file).digest('hex');
  const at = idle.findIndex((session) => session.key === key);
  const id = at < 0 ? load(binding, file) : (idle.splice(at, 1)[0]?.id ?? load(binding, file));
  return {
    run: (feeds, fetches) =>
      binding
        .runSavedModel(id, [...feeds.values()], [...feeds.keys()].join(','), fetches.join(','))
        .map((made) => made.id),
    release: () => {
      idle.push({ key, id });
      const oldest = idle.length > KEPT ? idle.shift() : undefined;
      if (oldest !== undefined) binding.deleteSavedModel(oldest.id);
    },
  };
}
