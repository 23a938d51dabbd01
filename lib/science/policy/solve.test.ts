import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicyEdge } from '@/lib/science/core';
import { createRng } from '@/lib/science/core';
import { greedyPolicy, policySignificance, randomBand } from './baselines';
import { policyCurve } from './curve';
import type { Budget, PolicyProblem } from './problem';
import { policyRange, rankEdges } from './rank';
import { solvePolicy, solveRunnerUp } from './solve';
import { edgeSurvival } from './survival';

const TASKS = ['a', 'b', 'c', 'd', 'e', 'f'];

/** All subsets of supervised sources, without any of the solver's code: the definition, spelled out. */
function bruteForce(
  problem: PolicyProblem,
  accept: (sources: readonly string[]) => boolean = () => true,
): number | null {
  const needed = (edge: PolicyEdge): readonly string[] => {
    const named = edge.kind === 'self' ? [edge.target] : edge.kind === 'scratch' ? [] : edge.sources;
    const all = new Set<string>();
    const visit = (task: string): void => {
      if (all.has(task)) return;
      all.add(task);
      for (const parent of problem.requires?.[task] ?? []) visit(parent);
    };
    named.forEach(visit);
    return [...all];
  };
  let best: number | null = null;
  for (let mask = 0; mask < 2 ** problem.sources.length; mask++) {
    const chosen = problem.sources.filter((_, i) => (mask >> i) & 1);
    if (problem.forbidden?.some((s) => chosen.includes(s))) continue;
    if (problem.forced?.some((s) => !chosen.includes(s))) continue;
    const affordable = problem.budgets.every(
      (b) => chosen.reduce((sum, s) => sum + (b.costs?.[s] ?? b.defaultCost ?? 1), 0) <= b.limit + 1e-9,
    );
    if (!affordable || !accept(chosen)) continue;
    let total = 0;
    for (const target of problem.targets) {
      const values = problem.edges
        .filter((e) => e.target === target && e.sources.length <= (problem.maxOrder ?? Infinity))
        .filter((e) => e.kind !== 'scratch' || problem.allowScratch)
        .filter((e) => needed(e).every((s) => chosen.includes(s)))
        .map((e) => e.value);
      if (problem.allowUnserved) values.push(0);
      total += (problem.importance?.[target] ?? 1) * Math.max(...values, -Infinity);
    }
    if (total > -Infinity && !Number.isNaN(total) && (best === null || total > best)) best = total;
  }
  return best;
}

const value = fc.integer({ min: -20, max: 100 }).map((v) => v / 100);
const anEdge: fc.Arbitrary<PolicyEdge> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      target: fc.constantFrom(...TASKS),
      sources: fc.uniqueArray(fc.constantFrom(...TASKS), { minLength: 1, maxLength: 3 }),
      kind: fc.constant('transfer' as const),
      value,
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ target: fc.constantFrom(...TASKS), kind: fc.constant('self' as const), value })
      .map((e) => ({ ...e, sources: [e.target] })),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ target: fc.constantFrom(...TASKS), kind: fc.constant('scratch' as const), value })
      .map((e) => ({ ...e, sources: [] })),
  },
);
const costs = fc.dictionary(
  fc.constantFrom(...TASKS),
  fc.integer({ min: 0, max: 6 }).map((c) => c / 2),
);

const aProblem: fc.Arbitrary<PolicyProblem> = fc.record({
  targets: fc.uniqueArray(fc.constantFrom(...TASKS), { minLength: 1, maxLength: 5 }),
  sources: fc.constant(TASKS),
  edges: fc.array(anEdge, { minLength: 10, maxLength: 50 }),
  budgets: fc.oneof<fc.Arbitrary<Budget[]>[]>(
    fc.integer({ min: 0, max: 6 }).map((limit) => [{ name: 'count', limit }]),
    fc
      .tuple(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 10 }), costs, costs)
      .map(([l, g, c, d]) => [
        { name: 'labels', limit: l / 2, costs: c },
        { name: 'gpuHours', limit: g / 2, costs: d, defaultCost: 0.5 },
      ]),
  ),
  importance: fc.dictionary(fc.constantFrom(...TASKS), fc.integer({ min: 0, max: 4 })),
  forced: fc.uniqueArray(fc.constantFrom('a', 'b'), { maxLength: 1 }),
  forbidden: fc.uniqueArray(fc.constantFrom('c', 'd'), { maxLength: 1 }),
  maxOrder: fc.integer({ min: 1, max: 3 }),
  allowScratch: fc.boolean(),
  allowUnserved: fc.boolean(),
  requires: fc.constantFrom<Record<string, string[]>>({}, { e: ['f'] }, { e: ['f'], f: ['a'] }),
});

const feasible = async (problem: PolicyProblem): Promise<Awaited<ReturnType<typeof solvePolicy>> | null> => {
  try {
    return await solvePolicy(problem);
  } catch (error) {
    if (
      error instanceof Error &&
      'code' in error &&
      (error.code === 'infeasible' || /forced source/.test(error.message))
    )
      return null;
    throw error;
  }
};

