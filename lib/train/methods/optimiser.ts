import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { TrainingOptions } from '@/lib/science/core';
import { cosineRate, stepRate, warmupRate } from '@/lib/science/learning';
import { ADAM, type Tf } from '../engine';
import { fusedAdam } from '../engine/native/adam';
import type { ParameterStore, Weights } from '../networks';

/** Parameters that are trained alike. */
export interface ParameterGroup {
  names: readonly string[];
  /** Multiple of the training's rate. */
  rate: number;
  /** Share of the training's steps after which they begin to move; 0 = at once. */
  from: number;
}

/** The optimiser of one training: owns the state of those parameters that it changes. */
export interface Optimiser {
  /** Names of the parameters that the step with this index changes. */
  active(step: number): readonly string[];
  /** Applies the step with this index. Gradients by name; parameters without one stay as they are. */
  apply(gradients: ReadonlyMap<string, Tensor>, rate: number, step: number): void;
  /** State by name (`m/…` and `v/…`, or `b/…`), for checkpoints. */
  state(): Weights;
  /** Goes on after `step` steps with the state saved then. */
  restore(step: number, state: Weights): void;
  dispose(): void;
}

/** One rule on some variables; a list of gradients is in their order. */
interface Rule {
  apply(gradients: readonly Tensor[], rate: number): void;
  state(): Weights;
  restore(step: number, state: Weights): void;
  dispose(): void;
}

const NONE = new Float32Array(0);

/** Adam; decoupled (AdamW): p ← p(1 − ηλ) before the step instead of λp in the gradient. */
function adamRule(
  tf: Tf,
  variables: readonly Variable[],
  names: readonly string[],
  weightDecay: number,
  decoupled: boolean,
): Rule {
  const adam = fusedAdam(tf, variables, { ...ADAM, weightDecay: decoupled ? 0 : weightDecay });
  return {
    apply: (gradients, rate) => {
      if (decoupled && weightDecay > 0) {
        for (const variable of variables)
          tf.tidy(() => variable.assign(tf.mul(variable, 1 - rate * weightDecay)));
      }
      adam.apply(gradients, rate);
    },
    state: () => {
      const { moments } = adam.state();
      return new Map(
        names.flatMap((name, i) => [
          [`m/${name}`, moments[i]?.first ?? NONE] as const,
          [`v/${name}`, moments[i]?.second ?? NONE] as const,
        ]),
      );
    },
    restore: (step, state) =>
      adam.restore({
        step,
        moments: names.map((name) => ({
          first: state.get(`m/${name}`) ?? NONE,
          second: state.get(`v/${name}`) ?? NONE,
        })),
      }),
    dispose: () => adam.dispose(),
  };
}

/** SGD with momentum (torch.optim.SGD): g ← g + λp; b ← g at step 1, else μb + g; p ← p − η·b. */
function sgdRule(
  tf: Tf,
  variables: readonly Variable[],
  names: readonly string[],
  weightDecay: number,
  momentum: number,
): Rule {
  // From b = 0 the rule μb + g gives b = g at step 1.
  const velocity = variables.map((of) => tf.tidy(() => tf.variable(tf.zeros(of.shape), false)));
  return {
    apply: (gradients, rate) =>
      variables.forEach((variable, i) => {
        const [gradient, b] = [gradients[i], velocity[i]];
        if (!gradient || !b) return;
        tf.tidy(() => {
          const g = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(variable, weightDecay));
          b.assign(momentum === 0 ? g.clone() : tf.add(tf.mul(b, momentum), g));
          variable.assign(tf.sub(variable, tf.mul(b, rate)));
        });
      }),
    state: () =>
      new Map(
        names.map((name, i) => [`b/${name}`, (velocity[i]?.dataSync() as Float32Array)?.slice() ?? NONE]),
      ),
    restore: (_, state) =>
      velocity.forEach((b, i) => {
        const saved = state.get(`b/${names[i]}`);
        if (saved?.length === b.size) tf.tidy(() => b.assign(tf.tensor(saved.slice(), b.shape)));
      }),
    dispose: () => {
      for (const b of velocity) b.dispose();
    },
  };
}

function ruleOf(
  tf: Tf,
  parameters: ParameterStore,
  names: readonly string[],
  { optimiser = 'adam', weightDecay, momentum = 0 }: TrainingOptions,
): Rule {
  const variables = names.map((name) => parameters.get(name));
  return optimiser === 'sgd'
    ? sgdRule(tf, variables, names, weightDecay, momentum)
    : adamRule(tf, variables, names, weightDecay, optimiser === 'adamw');
}

/** The optimiser that a training asks for, on groups of parameters with rates and starts of their own. */
export function createOptimiser(
  tf: Tf,
  parameters: ParameterStore,
  groups: readonly ParameterGroup[],
  options: TrainingOptions,
  totalSteps: number,
): Optimiser {
  const parts = groups.map(({ names, rate, from }) => ({
    names,
    rate,
    start: Math.floor(from * totalSteps),
    rule: ruleOf(tf, parameters, names, options),
  }));
  return {
    active: (step) => parts.flatMap(({ names, start }) => (step >= start ? names : [])),
    apply: (gradients, rate, step) => {
      for (const part of parts) {
        if (step < part.start) continue;
        // A missing gradient is a hole: the rules pass over it.
        part.rule.apply(
          part.names.map((name) => gradients.get(name) as Tensor),
          rate * part.rate,
        );
      }
    },
    state: () => new Map(parts.flatMap(({ rule }) => [...rule.state()])),
    restore: (step, state) => {
      for (const { rule, start } of parts) rule.restore(Math.max(0, step - start), state);
    },
    dispose: () => {
      for (const { rule } of parts) rule.dispose();
    },
  };
}

/**
 * Learning rate of the step with this index: linear warm-up from one step's share, then the schedule over the steps
 * that are left. A pure function of the step, so a resumed training needs no schedule state.
 */
export function rateAt(
  options: TrainingOptions,
  step: number,
  totalSteps: number,
  stepsPerEpoch: number,
): number {
  const { learningRate, schedule = 'cosine', stepEpochs = 1, stepFactor = 0.1, warmUpEpochs = 0 } = options;
  const warm = Math.min(totalSteps - 1, Math.round(warmUpEpochs * stepsPerEpoch));
  if (step < warm) return warmupRate(learningRate, step + 1, warm, 0);
  const [at, left] = [step - warm, totalSteps - warm];
  if (schedule === 'constant') return learningRate;
  if (schedule === 'step') {
    const every = Math.max(1, Math.round(stepEpochs * stepsPerEpoch));
    return stepRate(learningRate, at, every, stepFactor);
  }
  return cosineRate(learningRate, at, left);
}
