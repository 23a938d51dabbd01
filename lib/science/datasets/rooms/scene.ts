import { createRng, type Rng } from '../../core';
import type { MeshInstance } from '../meshes/mesh';
import {
  addMaterial,
  type Builder,
  beginObject,
  between,
  chance,
  createBuilder,
  type Light,
  pick,
} from './builder';
import { ROOM_KINDS, type RoomKind } from './classes';
import { rug } from './furniture';
import { type FurnitureSet, PROCEDURAL } from './furniture-set';
import {
  floorSurface,
  type Material,
  makeMaterial,
  makePalette,
  PATTERN,
  pickColour,
  wallSurface,
} from './materials';
import { addDoor, addPicture, addWindow } from './openings';
import { type Furniture, lampShade } from './parts';
import {
  againstWall,
  type FloorPlan,
  inTheMiddle,
  isFree,
  type RoomBox,
  rectangle,
  relative,
} from './placing';
import type { Place, Solid } from './solids';

/** Walls change material at these heights. */
export interface WallTrim {
  skirting: number;
  dado: number;
  cornice: number;
}

/** One furnished room, camera not included. */
export interface RoomScene {
  kind: RoomKind;
  box: RoomBox;
  solids: readonly Solid[];
  /** Furniture from a library of meshes; empty in procedural rooms. */
  meshes: readonly MeshInstance[];
  materials: readonly Material[];
  objectClass: readonly number[];
  lights: readonly Light[];
  ambient: readonly [number, number, number];
  /** Material of each shell face 0–5, of the dado, skirting and cornice. */
  faces: readonly number[];
  dado: number;
  skirting: number;
  cornice: number;
  trim: WallTrim;
  plan: FloorPlan;
  /** Where it is worth looking: places of the larger furniture. */
  sights: readonly Place[];
}

interface Furnishing {
  b: Builder;
  set: FurnitureSet;
  plan: FloorPlan;
  sights: Place[];
}

function wallItem(
  f: Furnishing,
  item: Furniture,
  walls?: readonly number[],
): { place: Place; wall: number } | null {
  const size = item.size(f.b.rng);
  const found = againstWall(f.plan, f.b.rng, size, walls);
  if (!found) return null;
  item.build(f.b, found.place, size);
  f.sights.push({ ...found.place, z: Math.min(1.2, size.h * 0.6) });
  return found;
}

function optional(f: Furnishing, item: Furniture, p: number): void {
  if (chance(f.b.rng, p)) wallItem(f, item);
}

function tableWithChairs(f: Furnishing): void {
  const { b, plan } = f;
  const size = f.set.diningTable.size(b.rng);
  const place = inTheMiddle(plan, b.rng, size, 0.4);
  if (!place) return;
  f.set.diningTable.build(b, place, size);
  f.sights.push({ ...place, z: 0.6 });
  if (chance(b.rng, 0.4)) layRug(f, place, size.w + 1, size.d + 0.9);
  const seats: [number, number, number][] = [];
  const perSide = size.w > 1.35 ? 2 : 1;
  for (let i = 0; i < perSide; i++) {
    const x = perSide === 1 ? 0 : (i - 0.5) * size.w * 0.5;
    seats.push([x, size.d / 2, Math.PI], [x, -size.d / 2, 0]);
  }
  seats.push([size.w / 2, 0, Math.PI / 2], [-size.w / 2, 0, -Math.PI / 2]);
  for (const [x, y, turn] of seats) {
    if (chance(b.rng, 0.22)) continue;
    const out = between(b.rng, 0.02, 0.35);
    const spot = relative(
      place,
      x + Math.sign(x) * (y === 0 ? out : 0),
      y + Math.sign(y) * out,
      turn + 0.15 * b.rng.normal(),
    );
    putChair(f, spot);
  }
}

function putChair(f: Furnishing, place: Place): void {
  const size = f.set.chair.size(f.b.rng);
  const r = rectangle(place, size);
  const { box } = f.plan;
  if (r.x0 < 0.03 || r.y0 < 0.03 || r.x1 > box.width - 0.03 || r.y1 > box.depth - 0.03) return;
  f.set.chair.build(f.b, place, size);
  f.plan.taken.push(r);
}

function layRug(f: Furnishing, place: Place, w: number, d: number): void {
  const r = rectangle(place, { w, d, h: 0 });
  const { box } = f.plan;
  if (r.x0 > 0.05 && r.y0 > 0.05 && r.x1 < box.width - 0.05 && r.y1 < box.depth - 0.05) {
    rug.build(f.b, { ...place, z: 0 }, { w, d, h: 0.02 });
  }
}