describe('solvePolicy', () => {
  it('equals brute force over all source sets', async () => {
    let solved = 0;
    await fc.assert(
      fc.asyncProperty(aProblem, async (problem) => {
        const expected = bruteForce(problem);
        const policy = await feasible(problem);
        if (expected === null) {
          expect(policy).toBeNull();
          return;
        }
        solved++;
        expect(policy?.objective).toBeCloseTo(expected, 9);
        expect(policy?.optimal).toBe(true);
        expect(policy?.bound).toBeCloseTo(expected, 7);
      }),
      { numRuns: 200, seed: 20181 },
    );
    expect(solved).toBeGreaterThan(60);
  });

  it('equals brute force where the relaxation is fractional and most columns are fixed', async () => {
    const names = Array.from({ length: 9 }, (_, i) => `s${i}`);
    for (let trial = 0; trial < 6; trial++) {
      const rng = createRng('fractional', trial);
      // Pairs worth more than their parts: the relaxation takes halves of many sources.
      const edges = names.flatMap((target) =>
        Array.from({ length: 12 }, (): PolicyEdge => {
          const sources = names.filter((s) => s !== target && rng.next() < 0.25).slice(0, 3);
          return {
            target,
            sources: sources.length > 0 ? sources : [target],
            kind: 'transfer',
            value: rng.next() ** 3 + 0.2 * sources.length,
          };
        }),
      );
      const problem = {
        targets: names,
        sources: names,
        edges,
        budgets: [{ name: 'count', limit: 3 + (trial % 3) }],
        allowUnserved: true,
      };
      const policy = await solvePolicy(problem);
      expect(policy.objective).toBeCloseTo(bruteForce(problem) ?? Number.NaN, 9);
      expect(policy.optimal).toBe(true);
    }
  });

  it('gives a policy that keeps its own rules', async () => {
    await fc.assert(
      fc.asyncProperty(aProblem, async (problem) => {
        const policy = await feasible(problem);
        if (!policy) return;
        const served = [...policy.edges.map((e) => e.target), ...policy.unserved].sort();
        expect(served).toEqual([...problem.targets].sort());
        for (const edge of policy.edges)
          for (const source of edge.sources) expect(policy.sources).toContain(source);
        for (const { name, limit } of problem.budgets)
          expect(policy.cost[name]).toBeLessThanOrEqual(limit + 1e-6);
        const total = policy.edges.reduce(
          (sum, e) => sum + (problem.importance?.[e.target] ?? 1) * e.value,
          0,
        );
        expect(policy.objective).toBeCloseTo(total, 9);
        for (const [i, index] of policy.edgeIndices.entries()) {
          expect(problem.edges[index]).toMatchObject(policy.edges[i] as PolicyEdge);
        }
      }),
      { numRuns: 50, seed: 20182 },
    );
  });

  it('finds the best policy without one of the chosen sources', async () => {
    await fc.assert(
      fc.asyncProperty(aProblem, async (problem) => {
        const policy = await feasible(problem);
        const free = policy?.sources.filter((s) => !problem.forced?.includes(s)) ?? [];
        if (!policy || free.length === 0 || (problem.forced?.length ?? 0) > 0) return;
        const expected = bruteForce(problem, (chosen) => free.some((s) => !chosen.includes(s)));
        const second = await solveRunnerUp(problem, policy);
        expect(second?.policy.objective ?? null).toEqual(
          expected === null ? null : expect.closeTo(expected, 9),
        );
        if (second) expect(second.loss).toBeGreaterThanOrEqual(-1e-9);
      }),
      { numRuns: 50, seed: 20183 },
    );
  });
});

const edge = (target: string, sources: string[], value: number): PolicyEdge => ({
  target,
  sources,
  kind:
    sources.length === 1 && sources[0] === target ? 'self' : sources.length === 0 ? 'scratch' : 'transfer',
  value,
});

const small: PolicyProblem = {
  targets: ['a', 'b', 'c'],
  sources: ['a', 'b', 'c', 'd'],
  edges: [
    edge('a', ['a'], 0.9),
    edge('b', ['a'], 0.4),
    edge('c', ['a'], 0.1),
    edge('b', ['b'], 0.8),
    edge('c', ['b', 'd'], 0.95),
    edge('a', ['b'], 0.2),
    edge('c', ['b'], 0.5),
    edge('a', ['d'], 0.3),
    edge('c', ['d'], 0.3),
  ],
  budgets: [{ name: 'count', limit: 2 }],
};

