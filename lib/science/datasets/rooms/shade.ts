import { type MeshMaterial, meshAlbedo, meshesBlock, meshSurface } from '../meshes/mesh';
import {
  blocked,
  LIGHT_SAMPLES,
  type Occluders,
  packSolids,
  type SortedLight,
  shadowRay,
  sortOccluders,
} from './lighting';
import { albedoAt, type Material } from './materials';
import { type Camera, type HitGrid, meshHit, objectAt } from './raster';
import type { RoomScene } from './scene';
import { createSurfacePoint, type Solid, type SurfacePoint, surfaceAt } from './solids';

/** Constant part of the falloff 1 / (d² + SOFT), m². */
const SOFT = 0.25;

/** Shadow rays start this far off their surface, metres. */
const LIFT = 2e-3;

/** Albedo and light of every fine ray; glowing surfaces carry −radiance in `light`. */
export interface ShadeGrid {
  albedo: Float32Array;
  light: Float32Array;
  /** Direct light of the rays that sampled it; −1 where it was not sampled. */
  direct: Float32Array;
  /** Same value = same solid and facing: light may be averaged over such neighbours. */
  key: Int32Array;
}

export const createShadeGrid = (n: number): ShadeGrid => ({
  albedo: new Float32Array(n * n * 3),
  light: new Float32Array(n * n * 3),
  direct: new Float32Array(n * n * 3),
  key: new Int32Array(n * n),
});

interface Lit {
  room: RoomScene;
  lights: readonly SortedLight[];
  table: Float64Array;
}

const point = createSurfacePoint();
const colour = new Float64Array(3);
const light = new Float64Array(3);

const FACE_NORMAL = [
  [1, 0, 0],
  [-1, 0, 0],
  [0, 1, 0],
  [0, -1, 0],
  [0, 0, 1],
  [0, 0, -1],
] as const;

/** Normal and texture coordinates of the point (x, y, z) on a hit: shell faces are hits −1 … −6, solids 0 and up, meshes beyond them. */
export function surfaceOf(room: RoomScene, hit: number, out: SurfacePoint): void {
  const mesh = meshHit(room, hit);
  if (mesh) {
    meshSurface(mesh.instance, mesh.triangle, mesh.back, out);
    return;
  }
  if (hit >= 0) {
    surfaceAt(room.solids[hit] as Solid, out);
    return;
  }
  const face = -1 - hit;
  const n = FACE_NORMAL[face] ?? FACE_NORMAL[0];
  out.nx = n[0];
  out.ny = n[1];
  out.nz = n[2];
  out.u = face < 2 ? out.y : out.x;
  out.v = face < 4 ? out.z : out.y;
}

function materialOf(room: RoomScene, hit: number, z: number): Material {
  if (hit >= 0) return room.materials[(room.solids[hit] as Solid).material] as Material;
  const face = -1 - hit;
  let index = room.faces[face] ?? 0;
  if (face < 4) {
    if (z < room.trim.skirting) index = room.skirting;
    else if (room.cornice >= 0 && z > room.box.height - room.trim.cornice) index = room.cornice;
    else if (room.dado >= 0 && z < room.trim.dado) index = room.dado;
  }
  return room.materials[index] as Material;
}

/** Albedo at `point` on a hit into `colour`, seen by a ray `footprint` metres wide; returns the surface's own radiance. */
function paint(room: RoomScene, hit: number, footprint: number): number {
  const mesh = meshHit(room, hit);
  if (mesh) {
    const { material, materials } = mesh.instance.mesh;
    meshAlbedo(materials[material[mesh.triangle] as number] as MeshMaterial, point.u, point.v, colour);
    return 0;
  }
  const material = materialOf(room, hit, point.z);
  albedoAt(material, point.u, point.v, footprint, colour);
  return material.glow;
}

/** Ambient light that a near wall keeps away: 1 − 0.45·e^(−d / 0.28 m). */
const nearWall = (d: number): number => (d > 1e-6 && d < 1.2 ? 1 - 0.45 * Math.exp(-d * 3.57) : 1);

