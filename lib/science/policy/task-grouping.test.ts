import { expect, it } from 'vitest';
import type { PolicyEdge } from '@/lib/science/core';
import { describeReference, readReference } from '@/lib/science/numerics/testing/reference';
import type { PolicyProblem } from './problem';
import { solvePolicy } from './solve';

type Rows = (number | null)[][];

interface Setting {
  val: Rows;
  test: Rows;
  exact_optimum: { budget: number; val_objective: number; test_total_of_that_choice: number }[];
}

interface Grouping {
  settings: Record<string, Setting>;
  'published_optimal_curves_make_plots.py': Record<string, number[]> & { budgets: number[] };
}

const TASKS = ['semantic', 'depth', 'normals', 'keypoints', 'edges'];

/**
 * Task grouping (Standley et al. 2020) as the transfer policy's program: a "source" is a trained network, row 0 being
 * five half-size ones; it serves the tasks that it was trained on, and each task takes exactly one network. A loss is
 * a negative value.
 */
function problem(rows: Rows, limit: number): PolicyProblem {
  const costs: Record<string, number> = {};
  const edges: PolicyEdge[] = [];
  rows.forEach((losses, row) => {
    losses.forEach((loss, task) => {
      if (loss === null) return;
      const id = row === 0 ? `half-${task}` : `network-${row}`;
      costs[id] = row === 0 ? 0.5 : 1;
      edges.push({ target: TASKS[task] ?? '', sources: [id], kind: 'transfer', value: -loss });
    });
  });
  return {
    targets: TASKS,
    sources: Object.keys(costs),
    edges,
    budgets: [{ name: 'networks', limit, costs }],
  };
}

/** Loss on the test rows of a choice that was made on the validation rows. */
function testTotal(rows: Rows, edges: readonly PolicyEdge[]): number {
  return edges.reduce((sum, edge) => {
    const [kind, index] = (edge.sources[0] ?? '').split('-');
    const row = kind === 'half' ? 0 : Number(index);
    return sum + (rows[row]?.[TASKS.indexOf(edge.target)] ?? Number.NaN);
  }, 0);
}

describeReference('task grouping (Standley et al. 2020)', () => {
  it('reproduces the exact optimum of all four settings at every budget, and the published curves', async () => {
    const { settings, 'published_optimal_curves_make_plots.py': published } = readReference<Grouping>(
      'matrices',
      'taskgrouping_standley.json',
    );
    const differing: string[] = [];
    for (const [name, setting] of Object.entries(settings)) {
      for (const [i, expected] of setting.exact_optimum.entries()) {
        const solved = await solvePolicy(problem(setting.val, expected.budget));
        expect(solved.optimal).toBe(true);
        // The file's values have five decimals.
        expect(Math.abs(-solved.objective - expected.val_objective)).toBeLessThan(6e-6);
        const total = testTotal(setting.test, solved.edges);
        expect(Math.abs(total - expected.test_total_of_that_choice)).toBeLessThan(6e-6);
        const given = published[name]?.[i] ?? Number.NaN;
        if (Math.abs(total - given) > 1.1e-5) differing.push(`${name} ${expected.budget}`);
      }
    }
    // One number of the published script is 5e-5 off its own data.
    expect(differing).toEqual(['setting1 1']);
  });
});
