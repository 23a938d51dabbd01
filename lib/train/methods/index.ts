import { type Recipe, type RunResult, TaskatlasError } from '@/lib/science/core';
import { mean } from './mean';
import { probe } from './probe';
import { readout } from './readout';
import { scratch } from './scratch';
import { source } from './source';
import type { Method, RunContext } from './types';

export type { RunContext } from './types';

const METHODS = [source, scratch, mean, probe, readout] as const;

/** The method that executes a recipe: for transfers the one it names, else the one of its kind. */
function methodOf(recipe: Recipe): Method {
  const id = recipe.kind === 'transfer' ? recipe.method : recipe.kind;
  const method = METHODS.find((candidate) => candidate.id === id);
  if (!method) {
    throw new TaskatlasError('invalid-input', `No training code executes recipes of "${id}".`);
  }
  // A method only ever sees recipes of its own kind: the lookup above matched it.
  return method as unknown as Method;
}

/**
 * Executes one run: the only entry of this room for workers. Deterministic for a recipe on one backend.
 * @throws TaskatlasError `diverged`, `cancelled` (after a checkpoint), `data`, `invalid-input`
 */
export async function executeRecipe(recipe: Recipe, context: RunContext): Promise<RunResult> {
  return methodOf(recipe).execute(recipe, context);
}
