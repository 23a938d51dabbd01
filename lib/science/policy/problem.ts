import { type PolicyEdge, TaskatlasError, type TaskId } from '@/lib/science/core';

/** One supervision budget: Σ cost(source) ≤ limit over the supervised sources. */
export interface Budget {
  /** What is counted: `count`, `labels`, `gpuHours`, … Unique within a problem. */
  name: string;
  limit: number;
  /** Cost per source, ≥ 0; sources not named cost `defaultCost`. */
  costs?: Readonly<Record<TaskId, number>>;
  /** Cost of a source that `costs` does not name; 1 by default (counting). */
  defaultCost?: number;
}

/**
 * The transfer policy as an integer program (Zamir et al. 2018, §3.4; DESIGN §4):
 * maximise Σ r_target(i)·v_i·x_i over edges i, every target with exactly one edge, an edge only with all of its
 * sources, Σ cost(source) ≤ γ for every budget.
 */
export interface PolicyProblem {
  targets: readonly TaskId[];
  /** Tasks that may be supervised (the dictionary minus target-only tasks). */
  sources: readonly TaskId[];
  /** Measured edges. A `self` edge needs its own target among the sources; a `scratch` edge needs nothing. */
  edges: readonly PolicyEdge[];
  budgets: readonly Budget[];
  /** Importance r per target, ≥ 0; 1 when not named. */
  importance?: Readonly<Record<TaskId, number>>;
  /** Sources that must be supervised, whether an edge uses them or not. */
  forced?: readonly TaskId[];
  /** Tasks that must not be supervised. */
  forbidden?: readonly TaskId[];
  /** Largest number of sources of one edge. */
  maxOrder?: number;
  /** Admit `scratch` edges as free edges; false by default. */
  allowScratch?: boolean;
  /** Leave targets without an affordable edge unserved (value 0) in place of an infeasible policy. */
  allowUnserved?: boolean;
  /**
   * Labels behind a source that was itself taught (multi-task, distilled, …): supervising it needs these sources too,
   * so its cost is the union of them.
   */
  requires?: Readonly<Record<TaskId, readonly TaskId[]>>;
}

/** An edge that can be chosen, with the source indices that it needs (requirements included) and its weighted value. */
export interface UsableEdge {
  edge: PolicyEdge;
  /** Index in `PreparedProblem.targets`. */
  target: number;
  /** Ascending indices in `PreparedProblem.sources`. */
  needs: readonly number[];
  /** r_target · value. */
  weighted: number;
  /** Index of the edge in the problem; −1 for the slack edge of an unserved target. */
  index: number;
}

export interface PreparedProblem {
  targets: readonly TaskId[];
  sources: readonly TaskId[];
  /** Usable edges per target, best value first, dominated ones removed. */
  edgesByTarget: readonly (readonly UsableEdge[])[];
  /** Indices of forced sources (requirements included). */
  forced: ReadonlySet<number>;
  budgets: readonly { name: string; limit: number; costs: Float64Array }[];
}

const invalid = (message: string): TaskatlasError => new TaskatlasError('invalid-input', message);

function unique(names: readonly string[], what: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw invalid(`${what} "${name}" is named twice`);
    seen.add(name);
  }
}

/** Sources needed by `task`, itself included, following `requires` to the end. */
function closure(task: TaskId, requires: PolicyProblem['requires']): Set<TaskId> {
  const needed = new Set<TaskId>();
  const stack = [task];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (needed.has(next)) continue;
    needed.add(next);
    stack.push(...(requires?.[next] ?? []));
  }
  return needed;
}

function checkNumbers(problem: PolicyProblem): void {
  for (const [task, r] of Object.entries(problem.importance ?? {})) {
    if (!(r >= 0 && r < Infinity))
      throw invalid(`importance of "${task}" must be a finite number ≥ 0, got ${r}`);
  }
  unique(
    problem.budgets.map((b) => b.name),
    'budget',
  );
  for (const { name, limit, costs, defaultCost } of problem.budgets) {
    if (!(limit >= 0)) throw invalid(`budget "${name}" must be ≥ 0, got ${limit}`);
    for (const [task, cost] of Object.entries({ ...costs, '(default)': defaultCost ?? 1 })) {
      if (!(cost >= 0 && cost < Infinity))
        throw invalid(`cost of "${task}" in budget "${name}" must be ≥ 0, got ${cost}`);
    }
  }
}

function resolveForced(problem: PolicyProblem, indexOf: ReadonlyMap<TaskId, number>): Set<number> {
  const forced = new Set<number>();
  for (const task of problem.forced ?? []) {
    if (problem.forbidden?.includes(task)) throw invalid(`source "${task}" is both forced and forbidden`);
    for (const needed of closure(task, problem.requires)) {
      const index = indexOf.get(needed);
      if (index === undefined)
        throw invalid(`forced source "${task}" is not among the sources that may be supervised`);
      forced.add(index);
    }
  }
  return forced;
}

