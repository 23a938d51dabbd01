import type { TaskDeclaration, TaskId } from '@/lib/science/core';
import { leafOrder, linkage, type Merge } from '@/lib/science/numerics';
import type { CellView, MatrixView } from '../contracts';

/** DESIGN §4, display: distance = exp(−20·p) over first-order shares; 1 − distance is the colour. */
const DISPLAY_RATE = 20;

type Orders = MatrixView['orders'];
type Dendrogram = NonNullable<MatrixView['dendrogram']>;

/** The numbers that order a matrix: one per cell, or null where nothing is known. */
interface Grid {
  sources: readonly TaskId[];
  targets: readonly TaskId[];
  at(source: TaskId, target: TaskId): number | null;
}

/**
 * Display value 1 − exp(−20·p) with p the cell's share of its target's first-order affinities.
 * Renormalising makes rows comparable in sum, whatever share the own network took.
 */
function measuredGrid(
  cells: readonly CellView[],
  sources: readonly TaskId[],
  targets: readonly TaskId[],
): Grid {
  const totals = new Map<TaskId, number>();
  const values = new Map<TaskId, Map<TaskId, number>>();
  for (const { source, target, affinity } of cells) {
    if (source === target || affinity === null) continue;
    totals.set(target, (totals.get(target) ?? 0) + affinity.value);
    const row = values.get(target) ?? new Map<TaskId, number>();
    values.set(target, row.set(source, affinity.value));
  }
  return {
    sources,
    targets,
    at: (source, target) => {
      const value = values.get(target)?.get(source);
      const total = totals.get(target) ?? 0;
      return value === undefined || total <= 0 ? null : 1 - Math.exp((-DISPLAY_RATE * value) / total);
    },
  };
}

/** Ridge-probe skills, scaled to 0–1 within each target so that easy targets do not rule the distances. */
function probeGrid(cells: readonly CellView[], sources: readonly TaskId[], targets: readonly TaskId[]): Grid {
  const rows = new Map<TaskId, { low: number; high: number; values: Map<TaskId, number> }>();
  for (const { source, target, probe } of cells) {
    if (source === target || probe === null) continue;
    const row = rows.get(target) ?? { low: probe, high: probe, values: new Map<TaskId, number>() };
    row.values.set(source, probe);
    rows.set(target, { ...row, low: Math.min(row.low, probe), high: Math.max(row.high, probe) });
  }
  return {
    sources,
    targets,
    at: (source, target) => {
      const row = rows.get(target);
      const value = row?.values.get(source);
      if (row === undefined || value === undefined) return null;
      return row.high > row.low ? (value - row.low) / (row.high - row.low) : 0.5;
    },
  };
}

/** Whether every off-diagonal cell has a number. */
const isFull = (grid: Grid): boolean =>
  grid.targets.every((t) => grid.sources.every((s) => s === t || grid.at(s, t) !== null));

/**
 * Mean absolute difference of two profiles over the places that both have; the diagonal is not measured
 * by a transfer, so a plain vector distance would compare holes.
 */
function profileDistance(a: readonly (number | null)[], b: readonly (number | null)[]): number {
  let total = 0;
  let count = 0;
  a.forEach((x, i) => {
    const y = b[i];
    if (x === null || y === null || y === undefined) return;
    total += Math.abs(x - y);
    count += 1;
  });
  return count === 0 ? 1 : total / count;
}

/** Average-linkage tree over profiles (the paper's similarity tree takes a task's transfers out as its profile). */
function treeOf(profiles: readonly (readonly (number | null)[])[]): Merge[] {
  const n = profiles.length;
  const distances = new Float64Array(n * n);
  profiles.forEach((a, i) => {
    profiles.forEach((b, j) => {
      if (i !== j) distances[i * n + j] = profileDistance(a, b);
    });
  });
  return linkage(distances, n, 'average');
}

/** Turns the children of every merge so that leaves with a smaller wish come first; the tree is the same. */
function turned(merges: readonly Merge[], wishes: readonly number[]): Merge[] {
  const n = wishes.length;
  const weight = wishes.map((wish) => ({ sum: wish, size: 1 }));
  return merges.map((merge, row) => {
    const [left, right] = [weight[merge.left], weight[merge.right]];
    if (!left || !right) return merge;
    weight[n + row] = { sum: left.sum + right.sum, size: left.size + right.size };
    const swap = left.sum / left.size > right.sum / right.size;
    return swap ? { ...merge, left: merge.right, right: merge.left } : merge;
  });
}

