/** Labels of local surface shape: curvature and 3D keypoints. */
import { DEPTH_UNITS, META, type RoomRecord } from '../rooms/record';
import { scratchMaps, smooth } from './picture';

/** Sums of the least squares fit of a 2 × 2 symmetric shape operator S: dN = S·dP in the tangent plane. */
interface Fit {
  xx: number;
  xy: number;
  yy: number;
  ax: number;
  ay: number;
  bx: number;
  by: number;
}

const fit: Fit = { xx: 0, xy: 0, yy: 0, ax: 0, ay: 0, bx: 0, by: 0 };

/** Camera-frame points of a view in metres, n × n × 3 (x right, y up, z toward the camera). */
function cameraPoints({ depth, size, meta }: RoomRecord, out: Float32Array): void {
  const tangent = meta[META.tangent] as number;
  for (let k = 0; k < size * size; k++) {
    const z = (depth[k] as number) / DEPTH_UNITS;
    out[3 * k] = ((2 * ((k % size) + 0.5)) / size - 1) * tangent * z;
    out[3 * k + 1] = (1 - (2 * (Math.floor(k / size) + 0.5)) / size) * tangent * z;
    out[3 * k + 2] = -z;
  }
}

/** Two tangent directions of normal (x, y, z) into `frame` (Duff et al. 2017). */
const frame = new Float64Array(6);

function tangents(x: number, y: number, z: number): void {
  const sign = z >= 0 ? 1 : -1;
  const a = -1 / (sign + z);
  const b = x * y * a;
  frame.set([1 + sign * x * x * a, sign * b, -sign * x, b, sign + y * y * a, -y]);
}

/** Neighbours that belong to the surface at p: same object, depth within 8 %. */
function sameSurface(record: Surface, p: number, q: number): boolean {
  const zp = record.depth[p] as number;
  return record.object[p] === record.object[q] && Math.abs(zp - (record.depth[q] as number)) < 0.08 * zp;
}

interface Surface {
  size: number;
  depth: Uint16Array;
  object: Uint8Array;
  normals: Int8Array;
  points: Float32Array;
}

function addNeighbour(s: Surface, p: number, q: number): void {
  const { points, normals } = s;
  let px = 0;
  let py = 0;
  let nx = 0;
  let ny = 0;
  for (let c = 0; c < 3; c++) {
    const dp = (points[3 * q + c] as number) - (points[3 * p + c] as number);
    const dn = ((normals[3 * q + c] as number) - (normals[3 * p + c] as number)) / 127;
    px += dp * (frame[c] as number);
    py += dp * (frame[3 + c] as number);
    nx += dn * (frame[c] as number);
    ny += dn * (frame[3 + c] as number);
  }
  fit.xx += px * px;
  fit.xy += px * py;
  fit.yy += py * py;
  fit.ax += px * nx;
  fit.ay += py * nx;
  fit.bx += px * ny;
  fit.by += py * ny;
}

/** Principal curvatures in 1/m at pixel p, the one of larger size first; 0 where too little surface is seen. */
function curvaturesAt(s: Surface, p: number, out: Float64Array): void {
  fit.xx = fit.xy = fit.yy = fit.ax = fit.ay = fit.bx = fit.by = 0;
  const { normals, size } = s;
  tangents(
    (normals[3 * p] as number) / 127,
    (normals[3 * p + 1] as number) / 127,
    (normals[3 * p + 2] as number) / 127,
  );
  const x = p % size;
  const y = (p - x) / size;
  for (let j = Math.max(0, y - 1); j <= Math.min(size - 1, y + 1); j++) {
    for (let i = Math.max(0, x - 1); i <= Math.min(size - 1, x + 1); i++) {
      const q = j * size + i;
      if (q !== p && sameSurface(s, p, q)) addNeighbour(s, p, q);
    }
  }
  // a little damping keeps slivers seen edge-on from exploding
  const xx = fit.xx + 1e-5;
  const yy = fit.yy + 1e-5;
  const det = xx * yy - fit.xy * fit.xy;
  const s00 = (yy * fit.ax - fit.xy * fit.ay) / det;
  const s01 = (xx * fit.ay - fit.xy * fit.ax) / det;
  const s10 = (yy * fit.bx - fit.xy * fit.by) / det;
  const s11 = (xx * fit.by - fit.xy * fit.bx) / det;
  const off = (s01 + s10) / 2;
  const mean = (s00 + s11) / 2;
  const spread = Math.sqrt(((s00 - s11) / 2) ** 2 + off * off);
  out[0] = mean >= 0 ? mean + spread : mean - spread;
  out[1] = mean >= 0 ? mean - spread : mean + spread;
}

