import { createRng, type Rng } from '../../core';
import { between } from './builder';
import { UNCERTAIN } from './classes';
import { type Camera, castGrid, createHitGrid, type HitGrid, objectAt } from './raster';
import type { RoomScene } from './scene';

/** A camera at a point, heading `yaw` (0 = +x), looking up by `pitch`, rolled by `roll`. */
export function makeCamera(
  eye: readonly [number, number, number],
  yaw: number,
  pitch: number,
  roll: number,
  tangent: number,
): Camera {
  const cp = Math.cos(pitch);
  const sp = Math.sin(pitch);
  const cy = Math.cos(yaw);
  const sy = Math.sin(yaw);
  const forward = [cp * cy, cp * sy, sp] as const;
  const right = [sy, -cy, 0] as const;
  const up = [-sp * cy, -sp * sy, cp] as const;
  const c = Math.cos(roll);
  const s = Math.sin(roll);
  return {
    eye,
    forward,
    right: [c * right[0] + s * up[0], c * right[1] + s * up[1], c * right[2] + s * up[2]],
    up: [c * up[0] - s * right[0], c * up[1] - s * right[1], c * up[2] - s * right[2]],
    tangent,
    yaw,
    pitch,
    roll,
  };
}

/** Distance that a camera keeps from walls. */
const WALL_GAP = 0.25;

/** Whether a camera can be at (x, y, height): inside the room, clear of walls and of furniture that reaches so high. */
export function canStand(scene: RoomScene, x: number, y: number, height: number): boolean {
  const { width, depth } = scene.box;
  if (x < WALL_GAP || y < WALL_GAP || x > width - WALL_GAP || y > depth - WALL_GAP) return false;
  const gap = 0.22;
  return !scene.plan.taken.some(
    (t) => t.top > height - 0.35 && x > t.x0 - gap && x < t.x1 + gap && y > t.y0 - gap && y < t.y1 + gap,
  );
}

function standingPoint(scene: RoomScene, rng: Rng, height: number): { x: number; y: number } | null {
  const x = between(rng, WALL_GAP, scene.box.width - WALL_GAP);
  const y = between(rng, WALL_GAP, scene.box.depth - WALL_GAP);
  return canStand(scene, x, y, height) ? { x, y } : null;
}

/**
 * Headings keep 9° off the diagonals, where it is arbitrary which wall is the front one:
 * layout and vanishing points would jump there.
 */
function awayFromDiagonals(yaw: number): number {
  const front = Math.round(yaw / (Math.PI / 2)) * (Math.PI / 2);
  return front + 0.8 * (yaw - front);
}

function propose(scene: RoomScene, rng: Rng): Camera | null {
  // a person's eyes, standing or sitting: what cannot be seen in a picture varies little, or depth would be a guess
  const height = Math.max(1.1, Math.min(1.9, 1.5 + 0.14 * rng.normal()));
  // mostly the room's main piece, which was placed first
  const sights = scene.sights.length;
  const sight = scene.sights[rng.next() < 0.55 ? 0 : rng.int(Math.max(1, sights))];
  const aim = sight ?? { x: scene.box.width / 2, y: scene.box.depth / 2, z: 0.8 };
  let best: { x: number; y: number } | null = null;
  let far = 0;
  // the farther of two free points: views across the room are likelier, near ones stay possible
  for (let i = 0; i < 3; i++) {
    const p = standingPoint(scene, rng, height);
    const distance = p ? Math.hypot(p.x - aim.x, p.y - aim.y) : -1;
    if (p && distance > far) {
      best = p;
      far = distance;
    }
  }
  if (!best || far < 1) return null;
  const yaw = awayFromDiagonals(Math.atan2(aim.y - best.y, aim.x - best.x) + 0.25 * rng.normal());
  const level = Math.atan2(aim.z - height, far);
  const pitch = Math.max(-0.6, Math.min(0.25, 0.6 * level + 0.07 * rng.normal()));
  return makeCamera(
    [best.x, best.y, height],
    yaw,
    pitch,
    0.035 * rng.normal(),
    Math.tan(between(rng, 0.48, 0.7)),
  );
}

const probe: HitGrid = createHitGrid(16);

/** 0 for a good view; higher = worse (too close, too empty, one thing filling the picture). */
function badness(scene: RoomScene, camera: Camera): number {
  castGrid(scene, camera, probe);
  const counts = new Map<number, number>();
  let furniture = 0;
  let near = 0;
  let sum = 0;
  for (let k = 0; k < 256; k++) {
    const h = probe.hit[k] as number;
    const z = probe.depth[k] as number;
    sum += z;
    if (z < 0.5) near++;
    const object = h < 0 ? h : objectAt(scene, h);
    counts.set(object, (counts.get(object) ?? 0) + 1);
    const cls = h < 0 ? 0 : (scene.objectClass[object] ?? UNCERTAIN);
    if (cls >= 6 && cls !== UNCERTAIN) furniture++;
  }
  const largest = Math.max(...counts.values()) / 256;
  return (
    Math.max(0, 0.12 - furniture / 256) * 8 +
    Math.max(0, furniture / 256 - 0.7) * 3 +
    Math.max(0, largest - 0.6) * 4 +
    (near / 256) * 10 +
    Math.max(0, 1.3 - sum / 256)
  );
}

/** View number `view` of the room: a pure function of (seed, scene, view). */
export function makeView(room: RoomScene, seed: number, scene: number, view: number): Camera {
  const rng = createRng('rooms', 'view', seed, scene, view);
  let best: Camera | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 12 && least > 0; attempt++) {
    const camera = propose(room, rng);
    if (!camera) continue;
    const bad = badness(room, camera);
    if (bad < least) {
      least = bad;
      best = camera;
    }
  }
  const { width, depth } = room.box;
  return best ?? makeCamera([0.4, 0.4, 1.5], Math.atan2(depth, width), -0.1, 0, 0.65);
}
