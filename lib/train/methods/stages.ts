import type { CurvePoint, RunResult } from '@/lib/science/core';
import type { Weights } from '../networks';
import { floatsOf, packFile, unpackFile } from './container';
import { type SupervisedTraining, trainSupervised } from './trained';
import type { MethodContext, RunContext } from './types';

/** One finished training of a run that has several. */
export interface Stage {
  weights: Weights;
  curve: readonly CurvePoint[];
  cost: RunResult['cost'];
}

/** Which training of a run it is, from 0, and how many there are at most. */
export interface StagePlace {
  index: number;
  of: number;
}

/** A stage's progress as the run's: every stage counts alike, so that it never goes back. */
function runContext<C extends RunContext>(context: C, { index, of }: StagePlace): C {
  return {
    ...context,
    fingerprint: `${context.fingerprint}#${index}`,
    onProgress: (progress) =>
      context.onProgress({
        ...progress,
        step: index * progress.totalSteps + progress.step,
        totalSteps: of * progress.totalSteps,
      }),
  };
}

const stageName = (fingerprint: string, index: number): string => `${fingerprint}/stage-${index}`;

/** The stage in a file; null where the file is damaged: then it is trained again. */
function unpackStage(bytes: Uint8Array): Stage | null {
  try {
    const file = unpackFile(bytes);
    const { curve, cost } = file.meta as unknown as Omit<Stage, 'weights'>;
    return {
      weights: new Map([...file.arrays.keys()].map((key) => [key, floatsOf(file, key)])),
      curve,
      cost,
    };
  } catch {
    return null;
  }
}

/**
 * One stage of a run, or what it gave before an interruption: finished stages are kept as files of the run, and the one
 * at work has the run's checkpoint under a name of its own.
 */
export async function keptStage<C extends RunContext>(
  context: C,
  place: StagePlace,
  make: (own: C) => Promise<Stage>,
): Promise<Stage> {
  const name = stageName(context.fingerprint, place.index);
  const stored = await context.artifacts.read(name);
  const kept = stored ? unpackStage(stored) : null;
  if (kept) return kept;
  const stage = await make(runContext(context, place));
  const { weights, curve, cost } = stage;
  await context.artifacts.write(
    name,
    packFile({ meta: { format: 'stage-1', curve, cost }, arrays: weights }),
  );
  return stage;
}

/** The supervised training of one stage. */
export const trainStage = (
  context: MethodContext,
  place: StagePlace,
  request: SupervisedTraining,
): Promise<Stage> =>
  keptStage(context, place, async (own) => {
    const { weights, result } = await trainSupervised(own, request);
    return { weights, curve: result.curve, cost: result.cost };
  });

/** Names of the files that so many stages leave. */
export const stageFiles = (fingerprint: string, stages: number): string[] =>
  Array.from({ length: stages }, (_, i) => stageName(fingerprint, i));

/** Curves one after the other, work summed. */
export function sumStages(stages: readonly Stage[]): Pick<RunResult, 'curve' | 'cost'> {
  const curve: CurvePoint[] = [];
  const cost = { steps: 0, images: 0, seconds: 0, flops: 0 };
  for (const stage of stages) {
    const epochs = curve.at(-1)?.epoch ?? 0;
    for (const p of stage.curve) curve.push({ ...p, step: p.step + cost.steps, epoch: p.epoch + epochs });
    for (const key of ['steps', 'images', 'seconds', 'flops'] as const) cost[key] += stage.cost[key];
  }
  return { curve, cost };
}
