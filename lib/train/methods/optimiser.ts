import type { Tensor } from '@tensorflow/tfjs-core';
import type { AdamConstants, Tf } from '../engine';
import { fusedAdam } from '../engine/native/adam';
import type { ParameterStore, Weights } from '../networks';

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
