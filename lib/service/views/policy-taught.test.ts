import { describe, expect, it } from 'vitest';
import type { Recipe, RunState, TaskDeclaration } from '@/lib/science/core';
import { solvePolicy } from '@/lib/science/policy';
import { sweepSpec } from '../contracts';
import type { StoredRun } from '../ports';
import { type PolicyRequest, policyProblem } from './policy';
import { sourceCosts } from './policy-costs';
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

/** The chain begins with an encoder that was taught from pictures alone, and was trained on depth: 4 hours, then 3. */
function timed(state: (label: string) => RunState = () => 'done') {
  const base = withChain();
  const [first] = base.sweep.tasks;
  const [run] = base.runs.filter(({ recipe }) => recipe.kind === 'scratch');
  if (!first || run?.recipe.kind !== 'scratch') throw new Error('no scratch run');
  const alone: TaskDeclaration = {
    ...first,
    id: 'alone',
    roles: ['source'],
    labelCost: 0,
    taught: { method: 'contrastive', tasks: [] },
  };
  const { task: _, images, ...common } = run.recipe;
  const made = (label: string, hours: number, recipe: Recipe): StoredRun => ({
    ...run,
    fingerprint: label,
    kind: recipe.kind,
    recipe,
    state: state(label),
    seconds: state(label) === 'done' ? hours * 3600 : null,
  });
  const to = (task: string, source: string, seed = 1): Recipe => ({
    ...common,
    kind: 'transfer',
    method: 'fine-tune',
    task,
    sources: [{ task: source, fingerprint: `${source} ${seed}` }],
    images,
    seed,
  });
  const pretrain: Recipe = { ...common, kind: 'pretrain', method: 'contrastive', tasks: [], sources: [] };
  const runs = [
    ...base.runs.map((r) => (r.recipe.kind === 'source' ? { ...r, seconds: 3600 } : r)),
    made('alone 1', 4, pretrain),
    made('chain 1', 2, to('depth', 'alone')),
    made('chain 2', 4, to('depth', 'alone')),
    made('served 1', 50, to('segmentation', 'chain')),
    made('served 2', 50, to('segmentation', 'chain', 2)),
  ];
  const spec = sweepSpec.parse({
    ...base.sweep.spec,
    pretrained: [
      { id: 'alone', method: 'contrastive' },
      { id: 'chain', method: 'fine-tune', tasks: ['depth'], sources: ['alone'] },
    ],
  });
  const tasks = base.sweep.tasks.map((task) =>
    task.id === 'chain' ? { ...task, taught: { method: 'fine-tune', tasks: ['depth'] } } : task,
  );
  return { ...base, runs, sweep: { ...base.sweep, spec, tasks: [...tasks, alone] } };
}

describe('hours of a source that was taught', () => {
  it('are those of its own training, the mean over its seeds, beside those of what it began with', async () => {
    const data = timed();
    const costs = new Map(sourceCosts(data, {}).map((c) => [c.task, c.gpuHours]));
    expect(costs.get('chain')).toBe(3);
    expect(costs.get('alone')).toBe(4);
    expect(costs.get('depth')).toBe(1);
    const hours = async (budget: number) =>
      await solvePolicy(policyProblem(data, request(budget, { unit: 'gpu-hours' })));
    const enough = await hours(8);
    expect([...enough.sources].sort()).toEqual(['alone', 'chain', 'depth']);
    expect(enough.cost['gpu-hours']).toBe(8);
    expect((await hours(7.9)).sources).not.toContain('chain');
  });

  it('are not made up: an encoder of which no training was timed cannot be bought by the hour', async () => {
    for (const missing of ['chain', 'alone']) {
      const data = timed((label) => (label.startsWith(missing) ? 'failed' : 'done'));
      const problem = policyProblem(data, request(100, { unit: 'gpu-hours' }));
      expect(problem.forbidden).toContain(missing);
      expect((await solvePolicy(problem)).sources).not.toContain('chain');
    }
  });

  it('change nothing for tasks and labels: what learned from pictures alone supervises none', async () => {
    const data = timed();
    for (const unit of ['tasks', 'labels'] as const) {
      const one = await solvePolicy(policyProblem(data, request(1, { unit })));
      expect([...one.sources].sort()).toEqual(['alone', 'chain', 'depth']);
      expect(one.cost[unit]).toBe(1);
    }
  });
});