function needsOf(
  edge: PolicyEdge,
  problem: PolicyProblem,
  indexOf: ReadonlyMap<TaskId, number>,
): number[] | null {
  const named = edge.kind === 'self' ? [edge.target] : edge.kind === 'scratch' ? [] : edge.sources;
  const needed = new Set(named.flatMap((task) => [...closure(task, problem.requires)]));
  const indices = [...needed].map((task) => indexOf.get(task) ?? -1);
  return indices.includes(-1) ? null : indices.sort((a, b) => a - b);
}

/** Whether ascending `part` is contained in ascending `whole`. */
function isSubset(part: readonly number[], whole: readonly number[]): boolean {
  let found = 0;
  for (let i = 0; i < whole.length && found < part.length; i++) if (whole[i] === part[found]) found++;
  return found === part.length;
}

/**
 * Removes edges that another edge of the same target makes useless: one with a subset of its sources and at least its
 * value. Exact: any policy with the dominated edge stays feasible and loses nothing with the other. Sorted by value.
 */
function pruneDominated(edges: readonly UsableEdge[]): UsableEdge[] {
  const sorted = [...edges].sort((a, b) => b.weighted - a.weighted || a.needs.length - b.needs.length);
  const kept: UsableEdge[] = [];
  for (const edge of sorted) {
    if (!kept.some((better) => isSubset(better.needs, edge.needs))) kept.push(edge);
  }
  return kept;
}

export interface PrepareOptions {
  /** Remove dominated edges; true by default. */
  prune?: boolean;
  /** Leave out edges without a finite value in place of refusing them. */
  skipMissing?: boolean;
}

/** Checks the problem, resolves names to indices and removes edges that no optimum needs. Throws `invalid-input`. */
export function prepareProblem(problem: PolicyProblem, options: PrepareOptions = {}): PreparedProblem {
  unique(problem.targets, 'target');
  unique(problem.sources, 'source');
  checkNumbers(problem);
  const forbidden = new Set(problem.forbidden ?? []);
  const sources = problem.sources.filter((task) => !forbidden.has(task));
  const indexOf = new Map(sources.map((task, i) => [task, i]));
  const targetIndex = new Map(problem.targets.map((task, i) => [task, i]));
  const usable: UsableEdge[][] = problem.targets.map(() => []);
  problem.edges.forEach((edge, index) => {
    const target = targetIndex.get(edge.target);
    if (target === undefined || edge.sources.length > (problem.maxOrder ?? Infinity)) return;
    if (edge.kind === 'scratch' && !problem.allowScratch) return;
    if (!Number.isFinite(edge.value)) {
      if (options.skipMissing) return;
      throw invalid(
        `edge ${edge.sources.join('+')} → ${edge.target} has value ${edge.value}; leave missing edges out`,
      );
    }
    const needs = needsOf(edge, problem, indexOf);
    if (!needs) return;
    usable[target]?.push({
      edge,
      target,
      needs,
      index,
      weighted: (problem.importance?.[edge.target] ?? 1) * edge.value,
    });
  });
  if (problem.allowUnserved) addSlack(problem.targets, usable);
  return {
    targets: problem.targets,
    sources,
    edgesByTarget: options.prune === false ? usable : usable.map(pruneDominated),
    forced: resolveForced(problem, indexOf),
    budgets: problem.budgets.map(({ name, limit, costs, defaultCost }) => ({
      name,
      limit,
      costs: Float64Array.from(sources, (task) => costs?.[task] ?? defaultCost ?? 1),
    })),
  };
}

/** An edge of value 0 that needs nothing, only where every real edge may be out of reach. */
function addSlack(targets: readonly TaskId[], usable: UsableEdge[][]): void {
  targets.forEach((task, target) => {
    const edge: PolicyEdge = { target: task, sources: [], kind: 'scratch', value: 0 };
    usable[target]?.push({ edge, target, needs: [], index: -1, weighted: 0 });
  });
}

/** The best usable edge of every target under a set of supervised sources; null where none is affordable. */
export function bestEdges(prepared: PreparedProblem, supervised: ReadonlySet<number>): (UsableEdge | null)[] {
  return prepared.edgesByTarget.map(
    (edges) => edges.find((e) => e.needs.every((s) => supervised.has(s))) ?? null,
  );
}

/** Σ r·v over chosen edges; null when a target has none. */
export function totalValue(chosen: readonly (UsableEdge | null)[]): number | null {
  let total = 0;
  for (const edge of chosen) {
    if (!edge) return null;
    total += edge.weighted;
  }
  return total;
}

/** Cost of a set of sources in every budget. */
export function costOf(prepared: PreparedProblem, supervised: Iterable<number>): Record<string, number> {
  const chosen = [...supervised];
  return Object.fromEntries(
    prepared.budgets.map(({ name, costs }) => [
      name,
      chosen.reduce((total, s) => total + (costs[s] ?? 0), 0),
    ]),
  );
}

/** Slack for sums of decimal costs: 0.1 + 0.2 must fit a budget of 0.3. */
export const BUDGET_TOLERANCE = 1e-9;

export const withinBudgets = (prepared: PreparedProblem, supervised: Iterable<number>): boolean => {
  const costs = costOf(prepared, supervised);
  return prepared.budgets.every(
    ({ name, limit }) => (costs[name] ?? 0) <= limit + BUDGET_TOLERANCE * Math.max(1, limit),
  );
};
