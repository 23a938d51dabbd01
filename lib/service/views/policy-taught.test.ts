import { describe, expect, it } from 'vitest';
import type { TaskDeclaration } from '@/lib/science/core';
import { solvePolicy } from '@/lib/science/policy';
import { type PolicyRequest, policyProblem } from './policy';
import { smallData, smallSweep, smallTasks } from './testing/small-sweep';

/** The small sweep with an encoder that was taught normals, then depth; it is by far the best source of segmentation. */
function withChain() {
  const data = smallData();
  const [first] = smallTasks;
  if (!first) throw new Error('no tasks');
  const taught: TaskDeclaration = {
    ...first,
    id: 'chain',
    name: 'Chain',
    roles: ['source'],
    labelCost: 2,
    taught: { method: 'fine-tune', tasks: ['normals', 'depth'] },
  };
  const sweep = { ...smallSweep, tasks: [...smallTasks, taught] };
  const analyses = data.analyses.map((analysis) => {
    const transfer = analysis.candidates.find((c) => c.kind === 'transfer');
    if (analysis.target !== 'segmentation' || !transfer) return analysis;
    const best = {
      ...transfer,
      key: 'chain',
      sources: ['chain'],
      quality: { value: 5, low: null, high: null },
    };
    return { ...analysis, candidates: [...analysis.candidates, best] };
  });
  return { ...data, sweep, analyses };
}

const request = (budget: number, more: Partial<PolicyRequest> = {}): PolicyRequest => ({
  budget,
  maxOrder: 1,
  objective: 'quality',
  force: [],
  forbid: [],
  weights: {},
  ...more,
});

describe('a source that was taught', () => {
  it('costs the union of the labels behind it: two tasks, counted once beside their own use', async () => {
    const data = withChain();
    const one = await solvePolicy(policyProblem(data, request(1)));
    expect(one.sources).not.toContain('chain');
    const two = await solvePolicy(policyProblem(data, request(2)));
    expect([...two.sources].sort()).toEqual(['chain', 'depth', 'normals']);
    const labels = await solvePolicy(policyProblem(data, request(2, { unit: 'labels' })));
    expect([...labels.sources].sort()).toEqual(['chain', 'depth', 'normals']);
    expect(labels.cost.labels).toBe(2);
  });
});
