/**
 * Learning rates as pure functions of the number of steps done, so that a resumed training needs no schedule state.
 * `rate` is the rate of step 0 (PyTorch's schedulers of the same names).
 */

/** η_min + (η₀ − η_min)(1 + cos(π t / T)) / 2 (Loshchilov & Hutter 2017, no restarts; rises again beyond T). */
export const cosineRate = (rate: number, step: number, totalSteps: number, minimum = 0): number =>
  minimum + ((rate - minimum) * (1 + Math.cos((Math.PI * step) / totalSteps))) / 2;

/** η₀ · γ^⌊t / s⌋. */
export const stepRate = (rate: number, step: number, every: number, gamma: number): number =>
  rate * gamma ** Math.floor(step / every);

/** η₀ · γ^(number of milestones that were reached); a milestone named twice counts twice. */
export const multistepRate = (
  rate: number,
  step: number,
  milestones: readonly number[],
  gamma: number,
): number => rate * gamma ** milestones.filter((milestone) => milestone <= step).length;

/** η₀ · γ^t. */
export const exponentialRate = (rate: number, step: number, gamma: number): number => rate * gamma ** step;

/** η₀ times a factor that grows linearly from `start` to `end` over `steps` steps and stays. */
export const warmupRate = (rate: number, step: number, steps: number, start: number, end = 1): number =>
  rate * (start + ((end - start) * Math.min(step, steps)) / steps);

/** Annealing of domain-adversarial training: η₀ / (1 + α p)^β, p = share of the training done (Ganin & Lempitsky 2015). */
export const dannRate = (rate: number, progress: number, alpha = 10, beta = 0.75): number =>
  rate / (1 + alpha * progress) ** beta;

/**
 * Weight of the reversed gradient, from `low` at p = 0 towards `high`: 2(high − low)/(1 + e^(−γp)) − (high − low) + low
 * (Ganin & Lempitsky 2015, section 3.2 with γ = 10, low 0, high 1: λ = 2/(1 + e^(−10p)) − 1).
 */
export const reversalWeight = (progress: number, gamma = 10, low = 0, high = 1): number =>
  (2 * (high - low)) / (1 + Math.exp(-gamma * progress)) - (high - low) + low;

/** What a gradient is multiplied by on its way back through a reversal layer of weight λ (forward: identity). */
export const reversalFactor = (weight: number): number => -weight;
