import type { Light } from './builder';
import { type Solid, segmentHitsUnit } from './solids';

/** Side of a cell grid on each face of the cube around a light. */
const CELLS = 8;

/**
 * What could stand between a light and a point, sorted by direction: for each cell of a
 * cube map around the light, the solids whose bounding ball (widened by the light's own
 * size) that cell can see. A shadow ray then tests a handful of solids instead of all.
 */
export interface Occluders {
  /** Centre of the light, or of the part of it that this table serves. */
  x: number;
  y: number;
  z: number;
  head: Int32Array;
  next: Int32Array;
  solid: Int32Array;
  /** What blocked the last ray: tried first, since neighbours share their shadows. */
  last: number;
}

/** A light cut into four quarters, each with its own table when the light is large. */
export interface SortedLight {
  light: Light;
  quarters: readonly Occluders[];
}

/** Numbers per solid in a packed table. */
const STRIDE = 17;

/** Solids packed for shadow rays: centre, matrix, reach², shape, mid, slope. */
export function packSolids(solids: readonly Solid[]): Float64Array {
  const table = new Float64Array(solids.length * STRIDE);
  solids.forEach((s, i) => {
    const row = [s.cx, s.cy, s.cz, s.m0, s.m1, s.m2, s.m3, s.m4, s.m5, s.m6, s.m7, s.m8];
    table.set([...row, s.reach * s.reach, s.shape, s.mid, s.slope], i * STRIDE);
  });
  return table;
}

/** Cell of direction (x, y, z): major axis and sign choose the face. */
function cellOf(x: number, y: number, z: number): number {
  const ax = Math.abs(x);
  const ay = Math.abs(y);
  const az = Math.abs(z);
  let face: number;
  let u: number;
  let v: number;
  if (ax >= ay && ax >= az) {
    face = x > 0 ? 0 : 1;
    u = y / ax;
    v = z / ax;
  } else if (ay >= az) {
    face = y > 0 ? 2 : 3;
    u = x / ay;
    v = z / ay;
  } else {
    face = z > 0 ? 4 : 5;
    u = x / az;
    v = y / az;
  }
  const i = Math.min(CELLS - 1, Math.floor(((u + 1) / 2) * CELLS));
  const j = Math.min(CELLS - 1, Math.floor(((v + 1) / 2) * CELLS));
  return (face * CELLS + j) * CELLS + i;
}

interface CellTable {
  x: Float64Array;
  y: Float64Array;
  z: Float64Array;
  /** Cosine and sine of the cell's half angle. */
  cos: Float64Array;
  sin: Float64Array;
}

function buildCells(): CellTable {
  const count = 6 * CELLS * CELLS;
  const zero = (): Float64Array => new Float64Array(count);
  const table: CellTable = { x: zero(), y: zero(), z: zero(), cos: zero(), sin: zero() };
  const direction = (face: number, u: number, v: number): [number, number, number] => {
    const sign = face % 2 === 0 ? 1 : -1;
    const d: [number, number, number] = face < 2 ? [sign, u, v] : face < 4 ? [u, sign, v] : [u, v, sign];
    const length = Math.hypot(...d);
    return [d[0] / length, d[1] / length, d[2] / length];
  };
  for (let c = 0; c < count; c++) {
    const face = Math.floor(c / (CELLS * CELLS));
    const j = Math.floor(c / CELLS) % CELLS;
    const i = c % CELLS;
    const at = (a: number, b: number): [number, number, number] =>
      direction(face, (2 * (i + a)) / CELLS - 1, (2 * (j + b)) / CELLS - 1);
    const [x, y, z] = at(0.5, 0.5);
    let cos = 1;
    for (const [a, b] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const) {
      const p = at(a, b);
      cos = Math.min(cos, p[0] * x + p[1] * y + p[2] * z);
    }
    table.x[c] = x;
    table.y[c] = y;
    table.z[c] = z;
    table.cos[c] = cos;
    table.sin[c] = Math.sqrt(1 - cos * cos);
  }
  return table;
}

const cells = buildCells();

