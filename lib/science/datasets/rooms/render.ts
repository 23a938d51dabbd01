import { createRng } from '../../core';
import { makeView } from './camera';
import { UNCERTAIN } from './classes';
import type { FurnitureSet } from './furniture-set';
import { type Camera, castGrid, createHitGrid, type HitGrid, objectAt } from './raster';
import { makeScene, type RoomScene } from './scene';
import { createShadeGrid, meanLuminance, type ShadeGrid, shadeGrid, surfaceOf } from './shade';
import { createSurfacePoint } from './solids';
import { makeViewCamera, type RoomView } from './views';

/** Raised by hand whenever the same (seed, scene, view) would give other pixels. */
export const ROOMS_VERSION = 3;

/** One rendered view. All maps are row-major from the top left, n × n (× channels). */
export interface RoomFrame {
  size: number;
  room: RoomScene;
  camera: Camera;
  /** sRGB-like bytes, anti-aliased 2 × 2. */
  rgb: Uint8Array;
  /** z-depth at pixel centres, metres. */
  depth: Float32Array;
  /** Unit normals at pixel centres, camera frame: x right, y up, z toward the camera. */
  normals: Float32Array;
  /** Linear albedo (2 × 2 mean) in bytes. */
  albedo: Uint8Array;
  /** Luminance of the light on the surface after exposure, 64 = 1.0, clipped at 255. */
  shading: Uint8Array;
  /** Object at the pixel centre: 0–5 shell faces, then furniture in order of placement. */
  object: Uint8Array;
  /** Pixel class at the centre, UNCERTAIN for clutter and for pixels that straddle classes. */
  pixelClass: Uint8Array;
}

interface Workspace {
  fine: HitGrid;
  centre: HitGrid;
  shade: ShadeGrid;
}

const workspaces = new Map<number, Workspace>();

function workspace(size: number): Workspace {
  const found = workspaces.get(size);
  if (found) return found;
  const n = 2 * size;
  const made = { fine: createHitGrid(n), centre: createHitGrid(size), shade: createShadeGrid(n) };
  workspaces.set(size, made);
  return made;
}

const tone = new Uint8Array(4096);
for (let i = 0; i < 4096; i++) tone[i] = Math.round(255 * (1 - Math.exp((-4 * i) / 4095)) ** (1 / 2.2));

/** Radiance 0–4 → byte: film curve 1 − e^−x, then gamma 1 / 2.2. */
const toByte = (x: number): number => tone[Math.min(4095, Math.max(0, Math.round((x * 4095) / 4)))] as number;

const LUMINANCE = [0.3, 0.6, 0.1] as const;

/** Byte, albedo and shading of one pixel from its 2 × 2 rays. */
function resolvePixel(frame: RoomFrame, shade: ShadeGrid, exposure: number, i: number, j: number): void {
  const n = 2 * frame.size;
  const at = j * frame.size + i;
  let shadow = 0;
  for (let c = 0; c < 3; c++) {
    let value = 0;
    let albedo = 0;
    for (let s = 0; s < 4; s++) {
      const ray = ((2 * j + (s >> 1)) * n + 2 * i + (s & 1)) * 3;
      const a = shade.albedo[ray + c] as number;
      const glow = -(shade.light[ray] as number);
      const lit = glow > 0 ? 1 : (shade.light[ray + c] as number) * exposure;
      albedo += a;
      value += toByte(glow > 0 ? glow * a : lit * a);
      shadow += lit * LUMINANCE[c as 0 | 1 | 2];
    }
    frame.rgb[3 * at + c] = Math.round(value / 4);
    frame.albedo[3 * at + c] = Math.round(Math.min(1, albedo / 4) * 255);
  }
  frame.shading[at] = Math.min(255, Math.round(shadow * 16));
}

const classOf = (room: RoomScene, hit: number): number => room.objectClass[objectAt(room, hit)] ?? UNCERTAIN;

const point = createSurfacePoint();

