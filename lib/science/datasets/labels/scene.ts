/** Labels of the whole picture: layout, vanishing points, object and scene class. */
import { OBJECT_CLASSES, PIXEL_CLASSES, UNCERTAIN } from '../rooms/classes';
import { META, type RoomRecord } from '../rooms/record';

type Triple = readonly [number, number, number];

/** World axis `axis` in the camera frame (x right, y up, z toward the camera). */
function axisInCamera(meta: Float32Array, axis: number): Triple {
  return [
    meta[META.right + axis] as number,
    meta[META.up + axis] as number,
    -(meta[META.forward + axis] as number),
  ];
}

/** World axis (0 = x, 1 = y) closest to the viewing direction, and whether it is looked along (+1) or against (−1). */
export function frontAxis(meta: Float32Array): { axis: 0 | 1; sign: 1 | -1 } {
  const x = meta[META.forward] as number;
  const y = meta[META.forward + 1] as number;
  const axis = Math.abs(x) >= Math.abs(y) ? 0 : 1;
  return { axis, sign: (axis === 0 ? x : y) >= 0 ? 1 : -1 };
}

const VANISHING_MEAN = [0, 0.12, -0.89, 0, 0.98, 0.13, 0.9, 0, 0] as const;
const VANISHING_SCALE = [0.43, 0.12, 0.09, 0.034, 0.026, 0.13, 0.09, 0.085, 0.42] as const;

/**
 * Vanishing points of the room's three directions as points of the Gaussian sphere in the
 * camera frame: the most frontal horizontal one (pointing forward), the vertical (up), and
 * the remaining horizontal (right). 9 coordinates, each standardised, since the upright
 * camera would otherwise leave nothing but the heading.
 */
export function vanishingPoints({ meta }: RoomRecord, out: Float32Array, at: number): void {
  const { axis, sign } = frontAxis(meta);
  const front = axisInCamera(meta, axis);
  const up = axisInCamera(meta, 2);
  const side = axisInCamera(meta, 1 - axis);
  const rightward = side[0] >= 0 ? 1 : -1;
  const set = (i: number, value: number): void => {
    out[at + i] = (value - (VANISHING_MEAN[i] as number)) / (VANISHING_SCALE[i] as number);
  };
  for (let c = 0; c < 3; c++) {
    set(c, sign * (front[c] as number));
    set(3 + c, up[c] as number);
    set(6 + c, rightward * (side[c] as number));
  }
}

/** Distances in metres from the camera to the front, left and right wall and the ceiling. */
export function wallDistances(meta: Float32Array): readonly [number, number, number, number] {
  const { axis, sign } = frontAxis(meta);
  const size = [meta[META.box] as number, meta[META.box + 1] as number] as const;
  const eye = [meta[META.eye] as number, meta[META.eye + 1] as number] as const;
  const front = sign > 0 ? size[axis] - eye[axis] : eye[axis];
  const other = axis === 0 ? 1 : 0;
  // looking along +x, right is −y; along +y, right is +x
  const rightIsPositive = axis === 1 ? sign > 0 : sign < 0;
  const high = size[other] - eye[other];
  const low = eye[other];
  const height = meta[META.eye + 2] as number;
  return [
    front,
    rightIsPositive ? low : high,
    rightIsPositive ? high : low,
    (meta[META.box + 2] as number) - height,
  ];
}

const LAYOUT_MEAN = [1.2, 0.7, 0.7, 0.17] as const;
const LAYOUT_SCALE = [0.38, 0.65, 0.65, 0.24] as const;

/**
 * Room layout: the room's box as seen from the camera, by the logarithms of the distances
 * to the front, left and right wall and the ceiling, each standardised. The wall behind the
 * camera is not in the picture, the height of the camera cannot be read from one: left out; the box's direction is the vanishing
 * points' business.
 */
export function roomLayout({ meta }: RoomRecord, out: Float32Array, at: number): void {
  wallDistances(meta).forEach((d, i) => {
    out[at + i] = (Math.log(Math.max(0.05, d)) - (LAYOUT_MEAN[i] as number)) / (LAYOUT_SCALE[i] as number);
  });
}

const OBJECT_OF_PIXEL = PIXEL_CLASSES.map((name) => (OBJECT_CLASSES as readonly string[]).indexOf(name));

/**
 * Object class: soft, the shares of the picture's furniture pixels (openings included) by
 * class. Returns false when there are fewer than 1.5 % such pixels: no label.
 */
export function objectShares({ pixelClass }: RoomRecord, out: Float32Array, at: number): boolean {
  const counts = new Float32Array(OBJECT_CLASSES.length);
  let total = 0;
  for (let k = 0; k < pixelClass.length; k++) {
    const c = pixelClass[k] as number;
    const o = c === UNCERTAIN ? -1 : (OBJECT_OF_PIXEL[c] ?? -1);
    if (o < 0) continue;
    counts[o] = (counts[o] as number) + 1;
    total++;
  }
  if (total < 0.015 * pixelClass.length) return false;
  for (let i = 0; i < counts.length; i++) out[at + i] = (counts[i] as number) / total;
  return true;
}
