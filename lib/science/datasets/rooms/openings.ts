import { addMaterial, type Builder, beginObject, between, chance, pick } from './builder';
import { anySurface, type Material, makeMaterial, PATTERN, type Palette, pickColour } from './materials';
import { type FloorPlan, isFree, rectangle, WALL_YAW, wallLength, wallPoint } from './placing';
import type { Place } from './solids';

function sky(palette: Palette): Material {
  const grey = palette.rng.next();
  const level = between(palette.rng, 0.7, 1.3);
  return {
    pattern: PATTERN.sky,
    a: [0.7 + 0.25 * grey, 0.82 + 0.12 * grey, 0.97],
    b: pickColour(palette, 0.5),
    scale: between(palette.rng, 0.4, 1.2),
    shift: palette.rng.next() * 9,
    glow: level * 1.6,
  };
}

function curtains(b: Builder, place: Place, w: number, sill: number, h: number): void {
  const m = beginObject(b, place, 'opening');
  const cloth = addMaterial(b, anySurface(b.palette));
  const bottom = chance(b.rng, 0.5) ? 0.05 : sill - 0.15;
  const top = sill + h + 0.15;
  const folds = 2 + b.rng.int(4);
  for (const s of [-1, 1]) {
    for (let i = 0; i < folds; i++) {
      const x = s * (w / 2 + 0.08 - i * 0.115);
      m.cylinder([x, 0.09, (bottom + top) / 2], 0.065, top - bottom, cloth);
    }
  }
  m.cylinder([0, 0.09, top + 0.02], 0.015, w + 0.6, cloth, { turn: { ry: Math.PI / 2 } });
}

/** A window with frame, bars, sill, perhaps curtains; by day it is a light. */
export function addWindow(b: Builder, plan: FloorPlan, wall: number, day: boolean): void {
  const length = wallLength(plan.box, wall);
  const w = Math.min(between(b.rng, 0.8, 2), length - 0.8);
  const sill = chance(b.rng, 0.2) ? 0.12 : between(b.rng, 0.75, 1.05);
  const h = Math.min(between(b.rng, 1, 1.5), plan.box.height - sill - 0.2);
  const along = between(b.rng, w / 2 + 0.3, length - w / 2 - 0.3);
  if (
    plan.reserves.some((r) => r.wall === wall && along + w / 2 + 0.3 > r.from && along - w / 2 - 0.3 < r.to)
  )
    return;
  plan.reserves.push({ wall, from: along - w / 2 - 0.2, to: along + w / 2 + 0.2, sill: sill + 0.1 });
  const place = { ...wallPoint(plan.box, wall, along, 0), z: 0, yaw: WALL_YAW[wall] ?? 0 };
  const m = beginObject(b, place, 'opening');
  const frame = addMaterial(b, anySurface(b.palette));
  const outside = sky(b.palette);
  const glass = addMaterial(
    b,
    day ? outside : { ...outside, a: [0.02, 0.03, 0.06], b: [0.05, 0.05, 0.1], glow: 0.3 },
  );
  const z = sill + h / 2;
  const t = between(b.rng, 0.05, 0.09);
  m.box([0, 0.005, z], [w, 0.012, h], glass);
  for (const s of [-1, 1]) {
    m.box([(s * w) / 2, 0.02, z], [t, 0.06, h + t], frame);
    m.box([0, 0.02, z + (s * h) / 2], [w + t, 0.06, t], frame);
  }
  m.box([0, 0.07, sill - 0.02], [w + 0.2, 0.16, 0.04], frame);
  const bars = b.rng.int(3);
  for (let i = 1; i <= bars; i++) m.box([(i / (bars + 1) - 0.5) * w, 0.015, z], [t * 0.6, 0.04, h], frame);
  if (chance(b.rng, 0.5)) m.box([0, 0.015, z + h * 0.15], [w, 0.04, t * 0.6], frame);
  if (chance(b.rng, 0.5)) curtains(b, place, w, sill, h);
  if (!day) return;
  const yaw = place.yaw;
  const inward = [-Math.sin(yaw), Math.cos(yaw), 0] as const;
  const side = [Math.cos(yaw), Math.sin(yaw), 0] as const;
  const power = between(b.rng, 3, 8) * w * h;
  b.lights.push({
    centre: [place.x + inward[0] * 0.17, place.y + inward[1] * 0.17, z],
    u: [(side[0] * w) / 2, (side[1] * w) / 2, 0],
    v: [0, 0, h / 2],
    facing: inward,
    colour: [power * 0.94, power * 0.98, power * between(b.rng, 0.95, 1.15)],
  });
}

