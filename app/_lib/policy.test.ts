import { describe, expect, it } from 'vitest';
import type { PolicyCurvePoint, PolicyView } from '@/lib/service/contracts';
import { cycleWish, policyPath, readPolicyQuery, wishOf } from './policy-query';
import { curveNote, policyFinding, policyTitle, proofRows } from './policy-words';

const edge = (target: string, kind: 'self' | 'transfer' | 'scratch') => ({
  target,
  sources: kind === 'scratch' ? [] : ['a'],
  kind,
  value: 0.5,
  gain: null,
  quality: null,
  survival: null,
});

const policy: PolicyView = {
  sweepId: 's',
  budget: 2,
  maxOrder: 1,
  objectiveName: 'quality',
  objective: 4.6,
  bound: 4.6,
  optimal: true,
  selfShare: 0.5,
  sources: ['a', 'b'],
  edges: [edge('a', 'self'), edge('t', 'transfer'), edge('u', 'scratch')],
  greedy: 4,
  random: null,
  version: 1,
  curveBudgets: [1, 2, 3, 4],
  tasks: [],
  solveMs: 1,
  unit: 'tasks',
  gap: 0,
  budgets: [{ unit: 'tasks', limit: 2, spent: 2 }],
  runnerUp: null,
  significance: null,
  range: null,
  costs: [],
  unserved: [],
};

const point = (budget: number, objective: number, greedy: number): PolicyCurvePoint => ({
  budget,
  objective,
  optimal: true,
  bound: objective,
  greedy,
  random: null,
});
const curve = [point(1, 3, 3), point(2, 4.6, 4.2), point(3, 5, 5), point(4, 5, 5)];

describe('a policy in words', () => {
  it('counts what is trained and served', () => {
    expect(policyTitle(policy)).toBe('Train two tasks fully, serve 2 of 3');
  });
  it('says what the budget reaches and what the next task adds', () => {
    expect(policyFinding(policy, curve)).toBe(
      'Two fully supervised tasks reach 92\u00a0% of the value of supervising everything. A third would add 8\u00a0%.',
    );
  });
  it('asks for the next step of a budget that does not count tasks', () => {
    const text = policyFinding({ ...policy, unit: 'labels' }, curve);
    expect(text).toContain('The next step of the budget, to 3, would add 8');
    const ten = { ...policy, sources: [...'abcdefghij'] };
    expect(policyFinding(ten, curve)).toContain('An eleventh would add');
  });
  it('says where greedy fails and where labels stop paying', () => {
    expect(curveNote(curve)).toBe(
      'Greedy choice misses the optimum at 1 budget of 4, by at most 9\u00a0%. Past 3, more labels change nothing.',
    );
  });
  it('says how sure the solution is and what stands beside it', () => {
    const names = (id: string) => id.toUpperCase();
    const proof = proofRows(
      {
        ...policy,
        greedy: 4.6,
        random: { median: 3, low: 2, high: 4 },
        runnerUp: { objective: 4.5, loss: 0.1, sources: ['a', 'c'], gained: ['c'], lost: ['b'] },
        significance: { pValue: 0.002, draws: 500 },
        range: { low: 4.6, high: 5.2, missing: 3 },
      },
      names,
    );
    expect(proof.map((row) => row.value)).toEqual([
      'proved: no policy of this budget has more than 4.600',
      'C instead of B loses .100',
      'the same as the optimum',
      '3.000 (5–95 % 2.000 to 4.000); as good by chance p = .002, 500 draws',
      '4.600 to 5.200, by 3 transfers that were not measured',
    ]);
    expect(proofRows({ ...policy, optimal: false, gap: 0.02, bound: 4.7 }, names)[0]?.value).toBe(
      'not proved: at most 4.700, a gap of 2.00\u00a0%',
    );
  });
  it('does not promise anything when nothing transfers', () => {
    const none = { ...policy, objective: 0 };
    const flat = curve.map((p) => ({ ...p, objective: 0 }));
    expect(policyFinding(none, flat)).toContain('no value');
  });
});

describe('the query in the URL', () => {
  it('reads what it can and ignores the rest', () => {
    const query = readPolicyQuery(
      new URLSearchParams(
        'budget=8&order=9&maximise=gain&force=a,b&weights=t:2,u:x,v:-1&unit=labels&limits=gpu-hours:0.5' +
          '&source-only=w&costs=t:3&incomplete=yes',
      ),
    );
    expect(query).toEqual({
      budget: 8,
      maxOrder: null,
      objective: 'gain',
      force: ['a', 'b'],
      forbid: [],
      weights: { t: 2 },
      unit: 'labels',
      limits: { 'gpu-hours': 0.5 },
      sourceOnly: ['w'],
      costs: { t: 3 },
      incomplete: false,
    });
  });
  it('says limits, roles and costs as the API reads them', () => {
    const query = readPolicyQuery(new URLSearchParams('unit=labels&limits=tasks:4&source-only=a&costs=b:2'));
    expect(policyPath('s', query)).toBe(
      '/sweeps/s/policy?unit=labels&limits=tasks%3A4&sourceOnly=a&costs=b%3A2',
    );
  });
  it('asks the API only for what was said', () => {
    expect(policyPath('s 1', readPolicyQuery(new URLSearchParams('budget=3')))).toBe(
      '/sweeps/s%201/policy?budget=3',
    );
  });
  it('turns a source from free to forced to forbidden to free', () => {
    let wish = { force: [] as string[], forbid: [] as string[] };
    const seen = [wishOf(wish, 'a')];
    for (let i = 0; i < 3; i++) {
      wish = cycleWish(wish, 'a');
      seen.push(wishOf(wish, 'a'));
    }
    expect(seen).toEqual(['free', 'forced', 'forbidden', 'free']);
  });
});
