import { TaskatlasError } from '@/lib/science/core';

export const LINKAGE_METHODS = ['single', 'complete', 'average', 'weighted', 'ward'] as const;
export type LinkageMethod = (typeof LINKAGE_METHODS)[number];

/** One merge: clusters `left` < `right` join at `height` into a cluster of `size` leaves with id n + row. */
export interface Merge {
  left: number;
  right: number;
  height: number;
  size: number;
}

interface Joined {
  dxi: number;
  dyi: number;
  dxy: number;
  nx: number;
  ny: number;
  ni: number;
}

/** Lance–Williams updates (1967): distance of cluster i to the union of x and y. */
const UPDATE: Record<Exclude<LinkageMethod, 'single'>, (j: Joined) => number> = {
  complete: ({ dxi, dyi }) => Math.max(dxi, dyi),
  average: ({ dxi, dyi, nx, ny }) => (nx * dxi + ny * dyi) / (nx + ny),
  weighted: ({ dxi, dyi }) => (dxi + dyi) / 2,
  ward: ({ dxi, dyi, dxy, nx, ny, ni }) => {
    const t = 1 / (nx + ny + ni);
    return Math.sqrt((ni + nx) * t * dxi * dxi + (ni + ny) * t * dyi * dyi - ni * t * dxy * dxy);
  },
};

type RawMerge = [x: number, y: number, height: number];

/** Nearest-neighbour chain (Murtagh 1983), O(n²); ties resolve as in scipy: the previous chain element is preferred. */
function nearestNeighbourChain(
  distances: Float64Array,
  n: number,
  method: Exclude<LinkageMethod, 'single'>,
): RawMerge[] {
  const d = Float64Array.from(distances);
  const size = new Float64Array(n).fill(1);
  const chain: number[] = [];
  const merges: RawMerge[] = [];
  for (let k = 0; k < n - 1; k++) {
    if (chain.length === 0) chain.push(size.findIndex((s) => s > 0));
    const height = growChain(chain, d, size, n);
    const [b, a] = [chain.pop() as number, chain.pop() as number];
    const [x, y] = a < b ? [a, b] : [b, a];
    merges.push([x, y, height]);
    const [nx, ny] = [size[x] as number, size[y] as number];
    size[x] = 0;
    size[y] = nx + ny;
    for (let i = 0; i < n; i++) {
      const ni = size[i] as number;
      if (ni === 0 || i === y) continue;
      const value = UPDATE[method]({
        dxi: d[i * n + x] as number,
        dyi: d[i * n + y] as number,
        dxy: height,
        nx,
        ny,
        ni,
      });
      d[i * n + y] = value;
      d[y * n + i] = value;
    }
  }
  return merges;
}

/** Extends the chain until its last two elements are mutual nearest neighbours; returns their distance. */
function growChain(chain: number[], d: Float64Array, size: Float64Array, n: number): number {
  for (;;) {
    const x = chain[chain.length - 1] as number;
    const previous = chain.length > 1 ? (chain[chain.length - 2] as number) : -1;
    let nearest = previous;
    let smallest = previous >= 0 ? (d[x * n + previous] as number) : Infinity;
    for (let i = 0; i < n; i++) {
      if (i === x || (size[i] as number) === 0 || (d[x * n + i] as number) >= smallest) continue;
      smallest = d[x * n + i] as number;
      nearest = i;
    }
    if (nearest === previous && previous >= 0) return smallest;
    chain.push(nearest);
  }
}

/** Single linkage from a minimum spanning tree (Prim), O(n²). */
function spanningTree(distances: Float64Array, n: number): RawMerge[] {
  const merged = new Uint8Array(n);
  const nearest = new Float64Array(n).fill(Infinity);
  const merges: RawMerge[] = [];
  let x = 0;
  for (let k = 0; k < n - 1; k++) {
    merged[x] = 1;
    let y = -1;
    for (let i = 0; i < n; i++) {
      if (merged[i] === 1) continue;
      nearest[i] = Math.min(nearest[i] as number, distances[x * n + i] as number);
      if (y < 0 || (nearest[i] as number) < (nearest[y] as number)) y = i;
    }
    merges.push([x, y, nearest[y] as number]);
    x = y;
  }
  return merges;
}

/** Sorts merges by height (stable) and renames representatives to cluster ids (n + row). */
function label(raw: RawMerge[], n: number): Merge[] {
  const parent = Array.from({ length: 2 * n - 1 }, (_, i) => i);
  const size = new Float64Array(2 * n - 1).fill(1);
  const find = (start: number): number => {
    let root = start;
    while (parent[root] !== root) root = parent[root] as number;
    for (let i = start; i !== root; ) {
      const next = parent[i] as number;
      parent[i] = root;
      i = next;
    }
    return root;
  };
  return [...raw]
    .sort((a, b) => a[2] - b[2])
    .map(([x, y, height], row) => {
      const [a, b] = [find(x), find(y)];
      const id = n + row;
      parent[a] = id;
      parent[b] = id;
      size[id] = (size[a] as number) + (size[b] as number);
      return { left: Math.min(a, b), right: Math.max(a, b), height, size: size[id] as number };
    });
}

/**
 * Agglomerative clustering of a symmetric distance matrix (row-major [n×n]) into n − 1 merges by increasing height,
 * in the conventions of scipy.cluster.hierarchy.linkage. `ward` assumes Euclidean distances.
 * Throws `invalid-input` on NaN or negative distances.
 */
export function linkage(distances: Float64Array, n: number, method: LinkageMethod): Merge[] {
  if (distances.length !== n * n) {
    throw new TaskatlasError('invalid-input', `linkage needs ${n}×${n} distances, got ${distances.length}`);
  }
  for (const d of distances) {
    if (!(d >= 0 && d < Infinity)) {
      throw new TaskatlasError('invalid-input', `linkage: distance ${d} must be a finite number ≥ 0`);
    }
  }
  if (n < 2) return [];
  return label(
    method === 'single' ? spanningTree(distances, n) : nearestNeighbourChain(distances, n, method),
    n,
  );
}

/** Leaves from left to right (the `left` child first). */
export function leafOrder(merges: readonly Merge[], n: number): number[] {
  if (merges.length === 0) return n === 1 ? [0] : [];
  const order: number[] = [];
  const stack = [n + merges.length - 1];
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    const merge = merges[id - n];
    if (id < n || merge === undefined) order.push(id);
    else stack.push(merge.right, merge.left);
  }
  return order;
}

/** Sorted leaf indices under every merge: the clades of the tree. */
export function clades(merges: readonly Merge[], n: number): number[][] {
  const members: number[][] = Array.from({ length: n }, (_, i) => [i]);
  for (const { left, right } of merges) {
    members.push([...(members[left] ?? []), ...(members[right] ?? [])].sort((a, b) => a - b));
  }
  return members.slice(n);
}
