import { at, type Numbers } from '../numerics';

/** Arrays that an optimiser changes in place: double in checks, single in training. */
type Floats = Float64Array | Float32Array;

export interface SgdOptions {
  momentum?: number;
  dampening?: number;
  /** λ of g ← g + λp. */
  weightDecay?: number;
  nesterov?: boolean;
}

/**
 * One step of stochastic gradient descent in place (torch.optim.SGD):
 *   g ← g + λp; b ← g at step 1, else μb + (1−d)g; p ← p − η·b, with Nesterov p ← p − η(g + μb)
 * @param velocity b, zeros before the first step
 * @param step counted from 1
 */
export function sgdStep(
  parameters: Floats,
  gradient: Numbers,
  velocity: Floats,
  rate: number,
  step: number,
  { momentum = 0, dampening = 0, weightDecay = 0, nesterov = false }: SgdOptions = {},
): void {
  for (let i = 0; i < parameters.length; i++) {
    const p = at(parameters, i);
    const g = at(gradient, i) + weightDecay * p;
    let direction = g;
    if (momentum !== 0) {
      const b = step === 1 ? g : momentum * at(velocity, i) + (1 - dampening) * g;
      velocity[i] = b;
      direction = nesterov ? g + momentum * b : b;
    }
    parameters[i] = p - rate * direction;
  }
}

export interface AdamOptions {
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  weightDecay?: number;
  /** AdamW (Loshchilov & Hutter 2019): p ← p(1 − ηλ) before the step, instead of λp in the gradient. */
  decoupled?: boolean;
}

export interface AdamMoments {
  /** m. */
  first: Floats;
  /** v. */
  second: Floats;
  /** AMSGrad (Reddi et al. 2018): largest v so far; absent = plain Adam. */
  largest?: Floats;
}

/**
 * One step of Adam in place (Kingma & Ba 2015, as torch.optim.Adam / AdamW; ε lies outside the bias-corrected root):
 *   g ← g + λp; m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; p ← p − η/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε)
 * @param step t, counted from 1
 */
export function adamStep(
  parameters: Floats,
  gradient: Numbers,
  { first, second, largest }: AdamMoments,
  rate: number,
  step: number,
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, decoupled = false }: AdamOptions = {},
): void {
  const size = rate / (1 - beta1 ** step);
  const root = Math.sqrt(1 - beta2 ** step);
  for (let i = 0; i < parameters.length; i++) {
    const p = decoupled ? at(parameters, i) * (1 - rate * weightDecay) : at(parameters, i);
    const g = decoupled ? at(gradient, i) : at(gradient, i) + weightDecay * p;
    const m = beta1 * at(first, i) + (1 - beta1) * g;
    const v = beta2 * at(second, i) + (1 - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    const bound = largest ? Math.max(at(largest, i), v) : v;
    if (largest) largest[i] = bound;
    parameters[i] = p - (size * m) / (Math.sqrt(bound) / root + epsilon);
  }
}
