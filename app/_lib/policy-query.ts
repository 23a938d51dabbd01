import type { BudgetUnit, PolicyRecord } from '@/lib/service/contracts';
import { apiPath, sweepPath } from './api';

export const OBJECTIVES = ['quality', 'gain', 'affinity', 'log-loss'] as const;
export const UNITS = ['tasks', 'labels', 'gpu-hours'] as const satisfies readonly BudgetUnit[];
export type Objective = PolicyRecord['objectiveName'];

export interface PolicyQuery {
  budget: number | null;
  maxOrder: number | null;
  objective: Objective | null;
  force: readonly string[];
  forbid: readonly string[];
  weights: Readonly<Record<string, number>>;
  /** What the budget counts; null = not said. */
  unit: BudgetUnit | null;
  /** Limits by unit that hold beside the budget. */
  limits: Readonly<Record<string, number>>;
  /** Targets that need not be served. */
  sourceOnly: readonly string[];
  /** Label cost by task in place of the dictionary's. */
  costs: Readonly<Record<string, number>>;
  /** Serve targets that lack transfers too. */
  incomplete: boolean;
}

const names = (text: string | null): string[] => (text ?? '').split(',').filter((name) => name !== '');

const positive = (text: string | null): number | null => {
  const value = Number(text ?? Number.NaN);
  return Number.isFinite(value) && value > 0 ? value : null;
};

/** "a:2,b:0.5" as numbers by name; parts that are none are left out. */
function numbers(text: string | null): Record<string, number> {
  const found: Record<string, number> = {};
  for (const part of names(text)) {
    const [id, number] = part.split(':');
    const value = Number(number);
    if (id !== undefined && number !== undefined && Number.isFinite(value) && value >= 0) found[id] = value;
  }
  return found;
}

/** The inverse of `numbers`. */
export const numbersText = (values: Readonly<Record<string, number>>): string =>
  Object.entries(values)
    .map(([id, value]) => `${id}:${value}`)
    .join(',');

/** What the URL asks for; anything unreadable counts as not said. */
export function readPolicyQuery(query: URLSearchParams): PolicyQuery {
  const order = positive(query.get('order'));
  return {
    budget: positive(query.get('budget')),
    maxOrder: order !== null && order <= 4 ? Math.round(order) : null,
    objective: OBJECTIVES.find((name) => name === query.get('maximise')) ?? null,
    force: names(query.get('force')),
    forbid: names(query.get('forbid')),
    weights: numbers(query.get('weights')),
    unit: UNITS.find((name) => name === query.get('unit')) ?? null,
    limits: numbers(query.get('limits')),
    sourceOnly: names(query.get('source-only')),
    costs: numbers(query.get('costs')),
    incomplete: query.get('incomplete') === 'true',
  };
}

export const weightsText = (weights: Readonly<Record<string, number>>): string =>
  numbersText(Object.fromEntries(Object.entries(weights).filter(([, weight]) => weight !== 1)));

/** The request for a policy; what is not said is left to the sweep's own defaults. */
export const policyPath = (sweepId: string, query: PolicyQuery): string =>
  apiPath(sweepPath(sweepId, '/policy'), { budget: query.budget ?? undefined, ...question(query) });

/** The request for the optimum at every budget of the same question. */
export const curvePath = (sweepId: string, query: PolicyQuery): string =>
  apiPath(sweepPath(sweepId, '/policy/curve'), question(query));

/** Everything but the budget. */
function question(query: PolicyQuery): Record<string, string | number | undefined> {
  return {
    maxOrder: query.maxOrder ?? undefined,
    objective: query.objective ?? undefined,
    force: query.force.join(','),
    forbid: query.forbid.join(','),
    weights: weightsText(query.weights),
    unit: query.unit ?? undefined,
    limits: numbersText(query.limits),
    sourceOnly: query.sourceOnly.join(','),
    costs: numbersText(query.costs),
    incomplete: query.incomplete ? 'true' : undefined,
  };
}

export type Wish = 'free' | 'forced' | 'forbidden';

/** Free → forced → forbidden → free. */
export function cycleWish(
  query: Pick<PolicyQuery, 'force' | 'forbid'>,
  id: string,
): { force: string[]; forbid: string[] } {
  const force = query.force.filter((other) => other !== id);
  const forbid = query.forbid.filter((other) => other !== id);
  if (query.force.includes(id)) return { force, forbid: [...forbid, id] };
  if (query.forbid.includes(id)) return { force, forbid };
  return { force: [...force, id], forbid };
}

export const wishOf = (query: Pick<PolicyQuery, 'force' | 'forbid'>, id: string): Wish =>
  query.force.includes(id) ? 'forced' : query.forbid.includes(id) ? 'forbidden' : 'free';
