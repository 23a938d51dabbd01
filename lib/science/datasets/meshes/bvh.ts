/** Triangles in a tree of boxes: three points per triangle, in any frame. */
export interface Bvh {
  /** Six bounds per node: least x, y, z, greatest x, y, z. */
  bounds: Float32Array;
  /** Leaf: first entry of `order`; inner node: index of its right child (its left one follows it). */
  first: Int32Array;
  /** Leaf: number of triangles; inner node: 0. */
  count: Int32Array;
  order: Int32Array;
}

const LEAF = 4;

interface Building {
  positions: Float32Array;
  centres: Float32Array;
  order: Int32Array;
  bounds: number[];
  first: number[];
  count: number[];
}

function boundsOf(b: Building, from: number, to: number): number[] {
  const out = [1e30, 1e30, 1e30, -1e30, -1e30, -1e30];
  for (let i = from; i < to; i++) {
    const at = 9 * (b.order[i] as number);
    for (let k = 0; k < 9; k++) {
      const v = b.positions[at + k] as number;
      const axis = k % 3;
      if (v < (out[axis] as number)) out[axis] = v;
      if (v > (out[axis + 3] as number)) out[axis + 3] = v;
    }
  }
  return out;
}

function build(b: Building, from: number, to: number): void {
  const node = b.first.length;
  const bounds = boundsOf(b, from, to);
  b.bounds.push(...bounds);
  b.first.push(from);
  b.count.push(to - from);
  if (to - from <= LEAF) return;
  const extent = [0, 1, 2].map((axis) => (bounds[axis + 3] as number) - (bounds[axis] as number));
  const axis = extent.indexOf(Math.max(...extent));
  const key = (t: number): number => b.centres[3 * t + axis] as number;
  b.order.subarray(from, to).sort((p, q) => key(p) - key(q) || p - q);
  const middle = (from + to) >> 1;
  b.count[node] = 0;
  build(b, from, middle);
  b.first[node] = b.first.length;
  build(b, middle, to);
}

/** A tree over triangles (nine numbers each), split at the median of the longest side. */
export function buildBvh(positions: Float32Array): Bvh {
  const n = positions.length / 9;
  const centres = new Float32Array(3 * n);
  for (let t = 0; t < n; t++) {
    for (let axis = 0; axis < 3; axis++) {
      const at = 9 * t + axis;
      centres[3 * t + axis] =
        ((positions[at] as number) + (positions[at + 3] as number) + (positions[at + 6] as number)) / 3;
    }
  }
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const b: Building = { positions, centres, order, bounds: [], first: [], count: [] };
  build(b, 0, n);
  return {
    bounds: Float32Array.from(b.bounds),
    first: Int32Array.from(b.first),
    count: Int32Array.from(b.count),
    order,
  };
}

/** A ray and its result: origin (0–2), direction (3–5), least and greatest parameter (6, 7). */
export type Ray = Float64Array;

export const createRay = (): Ray => new Float64Array(8);

/** Whether the ray's interval meets a node's box, a little enlarged against rounding. */
function meets(bounds: Float32Array, node: number, r: Ray): boolean {
  let near = r[6] as number;
  let far = r[7] as number;
  for (let axis = 0; axis < 3; axis++) {
    const o = r[axis] as number;
    const inverse = 1 / (r[axis + 3] as number);
    const a = ((bounds[6 * node + axis] as number) - 1e-6 - o) * inverse;
    const b = ((bounds[6 * node + 3 + axis] as number) + 1e-6 - o) * inverse;
    if (Math.min(a, b) > near) near = Math.min(a, b);
    if (Math.max(a, b) < far) far = Math.max(a, b);
  }
  return near <= far;
}

/** Parameter of the ray's hit with triangle t (both sides), Möller and Trumbore 1997; Infinity when it misses. */
function hitTriangle(p: Float32Array, t: number, r: Ray): number {
  const k = 9 * t;
  const ax = p[k] as number;
  const ay = p[k + 1] as number;
  const az = p[k + 2] as number;
  const ux = (p[k + 3] as number) - ax;
  const uy = (p[k + 4] as number) - ay;
  const uz = (p[k + 5] as number) - az;
  const vx = (p[k + 6] as number) - ax;
  const vy = (p[k + 7] as number) - ay;
  const vz = (p[k + 8] as number) - az;
  const dx = r[3] as number;
  const dy = r[4] as number;
  const dz = r[5] as number;
  const px = dy * vz - dz * vy;
  const py = dz * vx - dx * vz;
  const pz = dx * vy - dy * vx;
  const det = ux * px + uy * py + uz * pz;
  if (Math.abs(det) < 1e-14) return Number.POSITIVE_INFINITY;
  const tx = (r[0] as number) - ax;
  const ty = (r[1] as number) - ay;
  const tz = (r[2] as number) - az;
  const u = (tx * px + ty * py + tz * pz) / det;
  const qx = ty * uz - tz * uy;
  const qy = tz * ux - tx * uz;
  const qz = tx * uy - ty * ux;
  const v = (dx * qx + dy * qy + dz * qz) / det;
  if (u < 0 || v < 0 || u + v > 1) return Number.POSITIVE_INFINITY;
  return (vx * qx + vy * qy + vz * qz) / det;
}

const stack = new Int32Array(128);

/**
 * The nearest triangle on the ray between r[6] and r[7], or −1; r[7] becomes its parameter. With `any`, the first one
 * that is found.
 */
export function traverse(bvh: Bvh, positions: Float32Array, r: Ray, any: boolean): number {
  let found = -1;
  let top = 0;
  stack[top++] = 0;
  while (top > 0) {
    const node = stack[--top] as number;
    if (!meets(bvh.bounds, node, r)) continue;
    const count = bvh.count[node] as number;
    const first = bvh.first[node] as number;
    if (count === 0) {
      stack[top++] = first;
      stack[top++] = node + 1;
      continue;
    }
    for (let i = first; i < first + count; i++) {
      const triangle = bvh.order[i] as number;
      const t = hitTriangle(positions, triangle, r);
      if (t <= (r[6] as number) || t >= (r[7] as number)) continue;
      r[7] = t;
      found = triangle;
      if (any) return found;
    }
  }
  return found;
}