function cornerShade({ box }: RoomScene): number {
  const { x, y, z } = point;
  const sides = nearWall(x) * nearWall(box.width - x) * nearWall(y) * nearWall(box.depth - y);
  return sides * nearWall(z) * nearWall(box.height - z);
}

/** Adds one light's share to `light`, seen at sample point `rank` of its area. */
function addLight(lit: Lit, sorted: SortedLight, rank: number): void {
  const l = sorted.light;
  const sample = LIGHT_SAMPLES[rank] as readonly [number, number];
  const dx = l.centre[0] + sample[0] * l.u[0] + sample[1] * l.v[0] - point.x;
  const dy = l.centre[1] + sample[0] * l.u[1] + sample[1] * l.v[1] - point.y;
  const dz = l.centre[2] + sample[0] * l.u[2] + sample[1] * l.v[2] - point.z;
  const cosine = dx * point.nx + dy * point.ny + dz * point.nz;
  if (cosine <= 0) return;
  const d2 = dx * dx + dy * dy + dz * dz;
  const d = Math.sqrt(d2);
  let weight = cosine / (d * (d2 + SOFT));
  if (l.facing) {
    const facing = -(dx * l.facing[0] + dy * l.facing[1] + dz * l.facing[2]) / d;
    if (facing <= 0) return;
    weight *= facing;
  }
  shadowRay[0] = point.x + point.nx * LIFT;
  shadowRay[1] = point.y + point.ny * LIFT;
  shadowRay[2] = point.z + point.nz * LIFT;
  shadowRay[3] = dx - point.nx * LIFT;
  shadowRay[4] = dy - point.ny * LIFT;
  shadowRay[5] = dz - point.nz * LIFT;
  if (blocked(sorted.samples[rank] as Occluders, lit.table) || meshesBlock(lit.room.meshes, shadowRay))
    return;
  light[0] = (light[0] as number) + weight * l.colour[0];
  light[1] = (light[1] as number) + weight * l.colour[1];
  light[2] = (light[2] as number) + weight * l.colour[2];
}

/**
 * Direct light of fine ray (i, j) at `point`, with shadows, into `direct`:
 * Σ colour · (n·l) · facing · visible / (d² + SOFT). Of each 4 × 4 rays 8 are sampled (one
 * colour of a chessboard), and those 8 aim at different points of each light.
 */
function sampleDirect(lit: Lit, out: ShadeGrid, k: number, i: number, j: number): void {
  const rank = ((j & 3) << 1) | ((i >> 1) & 1);
  light[0] = 0;
  light[1] = 0;
  light[2] = 0;
  for (let l = 0; l < lit.lights.length; l++) addLight(lit, lit.lights[l] as SortedLight, rank);
  out.direct[3 * k] = light[0] as number;
  out.direct[3 * k + 1] = light[1] as number;
  out.direct[3 * k + 2] = light[2] as number;
}

/** Direction of the ray traced last; forward component 1. */
const ray = { dx: 0, dy: 0, dz: 0 };

/** Sets `ray` and the world coordinates of `point` for fine ray (i, j), hit at depth[k]. */
function trace(camera: Camera, grid: HitGrid, k: number, i: number, j: number): void {
  const { eye, right, up, forward, tangent } = camera;
  const step = (2 * tangent) / grid.n;
  const t = grid.depth[k] as number;
  const sx = (i + 0.5) * step - tangent;
  const sy = tangent - (j + 0.5) * step;
  ray.dx = forward[0] + sx * right[0] + sy * up[0];
  ray.dy = forward[1] + sx * right[1] + sy * up[1];
  ray.dz = forward[2] + sx * right[2] + sy * up[2];
  point.x = eye[0] + t * ray.dx;
  point.y = eye[1] + t * ray.dy;
  point.z = eye[2] + t * ray.dz;
}

