import type { MatrixView, TaskView } from '@/lib/service/contracts';
import { buildTree, clusterRuns, FAMILY_NAME, type Group, groupName, runsOf, type Tree } from './tree';

/** Names of the orders that the API computes. */
export const ORDERS = ['clustered', 'value', 'a-z', 'family'] as const;
export type OrderName = (typeof ORDERS)[number];
export const ORDER_LABEL: Record<OrderName, string> = {
  clustered: 'Clustered',
  value: 'By value',
  'a-z': 'A–Z',
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

type Family = TaskView['family'];

/** Four clusters by default (visual language); small matrices get fewer. */
const clusterCount = (n: number): number => (n < 6 ? 1 : n < 12 ? 3 : 4);

/** Every id once: those of the wanted order first, then any that it forgot. */
function complete(wanted: readonly string[] | undefined, all: readonly string[]): string[] {
  const known = new Set(all);
  const first = (wanted ?? []).filter((id) => known.has(id));
  const placed = new Set(first);
  return [...first, ...all.filter((id) => !placed.has(id))];
}

function familyAxis(ids: string[], family: (id: string) => Family | null): OrderedAxis {
  const groups = runsOf(ids, family).map((run) => ({
    name: FAMILY_NAME[family(run[0] ?? '') ?? 'control'],
    ids: run,
  }));
  return { ids, groups, tree: null };
}

/** Groups by undoing the highest merges of the axis' own tree. */
function clusteredAxis(
  ids: string[],
  dendrogram: MatrixView['dendrogram'],
  family: (id: string) => Family | null,
): OrderedAxis {
  const tree = dendrogram === null ? null : buildTree(dendrogram);
  if (tree === null) return familyAxis(ids, family);
  const groups = clusterRuns(tree, ids, clusterCount(ids.length)).map((run) => ({
    name: groupName(run, family),
    ids: run,
  }));
  return { ids, groups, tree };
}

/** Row and column orders as the API gave them, with their groups and trees. */
export function orderMatrix(
  matrix: MatrixView,
  tasks: ReadonlyMap<string, TaskView>,
  order: OrderName,
): Ordered {
  const family = (id: string): Family | null => tasks.get(id)?.family ?? null;
  const wanted = matrix.orders[order];
  const sources = complete(wanted?.sources, matrix.sources);
  const targets = complete(wanted?.targets, matrix.targets);
  if (order === 'clustered') {
    return {
      sources: clusteredAxis(sources, matrix.dendrogram, family),
      targets: clusteredAxis(targets, matrix.targetDendrogram, family),
    };
  }
  if (order === 'family')
    return { sources: familyAxis(sources, family), targets: familyAxis(targets, family) };
  const plain = (ids: string[]): OrderedAxis => ({ ids, groups: [{ name: '', ids }], tree: null });
  return { sources: plain(sources), targets: plain(targets) };
}
