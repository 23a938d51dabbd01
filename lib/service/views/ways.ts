import { methodById, optionsOf, readsLabels } from '@/lib/science/catalog/methods';
import { hasTwoDomains, type Recipe, type TransferRecipe } from '@/lib/science/core';
import type { StoredRun } from '../ports';
import type { RunSummary, SweepData } from './model';

export type Cost = NonNullable<RunSummary['cost']>;

export type TransferRun = StoredRun & { recipe: TransferRecipe };

export const isTransfer = (run: StoredRun): run is TransferRun => run.recipe.kind === 'transfer';

/** Runs that one stands on directly. */
const parentsOf = (recipe: Recipe): string[] => [
  ...('sources' in recipe ? recipe.sources.map((source) => source.fingerprint) : []),
  ...('members' in recipe ? (recipe.members ?? []).map((member) => member.fingerprint) : []),
];

/** What stands behind the runs of one sweep. */
export interface Ancestry {
  /**
   * Training for the run's task alone, given encoders that are there already: its own and that of the transfers that
   * teach it or answer with it. Null where some of it was not measured.
   */
  cost(run: StoredRun): Cost | null;
  /** With everything that had to be trained before, each once; null where some of it is not known. */
  wholeCost(run: StoredRun): Cost | null;
  /**
   * Whether it or something behind it saw more of its task's labels than it was given: on the source pool, or of a
   * larger transfer set. Of two domains the source pool has labels of the source domain alone: they do not count.
   */
  sawMoreLabels(run: TransferRun): boolean;
}

export function ancestry({ runs, summaries }: Pick<SweepData, 'runs' | 'summaries'>): Ancestry {
  const byFingerprint = new Map(runs.map((run) => [run.fingerprint, run]));
  /** The run and all that had to be trained before it; `complete` unless the sweep lacks some of it. */
  const lineage = (run: StoredRun): { known: readonly StoredRun[]; complete: boolean } => {
    const known = new Map([[run.fingerprint, run]]);
    let complete = true;
    for (const { recipe } of known.values()) {
      for (const fingerprint of parentsOf(recipe)) {
        const parent = byFingerprint.get(fingerprint);
        if (parent) known.set(fingerprint, parent);
        else complete = false;
      }
    }
    return { known: [...known.values()], complete };
  };
  const total = (list: readonly StoredRun[]): Cost | null =>
    list.reduce<Cost | null>(
      (sum, run) => {
        const cost = summaries.get(run.fingerprint)?.cost;
        return sum && cost ? { flops: sum.flops + cost.flops, seconds: sum.seconds + cost.seconds } : null;
      },
      { flops: 0, seconds: 0 },
    );
  return {
    cost: (run) => total(lineage(run).known.filter(({ recipe }) => servesSame(run.recipe, recipe))),
    wholeCost: (run) => {
      const { known, complete } = lineage(run);
      return complete ? total(known) : null;
    },
    sawMoreLabels: (run) => {
      const { task, images, dataset } = run.recipe;
      const onSourcePool = ({ recipe }: StoredRun): boolean =>
        (recipe.kind === 'source' && recipe.task === task) ||
        (recipe.kind === 'pretrain' && recipe.tasks.includes(task)) ||
        (recipe.kind === 'transfer' && methodById(recipe.method).training === 'source');
      const onLargerSet = ({ recipe }: StoredRun): boolean =>
        recipe.kind === 'transfer' && recipe.task === task && readsLabels(recipe) && recipe.images > images;
      const { known } = lineage(run);
      return known.some(onLargerSet) || (!hasTwoDomains(dataset) && known.some(onSourcePool));
    },
  };
}

/** Whether a run behind another one is a transfer to the same task. */
const servesSame = (recipe: Recipe, behind: Recipe): boolean =>
  recipe.kind === 'transfer' && behind.kind === 'transfer' && behind.task === recipe.task;

/** Mean over seeds; null when none is known. */
export function meanCost(costs: readonly (Cost | null)[]): Cost | null {
  const known = costs.filter((cost) => cost !== null);
  if (known.length === 0) return null;
  const mean = (pick: (cost: Cost) => number): number =>
    known.reduce((sum, cost) => sum + pick(cost), 0) / known.length;
  return { flops: mean((c) => c.flops), seconds: mean((c) => c.seconds) };
}

/** Higher orders of a method that joins sources; what a method joins by itself (an ensemble) is one of its ways. */
export const isHigherOrder = ({ method, options, sources }: TransferRecipe): boolean =>
  sources.length > 1 && methodById(method).runs?.(optionsOf(method, options)).sources !== 'joined';
