import { type MeshInstance, triangleCount } from './mesh';

/** What the rasteriser needs of a pinhole camera; `tangent` = tan(half field of view). */
export interface MeshView {
  eye: readonly [number, number, number];
  right: readonly [number, number, number];
  up: readonly [number, number, number];
  forward: readonly [number, number, number];
  tangent: number;
}

/** z-depths of n × n pixel centres and what is nearest there. */
export interface DepthGrid {
  n: number;
  depth: Float64Array;
  hit: Int32Array;
}

const NEAR = 0.02;

/** Up to four corners of a triangle cut at the near plane: camera x, y, z. */
const polygon = new Float64Array(12);
const corner = new Float64Array(9);

function put(at: number, x: number, y: number, z: number): void {
  polygon[3 * at] = x;
  polygon[3 * at + 1] = y;
  polygon[3 * at + 2] = z;
}

/** Cuts `corner` at z = NEAR into `polygon`; the number of corners left (0, 3 or 4). */
function clip(): number {
  const z0 = corner[2] as number;
  const z1 = corner[5] as number;
  const z2 = corner[8] as number;
  if (z0 >= NEAR && z1 >= NEAR && z2 >= NEAR) {
    for (let k = 0; k < 9; k++) polygon[k] = corner[k] as number;
    return 3;
  }
  if (z0 < NEAR && z1 < NEAR && z2 < NEAR) return 0;
  let count = 0;
  for (let i = 0; i < 3; i++) {
    const a = 3 * i;
    const b = 3 * ((i + 1) % 3);
    const za = corner[a + 2] as number;
    const zb = corner[b + 2] as number;
    const [xa, ya] = [corner[a] as number, corner[a + 1] as number];
    if (za >= NEAR) put(count++, xa, ya, za);
    if (za >= NEAR === zb >= NEAR) continue;
    const t = (NEAR - za) / (zb - za);
    put(count++, xa + t * ((corner[b] as number) - xa), ya + t * ((corner[b + 1] as number) - ya), NEAR);
  }
  return count;
}

// No function is made inside of these loops: they run for every triangle of every view.

/** Pixel coordinates (x, y) and 1/z of polygon corner k into `screen`. */
const screen = new Float64Array(12);

function toScreen(k: number, tangent: number, scale: number): void {
  const w = 1 / (polygon[3 * k + 2] as number);
  screen[3 * k] = ((polygon[3 * k] as number) * w + tangent) * scale - 0.5;
  screen[3 * k + 1] = (tangent - (polygon[3 * k + 1] as number) * w) * scale - 0.5;
  screen[3 * k + 2] = w;
}

/**
 * Fills the pixels whose centres lie in the triangle of screen corners 0, i, i + 1 and before what is there; 1/z is
 * linear on the image plane.
 */
function fill(grid: DepthGrid, i: number, hit: number): void {
  const { n, depth } = grid;
  const ax = screen[0] as number;
  const ay = screen[1] as number;
  const bx = screen[3 * i] as number;
  const by = screen[3 * i + 1] as number;
  const cx = screen[3 * i + 3] as number;
  const cy = screen[3 * i + 4] as number;
  const x0 = Math.max(0, Math.ceil(Math.min(ax, bx, cx) - 1e-9));
  const x1 = Math.min(n - 1, Math.floor(Math.max(ax, bx, cx) + 1e-9));
  const y0 = Math.max(0, Math.ceil(Math.min(ay, by, cy) - 1e-9));
  const y1 = Math.min(n - 1, Math.floor(Math.max(ay, by, cy) + 1e-9));
  const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
  if (x0 > x1 || y0 > y1 || Math.abs(area) < 1e-12) return;
  const wa = screen[2] as number;
  const wb = (screen[3 * i + 2] as number) - wa;
  const wc = (screen[3 * i + 5] as number) - wa;
  for (let y = y0; y <= y1; y++) {
    for (let x = x0; x <= x1; x++) {
      const b = ((x - ax) * (cy - ay) - (y - ay) * (cx - ax)) / area;
      const c = ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / area;
      if (b < -1e-12 || c < -1e-12 || b + c > 1 + 1e-12) continue;
      const z = 1 / (wa + b * wb + c * wc);
      const k = y * n + x;
      if (z >= (depth[k] as number)) continue;
      depth[k] = z;
      grid.hit[k] = hit;
    }
  }
}

/** Camera coordinates of an instance's frame: rows right, up, forward, and the origin. */
function cameraFrame(m: MeshInstance, view: MeshView): Float64Array {
  const out = new Float64Array(12);
  [view.right, view.up, view.forward].forEach((axis, row) => {
    out[4 * row] = m.cos * axis[0] + m.sin * axis[1];
    out[4 * row + 1] = m.cos * axis[1] - m.sin * axis[0];
    out[4 * row + 2] = axis[2];
    out[4 * row + 3] =
      (m.x - view.eye[0]) * axis[0] + (m.y - view.eye[1]) * axis[1] + (m.z - view.eye[2]) * axis[2];
  });
  return out;
}

/**
 * Draws meshes into a grid that holds what else is there (z-buffer, pixel centres). A pixel of triangle t of the scene
 * gets the hit `base` + 2t, + 1 when its back is seen.
 */
export function rasteriseMeshes(
  instances: readonly MeshInstance[],
  view: MeshView,
  grid: DepthGrid,
  base: number,
): void {
  const scale = grid.n / (2 * view.tangent);
  for (const m of instances) {
    const frame = cameraFrame(m, view);
    const { positions } = m.mesh;
    const count = triangleCount(m.mesh);
    for (let t = 0; t < count; t++) {
      for (let v = 0; v < 3; v++) {
        const x = positions[9 * t + 3 * v] as number;
        const y = positions[9 * t + 3 * v + 1] as number;
        const z = positions[9 * t + 3 * v + 2] as number;
        for (let row = 0; row < 3; row++) {
          corner[3 * v + row] =
            (frame[4 * row] as number) * x +
            (frame[4 * row + 1] as number) * y +
            (frame[4 * row + 2] as number) * z +
            (frame[4 * row + 3] as number);
        }
      }
      const corners = clip();
      if (corners === 0) continue;
      for (let k = 0; k < corners; k++) toScreen(k, view.tangent, scale);
      const hit = base + 2 * (m.first + t) + (seesBack() ? 1 : 0);
      for (let i = 1; i + 1 < corners; i++) fill(grid, i, hit);
    }
  }
}

/** Whether the triangle in `corner` turns its back: the eye is at 0, and (right, up, forward) is left-handed. */
function seesBack(): boolean {
  const x = corner[0] as number;
  const y = corner[1] as number;
  const z = corner[2] as number;
  const ux = (corner[3] as number) - x;
  const uy = (corner[4] as number) - y;
  const uz = (corner[5] as number) - z;
  const vx = (corner[6] as number) - x;
  const vy = (corner[7] as number) - y;
  const vz = (corner[8] as number) - z;
  const facing = x * (uy * vz - uz * vy) + y * (uz * vx - ux * vz) + z * (ux * vy - uy * vx);
  return facing < 0;
}
