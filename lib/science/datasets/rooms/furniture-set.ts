import { hash32, POOLS, type PoolName, type Rng, TaskatlasError } from '../../core';
import type { FurnitureLibrary, Piece } from '../meshes/library';
import { addInstance, type Builder } from './builder';
import type { PixelClass } from './classes';
import { coffeeTable, desk, diningTable, floorLamp, plant } from './furniture';
import type { Footprint, Furniture } from './parts';
import { bed, chair, sofa } from './seating';
import type { Place } from './solids';
import { cabinet, counter, fridge, nightstand, shelf, wardrobe } from './storage';

/** The pieces that rooms are furnished with, by the part that they play. */
export const PROCEDURAL = {
  bed,
  cabinet,
  chair,
  coffeeTable,
  counter,
  desk,
  diningTable,
  floorLamp,
  fridge,
  nightstand,
  plant,
  shelf,
  sofa,
  wardrobe,
} as const satisfies Readonly<Record<string, Furniture>>;

export type FurnitureRole = keyof typeof PROCEDURAL;
export type FurnitureSet = Readonly<Record<FurnitureRole, Furniture>>;

interface RoleRule {
  /** Pixel class of the piece. */
  name: PixelClass;
  /** Matches the piece's English name. */
  is: RegExp;
  not?: RegExp;
  /** Heights in metres, and the longest side that fits a room. */
  height: readonly [number, number];
  longest: number;
}

/** Which pieces of a catalogue can play a part. */
const RULES: Readonly<Record<FurnitureRole, RoleRule>> = {
  bed: {
    name: 'bed',
    is: /\bbed\b|\bcouchette\b/i,
    not: /baby|bedside|crib|bunk/i,
    height: [0.2, 1.6],
    longest: 2.5,
  },
  sofa: { name: 'sofa', is: /sofa|couch/i, height: [0.5, 1.3], longest: 3 },
  chair: {
    name: 'chair',
    is: /chair|stool|bench|\bseat\b/i,
    not: /baby|deck|high ?chair/i,
    height: [0.35, 1.4],
    longest: 1.3,
  },
  diningTable: {
    name: 'table',
    is: /table\b/i,
    not: /bedside|coffee|pool|football|fan|lamp/i,
    height: [0.55, 0.95],
    longest: 2.4,
  },
  coffeeTable: {
    name: 'table',
    is: /table\b/i,
    not: /bedside|pool|football|fan|lamp/i,
    height: [0.25, 0.6],
    longest: 1.6,
  },
  desk: { name: 'table', is: /\bdesk\b|technical table|computer table/i, height: [0.55, 1.3], longest: 2.2 },
  nightstand: {
    name: 'storage',
    is: /bedside|nightstand|drawers cabinet/i,
    height: [0.3, 0.9],
    longest: 0.9,
  },
  shelf: { name: 'storage', is: /shel(f|ves)|bookcase/i, height: [0.6, 2.6], longest: 2.4 },
  cabinet: {
    name: 'storage',
    is: /cabinet|cupboard|drawers|\bchest\b|vanity|sideboard|locker/i,
    height: [0.4, 1.5],
    longest: 2.4,
  },
  wardrobe: {
    name: 'storage',
    is: /wardrobe|cupboard|cabinet|locker|bookcase/i,
    height: [1.5, 2.6],
    longest: 2.8,
  },
  counter: {
    name: 'storage',
    is: /lower|sink cabinet|island|cooker|stove|oven|dishwasher|washing/i,
    height: [0.7, 1.1],
    longest: 2,
  },
  fridge: {
    name: 'storage',
    is: /fridge|refrigerator|freezer|double oven/i,
    height: [0.8, 2.2],
    longest: 1.3,
  },
  plant: { name: 'plant', is: /plant|cactus|orchid|palm|flower|tree/i, height: [0.25, 2.2], longest: 1.3 },
  floorLamp: {
    name: 'lamp',
    is: /floor lamp|\blamp\b/i,
    not: /desk|wall|ceiling|outdoor/i,
    height: [0.9, 2.2],
    longest: 0.9,
  },
};

/** Larger OBJ files (some 60,000 triangles) cost more time than they are worth at these sizes. */
const MAX_OBJ_BYTES = 6_000_000;
/** Every pool needs meshes of its own, or the part is played by procedural pieces in all of them. */
const LEAST_PIECES = POOLS.length;
/** Shares of the meshes of a part; the rest goes to the source pool. */
const SHARES: Readonly<Record<Exclude<PoolName, 'source'>, number>> = {
  test: 0.25,
  transfer: 0.15,
  selection: 0.1,
};

function fits(piece: Piece, rule: RoleRule): boolean {
  const [w, d, h] = piece.size;
  const [low, high] = rule.height;
  const named = rule.is.test(piece.name) && !rule.not?.test(piece.name);
  return (
    piece.standing &&
    piece.bytes <= MAX_OBJ_BYTES &&
    named &&
    h >= low &&
    h <= high &&
    Math.max(w, d) <= rule.longest
  );
}