function firstPass(lit: Lit, camera: Camera, grid: HitGrid, out: ShadeGrid): void {
  const { room } = lit;
  const { n, depth, hit } = grid;
  const step = (2 * camera.tangent) / n;
  for (let k = 0; k < n * n; k++) {
    const i = k % n;
    const j = (k - i) / n;
    const h = hit[k] as number;
    trace(camera, grid, k, i, j);
    surfaceOf(room, h, point);
    const along = Math.abs(point.nx * ray.dx + point.ny * ray.dy + point.nz * ray.dz);
    // a ray's size on the surface, metres
    const glow = paint(room, h, ((depth[k] as number) * step) / Math.max(0.12, along));
    out.albedo[3 * k] = colour[0] as number;
    out.albedo[3 * k + 1] = colour[1] as number;
    out.albedo[3 * k + 2] = colour[2] as number;
    const octant =
      (point.nx > 0.5 ? 1 : point.nx < -0.5 ? 2 : 0) +
      (point.ny > 0.5 ? 3 : point.ny < -0.5 ? 6 : 0) +
      (point.nz > 0.5 ? 9 : point.nz < -0.5 ? 18 : 0);
    // triangles of one mesh are one surface
    out.key[k] = (h < room.solids.length ? h : room.solids.length + objectAt(room, h)) * 32 + octant;
    out.direct[3 * k] = -1;
    if (glow > 0) {
      out.light[3 * k] = -glow;
      continue;
    }
    // hemisphere: floors get more of the room's bounced light than undersides
    const sky = (0.7 + 0.3 * point.nz) * cornerShade(room);
    out.light[3 * k] = room.ambient[0] * sky;
    out.light[3 * k + 1] = room.ambient[1] * sky;
    out.light[3 * k + 2] = room.ambient[2] * sky;
    if (((i ^ j) & 1) === 0) sampleDirect(lit, out, k, i, j);
  }
}

const mean = new Float64Array(3);

/** Mean direct light over the 4 × 4 rays around a pixel that lie on the same surface; false when none was sampled. */
function gather(out: ShadeGrid, n: number, k: number, i0: number, j0: number): boolean {
  const key = out.key[k] as number;
  let r = 0;
  let g = 0;
  let b = 0;
  let count = 0;
  const iEnd = Math.min(n, i0 + 4);
  const jEnd = Math.min(n, j0 + 4);
  for (let j = Math.max(0, j0); j < jEnd; j++) {
    for (let i = Math.max(0, i0); i < iEnd; i++) {
      const q = j * n + i;
      if (out.key[q] !== key || (out.direct[3 * q] as number) < 0) continue;
      r += out.direct[3 * q] as number;
      g += out.direct[3 * q + 1] as number;
      b += out.direct[3 * q + 2] as number;
      count++;
    }
  }
  if (count === 0) return false;
  mean[0] = r / count;
  mean[1] = g / count;
  mean[2] = b / count;
  return true;
}

function secondPass(lit: Lit, camera: Camera, grid: HitGrid, out: ShadeGrid): void {
  const { n, hit } = grid;
  for (let k = 0; k < n * n; k++) {
    if ((out.light[3 * k] as number) < 0) continue;
    const i = k % n;
    const j = (k - i) / n;
    if (!gather(out, n, k, (i & ~1) - 1, (j & ~1) - 1)) {
      trace(camera, grid, k, i, j);
      surfaceOf(lit.room, hit[k] as number, point);
      sampleDirect(lit, out, k, i, j);
      mean.set(light);
    }
    for (let c = 0; c < 3; c++) out.light[3 * k + c] = (out.light[3 * k + c] as number) + (mean[c] as number);
  }
}

/** Shade every fine ray of a view. */
export function shadeGrid(room: RoomScene, camera: Camera, grid: HitGrid, out: ShadeGrid): void {
  const lit: Lit = {
    room,
    lights: room.lights.map((l) => sortOccluders(l, room.solids)),
    table: packSolids(room.solids),
  };
  firstPass(lit, camera, grid, out);
  secondPass(lit, camera, grid, out);
}

/** Mean luminance of everything that does not glow. */
export function meanLuminance(out: ShadeGrid): number {
  let sum = 0;
  const rays = out.key.length;
  for (let k = 0; k < 3 * rays; k += 3) {
    if ((out.light[k] as number) < 0) continue;
    sum +=
      0.3 * (out.albedo[k] as number) * (out.light[k] as number) +
      0.6 * (out.albedo[k + 1] as number) * (out.light[k + 1] as number) +
      0.1 * (out.albedo[k + 2] as number) * (out.light[k + 2] as number);
  }
  return sum / rays;
}
