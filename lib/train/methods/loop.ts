import { trainingSteps } from '@/lib/science/catalog/costs';
import { type CurvePoint, createRng, TaskatlasError, type TrainingOptions } from '@/lib/science/core';
import { packState, type TrainingState, unpackState } from './checkpoint';
import { meanLoss } from './losses';
import { type ParameterGroup, rateAt } from './optimiser';
import { createPause, type Pause, stopped } from './pause';
import { createStepper, type Stepper } from './stepper';
import type { RunContext, TrainingProblem } from './types';

/** Time between reports of progress. */
const REPORT_MS = 250;

export interface TrainingOutcome {
  curve: readonly CurvePoint[];
  steps: number;
  images: number;
  /** Wall-clock of the training itself, over all of its attempts as far as checkpoints tell. */
  seconds: number;
}

/** Hands out batches: epochs' permutations strung together, always full batches; a pure function of (seed, step). */
export function createBatches(
  seed: number,
  examples: number,
  batchSize: number,
): (step: number) => Int32Array {
  const size = Math.min(batchSize, examples);
  let epoch = -1;
  let order = new Int32Array(0);
  return (step) => {
    const batch = new Int32Array(size);
    for (let i = 0; i < size; i++) {
      const position = step * size + i;
      const wanted = Math.floor(position / examples);
      if (wanted !== epoch) {
        epoch = wanted;
        order = createRng(seed, 'shuffle', epoch).permutation(examples) as Int32Array<ArrayBuffer>;
      }
      batch[i] = order[position % examples] as number;
    }
    return batch;
  };
}

/**
 * Whether the selection pool is evaluated after so many steps: before the first, every `spacing` steps, and after the
 * last, in place of an evaluation less than half of a spacing before it.
 */
export const isEvaluated = (done: number, totalSteps: number, spacing: number): boolean =>
  done === 0 || done === totalSteps || (done % spacing === 0 && totalSteps - done >= spacing / 2);

/** One gradient step; returns the batch loss. @throws TaskatlasError `diverged` */
function trainStep(stepper: Stepper, batch: Int32Array, step: number, rate: number): number {
  const loss = stepper.step(batch, step, rate);
  if (!Number.isFinite(loss)) {
    throw new TaskatlasError(
      'diverged',
      `The training loss became ${loss} at step ${step + 1}: lower the learning rate.`,
    );
  }
  return loss;
}

/** What changes during a training, beside the weights. */
interface Progress {
  step: number;
  curve: CurvePoint[];
  best: TrainingState['best'];
  lossSum: number;
  lossCount: number;
  seconds: number;
}

const fresh = (): Progress => ({ step: 0, curve: [], best: null, lossSum: 0, lossCount: 0, seconds: 0 });

async function resume(context: RunContext, problem: TrainingProblem, stepper: Stepper): Promise<Progress> {
  const bytes = await context.checkpoint.load();
  const state = bytes ? unpackState(context.fingerprint, bytes) : null;
  if (!state) return fresh();
  problem.parameters.restore(state.weights);
  stepper.restore(state.step, state.moments);
  const { step, curve, best, lossSum, lossCount, seconds } = state;
  return { step, curve: [...curve], best, lossSum, lossCount, seconds };
}

async function save(
  context: RunContext,
  problem: TrainingProblem,
  stepper: Stepper,
  progress: Progress,
): Promise<void> {
  stepper.sync();
  const weights = problem.parameters.snapshot(problem.trainable);
  await context.checkpoint.save(
    packState(context.fingerprint, { ...progress, weights, moments: stepper.state() }),
  );
}

/**
 * Evaluates the selection pool and keeps the weights if they are the best so far.
 * @throws TaskatlasError `diverged` where the loss was finite before and is not now: the start must not stand in for a
 * training that broke
 */
async function evaluateSelection(
  problem: TrainingProblem,
  progress: Progress,
  perEpoch: number,
  pause: Pause,
): Promise<number | null> {
  const loss = meanLoss(await problem.selectionLosses(pause));
  const selectionLoss = Number.isFinite(loss) ? loss : null;
  if (selectionLoss === null && progress.best) {
    throw new TaskatlasError(
      'diverged',
      `The loss on the selection pool became ${loss} at step ${progress.step}: lower the learning rate.`,
    );
  }
  progress.curve.push({
    step: progress.step,
    epoch: progress.step / perEpoch,
    trainLoss: progress.lossCount === 0 ? null : progress.lossSum / progress.lossCount,
    selectionLoss,
  });
  progress.lossSum = 0;
  progress.lossCount = 0;
  if (selectionLoss !== null && (!progress.best || selectionLoss < progress.best.loss)) {
    const weights = problem.parameters.snapshot(problem.trainable);
    progress.best = { loss: selectionLoss, step: progress.step, weights };
  }
  return selectionLoss;
}