function geometryPixel(frame: RoomFrame, centre: HitGrid, i: number, j: number): void {
  const { room, camera, size } = frame;
  const { eye, right, up, forward, tangent } = camera;
  const k = j * size + i;
  const hit = centre.hit[k] as number;
  const t = centre.depth[k] as number;
  const sx = ((2 * (i + 0.5)) / size - 1) * tangent;
  const sy = (1 - (2 * (j + 0.5)) / size) * tangent;
  point.x = eye[0] + t * (forward[0] + sx * right[0] + sy * up[0]);
  point.y = eye[1] + t * (forward[1] + sx * right[1] + sy * up[1]);
  point.z = eye[2] + t * (forward[2] + sx * right[2] + sy * up[2]);
  surfaceOf(room, hit, point);
  frame.depth[k] = t;
  frame.normals[3 * k] = point.nx * right[0] + point.ny * right[1] + point.nz * right[2];
  frame.normals[3 * k + 1] = point.nx * up[0] + point.ny * up[1] + point.nz * up[2];
  frame.normals[3 * k + 2] = -(point.nx * forward[0] + point.ny * forward[1] + point.nz * forward[2]);
  frame.object[k] = Math.min(255, objectAt(room, hit));
}

function classPixel(frame: RoomFrame, centre: HitGrid, fine: HitGrid, i: number, j: number): void {
  const { room, size } = frame;
  const own = classOf(room, centre.hit[j * size + i] as number);
  let same = true;
  for (let s = 0; s < 4; s++) {
    const ray = (2 * j + (s >> 1)) * 2 * size + 2 * i + (s & 1);
    same = same && classOf(room, fine.hit[ray] as number) === own;
  }
  frame.pixelClass[j * size + i] = same ? own : UNCERTAIN;
}

/** Render a view of a room at size × size pixels; `brightness` is the mean radiance after exposure. */
export function renderView(room: RoomScene, camera: Camera, size: number, brightness: number): RoomFrame {
  const { fine, centre, shade } = workspace(size);
  castGrid(room, camera, fine);
  castGrid(room, camera, centre);
  const pixels = size * size;
  const frame: RoomFrame = {
    size,
    room,
    camera,
    rgb: new Uint8Array(pixels * 3),
    depth: new Float32Array(pixels),
    normals: new Float32Array(pixels * 3),
    albedo: new Uint8Array(pixels * 3),
    shading: new Uint8Array(pixels),
    object: new Uint8Array(pixels),
    pixelClass: new Uint8Array(pixels),
  };
  shadeGrid(room, camera, fine, shade);
  const exposure = brightness / Math.max(1e-4, meanLuminance(shade));
  for (let j = 0; j < size; j++) {
    for (let i = 0; i < size; i++) {
      resolvePixel(frame, shade, exposure, i, j);
      geometryPixel(frame, centre, i, j);
      classPixel(frame, centre, fine, i, j);
    }
  }
  return frame;
}

const brightnessOf = (seed: number, scene: number, view: number): number =>
  0.16 + 0.16 * createRng('rooms', 'exposure', seed, scene, view).next();

/** View `view` of room `scene` of data set `seed`; the same arguments always give the same bytes. Procedural furniture by default. */
export function renderRoom(
  seed: number,
  scene: number,
  view: number,
  size: number,
  furniture?: FurnitureSet,
): RoomFrame {
  const room = makeScene(seed, scene, furniture);
  const camera = makeView(room, seed, scene, view);
  return renderView(room, camera, size, brightnessOf(seed, scene, view));
}

/** A further view of the same room, placed relative to view 0 and exposed like it. */
export function renderFurther(
  seed: number,
  scene: number,
  view: RoomView,
  size: number,
  furniture?: FurnitureSet,
): RoomFrame {
  const room = makeScene(seed, scene, furniture);
  const camera = makeViewCamera(room, makeView(room, seed, scene, 0), seed, scene, view);
  return renderView(room, camera, size, brightnessOf(seed, scene, 0));
}
