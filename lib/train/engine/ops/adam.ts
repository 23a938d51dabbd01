import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { TaskatlasError } from '@/lib/science/core/errors';
import { addressOf, forgetPackedCopies, type WasmBackend } from '../backend-wasm';
import type { Simd } from '../simd/context';
import { activeSimd } from '../simd/register';
import type { Tf } from '../types';

export interface AdamConstants {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** λ of g ← g + λp. */
  readonly weightDecay: number;
}

export const ADAM: AdamConstants = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };

/** Moments by variable: `first` and `second` have the variable's size, `step` counts the steps done. */
export interface AdamState {
  readonly step: number;
  readonly moments: readonly { readonly first: Float32Array; readonly second: Float32Array }[];
}

interface Slot {
  readonly variable: Variable;
  readonly first: Variable;
  readonly second: Variable;
}

/**
 * Adam (Kingma & Ba 2015, as torch.optim.Adam) that changes variables in place:
 *   g ← g + λp; m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; p ← p − η/(1−β₁ᵗ) · m / (√(v/(1−β₂ᵗ)) + ε)
 * One kernel call for each variable on wasm, plain operations elsewhere. State goes into checkpoints as
 * numbers; a restored optimiser goes on bit for bit.
 */
export class FusedAdam {
  private step = 0;
  private readonly slots: readonly Slot[];

  constructor(
    private readonly tf: Tf,
    variables: readonly Variable[],
    private readonly constants: AdamConstants = ADAM,
  ) {
    const zeros = (of: Variable): Variable => tf.tidy(() => tf.variable(tf.zeros(of.shape), false));
    this.slots = variables.map((variable) => ({ variable, first: zeros(variable), second: zeros(variable) }));
  }

  /** One step with learning rate `rate`; gradients in the order of the variables. They stay the caller's. */
  apply(gradients: readonly Tensor[], rate: number): void {
    if (gradients.length !== this.slots.length) {
      throw new TaskatlasError(
        'internal',
        `${gradients.length} gradients for ${this.slots.length} variables.`,
      );
    }
    this.step++;
    const { beta1, beta2 } = this.constants;
    const scaled = rate / (1 - beta1 ** this.step);
    const correction = 1 / (1 - beta2 ** this.step);
    const simd = activeSimd(this.tf);
    this.slots.forEach((slot, i) => {
      const gradient = gradients[i];
      if (gradient === undefined) return;
      if (simd === null) this.applyPlain(slot, gradient, scaled, correction);
      else this.applyOwn(simd, slot, gradient, scaled, correction);
    });
  }

  private applyOwn(simd: Simd, slot: Slot, g: Tensor, rate: number, correction: number): void {
    const backend = this.tf.backend() as unknown as WasmBackend;
    const { beta1, beta2, epsilon, weightDecay } = this.constants;
    const at = (t: Tensor): number => addressOf(backend, t);
    const { variable: p, first: m, second: v } = slot;
    // A clone or reshape of the weights may share their buffer: it must keep the numbers that it saw.
    for (const t of [p, m, v]) if (backend.refCount(t.dataId) > 1) this.ownBuffer(t);
    simd.run.adam(at(p), at(g), at(m), at(v), p.size, rate, beta1, beta2, correction, epsilon, weightDecay);
    forgetPackedCopies(backend, p.dataId);
  }

  private ownBuffer(variable: Variable): void {
    this.tf.tidy(() => variable.assign(this.tf.tensor(variable.dataSync(), variable.shape)));
  }

  private applyPlain(
    { variable: p, first: m, second: v }: Slot,
    g: Tensor,
    rate: number,
    correction: number,
  ): void {
    const { tf } = this;
    const { beta1, beta2, epsilon, weightDecay } = this.constants;
    tf.tidy(() => {
      const slope = weightDecay === 0 ? g : tf.add(g, tf.mul(p, weightDecay));
      m.assign(tf.add(tf.mul(m, beta1), tf.mul(slope, 1 - beta1)));
      v.assign(tf.add(tf.mul(v, beta2), tf.mul(tf.square(slope), 1 - beta2)));
      const root = tf.add(tf.sqrt(tf.mul(v, correction)), epsilon);
      p.assign(tf.sub(p, tf.div(tf.mul(m, rate), root)));
    });
  }

  state(): AdamState {
    const values = (v: Variable): Float32Array => (v.dataSync() as Float32Array).slice();
    const moments = this.slots.map(({ first, second }) => ({ first: values(first), second: values(second) }));
    return { step: this.step, moments };
  }

  /** @throws TaskatlasError `data` if the state belongs to other variables. */
  restore({ step, moments }: AdamState): void {
    const fits = this.slots.every(
      ({ variable }, i) =>
        moments[i]?.first.length === variable.size && moments[i]?.second.length === variable.size,
    );
    if (!fits || moments.length !== this.slots.length) {
      throw new TaskatlasError(
        'data',
        'The optimiser state belongs to another network: start without the checkpoint.',
      );
    }
    this.step = step;
    const set = (variable: Variable, values: Float32Array): void =>
      this.tf.tidy(() => variable.assign(this.tf.tensor(values.slice(), variable.shape)));
    moments.forEach((saved, i) => {
      const slot = this.slots[i];
      if (slot === undefined) return;
      set(slot.first, saved.first);
      set(slot.second, saved.second);
    });
  }

  dispose(): void {
    for (const { first, second } of this.slots) {
      first.dispose();
      second.dispose();
    }
  }
}
