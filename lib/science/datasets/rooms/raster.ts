import type { Vec3 } from './builder';
import { hitUnit, type Solid } from './solids';

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

/** Nearest hits of an n × n grid of rays: z-depth in metres, and solid index or −1−face of the shell. */
export interface HitGrid {
  n: number;
  depth: Float64Array;
  hit: Int16Array;
}

export const createHitGrid = (n: number): HitGrid => ({
  n,
  depth: new Float64Array(n * n),
  hit: new Int16Array(n * n),
});

interface Room {
  solids: readonly Solid[];
  box: { width: number; depth: number; height: number };
}

/** Image-plane coordinate of pixel centre i of n, in [−tangent, tangent]. */
export const planeX = (camera: Camera, n: number, i: number): number =>
  ((2 * (i + 0.5)) / n - 1) * camera.tangent;

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

/** Pixel rectangle that the solid's bounding cube can cover; false when it is out of sight. */
function bounds(s: Solid, camera: Camera, n: number, out: Int32Array): boolean {
  const { eye, right, up, forward, tangent } = camera;
  const rx = s.cx - eye[0];
  const ry = s.cy - eye[1];
  const rz = s.cz - eye[2];
  const z = rx * forward[0] + ry * forward[1] + rz * forward[2];
  if (z + s.reach < NEAR) return false;
  // rows of m are axes / h; the half edges are axes · h = row · h²
  const edges = [s.m0, s.m1, s.m2, s.m3, s.m4, s.m5, s.m6, s.m7, s.m8];
  const squares = [s.hx * s.hx, s.hy * s.hy, s.hz * s.hz];
  let left = 1e9;
  let rightmost = -1e9;
  let low = 1e9;
  let high = -1e9;
  for (let corner = 0; corner < 8; corner++) {
    let px = rx;
    let py = ry;
    let pz = rz;
    for (let axis = 0; axis < 3; axis++) {
      const sign = (corner >> axis) & 1 ? 1 : -1;
      const w = sign * (squares[axis] as number);
      px += w * (edges[axis * 3] as number);
      py += w * (edges[axis * 3 + 1] as number);
      pz += w * (edges[axis * 3 + 2] as number);
    }
    const depth = px * forward[0] + py * forward[1] + pz * forward[2];
    if (depth < NEAR) {
      out[0] = 0;
      out[1] = n - 1;
      out[2] = 0;
      out[3] = n - 1;
      return true;
    }
    const x = (px * right[0] + py * right[1] + pz * right[2]) / depth;
    const y = (px * up[0] + py * up[1] + pz * up[2]) / depth;
    if (x < left) left = x;
    if (x > rightmost) rightmost = x;
    if (y < low) low = y;
    if (y > high) high = y;
  }
  const scale = n / (2 * tangent);
  out[0] = Math.max(0, Math.floor((left + tangent) * scale - 0.5));
  out[1] = Math.min(n - 1, Math.ceil((rightmost + tangent) * scale - 0.5));
  out[2] = Math.max(0, Math.floor((tangent - high) * scale - 0.5));
  out[3] = Math.min(n - 1, Math.ceil((tangent - low) * scale - 0.5));
  return (out[0] as number) <= (out[1] as number) && (out[2] as number) <= (out[3] as number);
}

const rect = new Int32Array(4);

function castSolid(s: Solid, index: number, camera: Camera, grid: HitGrid): void {
  const { n, depth, hit } = grid;
  if (!bounds(s, camera, n, rect)) return;
  const { eye, right, up, forward, tangent } = camera;
  const rx = eye[0] - s.cx;
  const ry = eye[1] - s.cy;
  const rz = eye[2] - s.cz;
  const ox = s.m0 * rx + s.m1 * ry + s.m2 * rz;
  const oy = s.m3 * rx + s.m4 * ry + s.m5 * rz;
  const oz = s.m6 * rx + s.m7 * ry + s.m8 * rz;
  const fx = s.m0 * forward[0] + s.m1 * forward[1] + s.m2 * forward[2];
  const fy = s.m3 * forward[0] + s.m4 * forward[1] + s.m5 * forward[2];
  const fz = s.m6 * forward[0] + s.m7 * forward[1] + s.m8 * forward[2];
  const ux = s.m0 * up[0] + s.m1 * up[1] + s.m2 * up[2];
  const uy = s.m3 * up[0] + s.m4 * up[1] + s.m5 * up[2];
  const uz = s.m6 * up[0] + s.m7 * up[1] + s.m8 * up[2];
  const ax = s.m0 * right[0] + s.m1 * right[1] + s.m2 * right[2];
  const ay = s.m3 * right[0] + s.m4 * right[1] + s.m5 * right[2];
  const az = s.m6 * right[0] + s.m7 * right[1] + s.m8 * right[2];
  const step = (2 * tangent) / n;
  const i0 = rect[0] as number;
  const i1 = rect[1] as number;
  const j1 = rect[3] as number;
  for (let j = rect[2] as number; j <= j1; j++) {
    const sy = tangent - (j + 0.5) * step;
    for (let i = i0; i <= i1; i++) {
      const sx = (i + 0.5) * step - tangent;
      const t = hitUnit(
        s,
        ox,
        oy,
        oz,
        fx + sy * ux + sx * ax,
        fy + sy * uy + sx * ay,
        fz + sy * uz + sx * az,
        NEAR,
      );
      const k = j * n + i;
      if (t < (depth[k] as number)) {
        depth[k] = t;
        hit[k] = index;
      }
    }
  }
}

/** Cast an n × n grid of rays through pixel centres against the room and all its solids. */
export function castGrid(room: Room, camera: Camera, grid: HitGrid): void {
  castShell(room, camera, grid);
  for (let s = 0; s < room.solids.length; s++) castSolid(room.solids[s] as Solid, s, camera, grid);
}
