/** Labels computed from depth, normals and object ids of a rendered view; one image at a time. */
import { SHELL_OBJECTS } from '../rooms/builder';
import { DEPTH_UNITS, META, type RoomRecord } from '../rooms/record';
import { scratchMaps } from './picture';

/** ln(depth in m), standardised by constants of the rooms: (ln z − 0.9) / 0.5. */
const LOG_MEAN = 0.9;
const LOG_SCALE = 0.5;

const logDepth = Float32Array.from(
  { length: 65536 },
  (_, u) => (Math.log(Math.max(1, u) / DEPTH_UNITS) - LOG_MEAN) / LOG_SCALE,
);

/** z-depth: distance along the optical axis, standardised logarithm. */
export function zDepth({ depth }: RoomRecord, out: Float32Array, at: number): void {
  for (let k = 0; k < depth.length; k++) out[at + k] = logDepth[depth[k] as number] as number;
}

/** |d| of the ray through each pixel, where d has forward component 1. */
function rayLengths(size: number, tangent: number, out: Float32Array): void {
  for (let y = 0; y < size; y++) {
    const sy = ((2 * (y + 0.5)) / size - 1) * tangent;
    for (let x = 0; x < size; x++) {
      const sx = ((2 * (x + 0.5)) / size - 1) * tangent;
      out[y * size + x] = Math.sqrt(1 + sx * sx + sy * sy);
    }
  }
}

/** Euclidean distance from the camera, standardised logarithm: (ln |p| − 0.9) / 0.5. */
export function euclidean({ depth, size, meta }: RoomRecord, out: Float32Array, at: number): void {
  const { a } = scratchMaps(size);
  rayLengths(size, meta[META.tangent] as number, a);
  for (let k = 0; k < depth.length; k++) {
    out[at + k] = (logDepth[depth[k] as number] as number) + Math.log(a[k] as number) / LOG_SCALE;
  }
}

/** Unit normals in the camera frame: x right, y up, z toward the camera; components in [−1, 1]. */
export function surfaceNormals({ normals }: RoomRecord, out: Float32Array, at: number): void {
  for (let k = 0; k < normals.length; k++) out[at + k] = (normals[k] as number) / 127;
}

/**
 * Reshading: a white, matt copy of the scene lit by one light at the camera,
 * s = (n·v) · 1 / (1 + (r / 3 m)²), v the direction to the camera and r the distance;
 * standardised (s − 0.36) / 0.19.
 */
export function reshading(record: RoomRecord, out: Float32Array, at: number): void {
  const { depth, normals, size, meta } = record;
  const { a } = scratchMaps(size);
  const tangent = meta[META.tangent] as number;
  rayLengths(size, tangent, a);
  for (let k = 0; k < depth.length; k++) {
    const sx = ((2 * ((k % size) + 0.5)) / size - 1) * tangent;
    const sy = (1 - (2 * (Math.floor(k / size) + 0.5)) / size) * tangent;
    const length = a[k] as number;
    const facing =
      ((normals[3 * k + 2] as number) -
        sx * (normals[3 * k] as number) -
        sy * (normals[3 * k + 1] as number)) /
      (127 * length);
    const r = ((depth[k] as number) / DEPTH_UNITS) * length;
    out[at + k] = (Math.max(0, facing) / (1 + (r * r) / 9) - 0.36) / 0.19;
  }
}

/**
 * How far the depth jump between neighbours p and q goes beyond what the surfaces' own slant
 * explains, relative to the nearer depth; 0 within one object. `step` leads from p to q.
 */
function jump(depth: Uint16Array, object: Uint8Array, p: number, step: number): number {
  const q = p + step;
  // walls, floor and ceiling are seen from inside their box: none of them hides another
  if (
    object[p] === object[q] ||
    ((object[p] as number) < SHELL_OBJECTS && (object[q] as number) < SHELL_OBJECTS)
  )
    return 0;
  const zp = depth[p] as number;
  const zq = depth[q] as number;
  // out of the map (undefined) is no object, so it explains nothing
  const before = object[p - step] === object[p] ? Math.abs(zp - (depth[p - step] as number)) : 0;
  const after = object[q + step] === object[q] ? Math.abs(zq - (depth[q + step] as number)) : 0;
  return Math.max(0, Math.abs(zp - zq) - 1.5 * Math.max(before, after)) / Math.min(zp, zq);
}

function raise(out: Float32Array, p: number, q: number, value: number): void {
  if (value > (out[p] as number)) out[p] = value;
  if (value > (out[q] as number)) out[q] = value;
}

/** Strength of occlusion at each pixel before smoothing: the largest relative jump to a neighbour, at most 0.5. */
export function occlusionStrength({ depth, object, size }: RoomRecord, out: Float32Array): void {
  out.fill(0);
  for (let k = 0; k < size * size; k++) {
    if ((k + 1) % size !== 0) raise(out, k, k + 1, Math.min(0.5, jump(depth, object, k, 1)));
    if (k < size * (size - 1)) raise(out, k, k + size, Math.min(0.5, jump(depth, object, k, size)));
  }
}

/** Share of an edge's strength that is left one pixel farther, at 64 × 64. */
const FADE = 0.8;

/** v(p) ← max over q of v(q) · fade^|p − q| (chessboard-chamfer distance), by two sweeps. */
function spread(v: Float32Array, size: number, fade: number): void {
  const slant = fade ** Math.SQRT2;
  const take = (k: number, q: number, f: number): void => {
    const value = (v[q] as number) * f;
    if (value > (v[k] as number)) v[k] = value;
  };
  const sweep = (k: number, x: number, step: number, row: boolean): void => {
    const left = step > 0 ? x > 0 : x < size - 1;
    const right = step > 0 ? x < size - 1 : x > 0;
    if (left) take(k, k - step, fade);
    if (!row) return;
    take(k, k - step * size, fade);
    if (left) take(k, k - step * size - step, slant);
    if (right) take(k, k - step * size + step, slant);
  };
  const last = size * size - 1;
  for (let k = 0; k <= last; k++) sweep(k, k % size, 1, k >= size);
  for (let k = last; k >= 0; k--) sweep(k, k % size, -1, k <= last - size);
}

/**
 * Occlusion edges: e = max over edges of √(2s) · 0.8^(distance in pixels at 64 × 64), s the
 * strength of the edge (at most 0.5); standardised (e − 0.3) / 0.22. The fading keeps the map
 * dense: an L1 loss on thin lines is least for a blank picture.
 */
export function occlusionEdges(record: RoomRecord, out: Float32Array, at: number): void {
  const { a } = scratchMaps(record.size);
  occlusionStrength(record, a);
  for (let k = 0; k < a.length; k++) a[k] = Math.sqrt(2 * (a[k] as number));
  spread(a, record.size, FADE ** (64 / record.size));
  for (let k = 0; k < a.length; k++) out[at + k] = ((a[k] as number) - 0.3) / 0.22;
}