/** Measures wall-clock and throughput, and knows when a report or a checkpoint is due. */
function createClock(progress: Progress, batchSize: number, everySeconds: number) {
  let last = performance.now();
  let saved = last;
  let reported = last;
  let reportedStep = progress.step;
  return {
    /** Adds the time since the last call to the run's seconds. */
    tick: (): void => {
      const now = performance.now();
      progress.seconds += (now - last) / 1000;
      last = now;
    },
    reportDue: (): boolean => last - reported > REPORT_MS,
    /** Images per second since the last report. */
    report: (): number => {
      const rate = ((progress.step - reportedStep) * batchSize) / Math.max(1e-3, (last - reported) / 1000);
      reported = last;
      reportedStep = progress.step;
      return rate;
    },
    /** Leaves what came before out of the rate: the first step compiles kernels and takes memory. */
    warm: (): void => {
      reported = last;
      reportedStep = progress.step;
    },
    checkpointDue: (): boolean => last - saved >= everySeconds * 1000,
    saved: (): void => {
      saved = performance.now();
    },
  };
}

interface Session {
  context: RunContext;
  problem: TrainingProblem;
  options: TrainingOptions;
  stepper: Stepper;
  progress: Progress;
  batchSize: number;
  totalSteps: number;
  seed: number;
  /** Steps between two evaluations (catalog/evaluations.ts). */
  spacing: number;
}

async function runSteps(session: Session): Promise<void> {
  const { context, problem, options, stepper, progress, batchSize, totalSteps } = session;
  const nextBatch = createBatches(session.seed, problem.examples, batchSize);
  const clock = createClock(progress, batchSize, context.checkpoint.everySeconds);
  const pause = createPause();
  const first = progress.step;
  const perEpoch = problem.examples / batchSize;
  // The start counts too: where training only hurts, it is what is kept.
  if (progress.curve.length === 0) await evaluateSelection(problem, progress, perEpoch, pause);
  let selectionLoss = progress.curve.at(-1)?.selectionLoss ?? null;
  while (progress.step < totalSteps) {
    if (context.signal.aborted) {
      clock.tick();
      await save(context, problem, stepper, progress);
      throw stopped(context.signal);
    }
    const rate = rateAt(options, progress.step, totalSteps, perEpoch);
    const batch = nextBatch(progress.step);
    progress.lossSum += trainStep(stepper, batch, progress.step, rate);
    progress.step++;
    progress.lossCount++;
    const trainLoss = progress.lossSum / progress.lossCount;
    const evaluated = isEvaluated(progress.step, totalSteps, session.spacing);
    if (evaluated) {
      stepper.sync();
      selectionLoss = await evaluateSelection(problem, progress, perEpoch, pause);
    }
    clock.tick();
    if (progress.step === first + 1 && !evaluated) clock.warm();
    if (evaluated || clock.reportDue()) {
      const imagesPerSecond = clock.report();
      context.onProgress({ step: progress.step, totalSteps, imagesPerSecond, trainLoss, selectionLoss });
    }
    if (clock.checkpointDue() && progress.step < totalSteps) {
      await save(context, problem, stepper, progress);
      clock.saved();
    }
    await pause();
  }
}

/**
 * The one training loop: optimiser and schedule as asked for (Adam, cosine to 0), best weights by the selection pool, exact resume.
 * Ends with the best weights in `problem.parameters`.
 * @throws TaskatlasError `diverged` on a loss that is not finite, `cancelled` on abort (after a checkpoint)
 */
export async function train(
  context: RunContext,
  problem: TrainingProblem,
  options: TrainingOptions,
  settings: { seed: number; spacing: number },
): Promise<TrainingOutcome> {
  const batchSize = Math.min(options.batchSize, problem.examples);
  const totalSteps = trainingSteps(problem.examples, options.epochs, batchSize);
  const groups: readonly ParameterGroup[] = problem.groups ?? [
    { names: problem.trainable, rate: 1, from: 0 },
  ];
  const sizes = { batchSize, totalSteps };
  const stepper = createStepper(context, problem, groups, options, sizes);
  try {
    const progress = await resume(context, problem, stepper);
    await runSteps({
      context,
      problem,
      options,
      stepper,
      progress,
      batchSize,
      totalSteps,
      seed: settings.seed,
      spacing: settings.spacing,
    });
    if (progress.best) problem.parameters.restore(progress.best.weights);
    return {
      curve: progress.curve,
      steps: totalSteps,
      images: totalSteps * batchSize,
      seconds: progress.seconds,
    };
  } finally {
    stepper.dispose();
  }
}
