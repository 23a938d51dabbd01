import { instanceOf, type MeshInstance } from '../meshes/mesh';
import { rasteriseMeshes } from '../meshes/raster';
import type { Vec3 } from './builder';
import { createUnitRay, hitUnit, type Solid } from './solids';

/** Pinhole camera; `right`, `up`, `forward` are orthonormal world vectors. */
export interface Camera {
  eye: Vec3;
  right: Vec3;
  up: Vec3;
  forward: Vec3;
  /** tan(half field of view); images are square. */
  tangent: number;
  /** Radians: heading about z, pitch (up positive), roll. */
  yaw: number;
  pitch: number;
  roll: number;
}

/**
 * Nearest hits of an n × n grid of rays: z-depth in metres, and −1−face of the shell, the index of a solid, or, beyond
 * the solids, twice the number of a mesh's triangle, + 1 for its back.
 */
export interface HitGrid {
  n: number;
  depth: Float64Array;
  hit: Int32Array;
}

export const createHitGrid = (n: number): HitGrid => ({
  n,
  depth: new Float64Array(n * n),
  hit: new Int32Array(n * n),
});

interface Room {
  solids: readonly Solid[];
  meshes: readonly MeshInstance[];
  box: { width: number; depth: number; height: number };
}

/** Distance (in units of d) to the wall that a ray component runs into. */
const exit = (o: number, d: number, size: number): number => (d > 0 ? (size - o) / d : -o / d);

function castShell({ box }: Room, camera: Camera, grid: HitGrid): void {
  const { n, depth, hit } = grid;
  const { eye, right, up, forward, tangent } = camera;
  const step = (2 * tangent) / n;
  for (let k = 0; k < n * n; k++) {
    const i = k % n;
    const sy = tangent - ((k - i) / n + 0.5) * step;
    const sx = (i + 0.5) * step - tangent;
    const dx = forward[0] + sy * up[0] + sx * right[0];
    const dy = forward[1] + sy * up[1] + sx * right[1];
    const dz = forward[2] + sy * up[2] + sx * right[2];
    const tx = exit(eye[0], dx, box.width);
    const ty = exit(eye[1], dy, box.depth);
    const tz = exit(eye[2], dz, box.height);
    if (tx < ty && tx < tz) {
      depth[k] = tx;
      hit[k] = dx > 0 ? -2 : -1;
    } else if (ty < tz) {
      depth[k] = ty;
      hit[k] = dy > 0 ? -4 : -3;
    } else {
      depth[k] = tz;
      hit[k] = dz > 0 ? -6 : -5;
    }
  }
}

const NEAR = 0.02;

/** What projection needs of a camera. */
export type View = Pick<Camera, 'eye' | 'right' | 'up' | 'forward'>;

/** Camera coordinates (right, up, forward) of the 8 corners of a solid's bounding cube. */
const corners = new Float64Array(24);

function placeCorners(s: Solid, { eye, right, up, forward }: View, grow: number): void {
  const x = s.cx - eye[0];
  const y = s.cy - eye[1];
  const z = s.cz - eye[2];
  // rows of m are axes / h, so a half edge (axis · h) is its row · h²
  const qx = s.hx * (s.hx + grow);
  const qy = s.hy * (s.hy + grow);
  const qz = s.hz * (s.hz + grow);
  for (let corner = 0; corner < 8; corner++) {
    const a = corner & 1 ? qx : -qx;
    const b = corner & 2 ? qy : -qy;
    const c = corner & 4 ? qz : -qz;
    const px = x + a * s.m0 + b * s.m3 + c * s.m6;
    const py = y + a * s.m1 + b * s.m4 + c * s.m7;
    const pz = z + a * s.m2 + b * s.m5 + c * s.m8;
    corners[3 * corner] = px * right[0] + py * right[1] + pz * right[2];
    corners[3 * corner + 1] = px * up[0] + py * up[1] + pz * up[2];
    corners[3 * corner + 2] = px * forward[0] + py * forward[1] + pz * forward[2];
  }
}

/** Image-plane extent of what `project` saw last: least x, greatest x, least y, greatest y. */
export const extent = new Float64Array(4);

function extend(x: number, y: number): void {
  if (x < (extent[0] as number)) extent[0] = x;
  if (x > (extent[1] as number)) extent[1] = x;
  if (y < (extent[2] as number)) extent[2] = y;
  if (y > (extent[3] as number)) extent[3] = y;
}

/** The point where the edge from corner a to corner b passes the near plane, if it does. */
function extendClipped(a: number, b: number): void {
  const za = corners[3 * a + 2] as number;
  const zb = corners[3 * b + 2] as number;
  if (za < NEAR === zb < NEAR) return;
  const t = (NEAR - za) / (zb - za);
  const at = (i: number): number =>
    (corners[3 * a + i] as number) + t * ((corners[3 * b + i] as number) - (corners[3 * a + i] as number));
  extend(at(0) / NEAR, at(1) / NEAR);
}

