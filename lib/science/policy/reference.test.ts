import { expect, it } from 'vitest';
import type { PolicyEdge } from '@/lib/science/core';
import { describeReference, readReference } from '@/lib/science/numerics/testing/reference';
import { policyCurve } from './curve';
import { rankEdges } from './rank';
import { solvePolicy } from './solve';
import { problemFromTransfers, type TransfersFile } from './transfers-file';

const load = (regime: string): TransfersFile =>
  readReference('taskonomy', `transfers_${regime}.json`) as TransfersFile;

const problem = (regime: string, maxOrder: number, limit = Infinity) =>
  problemFromTransfers(load(regime), {
    objective: 'affinity',
    maxOrder,
    budgets: [{ name: 'count', limit }],
  });

describeReference('published Taskonomy transfers', () => {
  it('reaches the two anchors of issue 4', async () => {
    const four = await solvePolicy(problem('16k', 4, 4));
    expect(four.objective).toBeCloseTo(2.0015, 4);
    expect(four.optimal).toBe(true);
    expect(four.selfShare).toBeCloseTo(0.87, 2); // DESIGN §4: four self-edges make 87 %
    const eight = await solvePolicy(problem('16k', 4, 8));
    expect(eight.objective).toBeCloseTo(2.2794, 4);
    expect(eight.sources).toHaveLength(8);
  });

  it('proves all 26 budgets of every order in both regimes, more order or budget never costing', async () => {
    for (const regime of ['16k', '1k']) {
      let below = new Array<number>(26).fill(0);
      for (const order of [1, 2, 3, 4]) {
        const curve = await policyCurve(problem(regime, order));
        const values = curve.map((p) => p.policy?.objective ?? Number.NaN);
        expect(curve.map((p) => p.policy?.optimal)).toEqual(new Array(26).fill(true));
        values.forEach((v, i) => {
          expect(v).toBeGreaterThanOrEqual(below[i] as number);
          expect(v).toBeGreaterThanOrEqual(values[i - 1] ?? 0);
        });
        below = values;
      }
    }
  });

  it('ranks every novel target as the published edges do', () => {
    interface Novel {
      regime: string;
      target: string;
      max_order: number;
      best_sources: string[];
      affinity: number;
      candidates: number;
    }
    const { results } = readReference<{ results: Novel[] }>('taskonomy', 'novel_tasks.json');
    expect(results.length).toBeGreaterThan(200);
    for (const novel of results) {
      const given = problem(novel.regime, novel.max_order);
      const ranked = rankEdges({ ...given, forbidden: [novel.target] }, novel.target);
      const best = ranked[0]?.edge;
      expect([novel.target, [...(best?.sources ?? [])].sort()]).toEqual([
        novel.target,
        [...novel.best_sources].sort(),
      ]);
      expect(best?.value).toBeCloseTo(novel.affinity, 12);
      expect(ranked).toHaveLength(novel.candidates);
    }
  });
});

interface Setting {
  val: (number | null)[][];
  test: (number | null)[][];
  exact_optimum: { budget: number; val_objective: number; test_total_of_that_choice: number }[];
  exact_optimum_on_test: number[];
}

interface Grouping {
  tasks: string[];
  settings: Record<string, Setting>;
  'published_optimal_curves_make_plots.py': { budgets: number[] } & Record<string, number[]>;
}

/**
 * "Which tasks should be learned together" (Standley et al. 2020) in the same program: a network is a source with its
 * own cost, serving a task is a first-order edge of value −loss, and there are no self edges. Row 0 is five half-size
 * networks of cost ½ each. What differs from a transfer policy: sources are networks and not tasks, and the published
 * curve chooses on validation losses and reports the test losses of that choice.
 */
function groupingProblem(tasks: readonly string[], rows: (number | null)[][], limit: number) {
  const costs: Record<string, number> = {};
  const edges: PolicyEdge[] = [];
  rows.forEach((row, r) => {
    row.forEach((loss, t) => {
      if (loss === null) return;
      const network = r === 0 ? `half ${t}` : `network ${r}`;
      costs[network] = r === 0 ? 0.5 : 1;
      edges.push({ target: tasks[t] as string, sources: [network], kind: 'transfer', value: -loss });
    });
  });
  return {
    targets: tasks,
    sources: Object.keys(costs),
    edges,
    budgets: [{ name: 'networks', limit, costs }],
  };
}

describeReference('task grouping by the same solver core', () => {
  /** The published figures are rounded to five places. */
  const close = (actual: number, published: number): void => {
    expect(Math.abs(actual - published)).toBeLessThan(1e-5);
  };
  const grouping = (): Grouping => readReference('matrices', 'taskgrouping_standley.json');

  it('reproduces the exact optima, chosen on validation and read on test', async () => {
    const { tasks, settings } = grouping();
    for (const setting of Object.values(settings)) {
      for (const [i, optimum] of setting.exact_optimum.entries()) {
        const policy = await solvePolicy(groupingProblem(tasks, setting.val, optimum.budget));
        close(-policy.objective, optimum.val_objective);
        const reread = policy.edges.map((edge) => {
          const [kind, index] = (edge.sources[0] as string).split(' ');
          return (
            setting.test[kind === 'half' ? 0 : Number(index)]?.[tasks.indexOf(edge.target)] ?? Number.NaN
          );
        });
        close(
          reread.reduce((a, b) => a + b, 0),
          optimum.test_total_of_that_choice,
        );
        const onTest = await solvePolicy(groupingProblem(tasks, setting.test, optimum.budget));
        close(-onTest.objective, setting.exact_optimum_on_test[i] as number);
      }
    }
  });

  it('agrees with the published curves but for the one point that the reference notes', () => {
    const { settings, 'published_optimal_curves_make_plots.py': published } = grouping();
    const apart = Object.entries(settings).flatMap(([name, setting]) =>
      setting.exact_optimum
        .filter((o, i) => Math.abs(o.test_total_of_that_choice - (published[name]?.[i] ?? Number.NaN)) > 1e-5)
        .map((o) => `${name} ${o.budget}`),
    );
    expect(apart).toEqual(['setting1 1']);
  });
});
