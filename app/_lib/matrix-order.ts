import type { MatrixView, TaskView } from '@/lib/service/contracts';
import { buildTree, cutTree, FAMILY_NAME, FAMILY_ORDER, type Group, groupName, restrict, runsOf, type Tree } from './tree';

export const ORDERS = ['clustered', 'value', 'name', 'family'] as const;
export type OrderName = (typeof ORDERS)[number];
export const ORDER_LABEL: Record<OrderName, string> = {
  clustered: 'Clustered',
  value: 'By value',
  name: 'A–Z',
  family: 'Family',
};

export interface OrderedAxis {
  ids: string[];
  groups: Group[];
  tree: Tree | null;
}

export interface Ordered {
  sources: OrderedAxis;
  targets: OrderedAxis;
}

/** Four clusters by default (visual language); small matrices get fewer. */
const clusterCount = (n: number): number => (n < 6 ? 1 : n < 12 ? 3 : 4);

const mean = (values: readonly number[]): number =>
  values.length === 0 ? Number.NEGATIVE_INFINITY : values.reduce((a, b) => a + b, 0) / values.length;

/** Mean gain (else probe skill) of a source or for a target: what "by value" sorts by. */
function meanValue(matrix: MatrixView, side: 'source' | 'target', id: string): number {
  const own = matrix.cells.filter((c) => c[side] === id && c.source !== c.target);
  const gains = own.flatMap((c) => (c.gain === null ? [] : [c.gain.value]));
  return gains.length > 0 ? mean(gains) : mean(own.flatMap((c) => (c.probe === null ? [] : [c.probe])));
}

/** Every id once: those of the wanted order first, then any that it forgot. */
function complete(wanted: readonly string[] | undefined, all: readonly string[]): string[] {
  const known = new Set(all);
  const first = (wanted ?? []).filter((id) => known.has(id));
  const placed = new Set(first);
  return [...first, ...all.filter((id) => !placed.has(id))];
}

/** Row and column orders with their groups and trees. */
export function orderMatrix(matrix: MatrixView, tasks: ReadonlyMap<string, TaskView>, order: OrderName): Ordered {
  const name = (id: string): string => tasks.get(id)?.name ?? id;
  const family = (id: string): TaskView['family'] | null => tasks.get(id)?.family ?? null;
  const plain = (ids: string[]): OrderedAxis => ({ ids, groups: [{ name: '', ids }], tree: null });
  const byFamily = (all: readonly string[]): OrderedAxis => {
    const rank = (id: string): number => FAMILY_ORDER.indexOf(family(id) ?? 'control');
    const ids = [...all].sort((a, b) => rank(a) - rank(b) || name(a).localeCompare(name(b)));
    const groups = runsOf(ids, family).map((run) => ({ name: FAMILY_NAME[family(run[0] ?? '') ?? 'control'], ids: run }));
    return { ids, groups, tree: null };
  };
  const sortBy = (all: readonly string[], side: 'source' | 'target'): OrderedAxis =>
    plain([...all].sort((a, b) => meanValue(matrix, side, b) - meanValue(matrix, side, a) || name(a).localeCompare(name(b))));
  const sorted = (all: readonly string[]): OrderedAxis => plain([...all].sort((a, b) => name(a).localeCompare(name(b))));

  if (order === 'family') return { sources: byFamily(matrix.sources), targets: byFamily(matrix.targets) };
  if (order === 'name') return { sources: sorted(matrix.sources), targets: sorted(matrix.targets) };
  if (order === 'value') return { sources: sortBy(matrix.sources, 'source'), targets: sortBy(matrix.targets, 'target') };
  return clustered(matrix, family, byFamily);
}

function clustered(
  matrix: MatrixView,
  family: (id: string) => TaskView['family'] | null,
  fallback: (all: readonly string[]) => OrderedAxis,
): Ordered {
  const tree = matrix.dendrogram === null ? null : buildTree(matrix.dendrogram);
  if (tree === null) return { sources: fallback(matrix.sources), targets: fallback(matrix.targets) };
  const clusterOf = new Map<string, string>();
  cutTree(tree, clusterCount(matrix.dendrogram?.leaves.length ?? 0)).forEach((ids, i) => {
    for (const id of ids) clusterOf.set(id, String(i));
  });
  const wanted = matrix.orders.clustered;
  const axis = (all: readonly string[], order: readonly string[] | undefined): OrderedAxis => {
    const ids = complete(order, all);
    const groups = runsOf(ids, (id) => clusterOf.get(id) ?? null).map((run) => ({ name: groupName(run, family), ids: run }));
    return { ids, groups, tree: restrict(tree, new Set(ids)) };
  };
  return { sources: axis(matrix.sources, wanted?.sources), targets: axis(matrix.targets, wanted?.targets) };
}
