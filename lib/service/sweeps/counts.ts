import type { RunKind } from '@/lib/science/core';
import type { PlannedRun } from '../ports';

/** How many runs there are of each kind. */
export function countKinds(runs: readonly PlannedRun[]): Record<RunKind, number> {
  const counts: Record<RunKind, number> = {
    dataset: 0,
    source: 0,
    scratch: 0,
    mean: 0,
    probe: 0,
    pretrain: 0,
    transfer: 0,
  };
  for (const run of runs) counts[run.recipe.kind]++;
  return counts;
}
