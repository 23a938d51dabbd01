import { at } from '../numerics';
import type { LossAndGradient } from './distillation';

/**
 * Learning to learn from few examples, over flat parameter vectors. A training supplies losses and gradients of its
 * network; the algorithms are the same for a closed form and for a network on an engine.
 */
export interface MetaTask {
  /** Loss and gradient on the K support examples. */
  support(w: Float64Array): LossAndGradient;
  /** Loss and gradient on the query examples, which adaptation never sees. */
  query(w: Float64Array): LossAndGradient;
  /** H·v with H the Hessian of the support loss at w; not needed for first-order methods. */
  curvature?(w: Float64Array, v: Float64Array): Float64Array;
}

/** Inner learning rate: one number, or one for each parameter (Meta-SGD). */
export type InnerRate = number | Float64Array;

const rateAt = (rate: InnerRate, i: number): number => (typeof rate === 'number' ? rate : at(rate, i));

/** Inner loop: w₀ and the weights after each of `steps` gradient steps on the support examples, with the gradients taken. */
function innerLoop(task: MetaTask, start: Float64Array, rate: InnerRate, steps: number) {
  const weights = [Float64Array.from(start)];
  const gradients: Float64Array[] = [];
  for (let step = 0; step < steps; step++) {
    const w = weights[step] as Float64Array;
    const { gradient } = task.support(w);
    gradients.push(gradient);
    weights.push(w.map((x, i) => x - rateAt(rate, i) * at(gradient, i)));
  }
  return { weights, gradients };
}

/** Weights after `steps` gradient steps on the support examples. */
export const adapt = (task: MetaTask, start: Float64Array, rate: InnerRate, steps: number): Float64Array =>
  innerLoop(task, start, rate, steps).weights[steps] as Float64Array;

export interface MetaGradient {
  adapted: Float64Array;
  /** Query loss after adaptation. */
  queryLoss: number;
  /** ∂(query loss after adaptation)/∂w₀. */
  gradient: Float64Array;
  /** ∂(query loss after adaptation)/∂rates, one for each parameter; their sum is the derivative by one shared rate. */
  rateGradient: Float64Array;
}

/**
 * Gradient of MAML (Finn, Abbeel & Levine 2017, eq. 1). With u_K = ∇L_query(w_K), backwards over the inner steps
 *   u_{k} = u_{k+1} − H(w_k)(α ∘ u_{k+1}),  ∂/∂α = −Σ_k ∇L_support(w_k) ∘ u_{k+1}  (Li et al. 2017, Meta-SGD)
 * and the gradient is u₀. Without `curvature` H is taken as 0: first-order MAML, u₀ = u_K.
 */
export function metaGradient(
  task: MetaTask,
  start: Float64Array,
  rate: InnerRate,
  steps: number,
): MetaGradient {
  const { weights, gradients } = innerLoop(task, start, rate, steps);
  const adapted = weights[steps] as Float64Array;
  const query = task.query(adapted);
  let u = Float64Array.from(query.gradient);
  const rateGradient = new Float64Array(start.length);
  for (let step = steps - 1; step >= 0; step--) {
    const support = gradients[step] as Float64Array;
    for (let i = 0; i < u.length; i++) rateGradient[i] = at(rateGradient, i) - at(support, i) * at(u, i);
    if (!task.curvature) continue;
    const bent = task.curvature(
      weights[step] as Float64Array,
      u.map((x, i) => rateAt(rate, i) * x),
    );
    u = u.map((x, i) => x - at(bent, i));
  }
  return { adapted, queryLoss: query.loss, gradient: u, rateGradient };
}

/** Direction of Reptile (Nichol, Achiam & Schulman 2018): mean of (adapted − start) over tasks; w ← w + η·direction. */
export function reptileDirection(start: Float64Array, adapted: readonly Float64Array[]): Float64Array {
  return start.map((w, i) => adapted.reduce((sum, own) => sum + (at(own, i) - w) / adapted.length, 0));
}

/** Arithmetic mean of equally long vectors. */
export const meanVector = (vectors: readonly Float64Array[]): Float64Array =>
  (vectors[0] ?? new Float64Array(0)).map((_, i) =>
    vectors.reduce((sum, own) => sum + at(own, i) / vectors.length, 0),
  );

/**
 * H·v by a central difference of gradients, (∇L(w + εv) − ∇L(w − εv)) / 2ε, for engines whose kernels have no second
 * derivative. ε moves the weights by `relative` of their root mean square (1e−2 suits single precision: the error is
 * then of the order of 1e−3 of H·v for smooth losses).
 */
export function differenceCurvature(
  gradient: (w: Float64Array) => Float64Array,
  w: Float64Array,
  v: Float64Array,
  relative = 1e-2,
): Float64Array {
  const rootMeanSquare = (x: Float64Array): number =>
    Math.sqrt(x.reduce((sum, y) => sum + y * y, 0) / Math.max(1, x.length));
  const size = rootMeanSquare(v);
  if (size === 0) return new Float64Array(w.length);
  const step = (relative * Math.max(1e-3, rootMeanSquare(w))) / size;
  const ahead = gradient(w.map((x, i) => x + step * at(v, i)));
  const behind = gradient(w.map((x, i) => x - step * at(v, i)));
  return ahead.map((g, i) => (g - at(behind, i)) / (2 * step));
}
