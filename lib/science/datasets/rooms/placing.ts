import type { Rng } from '../../core';
import { between } from './builder';
import type { Footprint } from './parts';
import type { Place } from './solids';

/** Room box: x ∈ [0, width], y ∈ [0, depth], z ∈ [0, height], metres. */
export interface RoomBox {
  width: number;
  depth: number;
  height: number;
}

/** Floor rectangle that is taken, up to height `top`. */
export interface Taken {
  x0: number;
  x1: number;
  y0: number;
  y1: number;
  top: number;
}

/** Interval of a wall kept free of things taller than `sill` (doors: 0). */
export interface WallReserve {
  wall: number;
  from: number;
  to: number;
  sill: number;
}

/** What stands where; walls are numbered as the shell's faces 0–3. */
export interface FloorPlan {
  box: RoomBox;
  taken: Taken[];
  reserves: WallReserve[];
}

export const WALL_YAW = [-Math.PI / 2, Math.PI / 2, 0, Math.PI] as const;

export const wallLength = (box: RoomBox, wall: number): number => (wall < 2 ? box.depth : box.width);

/** Point at distance `along` of a wall's length and `off` into the room. */
export function wallPoint(box: RoomBox, wall: number, along: number, off: number): { x: number; y: number } {
  if (wall === 0) return { x: off, y: along };
  if (wall === 1) return { x: box.width - off, y: along };
  if (wall === 2) return { x: along, y: off };
  return { x: along, y: box.depth - off };
}

/** Axis-aligned rectangle of a turned footprint. */
export function rectangle(place: Place, size: Footprint): Taken {
  const c = Math.abs(Math.cos(place.yaw));
  const s = Math.abs(Math.sin(place.yaw));
  const hx = (c * size.w + s * size.d) / 2;
  const hy = (s * size.w + c * size.d) / 2;
  return { x0: place.x - hx, x1: place.x + hx, y0: place.y - hy, y1: place.y + hy, top: size.h };
}

export function isFree(plan: FloorPlan, r: Taken, margin: number): boolean {
  const { box } = plan;
  if (r.x0 < 0 || r.y0 < 0 || r.x1 > box.width || r.y1 > box.depth) return false;
  return plan.taken.every(
    (t) => r.x1 + margin <= t.x0 || r.x0 - margin >= t.x1 || r.y1 + margin <= t.y0 || r.y0 - margin >= t.y1,
  );
}

const clear = (plan: FloorPlan, wall: number, from: number, to: number, top: number): boolean =>
  plan.reserves.every((r) => r.wall !== wall || to <= r.from || from >= r.to || top <= r.sill);

/** Stand something with its back to a wall; null when no room was found in a few tries. */
export function againstWall(
  plan: FloorPlan,
  rng: Rng,
  size: Footprint,
  walls?: readonly number[],
): { place: Place; wall: number } | null {
  for (let attempt = 0; attempt < 14; attempt++) {
    const wall = walls ? (walls[rng.int(walls.length)] ?? 0) : rng.int(4);
    const length = wallLength(plan.box, wall);
    if (length < size.w + 0.1) continue;
    // corners are popular
    const edge = rng.next();
    const low = size.w / 2 + 0.04;
    const along = edge < 0.2 ? low : edge < 0.4 ? length - low : between(rng, low, length - low);
    const at = wallPoint(plan.box, wall, along, size.d / 2 + between(rng, 0.02, 0.06));
    const place = { ...at, z: 0, yaw: (WALL_YAW[wall] ?? 0) + 0.02 * rng.normal() };
    const r = rectangle({ ...place, yaw: WALL_YAW[wall] ?? 0 }, size);
    if (!isFree(plan, r, 0.04) || !clear(plan, wall, along - size.w / 2, along + size.w / 2, size.h))
      continue;
    plan.taken.push(r);
    return { place, wall };
  }
  return null;
}

/** Stand something away from the walls. */
export function inTheMiddle(plan: FloorPlan, rng: Rng, size: Footprint, clearance: number): Place | null {
  for (let attempt = 0; attempt < 14; attempt++) {
    const place = {
      x: between(rng, 0.25, 0.75) * plan.box.width,
      y: between(rng, 0.25, 0.75) * plan.box.depth,
      z: 0,
      yaw: rng.int(4) * (Math.PI / 2) + 0.12 * rng.normal(),
    };
    const r = rectangle(place, size);
    if (!isFree(plan, r, clearance)) continue;
    plan.taken.push(r);
    return place;
  }
  return null;
}

/** The place at local offset (dx, dy) of another, turned by `turn` more. */
export function relative(place: Place, dx: number, dy: number, turn: number): Place {
  const c = Math.cos(place.yaw);
  const s = Math.sin(place.yaw);
  return { x: place.x + c * dx - s * dy, y: place.y + s * dx + c * dy, z: place.z, yaw: place.yaw + turn };
}
