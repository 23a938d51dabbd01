import type { PolicyRecord } from '@/lib/service/contracts';
import { apiPath, sweepPath } from './api';

export const OBJECTIVES = ['quality', 'gain', 'affinity', 'log-loss'] as const;
export type Objective = PolicyRecord['objectiveName'];

export interface PolicyQuery {
  budget: number | null;
  maxOrder: number | null;
  objective: Objective | null;
  force: readonly string[];
  forbid: readonly string[];
  weights: Readonly<Record<string, number>>;
}

const names = (text: string | null): string[] => (text ?? '').split(',').filter((name) => name !== '');

const positive = (text: string | null): number | null => {
  const value = Number(text ?? Number.NaN);
  return Number.isFinite(value) && value > 0 ? value : null;
};

/** What the URL asks for; anything unreadable counts as not said. */
export function readPolicyQuery(query: URLSearchParams): PolicyQuery {
  const weights: Record<string, number> = {};
  for (const part of names(query.get('weights'))) {
    const [id, text] = part.split(':');
    const value = Number(text);
    if (id !== undefined && text !== undefined && Number.isFinite(value) && value >= 0) weights[id] = value;
  }
  const order = positive(query.get('order'));
  return {
    budget: positive(query.get('budget')),
    maxOrder: order !== null && order <= 4 ? Math.round(order) : null,
    objective: OBJECTIVES.find((name) => name === query.get('maximise')) ?? null,
    force: names(query.get('force')),
    forbid: names(query.get('forbid')),
    weights,
  };
}

export const weightsText = (weights: Readonly<Record<string, number>>): string =>
  Object.entries(weights)
    .filter(([, weight]) => weight !== 1)
    .map(([id, weight]) => `${id}:${weight}`)
    .join(',');

/** The request for a policy; what is not said is left to the sweep's own defaults. */
export function policyPath(sweepId: string, query: PolicyQuery): string {
  return apiPath(sweepPath(sweepId, '/policy'), {
    budget: query.budget ?? undefined,
    maxOrder: query.maxOrder ?? undefined,
    objective: query.objective ?? undefined,
    force: query.force.join(','),
    forbid: query.forbid.join(','),
    weights: weightsText(query.weights),
  });
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
