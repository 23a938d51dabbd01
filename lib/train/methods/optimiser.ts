import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Tf } from '../engine';
import type { ParameterStore, Weights } from '../networks';

/** Arrays that Adam's rule works on: training uses single, the reference vectors double precision. */
type Floats = Float32Array | Float64Array;

export interface AdamConstants {
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
}

export const ADAM: AdamConstants = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };

/**
 * One Adam step in place (Kingma & Ba 2015, as torch.optim.Adam: weight decay is added to the gradient,
 * ε lies outside the bias-corrected root).
 *   g ← g + λp; m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; p ← p − η/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε)
 * @param step t, counted from 1
 */
export function adamStep(
  parameters: Floats,
  gradient: Floats,
  first: Floats,
  second: Floats,
  rate: number,
  step: number,
  { beta1, beta2, epsilon, weightDecay }: AdamConstants = ADAM,
): void {
  const size = rate / (1 - beta1 ** step);
  const root = 1 / Math.sqrt(1 - beta2 ** step);
  for (let i = 0; i < parameters.length; i++) {
    const p = parameters[i] as number;
    const g = (gradient[i] as number) + weightDecay * p;
    const m = beta1 * (first[i] as number) + (1 - beta1) * g;
    const v = beta2 * (second[i] as number) + (1 - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    parameters[i] = p - (size * m) / (Math.sqrt(v) * root + epsilon);
  }
}

/** Cosine schedule: η_t = η₀ (1 + cos(π t / T)) / 2 for steps t = 0 … T−1 (Loshchilov & Hutter 2017, no restarts). */
export const cosineRate = (rate: number, step: number, totalSteps: number): number =>
  (rate * (1 + Math.cos((Math.PI * step) / totalSteps))) / 2;

/** The optimiser of one training: owns the moments of those parameters that it changes. */
export interface Optimiser {
  /** Applies one step; `step` counts from 1. Gradients are in the order of the trainable names. */
  apply(gradients: readonly Tensor[], rate: number, step: number): void;
  /** Moments by name (`m/…`, `v/…`), for checkpoints. */
  state(): Weights;
  restore(state: Weights): void;
}

/** Adam on the engine's variables. Numbers are the same on every backend: the update runs in this process. */
export function createAdam(
  tf: Tf,
  parameters: ParameterStore,
  trainable: readonly string[],
  constants: AdamConstants,
): Optimiser {
  const slots = trainable.map((name) => {
    const variable: Variable = parameters.get(name);
    return {
      name,
      variable,
      values: (variable.dataSync() as Float32Array).slice(),
      m: new Float32Array(variable.size),
      v: new Float32Array(variable.size),
    };
  });
  return {
    apply: (gradients, rate, step) => {
      slots.forEach(({ variable, values, m, v }, i) => {
        const gradient = (gradients[i] as Tensor).dataSync() as Float32Array;
        adamStep(values, gradient, m, v, rate, step, constants);
        const fresh = tf.tensor(values.slice(), variable.shape);
        variable.assign(fresh);
        fresh.dispose();
      });
    },
    state: () =>
      new Map(
        slots.flatMap(({ name, m, v }) => [
          [`m/${name}`, m.slice()] as const,
          [`v/${name}`, v.slice()] as const,
        ]),
      ),
    restore: (state) => {
      for (const slot of slots) {
        slot.values.set(slot.variable.dataSync() as Float32Array);
        slot.m.set(state.get(`m/${slot.name}`) ?? slot.m);
        slot.v.set(state.get(`v/${slot.name}`) ?? slot.v);
      }
    },
  };
}