/**
 * Which pool each of some pieces belongs to, by the order of their hashes; every pool gets at least one of four.
 */
function dealPieces(pieces: readonly Piece[]): ReadonlyMap<string, PoolName> {
  const order = [...pieces].sort(
    (a, b) => hash32('mesh', a.id) - hash32('mesh', b.id) || (a.id < b.id ? -1 : 1),
  );
  const pools = new Map<string, PoolName>();
  let at = 0;
  for (const pool of ['test', 'transfer', 'selection'] as const) {
    const count = Math.max(1, Math.round(SHARES[pool] * order.length));
    for (const piece of order.slice(at, at + count)) pools.set(piece.model, pool);
    at += count;
  }
  for (const piece of order.slice(at)) pools.set(piece.model, 'source');
  return pools;
}

interface MeshFootprint extends Footprint {
  piece: Piece;
}

const isMesh = (size: Footprint): size is MeshFootprint => 'piece' in size;

function meshFurniture(role: FurnitureRole, pieces: readonly Piece[], library: FurnitureLibrary): Furniture {
  return {
    name: role,
    size: (rng: Rng): MeshFootprint => {
      const piece = pieces[rng.int(pieces.length)] as Piece;
      const [w, d, h] = piece.size;
      return { w, d, h, piece };
    },
    build: (b: Builder, place: Place, size: Footprint) => {
      if (!isMesh(size)) throw new TaskatlasError('internal', `The ${role} was built without its mesh.`);
      addInstance(b, place, RULES[role].name, library.mesh(size.piece));
    },
  };
}

/** What a library offers to one pool. */
export interface LibraryReport {
  /** Pieces by part and pool; parts with fewer than four pieces stay procedural. */
  roles: Readonly<Record<string, Readonly<Record<PoolName, readonly Piece[]>>>>;
}

const reports = new WeakMap<FurnitureLibrary, LibraryReport>();

/** Which pieces of a library play which part in which pool. */
export function dealLibrary(library: FurnitureLibrary): LibraryReport {
  const known = reports.get(library);
  if (known) return known;
  const roles = Object.keys(RULES) as FurnitureRole[];
  // dealt by the first part that a piece can play, parts with too few pieces together with their class's others
  const byRole = new Map(roles.map((role) => [role, [] as Piece[]]));
  for (const piece of library.pieces)
    byRole.get(roles.find((role) => fits(piece, RULES[role])) as FurnitureRole)?.push(piece);
  const decks = new Map<string, Piece[]>();
  for (const [role, pieces] of byRole) {
    const deck = pieces.length >= LEAST_PIECES ? role : `other ${RULES[role].name}`;
    decks.set(deck, [...(decks.get(deck) ?? []), ...pieces]);
  }
  const poolOf = new Map([...decks.values()].flatMap((pieces) => [...dealPieces(pieces)]));
  const report: LibraryReport = {
    roles: Object.fromEntries(
      roles.flatMap((role) => {
        const pieces = library.pieces.filter((piece) => fits(piece, RULES[role]));
        const of = (pool: PoolName): Piece[] => pieces.filter((piece) => poolOf.get(piece.model) === pool);
        const pools = {
          source: of('source'),
          transfer: of('transfer'),
          selection: of('selection'),
          test: of('test'),
        };
        return POOLS.every((pool) => pools[pool].length > 0) && pieces.length >= LEAST_PIECES
          ? [[role, pools]]
          : [];
      }),
    ),
  };
  reports.set(library, report);
  return report;
}

/** The furniture of a pool: meshes of the library that no other pool sees, procedural pieces for parts that it lacks. */
export function furnitureOf(library: FurnitureLibrary, pool: PoolName): FurnitureSet {
  const { roles } = dealLibrary(library);
  if (Object.keys(roles).length === 0) {
    throw new TaskatlasError(
      'invalid-input',
      `The furniture library ${library.name} has four or more pieces of no part of a room, so that nothing of it could be split over the pools.`,
    );
  }
  return Object.fromEntries(
    Object.entries(PROCEDURAL).map(([role, procedural]) => {
      const pieces = roles[role]?.[pool];
      return [role, pieces ? meshFurniture(role as FurnitureRole, pieces, library) : procedural];
    }),
  ) as unknown as FurnitureSet;
}

/** Who made the meshes that rooms show, and under which licence: to be kept with the pictures. */
export function creditsOf(library: FurnitureLibrary): string {
  const used = new Map(
    Object.values(dealLibrary(library).roles).flatMap((pools) =>
      Object.values(pools).flatMap((pieces) => pieces.map((piece) => [piece.id, piece] as const)),
    ),
  );
  const lines = [...used.values()].map(({ name, creator }) => `${name}: ${creator || 'creator not stated'}`);
  return `Furniture of "${library.name}" (licence: ${library.licence}; SHA-256 ${library.hash})\n${lines.sort().join('\n')}\n`;
}
