import type { Rng } from '@/lib/science/core';

/** Runs of one candidate, nested: head seeds within source seeds. */
export interface RunTree {
  /** Run indices by source seed, then by head seed. */
  bySourceSeed: readonly (readonly number[])[];
  runs: number;
}

/** Groups runs by source seed. A reference without source seeds (scratch) uses one group per seed. */
export function runTree(sourceSeeds: readonly (number | string)[]): RunTree {
  const groups = new Map<number | string, number[]>();
  sourceSeeds.forEach((seed, run) => {
    const group = groups.get(seed);
    if (group) group.push(run);
    else groups.set(seed, [run]);
  });
  return { bySourceSeed: [...groups.values()], runs: sourceSeeds.length };
}

/**
 * Hierarchical bootstrap over seeds (Davison & Hinkley 1997, §3.8): source seeds with replacement, head seeds with
 * replacement within each drawn source seed. Returns run weights [runs], sum 1; each source seed draws equal weight.
 */
export function drawRunWeights(tree: RunTree, rng: Rng): Float64Array {
  const weights = new Float64Array(tree.runs);
  const groups = tree.bySourceSeed;
  for (let i = 0; i < groups.length; i++) {
    const group = groups[rng.int(groups.length)] as readonly number[];
    for (let j = 0; j < group.length; j++) {
      const run = group[rng.int(group.length)] as number;
      weights[run] = (weights[run] as number) + 1 / (groups.length * group.length);
    }
  }
  return weights;
}

/** Weights of the undisturbed mean: equal source seeds, equal head seeds within each. */
export function evenRunWeights(tree: RunTree): Float64Array {
  const weights = new Float64Array(tree.runs);
  for (const group of tree.bySourceSeed) {
    for (const run of group) weights[run] = 1 / (tree.bySourceSeed.length * group.length);
  }
  return weights;
}

/** How often each of n scenes is drawn in one resample with replacement; sums to n. */
export function drawSceneCounts(scenes: number, rng: Rng): Float64Array {
  const counts = new Float64Array(scenes);
  for (let i = 0; i < scenes; i++) {
    const scene = rng.int(scenes);
    counts[scene] = (counts[scene] as number) + 1;
  }
  return counts;
}
