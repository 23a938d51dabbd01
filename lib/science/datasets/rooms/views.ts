import { createRng, type Rng } from '../../core';
import { between } from './builder';
import { canStand, makeCamera } from './camera';
import { type Camera, castGrid, createHitGrid } from './raster';
import type { RoomScene } from './scene';

/** Stored further views of an image's scene; what each shows is said at `PictureKind`. */
export const ROOM_VIEWS = ['orbit-1', 'orbit-2', 'shifted'] as const;
export type RoomView = (typeof ROOM_VIEWS)[number];

/** Raised by hand whenever the same (seed, scene, view) would give another camera. */
export const VIEWS_VERSION = 1;

type Triple = readonly [number, number, number];

const DEGREE = Math.PI / 180;
const minus = (a: Triple, b: Triple): Triple => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a: Triple, b: Triple): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

const one = createHitGrid(1);

/** The point in the middle of the picture. */
export function middlePoint(room: RoomScene, camera: Camera): Triple {
  castGrid(room, camera, one);
  const t = one.depth[0] as number;
  const { eye, forward } = camera;
  return [eye[0] + t * forward[0], eye[1] + t * forward[1], eye[2] + t * forward[2]];
}

/** A number whose size is uniform in [low, high], of either sign. */
const eitherWay = (rng: Rng, low: number, high: number): number =>
  (rng.next() < 0.5 ? -1 : 1) * between(rng, low, high);

const inside = (low: number, x: number, high: number): number => Math.max(low, Math.min(high, x));

/** Somewhere else around `point`, looking at it; `scale` 1 = 10–35° around, up to a fifth nearer or farther. */
function orbit(rng: Rng, from: Camera, point: Triple, scale: number): Camera {
  const [x, y] = minus(from.eye, point);
  const turn = scale * eitherWay(rng, 10, 35) * DEGREE;
  const stretch = Math.exp(scale * eitherWay(rng, 0, 0.22));
  const eye: Triple = [
    point[0] + stretch * (Math.cos(turn) * x - Math.sin(turn) * y),
    point[1] + stretch * (Math.sin(turn) * x + Math.cos(turn) * y),
    inside(0.9, from.eye[2] + scale * eitherWay(rng, 0, 0.3), 2),
  ];
  const ray = minus(point, eye);
  const level = Math.hypot(ray[0], ray[1]);
  const roll = from.roll + scale * 0.05 * rng.normal();
  return makeCamera(eye, Math.atan2(ray[1], ray[0]), Math.atan2(ray[2], level), roll, from.tangent);
}

/** A step aside and another heading; `scale` 1 = up to 0.7 m, 8–30° of yaw, up to 12° of pitch. */
function shift(rng: Rng, from: Camera, scale: number): Camera {
  const step = (reach: number): number => scale * eitherWay(rng, 0, reach);
  const eye: Triple = [
    from.eye[0] + step(0.5),
    from.eye[1] + step(0.5),
    inside(0.9, from.eye[2] + step(0.3), 2),
  ];
  const yaw = from.yaw + Math.max(0.5, scale) * eitherWay(rng, 8, 30) * DEGREE;
  const pitch = inside(-0.7, from.pitch + step(12 * DEGREE), 0.4);
  return makeCamera(eye, yaw, pitch, from.roll + scale * 0.05 * rng.normal(), from.tangent);
}

const coarse = createHitGrid(8);
const back = createHitGrid(32);

/** Share of what `from` sees (8 × 8 rays) that `to` sees as well. */
export function overlap(room: RoomScene, from: Camera, to: Camera): number {
  castGrid(room, from, coarse);
  castGrid(room, to, back);
  let seen = 0;
  for (let k = 0; k < 64; k++) {
    const t = coarse.depth[k] as number;
    const u = (((k % 8) + 0.5) / 4 - 1) * from.tangent;
    const v = (1 - (Math.floor(k / 8) + 0.5) / 4) * from.tangent;
    const at = (c: 0 | 1 | 2): number =>
      from.eye[c] + t * (from.forward[c] + u * from.right[c] + v * from.up[c]) - to.eye[c];
    const p: Triple = [at(0), at(1), at(2)];
    const z = dot(p, to.forward);
    const i = Math.floor((dot(p, to.right) / (z * to.tangent) + 1) * 16);
    const j = Math.floor((1 - dot(p, to.up) / (z * to.tangent)) * 16);
    if (z < 0.05 || i < 0 || j < 0 || i > 31 || j > 31) continue;
    // a cell of the coarse look covers some depth: a tenth of slack
    if (z < 1.1 * (back.depth[j * 32 + i] as number)) seen++;
  }
  return seen / 64;
}

/** Least distance between the middle points of an image and its shifted view: they are different places. */
export const APART_METRES = 0.5;

const far = (a: Triple, b: Triple): number => Math.hypot(...minus(a, b));

function fits(room: RoomScene, from: Camera, to: Camera, view: RoomView, point: Triple): boolean {
  if (!canStand(room, to.eye[0], to.eye[1], to.eye[2])) return false;
  const other = middlePoint(room, to);
  if (view === 'shifted') return far(other, point) >= APART_METRES && overlap(room, from, to) >= 0.3;
  return far(other, point) < 0.02 && overlap(room, from, to) >= 0.3;
}

const ATTEMPTS = 40;

/**
 * The camera of a further view: a pure function of (seed, scene, view), of the same field of view as the image's own
 * camera `from`. Motions that end in furniture, lose the fixated point or see nothing of the image are tried again,
 * smaller and smaller.
 */
export function makeViewCamera(
  room: RoomScene,
  from: Camera,
  seed: number,
  scene: number,
  view: RoomView,
): Camera {
  const rng = createRng('rooms', view, seed, scene);
  const point = middlePoint(room, from);
  let camera = from;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const scale = 0.95 ** attempt;
    camera = view === 'shifted' ? shift(rng, from, scale) : orbit(rng, from, point, scale);
    if (fits(room, from, camera, view, point)) return camera;
  }
  return camera;
}
