import { describe, expect, it } from 'vitest';
import { describeReference, readReference } from '@/lib/science/numerics/testing/reference';
import { policyView as policyContract } from '../contracts';
import { importedSweep, readTransfers } from '../imports';
import type { PolicyRequest, SweepData } from '../views';
import { smallAnalyses, smallData, smallRuns, smallSweep } from '../views/testing/small-sweep';
import { answerCurve, answerPolicy } from './question';

const whole = (request: Partial<PolicyRequest>): PolicyRequest => ({
  budget: 2,
  maxOrder: 1,
  objective: 'quality',
  force: [],
  forbid: [],
  weights: {},
  ...request,
});
const ask = (request: Partial<PolicyRequest> = {}, data: SweepData = smallData()) =>
  answerPolicy(data, whole(request));
const curve = async (request: Partial<PolicyRequest> = {}, data: SweepData = smallData()) => {
  const points = [];
  for await (const point of answerCurve(data, whole(request))) points.push(point);
  return points;
};

/** Every set of sources by hand: the value of a set is the sum of each target's best transfer or own network. */
function byHand(size: number, targets = ['edges', 'depth', 'normals', 'segmentation']) {
  const ids = smallSweep.tasks.map((t) => t.id);
  const sets: string[][] = [[]];
  for (const id of ids) sets.push(...sets.map((set) => [...set, id]));
  const value = (set: string[], target: string): number =>
    Math.max(
      ...(smallAnalyses.find((a) => a.target === target)?.candidates ?? []).map((c) => {
        if (c.kind === 'self') return set.includes(target) ? (c.quality?.value ?? 0.5) : -Infinity;
        if (c.kind !== 'transfer' || !c.sources.every((s) => set.includes(s))) return -Infinity;
        return c.quality?.value ?? -Infinity;
      }),
    );
  return sets
    .filter((set) => set.length <= size)
    .map((set) => ({ set, total: targets.reduce((sum, t) => sum + value(set, t), 0) }))
    .filter(({ total }) => total > -Infinity)
    .sort((a, b) => b.total - a.total);
}

