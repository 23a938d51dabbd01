import { recipeFlops } from '@/lib/science/catalog/costs';
import { labelOf } from '@/lib/science/catalog/methods';
import { joinedSources } from '@/lib/science/catalog/orders';
import type { CurvePoint, TaskId, TaskShape, TransferRecipe } from '@/lib/science/core';
import { mainSizeOf, plainMethodOf } from '../contracts';
import type { PlannedRun, Store, StoredRun, StoredSweep } from '../ports';
import { fingerprintOf } from './fingerprint';
import { layerOf } from './layers';

/** Place of higher orders in the order of work: after every first-order tournament of their seed, before smaller sets. */
const ORDERS_PRIORITY = 500_000;

type FirstOrder = StoredRun & { recipe: TransferRecipe };

/** Mean loss on the selection pool of the weights that a training kept: the lowest evaluation (methods/loop.ts). */
function selectionLoss(curve: readonly CurvePoint[]): number {
  const losses = curve.flatMap(({ selectionLoss: loss }) =>
    loss !== null && Number.isFinite(loss) ? [loss] : [],
  );
  return losses.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...losses);
}

/**
 * A target's sources, best first, by the selection pool's loss of their first-order transfers: the test pool says
 * afterwards how good the chosen ones are (docs/decisions/010-higher-orders.md). Equal losses go by name.
 */
export function rankSources(
  runs: readonly FirstOrder[],
  curves: ReadonlyMap<string, readonly CurvePoint[]>,
): TaskId[] {
  return runs
    .map(({ fingerprint, recipe }) => ({
      task: recipe.sources[0]?.task ?? '',
      loss: selectionLoss(curves.get(fingerprint) ?? []),
    }))
    .filter(({ loss }) => loss < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.loss - b.loss || (a.task < b.task ? -1 : 1))
    .map(({ task }) => task);
}

/** First-order transfers to a target from other tasks at the sweep's main size, each as its own method made them. */
function firstOrder(sweep: StoredSweep, runs: readonly StoredRun[], target: TaskId): FirstOrder[] {
  const images = mainSizeOf(sweep.spec);
  return runs.flatMap((run): FirstOrder[] => {
    const { recipe } = run;
    const mine =
      recipe.kind === 'transfer' &&
      recipe.task === target &&
      labelOf(recipe) === plainMethodOf(sweep.spec) &&
      recipe.images === images &&
      recipe.sources.length === 1 &&
      recipe.sources[0]?.task !== target;
    return mine ? [{ ...run, recipe }] : [];
  });
}

/**
 * The higher-order transfers that follow from a ranking, for every seed of the sweep: each is a first-order transfer
 * with more sources, so it repeats that recipe and its networks. The ranking is of the first seed; other seeds measure
 * the same combinations, as repetitions.
 */
export function joinedRuns(
  sweep: StoredSweep,
  first: readonly FirstOrder[],
  ranked: readonly TaskId[],
): PlannedRun[] {
  const { spec, tasks } = sweep;
  const shapeOf = (id: TaskId): TaskShape =>
    tasks.find((task) => task.id === id) ?? { head: { kind: 'vector', size: 1 }, input: 'rgb' };
  const subsets = joinedSources(ranked, spec.maxOrder ?? 1);
  return spec.seeds.flatMap((seed, layer) => {
    const ofSeed = first.filter(({ recipe }) => recipe.seed === seed);
    const bySource = new Map(ofSeed.map((run) => [run.recipe.sources[0]?.task ?? '', run]));
    return subsets.flatMap((subset, i): PlannedRun[] => {
      const parts = subset.flatMap((task) => bySource.get(task) ?? []);
      const template = parts[0];
      if (!template || parts.length < subset.length) return [];
      const recipe: TransferRecipe = {
        ...template.recipe,
        sources: parts.flatMap((part) => part.recipe.sources),
      };
      return [
        {
          fingerprint: fingerprintOf(recipe),
          recipe,
          dependsOn: recipe.sources.map((source) => source.fingerprint),
          priority: template.priority + ORDERS_PRIORITY + i,
          estimatedFlops: recipeFlops(recipe, shapeOf),
          target: recipe.task,
          layer: layerOf.orders(layer),
        },
      ];
    });
  });
}

/**
 * Plans the higher-order transfers of a target whose first-order tournament (first seed) is complete. A function of
 * what is stored, added by fingerprint: calling it twice, after a crash or from two workers, changes nothing. When a
 * failed transfer is retried and the ranking changes, the combinations that are new join the others.
 * Answers how many runs were added.
 */
export async function growTarget(store: Store, sweepId: string, target: TaskId): Promise<number> {
  const sweep = await store.getSweep(sweepId);
  if (!sweep || (sweep.spec.maxOrder ?? 1) < 2) return 0;
  const members = await store.tournament(sweepId, target);
  if (members.some((member) => member.layer === 0 && member.open)) return 0;
  const first = firstOrder(sweep, await store.runsOfTarget(sweepId, target), target);
  const [seed] = sweep.spec.seeds;
  const measured = first.filter((run) => run.state === 'done' && run.recipe.seed === seed);
  const curves = await store.curves(measured.map((run) => run.fingerprint));
  return await store.extendSweep(sweepId, joinedRuns(sweep, first, rankSources(measured, curves)));
}