/**
 * Extent on the image plane (at distance 1) of a solid's bounding cube, its half edges made
 * longer by `grow` metres; false when all of it is behind.
 */
export function project(s: Solid, view: View, grow: number): boolean {
  placeCorners(s, view, grow);
  extent[0] = 1e9;
  extent[1] = -1e9;
  extent[2] = 1e9;
  extent[3] = -1e9;
  let behind = 0;
  for (let corner = 0; corner < 8; corner++) {
    const z = corners[3 * corner + 2] as number;
    if (z < NEAR) behind++;
    else extend((corners[3 * corner] as number) / z, (corners[3 * corner + 1] as number) / z);
  }
  if (behind === 8) return false;
  if (behind > 0) {
    for (let corner = 0; corner < 8; corner++) {
      for (let bit = 1; bit < 8; bit <<= 1) if ((corner & bit) === 0) extendClipped(corner, corner | bit);
    }
  }
  return true;
}

/** Pixel rectangle that the solid's bounding cube can cover; false when it is out of sight. */
function bounds(s: Solid, camera: Camera, n: number, out: Int32Array): boolean {
  if (!project(s, camera, 0)) return false;
  const { tangent } = camera;
  const scale = n / (2 * tangent);
  out[0] = Math.max(0, Math.floor(((extent[0] as number) + tangent) * scale - 0.5));
  out[1] = Math.min(n - 1, Math.ceil(((extent[1] as number) + tangent) * scale - 0.5));
  out[2] = Math.max(0, Math.floor((tangent - (extent[3] as number)) * scale - 0.5));
  out[3] = Math.min(n - 1, Math.ceil((tangent - (extent[2] as number)) * scale - 0.5));
  return (out[0] as number) <= (out[1] as number) && (out[2] as number) <= (out[3] as number);
}

const rect = new Int32Array(4);

const unitRay = createUnitRay();
/** A world vector (x, y, z) in a solid's unit space. */
const unit = (s: Solid, x: number, y: number, z: number): Vec3 => [
  s.m0 * x + s.m1 * y + s.m2 * z,
  s.m3 * x + s.m4 * y + s.m5 * z,
  s.m6 * x + s.m7 * y + s.m8 * z,
];

function castSolid(s: Solid, index: number, camera: Camera, grid: HitGrid): void {
  const { n, depth, hit } = grid;
  if (!bounds(s, camera, n, rect)) return;
  const { eye, right, up, forward, tangent } = camera;
  unitRay.set(unit(s, eye[0] - s.cx, eye[1] - s.cy, eye[2] - s.cz));
  const f = unit(s, ...forward);
  const u = unit(s, ...up);
  const a = unit(s, ...right);
  const step = (2 * tangent) / n;
  const i0 = rect[0] as number;
  const i1 = rect[1] as number;
  const j1 = rect[3] as number;
  const { shape, mid, slope } = s;
  for (let j = rect[2] as number; j <= j1; j++) {
    const sy = tangent - (j + 0.5) * step;
    const x = f[0] + sy * u[0];
    const y = f[1] + sy * u[1];
    const z = f[2] + sy * u[2];
    for (let i = i0; i <= i1; i++) {
      const sx = (i + 0.5) * step - tangent;
      unitRay[3] = x + sx * a[0];
      unitRay[4] = y + sx * a[1];
      unitRay[5] = z + sx * a[2];
      hitUnit(shape, mid, slope, unitRay, NEAR);
      const k = j * n + i;
      const t = unitRay[6] as number;
      if (t < (depth[k] as number)) {
        depth[k] = t;
        hit[k] = index;
      }
    }
  }
}

/** The mesh, triangle and side behind a hit; null for the shell and solids. */
export function meshHit(
  room: Pick<Room, 'solids' | 'meshes'>,
  hit: number,
): { instance: MeshInstance; triangle: number; back: boolean } | null {
  const beyond = hit - room.solids.length;
  if (beyond < 0) return null;
  const instance = instanceOf(room.meshes, beyond >> 1);
  return { instance, triangle: (beyond >> 1) - instance.first, back: (beyond & 1) === 1 };
}

/** The object behind a hit: 0–5 the shell's faces. */
export function objectAt(room: Pick<Room, 'solids' | 'meshes'>, hit: number): number {
  if (hit < 0) return -1 - hit;
  return room.solids[hit]?.object ?? meshHit(room, hit)?.instance.object ?? 0;
}

/** Cast an n × n grid of rays through pixel centres against the room, all its solids and meshes. */
export function castGrid(room: Room, camera: Camera, grid: HitGrid): void {
  castShell(room, camera, grid);
  for (let s = 0; s < room.solids.length; s++) castSolid(room.solids[s] as Solid, s, camera, grid);
  rasteriseMeshes(room.meshes, camera, grid, room.solids.length);
}