function furnishLiving(f: Furnishing): void {
  const { b, plan } = f;
  const main = wallItem(f, f.set.sofa);
  if (main) {
    const front = relative(main.place, 0, between(b.rng, 1.05, 1.3), 0);
    const size = f.set.coffeeTable.size(b.rng);
    const r = rectangle(front, size);
    if (chance(b.rng, 0.6)) layRug(f, front, between(b.rng, 1.6, 2.6), between(b.rng, 1.2, 1.8));
    if (isFree(plan, r, 0.05) && chance(b.rng, 0.85)) {
      f.set.coffeeTable.build(b, front, size);
      plan.taken.push(r);
    }
  }
  wallItem(f, pick(b.rng, [f.set.shelf, f.set.cabinet, f.set.cabinet]));
  optional(f, f.set.sofa, 0.5);
  optional(f, f.set.floorLamp, 0.7);
  optional(f, f.set.plant, 0.6);
  optional(f, f.set.shelf, 0.4);
}

function furnishBedroom(f: Furnishing): void {
  const { b, plan } = f;
  const main = wallItem(f, f.set.bed);
  if (main) {
    for (const s of [-1, 1]) {
      const size = f.set.nightstand.size(b.rng);
      const place = relative(main.place, s * (size.w / 2 + 0.95), -0.8, 0);
      const r = rectangle(place, size);
      if (chance(b.rng, 0.7) && isFree(plan, r, 0.01)) {
        f.set.nightstand.build(b, place, size);
        plan.taken.push(r);
      }
    }
    if (chance(b.rng, 0.5))
      layRug(f, relative(main.place, 0, 0.7, 0), between(b.rng, 2, 2.8), between(b.rng, 1.2, 1.8));
  }
  wallItem(f, f.set.wardrobe);
  optional(f, f.set.cabinet, 0.7);
  optional(f, f.set.chair, 0.5);
  optional(f, f.set.plant, 0.3);
  optional(f, f.set.shelf, 0.25);
}

function furnishDining(f: Furnishing): void {
  tableWithChairs(f);
  wallItem(f, pick(f.b.rng, [f.set.cabinet, f.set.cabinet, f.set.shelf]));
  optional(f, f.set.cabinet, 0.5);
  optional(f, f.set.plant, 0.7);
  optional(f, f.set.chair, 0.4);
  optional(f, f.set.floorLamp, 0.3);
}

function furnishStudy(f: Furnishing): void {
  const { b } = f;
  for (let i = 0; i < (chance(b.rng, 0.25) ? 2 : 1); i++) {
    const main = wallItem(f, f.set.desk);
    if (main)
      putChair(
        f,
        relative(
          main.place,
          between(b.rng, -0.2, 0.2),
          between(b.rng, 0.5, 0.8),
          Math.PI + 0.4 * b.rng.normal(),
        ),
      );
  }
  wallItem(f, f.set.shelf);
  wallItem(f, f.set.shelf);
  optional(f, f.set.sofa, 0.25);
  optional(f, f.set.floorLamp, 0.5);
  optional(f, f.set.plant, 0.5);
  optional(f, f.set.cabinet, 0.3);
  if (chance(b.rng, 0.4))
    layRug(f, { x: f.plan.box.width / 2, y: f.plan.box.depth / 2, z: 0, yaw: 0 }, 2, 1.5);
}

function furnishKitchen(f: Furnishing): void {
  wallItem(f, f.set.counter);
  wallItem(f, f.set.fridge);
  if (chance(f.b.rng, 0.75)) wallItem(f, f.set.counter);
  if (chance(f.b.rng, 0.75)) tableWithChairs(f);
  optional(f, f.set.plant, 0.25);
  optional(f, f.set.cabinet, 0.3);
}

const FURNISH: Record<RoomKind, (f: Furnishing) => void> = {
  living: furnishLiving,
  bedroom: furnishBedroom,
  dining: furnishDining,
  study: furnishStudy,
  kitchen: furnishKitchen,
};