/** A door with frame, panels and handle; the floor before it stays free. */
export function addDoor(b: Builder, plan: FloorPlan, wall: number): void {
  const length = wallLength(plan.box, wall);
  const w = between(b.rng, 0.78, 0.95);
  const h = Math.min(between(b.rng, 1.98, 2.12), plan.box.height - 0.12);
  const along = between(b.rng, w / 2 + 0.15, length - w / 2 - 0.15);
  if (
    plan.reserves.some((r) => r.wall === wall && along + w / 2 + 0.1 > r.from && along - w / 2 - 0.1 < r.to)
  )
    return;
  plan.reserves.push({ wall, from: along - w / 2 - 0.1, to: along + w / 2 + 0.1, sill: 0 });
  const place = { ...wallPoint(plan.box, wall, along, 0), z: 0, yaw: WALL_YAW[wall] ?? 0 };
  const m = beginObject(b, place, 'opening');
  const leaf = addMaterial(b, anySurface(b.palette));
  const frame = addMaterial(b, anySurface(b.palette));
  const metal = addMaterial(b, makeMaterial(b.palette, PATTERN.plain, 0.3));
  m.box([0, 0.01, h / 2], [w, 0.03, h], leaf);
  for (const s of [-1, 1]) m.box([s * (w / 2 + 0.03), 0.02, h / 2], [0.09, 0.06, h + 0.06], frame);
  m.box([0, 0.02, h + 0.03], [w + 0.15, 0.06, 0.09], frame);
  for (const z of chance(b.rng, 0.6) ? [0.28, 0.72] : []) {
    m.box([0, 0.03, z * h], [w * 0.66, 0.02, h * 0.34], leaf);
  }
  m.box([w * 0.4, 0.07, 1.02], [0.13, 0.025, 0.03], metal);
}

/** A framed picture, mirror-like disc or wall board where the wall is free. */
export function addPicture(b: Builder, plan: FloorPlan): void {
  const wall = b.rng.int(4);
  const length = wallLength(plan.box, wall);
  const w = between(b.rng, 0.35, 1.1);
  const h = between(b.rng, 0.35, 0.85);
  const z = between(b.rng, 1.35, 1.65);
  const along = between(b.rng, w / 2 + 0.2, length - w / 2 - 0.2);
  if (
    plan.reserves.some((r) => r.wall === wall && along + w / 2 + 0.12 > r.from && along - w / 2 - 0.12 < r.to)
  )
    return;
  const flat = { w, d: 0.4, h: 3 };
  const at = wallPoint(plan.box, wall, along, 0);
  const place = { ...at, z: 0, yaw: WALL_YAW[wall] ?? 0 };
  const probe = rectangle({ ...wallPoint(plan.box, wall, along, 0.21), z: 0, yaw: place.yaw }, flat);
  const tall = { ...plan, taken: plan.taken.filter((t) => t.top > 1.1) };
  if (!isFree(tall, probe, 0)) return;
  plan.reserves.push({ wall, from: along - w / 2, to: along + w / 2, sill: 1.05 });
  const m = beginObject(b, place, 'picture');
  const frame = addMaterial(b, anySurface(b.palette));
  const art = addMaterial(
    b,
    makeMaterial(
      b.palette,
      pick(b.rng, [PATTERN.art, PATTERN.art, PATTERN.plain, PATTERN.stripes]),
      between(b.rng, 0.1, 0.3),
    ),
  );
  if (chance(b.rng, 0.2)) {
    m.cylinder([0, 0.02, z], w * 0.4, 0.04, frame, { turn: { rx: Math.PI / 2 } });
    m.cylinder([0, 0.025, z], w * 0.34, 0.045, art, { turn: { rx: Math.PI / 2 } });
    return;
  }
  m.box([0, 0.015, z], [w, 0.03, h], frame);
  m.box([0, 0.018, z], [w - 0.08, 0.032, h - 0.08], art);
}
