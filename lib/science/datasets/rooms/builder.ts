import type { Rng } from '../../core';
import { type Mesh, type MeshInstance, triangleCount } from '../meshes/mesh';
import { classIndex, type PixelClass } from './classes';
import type { Material, Palette } from './materials';
import { BOX, CYLINDER, makeSolid, type Place, type Solid, SPHERE, type Turn } from './solids';

export type Vec3 = readonly [number, number, number];

/** Object ids 0–5 are the faces of the room: x = 0, x = width, y = 0, y = depth, floor, ceiling. */
export const SHELL_OBJECTS = 6;

/** An area light: points `centre + a·u + b·v`, a and b in [−1, 1]. */
export interface Light {
  centre: Vec3;
  u: Vec3;
  v: Vec3;
  /** Facing of one-sided lights (windows); null shines everywhere. */
  facing: Vec3 | null;
  colour: Vec3;
}

/** Collects the solids of a room. */
export interface Builder {
  readonly rng: Rng;
  readonly palette: Palette;
  readonly solids: Solid[];
  readonly materials: Material[];
  /** Pixel class of each object id. */
  readonly objectClass: number[];
  readonly lights: Light[];
  /** Furniture from a library of meshes. */
  readonly meshes: MeshInstance[];
}

export function createBuilder(rng: Rng, palette: Palette): Builder {
  const shell = [0, 0, 0, 0, 1, 2];
  return { rng, palette, solids: [], materials: [], objectClass: [...shell], lights: [], meshes: [] };
}

export function addMaterial(b: Builder, material: Material): number {
  b.materials.push(material);
  return b.materials.length - 1;
}

/** Draws the parts of one object at one place. */
export interface Maker {
  readonly b: Builder;
  readonly rng: Rng;
  /** Set false while drawing small parts (books, knobs) whose shadows nobody would miss. */
  casts: boolean;
  box(centre: Vec3, size: Vec3, material: number, turn?: Turn): void;
  /** Upright unless turned; `bottom` and `top` are shares of the radius. */
  cylinder(centre: Vec3, radius: number, height: number, material: number, shape?: CylinderShape): void;
  ball(centre: Vec3, size: Vec3, material: number, turn?: Turn): void;
  /** A point of the object's frame in the world. */
  toWorld(point: Vec3): Vec3;
}

export interface CylinderShape {
  bottom?: number;
  top?: number;
  turn?: Turn;
}

/** Start an object of a class at a place; sizes given to the maker are full extents in metres. */
export function beginObject(b: Builder, place: Place, name: PixelClass | 'clutter'): Maker {
  const object = b.objectClass.length;
  b.objectClass.push(classIndex(name));
  const half = (s: Vec3): Vec3 => [s[0] / 2, s[1] / 2, s[2] / 2];
  const maker: Maker = {
    b,
    rng: b.rng,
    casts: true,
    box: (centre, size, material, turn) => {
      b.solids.push(
        makeSolid({
          shape: BOX,
          place,
          centre,
          half: half(size),
          turn: turn ?? {},
          object,
          material,
          castsShadow: maker.casts,
        }),
      );
    },
    cylinder: (centre, radius, height, material, shape = {}) => {
      b.solids.push(
        makeSolid({
          shape: CYLINDER,
          place,
          centre,
          half: [radius, radius, height / 2],
          turn: shape.turn ?? {},
          bottom: shape.bottom ?? 1,
          top: shape.top ?? 1,
          object,
          material,
          castsShadow: maker.casts,
        }),
      );
    },
    ball: (centre, size, material, turn) => {
      b.solids.push(
        makeSolid({
          shape: SPHERE,
          place,
          centre,
          half: half(size),
          turn: turn ?? {},
          object,
          material,
          castsShadow: maker.casts,
        }),
      );
    },
    toWorld: (p) => {
      const cos = Math.cos(place.yaw);
      const sin = Math.sin(place.yaw);
      return [place.x + cos * p[0] - sin * p[1], place.y + sin * p[0] + cos * p[1], place.z + p[2]];
    },
  };
  return maker;
}

/** Uniform in [low, high]. */
export const between = (rng: Rng, low: number, high: number): number => low + (high - low) * rng.next();

export const chance = (rng: Rng, p: number): boolean => rng.next() < p;

export function pick<T>(rng: Rng, items: readonly [T, ...T[]]): T {
  return items[rng.int(items.length)] ?? items[0];
}

/** Set a mesh down as one object of a class. */
export function addInstance(b: Builder, place: Place, name: PixelClass, mesh: Mesh): void {
  const object = b.objectClass.length;
  b.objectClass.push(classIndex(name));
  const last = b.meshes.at(-1);
  b.meshes.push({
    mesh,
    x: place.x,
    y: place.y,
    z: place.z,
    cos: Math.cos(place.yaw),
    sin: Math.sin(place.yaw),
    object,
    first: last ? last.first + triangleCount(last.mesh) : 0,
  });
}
