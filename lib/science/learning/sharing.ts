import { TaskatlasError } from '../core';
import { at, type Numbers } from '../numerics';

export interface Tie {
  loss: number;
  /** ∂loss/∂parameters of each task. */
  gradients: Float64Array[];
}

function checkEqualLengths(tasks: readonly Numbers[]): number {
  const size = tasks[0]?.length ?? 0;
  if (tasks.length === 0 || tasks.some((own) => own.length !== size)) {
    throw new TaskatlasError(
      'invalid-input',
      'soft sharing ties equally many parameters of at least one task',
    );
  }
  return size;
}

/**
 * L2 tie between the parameters of several tasks' networks (soft parameter sharing; Duong et al. 2015):
 *   λ Σ_{i<j} ‖Wᵢ − Wⱼ‖²,  ∂/∂Wᵢ = 2λ Σⱼ (Wᵢ − Wⱼ)
 * One task alone is not tied: loss 0.
 */
export function pairwiseTie(tasks: readonly Numbers[], lambda: number): Tie {
  const size = checkEqualLengths(tasks);
  const gradients = tasks.map(() => new Float64Array(size));
  let loss = 0;
  for (let i = 0; i < tasks.length; i++) {
    for (let j = 0; j < i; j++) {
      const [a, b] = [tasks[i] as Numbers, tasks[j] as Numbers];
      const [ga, gb] = [gradients[i] as Float64Array, gradients[j] as Float64Array];
      for (let k = 0; k < size; k++) {
        const d = at(a, k) - at(b, k);
        loss += lambda * d * d;
        ga[k] = at(ga, k) + 2 * lambda * d;
        gb[k] = at(gb, k) - 2 * lambda * d;
      }
    }
  }
  return { loss, gradients };
}

/** The same pull towards the tasks' mean W̄: λ/2 Σᵢ ‖Wᵢ − W̄‖², ∂/∂Wᵢ = λ(Wᵢ − W̄) (Evgeniou & Pontil 2004). */
export function meanCentredTie(tasks: readonly Numbers[], lambda: number): Tie {
  const size = checkEqualLengths(tasks);
  const gradients = tasks.map(() => new Float64Array(size));
  let loss = 0;
  for (let k = 0; k < size; k++) {
    let mean = 0;
    for (const own of tasks) mean += at(own, k) / tasks.length;
    tasks.forEach((own, i) => {
      const d = at(own, k) - mean;
      loss += (lambda / 2) * d * d;
      (gradients[i] as Float64Array)[k] = lambda * d;
    });
  }
  return { loss, gradients };
}