/** The tree with its leaves renumbered in drawing order, so that `leaves` reads from left to right. */
function dendrogramOf(ids: readonly TaskId[], merges: readonly Merge[]): Dendrogram {
  const n = ids.length;
  const order = leafOrder(merges, n);
  const place = new Map(order.map((leaf, position) => [leaf, position]));
  const renumbered = (id: number): number => (id < n ? (place.get(id) ?? id) : id);
  return {
    leaves: order.map((leaf) => ids[leaf] ?? ''),
    merges: merges.map((m) => [renumbered(m.left), renumbered(m.right), m.height]),
  };
}

interface Clustered {
  dendrogram: Dendrogram;
  targetDendrogram: Dendrogram;
}

/** Both axes by their own trees; the tree of targets is turned to follow the order of the sources. */
function cluster(grid: Grid, family: ReadonlyMap<TaskId, number>): Clustered | null {
  const { sources, targets, at } = grid;
  if (sources.length < 3 || targets.length < 3 || !isFull(grid)) return null;
  const sourceTree = turned(
    treeOf(sources.map((s) => targets.map((t) => at(s, t)))),
    sources.map((s) => family.get(s) ?? 0),
  );
  const dendrogram = dendrogramOf(sources, sourceTree);
  const place = new Map(dendrogram.leaves.map((id, i) => [id, i]));
  const targetTree = turned(
    treeOf(targets.map((t) => sources.map((s) => at(s, t)))),
    targets.map((t) => place.get(t) ?? sources.length / 2),
  );
  return { dendrogram, targetDendrogram: dendrogramOf(targets, targetTree) };
}

/** Widest sources first; easiest targets (highest mean gain from others) first. */
function byValue(cells: readonly CellView[], sources: readonly TaskId[], targets: readonly TaskId[]) {
  const score = (axis: 'source' | 'target') => {
    const sums = new Map<TaskId, { sum: number; count: number }>();
    for (const cell of cells) {
      const value = cell.gain?.value ?? cell.affinity?.value ?? cell.probe;
      if (cell.source === cell.target || value === null) continue;
      const old = sums.get(cell[axis]) ?? { sum: 0, count: 0 };
      sums.set(cell[axis], { sum: old.sum + value, count: old.count + 1 });
    }
    return (id: TaskId): number => {
      const entry = sums.get(id);
      return entry ? entry.sum / entry.count : Number.NEGATIVE_INFINITY;
    };
  };
  const sorted = (ids: readonly TaskId[], value: (id: TaskId) => number) =>
    [...ids].sort((a, b) => compare(value(b), value(a)));
  return { sources: sorted(sources, score('source')), targets: sorted(targets, score('target')) };
}

const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

const FAMILIES: readonly TaskDeclaration['family'][] = [
  'geometry',
  'semantics',
  'layout',
  'texture',
  'control',
];

/**
 * Row and column orders by name (`clustered`, `value`, `a-z`, `family`) and the trees of both axes.
 * `clustered` falls back to `family` while the matrix has holes; with only the probe complete it is the probe's.
 */
export function ordersOf(
  tasks: readonly TaskDeclaration[],
  cells: readonly CellView[],
  sources: readonly TaskId[],
  targets: readonly TaskId[],
): { orders: Orders; dendrogram: Dendrogram | null; targetDendrogram: Dendrogram | null } {
  const byId = new Map(tasks.map((task, i) => [task.id, { task, i }]));
  const familyRank = new Map(
    tasks.map((task, i) => [task.id, FAMILIES.indexOf(task.family) * tasks.length + i] as const),
  );
  const family = (ids: readonly TaskId[]) =>
    [...ids].sort((a, b) => (familyRank.get(a) ?? 0) - (familyRank.get(b) ?? 0));
  const name = (id: TaskId) => byId.get(id)?.task.name ?? id;
  const az = (ids: readonly TaskId[]) => [...ids].sort((a, b) => name(a).localeCompare(name(b), 'en'));
  const tree =
    cluster(measuredGrid(cells, sources, targets), familyRank) ??
    cluster(probeGrid(cells, sources, targets), familyRank);
  const byFamily = { sources: family(sources), targets: family(targets) };
  return {
    orders: {
      clustered: tree ? { sources: tree.dendrogram.leaves, targets: tree.targetDendrogram.leaves } : byFamily,
      value: byValue(cells, sources, targets),
      'a-z': { sources: az(sources), targets: az(targets) },
      family: byFamily,
    },
    dendrogram: tree?.dendrogram ?? null,
    targetDendrogram: tree?.targetDendrogram ?? null,
  };
}
