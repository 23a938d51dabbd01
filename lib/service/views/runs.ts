import { labelOf, methodLabel, PLAIN_METHOD } from '@/lib/science/catalog/methods';
import type { Recipe, RunTable, TaskId } from '@/lib/science/core';
import type { RunDetailView, RunView, WorkerView } from '../contracts';
import type { StoredRun, StoredWorker } from '../ports';
import { runShare, shownState, WORKER_SILENCE_SECONDS } from './progress';

/** Named where it is not the whole transfer pool. */
const sizeWords = (recipe: { images: number; dataset: Recipe['dataset'] }): string =>
  recipe.images < recipe.dataset.pools.transfer ? `, ${recipe.images} images` : '';

/** A run in words: `Normals → Z-depth`, `Z-depth from scratch`. */
export function runLabel(recipe: Recipe, name: (id: TaskId) => string): string {
  switch (recipe.kind) {
    case 'dataset':
      return `Images, part ${recipe.shard + 1} of ${recipe.shards}`;
    case 'source':
      return `${name(recipe.task)}, own network`;
    case 'scratch':
      return `${name(recipe.task)} from scratch${sizeWords(recipe)}`;
    case 'mean':
      return `${name(recipe.task)}, mean predictor`;
    case 'probe':
      return `${name(recipe.source.task)}, ridge probe`;
    case 'pretrain':
      return `${methodLabel(recipe.method, recipe.options)} on ${recipe.tasks.map(name).join(', ') || 'pictures alone'}`;
    case 'transfer': {
      const method = labelOf(recipe);
      const by = method === PLAIN_METHOD ? '' : ` (${method})`;
      const from = recipe.sources.map((s) => name(s.task)).join(' + ');
      return `${from === '' ? '' : `${from} → `}${name(recipe.task)}${by}${sizeWords(recipe)}`;
    }
  }
}

/** The seed of a run's own training; null for runs that draw nothing. */
export const seedOf = (recipe: Recipe): number | null => ('seed' in recipe ? recipe.seed : null);

export function runView(run: StoredRun, name: (id: TaskId) => string, now: number): RunView {
  const state = shownState(run, now);
  const running = state === 'running' || state === 'lost';
  return {
    fingerprint: run.fingerprint,
    kind: run.kind,
    label: runLabel(run.recipe, name),
    state,
    attempt: run.attempt,
    failure: run.failure ? { class: run.failure.class, message: run.failure.message } : null,
    progress: running ? runShare(run) : null,
    seconds: run.seconds,
    backend: run.backend,
    worker: running ? run.claimedBy : null,
  };
}

/** Tables of a run as JSON has them: what is no number is null. */
export const tablesView = (tables: readonly RunTable[] = []): RunDetailView['tables'] =>
  tables.map(({ name, meaning, rows, columns, values }) => ({
    name,
    meaning,
    rows: [...rows],
    columns: [...columns],
    values: values.map((row) => row.map((value) => (Number.isFinite(value) ? value : null))),
  }));

/** Workers as they announced themselves, each with the run that it holds. */
export function workerViews(
  workers: readonly StoredWorker[],
  held: readonly StoredRun[],
  name: (id: TaskId) => string,
  now: number,
): WorkerView[] {
  const running = new Map(
    held
      .filter((run) => run.state === 'running' && run.claimedBy !== null)
      .map((run) => [run.claimedBy, run]),
  );
  return workers.map((worker) => {
    const run = running.get(worker.id) ?? null;
    return {
      id: worker.id,
      host: worker.host,
      pid: worker.pid,
      backend: worker.backend,
      device: worker.device,
      startedAt: new Date(worker.startedAt).toISOString(),
      seenAt: new Date(worker.seenAt).toISOString(),
      alive: now - worker.seenAt < WORKER_SILENCE_SECONDS * 1000,
      run: run && runView(run, name, now),
      imagesPerSecond: run?.progress?.imagesPerSecond ?? null,
    };
  });
}
