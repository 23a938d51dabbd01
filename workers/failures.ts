import { type FailureClass, type Recipe, TaskatlasError } from '@/lib/science/core';
import type { StoredRun } from '@/lib/service/ports';
import { isPlaceFault } from '@/lib/service/store';
import { isOutOfMemory } from '@/lib/train/engine';

/** Files of finished runs that a run needs are gone or damaged: no fault of the run. */
export class UnreadableSources extends Error {
  readonly sources: readonly string[];

  constructor(sources: readonly string[]) {
    const names = sources.map((source) => source.slice(0, 8)).join(', ');
    super(`the weights of ${names} are missing or damaged`);
    this.sources = sources;
  }
}

/** What a run's record says when its sources were computed again and again, and could not be read after it. */
export const readingAdvice = (error: UnreadableSources): string =>
  `${error.message}, and were trained again too often. Check the disk of the artifacts, and that all workers use the same folder (TASKATLAS_ARTIFACTS); then retry this run.`;

/** Runs that train nothing send this many images through a network at once. */
const WITHOUT_A_BATCH = 64;

const batchOf = (recipe: Recipe): number =>
  'training' in recipe ? recipe.training.batchSize : WITHOUT_A_BATCH;

/**
 * How many images this attempt at a run sends through a network at once: half of what the attempt before took, after
 * memory ran out; undefined (the recipe's batch) otherwise. Other attempts in between only make it smaller.
 */
export function imagesAtOnce({
  recipe,
  failure,
  attempt,
}: Pick<StoredRun, 'recipe' | 'failure' | 'attempt'>): number | undefined {
  if (failure?.class !== 'out-of-memory' || attempt < 2) return undefined;
  return Math.max(1, Math.floor(batchOf(recipe) / 2 ** (attempt - 1)));
}

/** What the run's record says of a failure for want of memory: what was tried, and what a person can do. */
export function memoryAdvice(
  run: Pick<StoredRun, 'recipe' | 'failure' | 'attempt'>,
  message: string,
): string {
  const batch = batchOf(run.recipe);
  const taken = imagesAtOnce(run) ?? batch;
  const tried =
    taken === batch
      ? `with the whole batch of ${batch}`
      : `with ${taken} of the batch's ${batch} images at once`;
  return `${message.replace(/\.$/, '')}; attempt ${run.attempt}, ${tried}. What helps: fewer workers on this machine (--workers, on a GPU --workers-per-gpu), or a sweep with a smaller training.batchSize, preset or image size.`;
}

/** What kind of failure an error is, which decides about another attempt. */
export function classify(error: unknown): { class: FailureClass; message: string } {
  const message = error instanceof Error ? error.message : String(error);
  if (isPlaceFault(error)) return { class: 'place', message };
  if (error instanceof TaskatlasError) {
    if (error.code === 'out-of-memory' || error.code === 'diverged' || error.code === 'data') {
      return { class: error.code, message };
    }
    // An artifact or a file of the data set is not where it should be.
    if (error.code === 'not-found') return { class: 'data', message };
  }
  if (isOutOfMemory(error)) return { class: 'out-of-memory', message };
  const where =
    error instanceof Error ? error.stack?.split('\n').slice(1, 3).join(' ').replaceAll(/\s+/g, ' ') : '';
  return {
    class: 'code',
    message: where && !(error instanceof TaskatlasError) ? `${message} (${where.trim()})` : message,
  };
}
