import type { CurvePoint } from '@/lib/science/core';

/** Where the rate ends at 0 the last evaluations differ by rounding: less than this share of the loss is no improvement. */
const LEAST_IMPROVEMENT = 1e-3;

/**
 * Whether a training was still improving at its last evaluation of the selection pool, last < (1 − 0.001) · least
 * before: then more steps might have served it better, and it is compared too low. Null where it was evaluated less than twice, or chose no weights by it.
 */
export function stillImproving(curve: readonly CurvePoint[]): boolean | null {
  const losses = curve.flatMap(({ selectionLoss: loss }) =>
    loss !== null && Number.isFinite(loss) ? [loss] : [],
  );
  const last = losses.pop();
  return last === undefined || losses.length === 0
    ? null
    : last < (1 - LEAST_IMPROVEMENT) * Math.min(...losses);
}
