import { at, type Numbers } from '../numerics';

/**
 * ln softmax(z / T) of one row z[from … from + classes), by the largest logit so that nothing overflows:
 * zᵢ/T − max − ln Σ exp(zⱼ/T − max). Written to `out` (length `classes`).
 */
export function logSoftmax(
  logits: Numbers,
  from: number,
  classes: number,
  temperature: number,
  out: Float64Array,
): void {
  let top = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < classes; c++) top = Math.max(top, at(logits, from + c) / temperature);
  let total = 0;
  for (let c = 0; c < classes; c++) {
    const shifted = at(logits, from + c) / temperature - top;
    out[c] = shifted;
    total += Math.exp(shifted);
  }
  const log = Math.log(total);
  for (let c = 0; c < classes; c++) out[c] = at(out, c) - log;
}