describe('what a person meets', () => {
  it('says which budget would do when none is feasible', async () => {
    await expect(solvePolicy({ ...small, budgets: [{ name: 'count', limit: 0 }] })).rejects.toMatchObject({
      code: 'infeasible',
      message: expect.stringContaining('"count" needs at least 1 (given 0)'),
    });
  });

  it('names the target that nothing can serve', async () => {
    const problem = { ...small, forbidden: ['a', 'b'], budgets: [{ name: 'count', limit: 9 }] };
    await expect(solvePolicy(problem)).rejects.toMatchObject({
      code: 'infeasible',
      message: expect.stringContaining('no usable edge for target b'),
    });
    const allowed = await solvePolicy({ ...problem, allowUnserved: true });
    expect(allowed.unserved).toEqual(['b']);
    expect(allowed.edges.map((e) => e.target)).toEqual(['a', 'c']);
  });

  it('refuses contradictions and non-numbers, naming them', async () => {
    await expect(solvePolicy({ ...small, forced: ['a'], forbidden: ['a'] })).rejects.toThrow(
      '"a" is both forced and forbidden',
    );
    await expect(solvePolicy({ ...small, edges: [edge('a', ['a'], Number.NaN)] })).rejects.toThrow(
      /a → a has value NaN/,
    );
    await expect(solvePolicy({ ...small, budgets: [{ name: 'count', limit: -1 }] })).rejects.toThrow(
      /must be ≥ 0, got -1/,
    );
  });

  it('charges a taught source the union of the labels behind it', async () => {
    const budgets = [{ name: 'labels', limit: 2, costs: { a: 1, b: 1, c: 1, d: 0 } }];
    const free = await solvePolicy({ ...small, budgets });
    expect(free.sources).toEqual(['a', 'b', 'd']);
    const taught = await solvePolicy({ ...small, budgets, requires: { d: ['b', 'c'] } });
    expect(taught.sources).toEqual(['a', 'b']);
    const union = await solvePolicy({
      ...small,
      budgets: [{ name: 'labels', limit: 3, costs: { d: 0 } }],
      requires: { d: ['b', 'c'] },
    });
    expect(union.cost.labels).toBe(3);
  });

  it('shows how much of the value is self edges', async () => {
    const policy = await solvePolicy(small);
    expect(policy.sources).toEqual(['a', 'b']);
    expect(policy.selfShare).toBeCloseTo(1.7 / 2.2, 12);
  });

  it('serves a decimal budget to its last cent', async () => {
    const budgets = [{ name: 'hours', limit: 0.3, costs: { a: 0.1, b: 0.2, c: 1, d: 1 } }];
    expect((await solvePolicy({ ...small, budgets })).sources).toEqual(['a', 'b']);
  });
});

describe('beside the optimum', () => {
  it('the curve never falls, and ends at the best edge of every target', async () => {
    await fc.assert(
      fc.asyncProperty(aProblem, async (given) => {
        const problem = { ...given, budgets: [{ name: 'count', limit: 1 }] };
        const curve = await policyCurve(problem).catch(() => []);
        const values = curve.flatMap((p) => (p.policy ? [p.policy.objective] : []));
        for (const [i, v] of values.entries())
          expect(v).toBeGreaterThanOrEqual((values[i - 1] ?? -Infinity) - 1e-9);
        const last = curve.at(-1)?.policy;
        if (last)
          expect(last.objective).toBeCloseTo(bruteForce({ ...problem, budgets: [] }) ?? Number.NaN, 9);
      }),
      { numRuns: 60, seed: 20184 },
    );
  });

  it('greedy and random policies are feasible and never better', async () => {
    await fc.assert(
      fc.asyncProperty(aProblem, async (problem) => {
        const best = await feasible(problem);
        if (!best) return;
        const greedy = greedyPolicy(problem);
        if (greedy) expect(greedy.objective).toBeLessThanOrEqual(best.objective + 1e-9);
        for (const edges of ['best', 'any'] as const) {
          try {
            const band = randomBand(problem, { draws: 20, rng: createRng(1), edges });
            expect(band.values.at(-1)).toBeLessThanOrEqual(best.objective + 1e-9);
            expect(band.low).toBeLessThanOrEqual(band.high);
            expect(policySignificance(best.objective, band)).toBeGreaterThan(0);
          } catch (error) {
            expect(error).toMatchObject({ code: 'infeasible' });
          }
        }
      }),
      { numRuns: 60, seed: 20185 },
    );
  });

  it('counts in how many draws an edge survives', async () => {
    const values = small.edges.map((e) => e.value);
    const other = values.map((v, i) => (i === 4 ? 0 : i === 6 ? 0.6 : v)); // draw in which b+d → c is worthless
    const problem = { ...small, budgets: [{ name: 'count', limit: 3 }] };
    const survival = await edgeSurvival(problem, [values, values, values, other]);
    expect(survival.edges[4]).toBeCloseTo(0.75, 12);
    expect(survival.edges[6]).toBeCloseTo(0.25, 12);
    expect(survival.sources).toEqual({ a: 1, b: 1, c: 0, d: 0.75 });
  });

  it('ranks all edges of one target, and bounds an incomplete matrix', async () => {
    expect(rankEdges(small, 'c').map((e) => e.edge.value)).toEqual([0.95, 0.5, 0.3, 0.1]);
    const range = await policyRange(small, [{ target: 'c', sources: ['a'] }], () => 1);
    expect(range.low).toBeCloseTo(2.2, 9);
    expect(range.high).toBeCloseTo(2.7, 7);
  });
});
