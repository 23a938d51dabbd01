import { labelOf, readsLabels } from '@/lib/science/catalog/methods';
import { ADAPTING_METHODS, type BatchPlanView, type PlanView } from '../contracts';
import type { PlannedRun, Store } from '../ports';
import { joinPlans, type PlannedFile, type SweepPlan } from '../sweeps';
import { domainWords } from '../views';
import { listWords } from '../views/numbers';

/** Runs that are done already or that other sweeps will make, and the pace of those that were made here. */
export interface KnownRuns {
  states: ReadonlyMap<string, 'done' | 'open'>;
  /** Seconds of one worker per FLOP; null where no run has been timed yet. */
  pace: number | null;
}

type Asked = Pick<Store, 'statesOf' | 'paceSoFar'>;

/** Of the plans' runs those that are stored: another sweep made, makes or will make them, or they were imported. */
export async function knownRuns(store: Asked, plans: readonly Pick<SweepPlan, 'runs'>[]): Promise<KnownRuns> {
  const asked = [...new Set(plans.flatMap(({ runs }) => runs.map((run) => run.fingerprint)))];
  const [stored, { flops, seconds }] = await Promise.all([store.statesOf(asked), store.paceSoFar()]);
  const states = new Map(
    [...stored].map(([fingerprint, state]) => [
      fingerprint,
      state === 'done' ? ('done' as const) : ('open' as const),
    ]),
  );
  return { states, pace: flops > 0 && seconds > 0 ? seconds / flops : null };
}

/** Methods whose one run serves several sizes of a transfer set, since they read no label of it. */
function oneForAllSizes(runs: readonly PlannedRun[]): string[] {
  const sizes = new Set(runs.flatMap(({ recipe }) => (recipe.kind === 'scratch' ? [recipe.images] : [])));
  if (sizes.size < 2) return [];
  return [
    ...new Set(
      runs.flatMap(({ recipe }) =>
        recipe.kind === 'transfer' && !readsLabels(recipe) ? [labelOf(recipe)] : [],
      ),
    ),
  ];
}

/** A plan in numbers, with the runs that other sweeps have already made. */
export function planReport(
  plan: Pick<SweepPlan, 'runs' | 'counts' | 'growth' | 'skipped' | 'notes'> &
    Partial<Pick<SweepPlan, 'dataset'>>,
  { states, pace }: KnownRuns,
): PlanView {
  const reused = plan.runs.filter((run) => states.has(run.fingerprint)).length;
  const open = plan.runs.filter((run) => states.get(run.fingerprint) !== 'done');
  const left = open.reduce((sum, run) => sum + run.estimatedFlops, plan.growth.flops);
  const notes: string[] = (plan.notes ?? []).map(({ text }) => text);
  if (reused > 0)
    notes.push(`${reused} of ${plan.runs.length} runs are shared with other sweeps or imported.`);
  if (plan.growth.runs > 0) {
    notes.push(
      `${plan.growth.runs} more runs of higher order are planned while it runs, from each target's best sources.`,
    );
  }
  const other = plan.dataset ? domainWords(plan.dataset) : null;
  if (other !== null) {
    notes.push(
      `Two domains: all pools but source show ${other}. Own networks learn from the source domain and keep their best weights by labels of the other; ${listWords(ADAPTING_METHODS)} use none of its labels.`,
    );
  }
  const once = oneForAllSizes(plan.runs);
  if (once.length > 0) {
    notes.push(
      `One run serves every size of the transfer set, since no label of it is read, by ${listWords(once)}.`,
    );
  }
  if (plan.skipped.length > 0) {
    const shown = plan.skipped.slice(0, 5).join('; ');
    const more = plan.skipped.length > 5 ? ` and ${plan.skipped.length - 5} more` : '';
    notes.push(`Not planned, since the method cannot serve it: ${shown}${more}.`);
  }
  if (pace === null) notes.push('No run has been timed here yet, so there is no estimate of the time.');
  return {
    total: plan.runs.length,
    byKind: { ...plan.counts },
    reused,
    growth: plan.growth.runs,
    estimatedFlops: left,
    estimatedSeconds: pace === null ? null : left * pace,
    notes,
  };
}

/** Several plans in numbers, each alone and all together. */
export function batchReport(planned: readonly PlannedFile[], known: KnownRuns): BatchPlanView {
  const sweeps = planned.map(({ file, spec, plan }) => ({
    file,
    name: spec.name,
    plan: planReport(plan, known),
  }));
  const total = planReport(joinPlans(planned.map(({ plan }) => plan)), known);
  const twice = sweeps.reduce((sum, { plan }) => sum + plan.total, 0) - total.total;
  if (twice > 0) total.notes.unshift(`${twice} runs are wanted more than once, and counted once.`);
  return { sweeps, total };
}