function sortAround(x0: number, y0: number, z0: number, size: number, solids: readonly Solid[]): Occluders {
  const count = cells.x.length;
  const head = new Int32Array(count).fill(-1);
  const next: number[] = [];
  const solid: number[] = [];
  for (let s = 0; s < solids.length; s++) {
    const body = solids[s] as Solid;
    if (!body.castsShadow) continue;
    const x = body.cx - x0;
    const y = body.cy - y0;
    const z = body.cz - z0;
    const distance = Math.hypot(x, y, z);
    const r = body.reach + size;
    const everywhere = distance <= r;
    const sin = everywhere ? 1 : r / distance;
    const cos = Math.sqrt(1 - sin * sin);
    for (let c = 0; c < count; c++) {
      const dot =
        ((cells.x[c] as number) * x + (cells.y[c] as number) * y + (cells.z[c] as number) * z) / distance;
      // angle ≤ ball's angle + cell's angle, by the cosine of the sum
      const limit = cos * (cells.cos[c] as number) - sin * (cells.sin[c] as number);
      if (!everywhere && dot < limit) continue;
      next.push(head[c] as number);
      solid.push(s);
      head[c] = next.length - 1;
    }
  }
  return { x: x0, y: y0, z: z0, head, next: Int32Array.from(next), solid: Int32Array.from(solid), last: -1 };
}

/** Sort a scene's solids by direction from one light. */
export function sortOccluders(light: Light, solids: readonly Solid[]): SortedLight {
  const [x, y, z] = light.centre;
  const { u, v } = light;
  const size = Math.hypot(u[0] + v[0], u[1] + v[1], u[2] + v[2]);
  if (size < 0.4) {
    const whole = sortAround(x, y, z, size, solids);
    return { light, quarters: [whole, whole, whole, whole] };
  }
  const quarters = [0, 1, 2, 3].map((q) => {
    const a = (q & 1) - 0.5;
    const b = (q >> 1) - 0.5;
    return sortAround(
      x + a * u[0] + b * v[0],
      y + a * u[1] + b * v[1],
      z + a * u[2] + b * v[2],
      size / 2,
      solids,
    );
  });
  return { light, quarters };
}

function hits(
  table: Float64Array,
  index: number,
  px: number,
  py: number,
  pz: number,
  dx: number,
  dy: number,
  dz: number,
): boolean {
  const k = index * STRIDE;
  const rx = px - (table[k] as number);
  const ry = py - (table[k + 1] as number);
  const rz = pz - (table[k + 2] as number);
  // the bounding ball first: closest point of the line
  const along = rx * dx + ry * dy + rz * dz;
  const d2 = dx * dx + dy * dy + dz * dz;
  if ((rx * rx + ry * ry + rz * rz - (table[k + 12] as number)) * d2 > along * along) return false;
  const m0 = table[k + 3] as number;
  const m1 = table[k + 4] as number;
  const m2 = table[k + 5] as number;
  const m3 = table[k + 6] as number;
  const m4 = table[k + 7] as number;
  const m5 = table[k + 8] as number;
  const m6 = table[k + 9] as number;
  const m7 = table[k + 10] as number;
  const m8 = table[k + 11] as number;
  return segmentHitsUnit(
    table[k + 13] as number,
    table[k + 14] as number,
    table[k + 15] as number,
    m0 * rx + m1 * ry + m2 * rz,
    m3 * rx + m4 * ry + m5 * rz,
    m6 * rx + m7 * ry + m8 * rz,
    m0 * dx + m1 * dy + m2 * dz,
    m3 * dx + m4 * dy + m5 * dz,
    m6 * dx + m7 * dy + m8 * dz,
  );
}

/** Does anything stand on the segment from p (already lifted off its surface) to q? */
export function blocked(
  o: Occluders,
  table: Float64Array,
  px: number,
  py: number,
  pz: number,
  qx: number,
  qy: number,
  qz: number,
): boolean {
  const dx = qx - px;
  const dy = qy - py;
  const dz = qz - pz;
  if (o.last >= 0 && hits(table, o.last, px, py, pz, dx, dy, dz)) return true;
  for (let e = o.head[cellOf(px - o.x, py - o.y, pz - o.z)] as number; e >= 0; e = o.next[e] as number) {
    const s = o.solid[e] as number;
    if (hits(table, s, px, py, pz, dx, dy, dz)) {
      o.last = s;
      return true;
    }
  }
  return false;
}
