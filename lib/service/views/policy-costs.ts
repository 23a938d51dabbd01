import { TaskatlasError, type TaskId } from '@/lib/science/core';
import type { Budget } from '@/lib/science/policy';
import type { BudgetUnit, PolicyView } from '../contracts';
import type { SweepData } from './model';
import { sourcesOf, targetsOf } from './model';

const SECONDS_PER_HOUR = 3600;

export type SourceCosts = PolicyView['costs'];

/** Runs that are a source of others, by the name that they go by there: own networks, and encoders that were taught. */
function sourceRuns(runs: SweepData['runs']): Map<TaskId, Set<string>> {
  const named = new Map<TaskId, Set<string>>();
  const add = (task: TaskId, fingerprint: string): unknown =>
    named.set(task, (named.get(task) ?? new Set()).add(fingerprint));
  for (const { recipe, fingerprint } of runs) {
    if (recipe.kind === 'source') add(recipe.task, fingerprint);
    if ('sources' in recipe) for (const source of recipe.sources) add(source.task, source.fingerprint);
  }
  return named;
}

/** Mean measured hours of the training of each source over its finished seeds; null before one is done. */
function measuredHours({ runs }: Pick<SweepData, 'runs'>): (task: TaskId) => number | null {
  const named = sourceRuns(runs);
  const timed = new Map(
    runs.flatMap(({ fingerprint, state, seconds }) =>
      state === 'done' && seconds !== null ? [[fingerprint, seconds] as const] : [],
    ),
  );
  return (task) => {
    const seconds = [...(named.get(task) ?? [])].flatMap((fingerprint) => timed.get(fingerprint) ?? []);
    if (seconds.length === 0) return null;
    return seconds.reduce((a, b) => a + b, 0) / seconds.length / SECONDS_PER_HOUR;
  };
}

/** What supervising each task costs: labels as the dictionary or a person says, hours as they were measured here. */
export function sourceCosts(
  data: Pick<SweepData, 'sweep' | 'runs'>,
  labelCosts: Readonly<Record<TaskId, number>>,
): SourceCosts {
  const hours = measuredHours(data);
  const ids = new Set([...sourcesOf(data.sweep), ...targetsOf(data.sweep)].map((t) => t.id));
  return data.sweep.tasks
    .filter((task) => ids.has(task.id))
    .map((task) => ({
      task: task.id,
      // Its own training alone: what is behind an encoder that was taught the program counts, once (`requires`).
      labels: labelCosts[task.id] ?? (task.taught ? 0 : task.labelCost),
      gpuHours: hours(task.id),
    }));
}

/**
 * What each encoder that the sweep taught stands on: tasks whose labels are behind it, and taught encoders that it was
 * started from, whose training is to be paid for too.
 */
export const behindTaught = ({
  tasks,
  spec,
}: Pick<SweepData['sweep'], 'tasks' | 'spec'>): Record<TaskId, readonly TaskId[]> =>
  Object.fromEntries(
    tasks.flatMap(({ id, taught }) => {
      const started = spec.pretrained?.find((entry) => entry.id === id)?.sources ?? [];
      return taught ? [[id, [...new Set([...taught.tasks, ...started])]]] : [];
    }),
  );

/**
 * One limit in the solver's form; `taught` encoders are no further task beside those that they learned from.
 * @throws TaskatlasError `invalid-input` where nothing is known to count it by
 */
export function budgetOf(
  unit: BudgetUnit,
  limit: number,
  costs: SourceCosts,
  taught: readonly TaskId[] = [],
): Budget {
  if (unit === 'tasks') {
    const free = Object.fromEntries(taught.map((task) => [task, 0]));
    return { name: unit, limit, ...(taught.length > 0 ? { costs: free } : {}) };
  }
  const known = costs.flatMap((c) => {
    const cost = unit === 'labels' ? c.labels : c.gpuHours;
    return cost === null ? [] : [[c.task, cost] as const];
  });
  if (known.length === 0) {
    throw new TaskatlasError(
      'invalid-input',
      'unit: no network of this sweep was timed here, so hours cannot be counted; use tasks or labels',
      { issues: [{ path: 'unit', message: 'no network of this sweep was timed here' }] },
    );
  }
  return { name: unit, limit, costs: Object.fromEntries(known), defaultCost: 0 };
}

/** Sources without a measured time cannot be bought by the hour: no cost is imputed. */
export const untimed = (units: readonly BudgetUnit[], costs: SourceCosts): TaskId[] =>
  units.includes('gpu-hours') ? costs.filter((c) => c.gpuHours === null).map((c) => c.task) : [];

const EVEN_STEPS = 24;
const WHOLE_STEPS = 60;

/** Limits of the curve: every whole one where costs are whole, else even steps up to the cost of everything. */
export function curveLimits(unit: BudgetUnit, costs: SourceCosts, sources: readonly TaskId[]): number[] {
  if (unit === 'tasks') return sources.map((_, i) => i + 1);
  const mine = costs
    .filter((c) => sources.includes(c.task))
    .map((c) => (unit === 'labels' ? c.labels : (c.gpuHours ?? 0)));
  const total = mine.reduce((a, b) => a + b, 0);
  if (mine.every(Number.isInteger) && total <= WHOLE_STEPS)
    return Array.from({ length: total + 1 }, (_, i) => i);
  return Array.from({ length: EVEN_STEPS }, (_, i) => rounded((total * (i + 1)) / EVEN_STEPS));
}

/** A budget for a person who named none: the sweep's own for tasks, else half of what everything costs. */
export function defaultBudget(
  data: Pick<SweepData, 'sweep' | 'runs'>,
  unit: BudgetUnit,
  labelCosts: Readonly<Record<TaskId, number>>,
): number {
  if (unit === 'tasks') return data.sweep.spec.policy.budget;
  const sources = sourcesOf(data.sweep).map((t) => t.id);
  const limits = curveLimits(unit, sourceCosts(data, labelCosts), sources);
  return limits[limits.length >> 1] ?? 0;
}

/** Three significant digits, upwards: a limit that a person can read and that still buys everything at the end. */
function rounded(x: number): number {
  if (x <= 0) return 0;
  const unit = 10 ** (Math.floor(Math.log10(x)) - 2);
  return Number((Math.ceil(x / unit - 1e-9) * unit).toPrecision(3));
}
