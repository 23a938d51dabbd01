import type { MatrixView, TaskView } from '@/lib/service/contracts';

/** A binary merge tree over task ids. */
export type Tree = { leaf: string } | { left: Tree; right: Tree; height: number };

const isLeaf = (tree: Tree): tree is { leaf: string } => 'leaf' in tree;

/** Builds the tree from a merge table: leaves are 0…n−1, merge i makes node n+i. Null when nothing merges. */
export function buildTree(dendrogram: NonNullable<MatrixView['dendrogram']>): Tree | null {
  const nodes: Tree[] = dendrogram.leaves.map((leaf) => ({ leaf }));
  for (const [a, b, height] of dendrogram.merges) {
    const left = nodes[a];
    const right = nodes[b];
    if (left === undefined || right === undefined) return null;
    nodes.push({ left, right, height });
  }
  return dendrogram.merges.length === 0 ? null : (nodes.at(-1) ?? null);
}

export const leavesOf = (tree: Tree): string[] =>
  isLeaf(tree) ? [tree.leaf] : [...leavesOf(tree.left), ...leavesOf(tree.right)];

/** At most k groups, by undoing the k − 1 highest merges. */
export function cutTree(tree: Tree, k: number): string[][] {
  const open: Tree[] = [tree];
  while (open.length < k) {
    let at = -1;
    let height = Number.NEGATIVE_INFINITY;
    open.forEach((node, i) => {
      if (!isLeaf(node) && node.height > height) {
        at = i;
        height = node.height;
      }
    });
    const node = open[at];
    if (node === undefined || isLeaf(node)) break;
    open.splice(at, 1, node.left, node.right);
  }
  return open.map(leavesOf);
}

export interface Bracket {
  /** Positions of the two children along the axis. */
  a: number;
  b: number;
  /** Heights of the children and of the merge, 0–1 of the highest merge. */
  ha: number;
  hb: number;
  h: number;
}

/** Brackets of a dendrogram over leaf positions. Heights are shares of the highest merge. */
export function brackets(tree: Tree, at: ReadonlyMap<string, number>): Bracket[] {
  const out: Bracket[] = [];
  const top = isLeaf(tree) ? 1 : Math.max(tree.height, 1e-12);
  const walk = (node: Tree): { x: number; h: number } => {
    if (isLeaf(node)) return { x: at.get(node.leaf) ?? 0, h: 0 };
    const l = walk(node.left);
    const r = walk(node.right);
    const h = node.height / top;
    out.push({ a: l.x, b: r.x, ha: l.h, hb: r.h, h });
    return { x: (l.x + r.x) / 2, h };
  };
  walk(tree);
  return out;
}

export interface Group {
  name: string;
  ids: string[];
}

/**
 * Groups of an order by cutting its tree: as many runs as wanted with at least two members.
 * A task that clusters with nobody joins the run before it (else after), so that no name stands over one tile.
 */
export function clusterRuns(tree: Tree, order: readonly string[], want: number): string[][] {
  const named = (list: readonly string[][]): number => list.filter((run) => run.length > 1).length;
  let runs: string[][] = [[...order]];
  for (let k = 2; k <= want + 4 && named(runs) < want; k++) {
    const clusterOf = new Map<string, string>();
    cutTree(tree, k).forEach((members, i) => {
      for (const id of members) clusterOf.set(id, String(i));
    });
    const next = runsOf(order, (id) => clusterOf.get(id) ?? null);
    if (named(next) > named(runs)) runs = next;
  }
  const merged: string[][] = [];
  for (const run of runs) {
    const before = merged.at(-1);
    if (before !== undefined && (run.length === 1 || before.length === 1)) before.push(...run);
    else merged.push([...run]);
  }
  return merged;
}

export const FAMILY_NAME: Record<TaskView['family'], string> = {
  geometry: 'Geometry',
  semantics: 'Semantics',
  layout: 'Layout',
  texture: 'Texture',
  control: 'Control',
};
export const FAMILY_ORDER = Object.keys(FAMILY_NAME) as TaskView['family'][];

/** Splits an order into runs of the same key; an id without a key joins its neighbour before it. */
export function runsOf(order: readonly string[], key: (id: string) => string | null): string[][] {
  const out: { key: string | null; ids: string[] }[] = [];
  for (const id of order) {
    const own = key(id);
    const last = out.at(-1);
    if (last !== undefined && (own === null || last.key === own)) last.ids.push(id);
    else out.push({ key: own, ids: [id] });
  }
  return out.map((run) => run.ids);
}

/** "Geometry and layout": the families that make up at least 35 % of a group; control tasks name nothing. */
export function groupName(ids: readonly string[], family: (id: string) => TaskView['family'] | null): string {
  const counts = new Map<TaskView['family'], number>();
  for (const id of ids) {
    const own = family(id);
    if (own !== null && own !== 'control') counts.set(own, (counts.get(own) ?? 0) + 1);
  }
  const total = [...counts.values()].reduce((a, b) => a + b, 0);
  if (total === 0) return FAMILY_NAME.control;
  const named = [...counts].filter(([, n]) => n / total >= 0.35).sort((a, b) => b[1] - a[1]);
  if (named.length === 0) return 'Mixed';
  const words = named.map(([f]) => FAMILY_NAME[f]);
  return [words[0], ...words.slice(1).map((w) => w.toLowerCase())].join(' and ');
}
