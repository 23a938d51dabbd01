import type { NamedTensorMap, Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import type { TrainingOptions } from '@/lib/science/core';
import { ADAM, BatchArrays, type CompiledStep, compileStep, compilesSteps } from '../engine';
import type { Weights } from '../networks';
import { createOptimiser, type ParameterGroup } from './optimiser';
import type { RunContext, TrainingProblem } from './types';

/** Takes gradient steps on a problem's parameters, whichever way is fastest on the engine at hand. */
export interface Stepper {
  /** One step; returns the batch's loss before it. The parameters need not show it until `sync`. */
  step(batch: Int32Array, step: number, rate: number): number;
  /** Brings the problem's parameters up to date. */
  sync(): void;
  /** State of the optimiser by name, for checkpoints. */
  state(): Weights;
  /** Goes on after `step` steps with the parameters as they are now and the state saved then. */
  restore(step: number, state: Weights): void;
  dispose(): void;
}

/** A batch in parts that fit into memory, with each part's share in the batch's mean; whole unless it has to be split. */
function partsOf(problem: TrainingProblem, batch: Int32Array, atOnce: number): [Int32Array, number][] {
  const { weightOf } = problem;
  if (batch.length <= atOnce || !weightOf) return [[batch, 1]];
  const parts = Array.from({ length: Math.ceil(batch.length / atOnce) }, (_, i) =>
    batch.subarray(i * atOnce, (i + 1) * atOnce),
  );
  const total = weightOf(batch);
  return parts.map((part) => [part, total > 0 ? weightOf(part) / total : part.length / batch.length]);
}

/** Loss of a batch and its gradients, by the variables' names: of its parts one after the other, summed. */
function lossAndGradients(
  { engine, imagesAtOnce }: RunContext,
  problem: TrainingProblem,
  variables: readonly Variable[],
  batch: Int32Array,
  step: number,
): { loss: number; grads: NamedTensorMap } {
  const { tf } = engine;
  // In a tidy, so that nothing stays behind where memory runs out half-way.
  return tf.tidy(() => {
    let loss = 0;
    let sum: NamedTensorMap = {};
    for (const [part, share] of partsOf(problem, batch, imagesAtOnce ?? batch.length)) {
      const { value, grads } = tf.variableGrads(() => {
        const own = problem.loss(part, step) as Scalar;
        return share === 1 ? own : tf.mul(own, share);
      }, variables as Variable[]) as { value: Scalar; grads: NamedTensorMap };
      loss += value.dataSync()[0] as number;
      value.dispose();
      const before = sum;
      sum = Object.fromEntries(
        Object.entries(grads).map(([name, gradient]) => {
          const other = before[name];
          return [name, other ? tf.add(other, gradient) : gradient];
        }),
      );
      if (Object.keys(before).length > 0) tf.dispose([before, grads]);
    }
    return { loss, grads: sum };
  });
}

/** Operation by operation: any problem, any optimiser, any backend. */
function stepByStep(
  context: RunContext,
  problem: TrainingProblem,
  groups: readonly ParameterGroup[],
  options: TrainingOptions,
  totalSteps: number,
): Stepper {
  const optimiser = createOptimiser(context.engine.tf, problem.parameters, groups, options, totalSteps);
  return {
    step: (batch, step, rate) => {
      const names = optimiser.active(step);
      const variables = names.map((name) => problem.parameters.get(name));
      const { loss, grads } = lossAndGradients(context, problem, variables, batch, step);
      const gradients = new Map(variables.map((v, i) => [names[i] ?? '', grads[v.name] as Tensor]));
      if (Number.isFinite(loss)) optimiser.apply(gradients, rate, step);
      for (const gradient of Object.values(grads)) gradient.dispose();
      return loss;
    },
    sync: () => {},
    state: () => optimiser.state(),
    restore: (step, state) => optimiser.restore(step, state),
    dispose: () => optimiser.dispose(),
  };
}

const NONE = new Float32Array(0);

function asStepper(
  compiled: CompiledStep,
  names: readonly string[],
  inputsOf: (batch: Int32Array, step: number) => Tensor[],
): Stepper {
  return {
    step: (batch, at, rate) => {
      const inputs = inputsOf(batch, at);
      const loss = compiled.run(inputs, rate);
      for (const tensor of inputs) tensor.dispose();
      return loss;
    },
    sync: () => compiled.pull(),
    state: () => {
      const { moments } = compiled.state();
      return new Map(
        names.flatMap((name, i) => [
          [`m/${name}`, moments[i]?.first ?? NONE] as const,
          [`v/${name}`, moments[i]?.second ?? NONE] as const,
        ]),
      );
    },
    restore: (step, state) =>
      compiled.push({
        step,
        moments: names.map((name) => ({
          first: state.get(`m/${name}`) ?? NONE,
          second: state.get(`v/${name}`) ?? NONE,
        })),
      }),
    dispose: () => compiled.dispose(),
  };
}

/** The whole step as one call, where the engine can compile it: plain Adam, whole batches, a loss that is staged. */
function compiled(
  { engine, imagesAtOnce }: RunContext,
  problem: TrainingProblem,
  groups: readonly ParameterGroup[],
  { optimiser = 'adam', weightDecay }: TrainingOptions,
  batchSize: number,
): Stepper | null {
  const { tf } = engine;
  const { staged, parameters } = problem;
  const [group, ...others] = groups;
  const plain = others.length === 0 && group?.rate === 1 && group.from === 0 && optimiser === 'adam';
  const whole = imagesAtOnce === undefined || imagesAtOnce >= batchSize;
  if (!staged || !plain || !whole || !compilesSteps(tf)) return null;
  // What an input is made of (pictures before they are joined, say) goes with the tidy.
  const arrays = new BatchArrays();
  const inputsOf = (batch: Int32Array, at: number): Tensor[] =>
    tf.tidy(() => arrays.during(() => staged.inputs(batch, at)));
  const first = inputsOf(
    Int32Array.from({ length: batchSize }, (_, i) => i),
    0,
  );
  const step = compileStep(tf, {
    variables: group.names.map((name) => parameters.get(name)),
    constants: parameters.names
      .filter((name) => !group.names.includes(name))
      .map((name) => parameters.get(name)),
    adam: { ...ADAM, weightDecay },
    inputs: first,
    loss: () => staged.loss(first),
  });
  for (const tensor of first) tensor.dispose();
  return step && asStepper(step, group.names, inputsOf);
}

/** The fastest way to train this problem with these options on this engine. */
export const createStepper = (
  context: RunContext,
  problem: TrainingProblem,
  groups: readonly ParameterGroup[],
  options: TrainingOptions,
  sizes: { batchSize: number; totalSteps: number },
): Stepper =>
  compiled(context, problem, groups, options, sizes.batchSize) ??
  stepByStep(context, problem, groups, options, sizes.totalSteps);
