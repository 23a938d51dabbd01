import { type Recipe, type RunResult, TaskatlasError, type TaskId } from '@/lib/science/core';
import { asOutOfMemory } from '../engine';
import { adda } from './adapt/adda';
import { cycada } from './adapt/cycada';
import { dann } from './adapt/dann';
import { deepCoral } from './adapt/deep-coral';
import { sourceOnly } from './adapt/source-only';
import { readSource } from './features';
import { mean } from './mean';
import { contrastive } from './pretrain/contrastive';
import { deepBelief } from './pretrain/deep-belief';
import { meta } from './pretrain/meta';
import { multiTask } from './pretrain/multi-task';
import { probe } from './probe';
import { scratch } from './scratch';
import { source, sourcePredictor } from './source';
import { bornAgain } from './transfer/born-again';
import { bornAgainTree } from './transfer/born-again-tree';
import { distill } from './transfer/distill';
import { ensemble } from './transfer/ensemble';
import { features } from './transfer/features';
import { fineTune } from './transfer/fine-tune';
import { partial } from './transfer/partial';
import { readout } from './transfer/readout';
import { selfTraining } from './transfer/self-training';
import type { Method, MethodContext, Predictor, RunContext, TransferMethod } from './types';

export type { RunContext } from './types';

const TRANSFERS: readonly TransferMethod[] = [
  readout,
  features,
  fineTune,
  partial,
  distill,
  bornAgain,
  selfTraining,
  ensemble,
  bornAgainTree,
  sourceOnly,
  dann,
  deepCoral,
  adda,
  cycada,
];
const PRETRAININGS = [multiTask, meta, contrastive, deepBelief] as const;
const METHODS = [source, scratch, mean, probe, ...TRANSFERS, ...PRETRAININGS] as const;

/** The method that executes a recipe: for transfers and pre-trainings the one it names, else the one of its kind. */
function methodOf(recipe: Recipe): Method {
  const id = 'method' in recipe ? recipe.method : recipe.kind;
  const method = METHODS.find((candidate) => candidate.id === id);
  if (!method) {
    throw new TaskatlasError('invalid-input', `No training code executes recipes of "${id}".`);
  }
  // A method only ever sees recipes of its own kind: the lookup above matched it.
  return method as unknown as Method;
}

/** The stored network of a finished run: a transfer's by its method, else a task-specific one. */
async function predictorOf(context: MethodContext, fingerprint: string, task: TaskId): Promise<Predictor> {
  const stored = await readSource(context, fingerprint);
  const { recipe } = stored;
  if (recipe?.kind !== 'transfer') return await sourcePredictor(context, stored, task);
  const method = TRANSFERS.find((candidate) => candidate.id === recipe.method);
  if (!method) throw new TaskatlasError('data', `No method can ask the network of "${recipe.method}".`);
  return await method.predictor(recipe, context, stored.weights);
}

/**
 * Executes one run: the only entry of this room for workers. Deterministic for a recipe on one backend.
 * @throws TaskatlasError `out-of-memory` (see `RunContext.imagesAtOnce`), `diverged`, `cancelled` (after a checkpoint), `data`, `invalid-input`
 */
export async function executeRecipe(recipe: Recipe, context: RunContext): Promise<RunResult> {
  const asking: MethodContext = {
    ...context,
    predictorOf: (fingerprint, task) => predictorOf(asking, fingerprint, task),
  };
  try {
    return await methodOf(recipe).execute(recipe, asking);
  } catch (error) {
    throw asOutOfMemory(context.engine.tf, error);
  }
}
