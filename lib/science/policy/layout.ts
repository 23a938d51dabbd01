import type { Program, Row } from './highs';
import { BUDGET_TOLERANCE, type PreparedProblem, type UsableEdge } from './problem';

export interface Layout {
  program: Program;
  /** Objective unit: program value = scale · true value. */
  scale: number;
  edges: readonly UsableEdge[];
}

/**
 * Columns: y_s per source (whole), then x_e per edge (continuous: for whole y the best edge of each target is a vertex).
 * Rows: Σ_{e→t} x_e = 1 per target; Σ_{e→t, e∋s} x_e ≤ y_s per target and source, which implies x_e ≤ y_s and is as
 * tight as facility-location programs get; Σ cost·y ≤ γ per budget; `extra` rows on y.
 */
export function layOut(prepared: PreparedProblem, extra: readonly Row[] = []): Layout {
  const n = prepared.sources.length;
  const edges = prepared.edgesByTarget.flat();
  const largest = edges.reduce((max, e) => Math.max(max, Math.abs(e.weighted)), 0);
  const scale = largest > 0 ? 1000 / largest : 1;
  const objective = new Float64Array(n + edges.length);
  const lower = new Float64Array(n + edges.length);
  for (const s of prepared.forced) lower[s] = 1;
  edges.forEach((edge, e) => {
    objective[n + e] = scale * edge.weighted;
  });
  const budgetRows: Row[] = prepared.budgets.map(({ limit, costs }) => ({
    low: -Infinity,
    high: limit + BUDGET_TOLERANCE * Math.max(1, limit),
    entries: Array.from(costs, (cost, s): [number, number] => [s, cost]).filter(([, cost]) => cost !== 0),
  }));
  const program: Program = {
    columns: n + edges.length,
    integer: Array.from({ length: n }, (_, s) => s),
    objective,
    lower,
    upper: new Float64Array(n + edges.length).fill(1),
    rows: [...linkRows(prepared, n), ...budgetRows, ...extra],
  };
  return { program, scale, edges };
}

function linkRows(prepared: PreparedProblem, n: number): Row[] {
  const rows: Row[] = [];
  let column = n;
  for (const edges of prepared.edgesByTarget) {
    const first = column;
    column += edges.length;
    rows.push({ low: 1, high: 1, entries: edges.map((_, e): [number, number] => [first + e, 1]) });
    const bySource = new Map<number, [number, number][]>();
    edges.forEach((edge, e) => {
      for (const s of edge.needs) bySource.set(s, [...(bySource.get(s) ?? []), [first + e, 1]]);
    });
    for (const [s, entries] of bySource)
      rows.push({ low: -Infinity, high: 0, entries: [...entries, [s, -1]] });
  }
  return rows;
}