function ceilingLight(b: Builder, box: RoomBox): void {
  const place = {
    x: between(b.rng, 0.35, 0.65) * box.width,
    y: between(b.rng, 0.35, 0.65) * box.depth,
    z: 0,
    yaw: 0,
  };
  const m = beginObject(b, place, 'lamp');
  const drop = between(b.rng, 0.02, 0.75);
  const before = b.lights.length;
  if (drop > 0.25) {
    const cord = addMaterial(b, makeMaterial(b.palette, PATTERN.plain, 0.3));
    m.cylinder([0, 0, box.height - drop / 2], 0.012, drop, cord);
    lampShade(m, box.height - drop, between(b.rng, 0.16, 0.3));
  } else {
    const glow = addMaterial(b, {
      ...makeMaterial(b.palette, PATTERN.plain, 0.5),
      a: [1, 0.95, 0.86],
      b: [1, 0.95, 0.86],
      glow: 1.8,
    });
    m.casts = false;
    m.cylinder([0, 0, box.height - 0.04], between(b.rng, 0.14, 0.28), 0.08, glow, { bottom: 0.8 });
  }
  b.lights.length = before;
  const power = between(b.rng, 2.5, 6);
  const warm = between(b.rng, 0.7, 0.95);
  const z = box.height - Math.max(0.12, drop);
  b.lights.push({
    centre: [place.x, place.y, z],
    u: [0.15, 0, 0],
    v: [0, 0.15, 0],
    facing: null,
    colour: [power, power * (0.55 + 0.45 * warm), power * warm],
  });
}

function addLightsAndOpenings(b: Builder, plan: FloorPlan): void {
  const first = b.rng.int(4);
  const day = chance(b.rng, 0.75);
  addWindow(b, plan, first, day);
  if (chance(b.rng, 0.5)) addWindow(b, plan, (first + 1 + b.rng.int(3)) % 4, day);
  for (let i = 0; i < (chance(b.rng, 0.35) ? 2 : 1); i++) addDoor(b, plan, (first + 1 + b.rng.int(3)) % 4);
  if (b.lights.length === 0 || chance(b.rng, 0.55)) ceilingLight(b, plan.box);
}

function shellMaterials(b: Builder): Pick<RoomScene, 'faces' | 'dado' | 'skirting' | 'cornice' | 'trim'> {
  const { palette, rng } = b;
  const wall = addMaterial(b, wallSurface(palette));
  const accent = chance(rng, 0.35) ? addMaterial(b, wallSurface(palette)) : wall;
  const accented = rng.int(4);
  const walls = [0, 1, 2, 3].map((i) => (i === accented ? accent : wall));
  const floor = addMaterial(b, floorSurface(palette));
  const ceiling = addMaterial(b, makeMaterial(palette, PATTERN.plain, 1.5, between(rng, 0.55, 0.95)));
  const trim = addMaterial(b, { ...makeMaterial(palette, PATTERN.plain, 0.8), b: pickColour(palette) });
  return {
    faces: [...walls, floor, ceiling],
    dado: chance(rng, 0.3) ? addMaterial(b, wallSurface(palette)) : -1,
    skirting: trim,
    cornice: chance(rng, 0.5) ? trim : -1,
    trim: {
      skirting: between(rng, 0.06, 0.16),
      dado: between(rng, 0.75, 1.1),
      cornice: between(rng, 0.05, 0.12),
    },
  };
}

function ambientOf(rng: Rng, lights: readonly Light[], box: RoomBox): [number, number, number] {
  const area = 2 * (box.width * box.depth + box.height * (box.width + box.depth));
  const share = between(rng, 0.9, 2) / area;
  const sum = (i: 0 | 1 | 2): number => lights.reduce((s, l) => s + l.colour[i], 0) * share;
  return [sum(0), sum(1), sum(2)];
}

/** The furnished room number `scene` of data set `seed`: a pure function of both and of the furniture. */
export function makeScene(seed: number, scene: number, set: FurnitureSet = PROCEDURAL): RoomScene {
  const rng = createRng('rooms', seed, scene);
  const b = createBuilder(rng, makePalette(rng.child('palette')));
  const kind = ROOM_KINDS[rng.int(ROOM_KINDS.length)] ?? 'living';
  const box = {
    width: between(rng, 2.8, 6.5),
    depth: between(rng, 2.8, 6.5),
    height: between(rng, 2.3, 3.1),
  };
  const plan: FloorPlan = { box, taken: [], reserves: [] };
  const shell = shellMaterials(b);
  const f: Furnishing = { b, set, plan, sights: [] };
  addLightsAndOpenings(b, plan);
  FURNISH[kind](f);
  for (let i = 0; i < 4; i++) if (chance(rng, 0.6)) addPicture(b, plan);
  return {
    kind,
    box,
    solids: b.solids,
    meshes: b.meshes,
    materials: b.materials,
    objectClass: b.objectClass,
    lights: b.lights,
    ambient: ambientOf(rng, b.lights, box),
    ...shell,
    plan,
    sights: f.sights,
  };
}
