import type { Light, Vec3 } from './builder';
import { extent, project, type View } from './raster';
import { createUnitRay, hitUnit, type Solid } from './solids';

/** Side of a cell grid on each face of the cube around a light. */
const CELLS = 16;

/**
 * What could stand between a light and a point, sorted by direction: for each cell of a
 * cube map around the light, the solids whose bounding cube (widened by the light's own
 * size) covers that cell. A shadow ray then tests a handful of solids instead of all.
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

/** Shadow rays of a scene aim at these points of each light: (a, b) of `centre + a·u + b·v`. */
export const LIGHT_SAMPLES: readonly (readonly [number, number])[] = [0, 4, 2, 6, 1, 5, 3, 7].map(
  (reversed, rank) => [(rank + 0.5) / 4 - 1, (reversed + 0.5) / 4 - 1],
);

/** A light with a table of occluders for each of its sample points (one for all when it is small). */
export interface SortedLight {
  light: Light;
  samples: readonly Occluders[];
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

/** The six faces as views: x = ±1, y = ±1, z = ±1, with (u, v) as `cellOf` has them. */
const FACES = [0, 1, 2, 3, 4, 5].map((face) => {
  const axis = face >> 1;
  const unit = (i: number, value: number): Vec3 => [
    i === 0 ? value : 0,
    i === 1 ? value : 0,
    i === 2 ? value : 0,
  ];
  return {
    forward: unit(axis, face % 2 === 0 ? 1 : -1),
    right: unit(axis === 0 ? 1 : 0, 1),
    up: unit(axis === 2 ? 1 : 2, 1),
  };
});

let entryNext = new Int32Array(4096);
let entrySolid = new Int32Array(4096);

function growEntries(): void {
  const grown = (old: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
    const bigger = new Int32Array(old.length * 2);
    bigger.set(old);
    return bigger;
  };
  entryNext = grown(entryNext);
  entrySolid = grown(entrySolid);
}

const cell = (x: number): number => Math.floor(((x + 1) / 2) * CELLS);

/** Quick test before `project`: the bounding ball does not reach the pyramid of the face. */
function behind(s: Solid, { eye, forward }: View, size: number): boolean {
  const x = s.cx - eye[0];
  const y = s.cy - eye[1];
  const z = s.cz - eye[2];
  const along = x * forward[0] + y * forward[1] + z * forward[2];
  const most = Math.max(Math.abs(x), Math.abs(y), Math.abs(z));
  return along + 2 * s.reach + 3.5 * size < most;
}

function sortAround(x: number, y: number, z: number, size: number, solids: readonly Solid[]): Occluders {
  const head = new Int32Array(6 * CELLS * CELLS).fill(-1);
  let used = 0;
  for (let face = 0; face < 6; face++) {
    const view: View = { eye: [x, y, z], ...(FACES[face] as (typeof FACES)[number]) };
    for (let s = 0; s < solids.length; s++) {
      const solid = solids[s] as Solid;
      if (!solid.castsShadow || behind(solid, view, size) || !project(solid, view, size)) continue;
      const i0 = Math.max(0, cell(extent[0] as number));
      const i1 = Math.min(CELLS - 1, cell(extent[1] as number));
      const j1 = Math.min(CELLS - 1, cell(extent[3] as number));
      for (let j = Math.max(0, cell(extent[2] as number)); j <= j1; j++) {
        for (let i = i0; i <= i1; i++) {
          const c = (face * CELLS + j) * CELLS + i;
          if (used === entryNext.length) growEntries();
          entryNext[used] = head[c] as number;
          entrySolid[used] = s;
          head[c] = used++;
        }
      }
    }
  }
  return { x, y, z, head, next: entryNext.slice(0, used), solid: entrySolid.slice(0, used), last: -1 };
}

/** Sort a scene's solids by direction from one light. */
export function sortOccluders(light: Light, solids: readonly Solid[]): SortedLight {
  const [x, y, z] = light.centre;
  const { u, v } = light;
  const size = Math.hypot(u[0] + v[0], u[1] + v[1], u[2] + v[2]);
  if (size < 0.4) {
    const whole = sortAround(x, y, z, size, solids);
    return { light, samples: LIGHT_SAMPLES.map(() => whole) };
  }
  const samples = LIGHT_SAMPLES.map(([a, b]) =>
    sortAround(x + a * u[0] + b * v[0], y + a * u[1] + b * v[1], z + a * u[2] + b * v[2], 1e-3, solids),
  );
  return { light, samples };
}

/** A shadow ray: from (0–2), lifted off its surface, along (3–5) to the light at parameter 1. */
export const shadowRay = new Float64Array(6);
const unitRay = createUnitRay();

function hits(table: Float64Array, index: number): boolean {
  const k = index * STRIDE;
  const dx = shadowRay[3] as number;
  const dy = shadowRay[4] as number;
  const dz = shadowRay[5] as number;
  const rx = (shadowRay[0] as number) - (table[k] as number);
  const ry = (shadowRay[1] as number) - (table[k + 1] as number);
  const rz = (shadowRay[2] as number) - (table[k + 2] as number);
  // the bounding ball first: closest point of the line
  const along = rx * dx + ry * dy + rz * dz;
  const d2 = dx * dx + dy * dy + dz * dz;
  const outside = rx * rx + ry * ry + rz * rz - (table[k + 12] as number);
  // outside the ball and moving away from it, or passing it by
  if (outside > 0 && (along >= 0 || outside * d2 > along * along)) return false;
  for (let axis = 0; axis < 3; axis++) {
    const m0 = table[k + 3 + 3 * axis] as number;
    const m1 = table[k + 4 + 3 * axis] as number;
    const m2 = table[k + 5 + 3 * axis] as number;
    unitRay[axis] = m0 * rx + m1 * ry + m2 * rz;
    unitRay[axis + 3] = m0 * dx + m1 * dy + m2 * dz;
  }
  hitUnit(table[k + 13] as number, table[k + 14] as number, table[k + 15] as number, unitRay, 1e-4);
  return (unitRay[6] as number) < 0.999;
}

/** Does anything stand on `shadowRay`? */
export function blocked(o: Occluders, table: Float64Array): boolean {
  if (o.last >= 0 && hits(table, o.last)) return true;
  const x = (shadowRay[0] as number) - o.x;
  const y = (shadowRay[1] as number) - o.y;
  const z = (shadowRay[2] as number) - o.z;
  for (let e = o.head[cellOf(x, y, z)] as number; e >= 0; e = o.next[e] as number) {
    const s = o.solid[e] as number;
    if (hits(table, s)) {
      o.last = s;
      return true;
    }
  }
  return false;
}
