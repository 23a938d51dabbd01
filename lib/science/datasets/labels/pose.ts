/** Labels of several views of one scene: relative camera poses. */
import { META, type RoomRecord, type RoomViewRecord } from '../rooms/record';

type Triple = readonly [number, number, number];

const triple = (meta: Float32Array, at: number): Triple => [
  meta[at] as number,
  meta[at + 1] as number,
  meta[at + 2] as number,
];
const dot = (a: Triple, b: Triple): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** Axes of the camera frame in the world: x right, y up, z toward the camera. */
function axes(meta: Float32Array): readonly [Triple, Triple, Triple] {
  const [fx, fy, fz] = triple(meta, META.forward);
  return [triple(meta, META.right), triple(meta, META.up), [-fx, -fy, -fz]];
}

/**
 * Pose of camera `to` in the frame of camera `from` (x right, y up, z toward the camera): where it stands, in metres,
 * and its rotation vector (axis times angle in radians; what turns directions of `from` into those of `to`).
 */
export function relativePose(from: Float32Array, to: Float32Array): readonly [Triple, Triple] {
  const [a, b] = [axes(from), axes(to)];
  const [e, f] = [triple(from, META.eye), triple(to, META.eye)];
  const step: Triple = [f[0] - e[0], f[1] - e[1], f[2] - e[2]];
  // column j of R: axis j of `to` in the frame of `from`
  const r = (i: 0 | 1 | 2, j: 0 | 1 | 2): number => dot(a[i], b[j]);
  const cosine = Math.max(-1, Math.min(1, (r(0, 0) + r(1, 1) + r(2, 2) - 1) / 2));
  const angle = Math.acos(cosine);
  // angle / (2 sin angle) → 1/2 for small angles
  const factor = angle < 1e-4 ? 0.5 : angle / (2 * Math.sin(angle));
  return [
    [dot(a[0], step), dot(a[1], step), dot(a[2], step)],
    [factor * (r(2, 1) - r(1, 2)), factor * (r(0, 2) - r(2, 0)), factor * (r(1, 0) - r(0, 1))],
  ];
}

/** Standard deviations of (x, y, z in metres, rotations about x, y, z) in the rooms, and the mean of z. */
interface Scales {
  step: Triple;
  turn: Triple;
  /** Going around a point leads forward. */
  ahead: number;
}
const ORBIT: Scales = { step: [1.2, 0.18, 0.41], turn: [0.06, 0.34, 0.093], ahead: -0.33 };
const SHIFT: Scales = { step: [0.28, 0.17, 0.26], turn: [0.12, 0.34, 0.09], ahead: 0 };
const BETWEEN_ORBITS: Scales = { step: [1.15, 0.24, 0.61], turn: [0.09, 0.36, 0.11], ahead: -0.21 };

function write(
  from: RoomViewRecord,
  to: RoomViewRecord,
  scales: Scales,
  out: Float32Array,
  at: number,
): void {
  const [step, turn] = relativePose(from.meta, to.meta);
  for (let c = 0; c < 3; c++) {
    out[at + c] = ((step[c] as number) - (c === 2 ? scales.ahead : 0)) / (scales.step[c] as number);
    out[at + 3 + c] = (turn[c] as number) / (scales.turn[c] as number);
  }
}

/** Pose of `orbit-1`, 6 numbers, each standardised. */
export const fixatedPose = (record: RoomRecord, out: Float32Array, at: number): void =>
  write(record, record.view('orbit-1'), ORBIT, out, at);

/** Pose of `shifted`, 6 numbers. */
export const freePose = (record: RoomRecord, out: Float32Array, at: number): void =>
  write(record, record.view('shifted'), SHIFT, out, at);

/** Pose of `orbit-1` in the frame of the image, then of `orbit-2` in the frame of `orbit-1`: 12 numbers. */
export function egomotion(record: RoomRecord, out: Float32Array, at: number): void {
  write(record, record.view('orbit-1'), ORBIT, out, at);
  write(record.view('orbit-1'), record.view('orbit-2'), BETWEEN_ORBITS, out, at + 6);
}
