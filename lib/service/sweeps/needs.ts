import type { Recipe, TaskId } from '@/lib/science/core';

/**
 * Versions that a worker must have to compute a run, as `method readout 4`, `dataset rooms 3`, `task rooms/z-depth 1`:
 * a build with another one would store its result under the wrong name (DESIGN §5). An external encoder is no task of
 * the dictionary. Sorted, so that equal needs are equal arrays.
 */
export function needsOf(recipe: Recipe): string[] {
  const { kind } = recipe.dataset;
  const needs = [`dataset ${kind} ${recipe.dataset.version}`];
  if (recipe.kind !== 'dataset') {
    const method = recipe.kind === 'transfer' || recipe.kind === 'pretrain' ? recipe.method : recipe.kind;
    needs.push(`method ${method} ${recipe.version}`);
    const external = recipe.kind === 'source' && recipe.external !== undefined;
    const tasks = external ? [] : Object.entries(recipe.taskVersions ?? {});
    needs.push(...tasks.map(([id, version]) => `task ${kind}/${id} ${version}`));
  }
  return needs.sort();
}

/** The task that a run serves; of a probe the source that it reads; null for data sets and pre-trainings. */
export function taskOf(recipe: Recipe): TaskId | null {
  if (recipe.kind === 'dataset' || recipe.kind === 'pretrain') return null;
  return recipe.kind === 'probe' ? recipe.source.task : recipe.task;
}
