import type { Tensor } from '@tensorflow/tfjs-core';
import { ADAM, type AdamConstants, type Tf } from '../engine';
import { fusedAdam } from '../engine/native/adam';
import type { ParameterStore, Weights } from '../networks';

type Floats = Float64Array;

/**
 * Adam's rule in double precision, against which the reference vectors are checked; training runs the same rule
 * as a kernel (`FusedAdam`). One step in place (Kingma & Ba 2015, as torch.optim.Adam: weight decay is added to the gradient,
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
  /** Applies one step. Gradients are in the order of the trainable names. */
  apply(gradients: readonly Tensor[], rate: number): void;
  /** Moments by name (`m/…`, `v/…`), for checkpoints. */
  state(): Weights;
  /** Goes on after `step` steps with the moments saved then. */
  restore(step: number, state: Weights): void;
  dispose(): void;
}

/** Adam on the engine's variables, by parameter name. */
export function createAdam(
  tf: Tf,
  parameters: ParameterStore,
  trainable: readonly string[],
  constants: AdamConstants,
): Optimiser {
  const variables = trainable.map((name) => parameters.get(name));
  const adam = fusedAdam(tf, variables, constants);
  const none = new Float32Array(0);
  return {
    apply: (gradients, rate) => adam.apply(gradients, rate),
    state: () => {
      const { moments } = adam.state();
      return new Map(
        trainable.flatMap((name, i) => [
          [`m/${name}`, moments[i]?.first ?? none] as const,
          [`v/${name}`, moments[i]?.second ?? none] as const,
        ]),
      );
    },
    restore: (step, state) =>
      adam.restore({
        step,
        moments: trainable.map((name) => ({
          first: state.get(`m/${name}`) ?? none,
          second: state.get(`v/${name}`) ?? none,
        })),
      }),
    dispose: () => adam.dispose(),
  };
}