const two = new Float64Array(2);
const pointMaps = new Map<number, Float32Array>();

/**
 * Principal curvatures k of the visible surface (convex positive, larger in size first), from
 * the change of normals over the 3 × 3 neighbourhood within one object, box edges included,
 * smoothed twice by [1 2 1] / 4 both ways; 3 · sign(k) · ln(1 + |k| · 0.2 m), not centred. Loss L2 as in the paper.
 */
export function curvature(record: RoomRecord, out: Float32Array, at: number): void {
  const { size, depth, object, normals } = record;
  const points = pointMaps.get(size) ?? new Float32Array(size * size * 3);
  pointMaps.set(size, points);
  cameraPoints(record, points);
  const surface: Surface = { size, depth, object, normals, points };
  const { a: larger, b: smaller, d } = scratchMaps(size);
  for (let k = 0; k < size * size; k++) {
    curvaturesAt(surface, k, two);
    larger[k] = two[0] as number;
    smaller[k] = two[1] as number;
  }
  [larger, smaller].forEach((map, c) => {
    for (let pass = 0; pass < 2; pass++) smooth(map, size, d);
    for (let k = 0; k < size * size; k++) {
      const v = map[k] as number;
      out[at + 2 * k + c] = 3 * Math.sign(v) * Math.log1p(0.2 * Math.abs(v));
    }
  });
}

function addGradient(
  size: number,
  at: (k: number) => number,
  xx: Float32Array,
  xy: Float32Array,
  yy: Float32Array,
): void {
  for (let k = 0; k < size * size; k++) {
    const x = k % size;
    const gx = x > 0 && x < size - 1 ? (at(k + 1) - at(k - 1)) / 2 : 0;
    const gy = k >= size && k < size * (size - 1) ? (at(k + size) - at(k - size)) / 2 : 0;
    xx[k] = (xx[k] as number) + gx * gx;
    xy[k] = (xy[k] as number) + gx * gy;
    yy[k] = (yy[k] as number) + gy * gy;
  }
}

const logUnits = Float32Array.from({ length: 65536 }, (_, u) => 2 * Math.log(Math.max(1, u)));

/**
 * 3D keypoints: corner response det / trace of the smoothed structure tensor of the surface
 * (the three components of the normal and twice ln z), √: where the geometry, not the
 * texture, has a point. In place of the paper's NARF. Standardised (√r − 0.17) / 0.15.
 */
export function keypoints3d({ depth, normals, size }: RoomRecord, out: Float32Array, at: number): void {
  const { a: xx, b: xy, c: yy, d } = scratchMaps(size);
  xx.fill(0);
  xy.fill(0);
  yy.fill(0);
  addGradient(size, (k) => logUnits[depth[k] as number] as number, xx, xy, yy);
  for (let c = 0; c < 3; c++) addGradient(size, (k) => (normals[3 * k + c] as number) / 127, xx, xy, yy);
  for (const map of [xx, xy, yy]) smooth(map, size, d);
  for (let k = 0; k < size * size; k++) {
    const trace = (xx[k] as number) + (yy[k] as number);
    const det = (xx[k] as number) * (yy[k] as number) - (xy[k] as number) ** 2;
    out[at + k] = (Math.sqrt(Math.max(0, det) / (trace + 1e-5)) - 0.17) / 0.15;
  }
}