describe('a policy', () => {
  it('is the optimum by hand, with its proof and a runner-up that gives up a source', async () => {
    const view = await ask();
    expect(policyContract.strict().parse(view)).toEqual(view);
    const [best, ...others] = byHand(2);
    expect(view.objective).toBeCloseTo(best?.total ?? 0, 9);
    expect(view).toMatchObject({ optimal: true, unit: 'tasks' });
    expect(view.gap).toBeLessThan(1e-7);
    const next = others.find(({ set }) => !view.sources.every((s) => set.includes(s)));
    expect(view.runnerUp?.objective).toBeCloseTo(next?.total ?? 0, 9);
    expect(view.runnerUp?.loss).toBeCloseTo((best?.total ?? 0) - (next?.total ?? 0), 9);
    expect(view.runnerUp?.lost.length).toBeGreaterThan(0);
    expect(view.significance?.pValue).toBeLessThanOrEqual(0.2);
    expect(view.unserved.map((u) => u.target)).toEqual(['layout']);
    expect(view.unserved[0]?.reason).toContain('gold skill');
  });

  it('counts labels: what supervises itself is free, and a person may set prices', async () => {
    const free = smallSweep.tasks.map((t) =>
      t.id === 'edges' || t.id === 'colour' ? { ...t, labelCost: 0 } : t,
    );
    const data = smallData({ sweep: { ...smallSweep, tasks: free } });
    const view = await ask({ unit: 'labels', budget: 1 }, data);
    expect(view.budgets).toEqual([{ unit: 'labels', limit: 1, spent: 1 }]);
    expect(view.sources).toContain('edges');
    expect(view.sources.filter((s) => s !== 'edges' && s !== 'colour')).toHaveLength(1);
    expect(view.curveBudgets).toEqual([0, 1, 2, 3, 4]);
    const dear = await ask({ unit: 'labels', budget: 1, labelCosts: { normals: 5 } }, data);
    expect(dear.sources).not.toContain('normals');
    expect(dear.costs.find((c) => c.task === 'normals')?.labels).toBe(5);
  });

  it('counts hours as they were measured, under a second limit', async () => {
    const runs = smallRuns().map((run) =>
      run.recipe.kind === 'source' ? { ...run, seconds: run.recipe.task === 'normals' ? 7200 : 3600 } : run,
    );
    const view = await ask({ unit: 'gpu-hours', budget: 3 }, smallData({ runs }));
    expect(view.costs.find((c) => c.task === 'normals')?.gpuHours).toBe(2);
    expect(view.budgets[0]?.spent).toBeLessThanOrEqual(3);
    const both = await ask({ budget: 3, limits: { 'gpu-hours': 1 } }, smallData({ runs }));
    expect(both.sources).toHaveLength(1);
    expect(both.sources).not.toContain('normals');
    expect(both.budgets.map((b) => [b.unit, b.limit])).toEqual([
      ['tasks', 3],
      ['gpu-hours', 1],
    ]);
  });

  it('does not make up hours: an untimed source cannot be bought by the hour', async () => {
    const runs = smallRuns().map((run) =>
      run.recipe.kind === 'source' && run.recipe.task === 'normals' ? { ...run, seconds: null } : run,
    );
    const view = await ask({ unit: 'gpu-hours', budget: 1 }, smallData({ runs }));
    expect(view.sources).not.toContain('normals');
    await expect(ask({ unit: 'gpu-hours' }, smallData({ runs: [] }))).rejects.toThrow('was timed');
  });

  it('has the same value on the curve as by itself, and each point its own proof', async () => {
    const points = await curve();
    expect(points.map((p) => p.budget)).toEqual([1, 2, 3, 4, 5, 6]);
    for (const { budget, objective, optimal, bound, greedy, random } of points) {
      const alone = await ask({ budget });
      expect(objective).toBeCloseTo(alone.objective, 9);
      expect({ optimal, greedy, random }).toEqual({
        optimal: true,
        greedy: alone.greedy,
        random: alone.random,
      });
      expect(bound).toBeGreaterThanOrEqual(objective);
    }
  });

  it('leaves targets out that are source only', async () => {
    const view = await ask({ sourceOnly: ['edges'] });
    expect(view.edges.map((e) => e.target).sort()).toEqual(['depth', 'normals', 'segmentation']);
    expect(view.objective).toBeCloseTo(byHand(2, ['depth', 'normals', 'segmentation'])[0]?.total ?? 0, 9);
    await expect(ask({ sourceOnly: ['nobody'] })).rejects.toThrow('sourceOnly: "nobody"');
  });

  it('bounds the optimum of an incomplete matrix and imputes nothing', async () => {
    const all = await ask();
    expect(all.range).toBeNull();
    const lacking = smallData({
      analyses: smallAnalyses.map((a) =>
        a.target === 'depth'
          ? { ...a, preliminary: true, candidates: a.candidates.filter((c) => c.key !== 'normals') }
          : a,
      ),
    });
    const strict = await ask({}, lacking);
    expect(strict.unserved.map((u) => u.target)).toContain('depth');
    const view = await ask({ incomplete: true }, lacking);
    expect(view.edges.map((e) => e.target)).toContain('depth');
    expect(view.range).toMatchObject({ missing: 1, low: view.objective });
    expect(view.range?.low).toBeLessThanOrEqual(all.objective);
    expect(view.range?.high).toBeGreaterThanOrEqual(all.objective);
    expect((await ask({ incomplete: true, objective: 'log-loss' }, lacking)).range).toBeNull();
  });
});

const importedOf = ([document]: ReturnType<typeof readTransfers>) => {
  if (!document) throw new Error('no transfers in the file');
  return importedSweep(document);
};

describeReference('policies of the published data through the service', () => {
  const { sweep, analyses } = importedOf(readTransfers(readReference('taskonomy', 'transfers_16k.json')));
  const stored = { ...sweep, number: 1, state: 'done' as const, createdAt: 0, finishedAt: 0 };
  const published = smallData({ sweep: stored, analyses, runs: [] });

  it('reach the two anchors at order 4', async () => {
    const at = (budget: number) => ask({ budget, maxOrder: 4, objective: 'affinity' }, published);
    expect((await at(4)).objective).toBeCloseTo(2.0015, 4);
    const eight = await at(8);
    expect(eight.objective).toBeCloseTo(2.2794, 4);
    expect(eight.sources).toHaveLength(8);
    expect(eight.curveBudgets).toHaveLength(26);
    const points = await curve({ maxOrder: 4, objective: 'affinity' }, published);
    expect(points.find((p) => p.budget === 8)?.objective).toBeCloseTo(2.2794, 4);
  });
});
