import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createRng, POOLS } from '../../core';
import { libraryHash, openLibrary } from '../meshes/library';
import { makeLibrary } from '../meshes/testing/library';
import { openDataset } from '../open';
import { ROOMS_VERSION, type RoomsSpec } from '.';
import { addInstance, addMaterial, beginObject, createBuilder } from './builder';
import { makeCamera } from './camera';
import { PIXEL_CLASSES } from './classes';
import { dealLibrary, furnitureOf } from './furniture-set';
import { makePalette, PATTERN } from './materials';
import { renderRoom, renderView } from './render';
import { makeScene, type RoomScene } from './scene';

const root = mkdtempSync(join(tmpdir(), 'taskatlas-library-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const path = join(root, 'boxes.sh3f');
writeFileSync(
  path,
  makeLibrary([
    ...Array.from({ length: 6 }, (_, i) => ({ name: 'Sofa', size: [180 + i, 90, 80] as const })),
    ...Array.from({ length: 6 }, (_, i) => ({ name: 'Bed', size: [150 + i, 200, 60] as const })),
    ...Array.from({ length: 3 }, (_, i) => ({ name: 'Wardrobe', size: [120 + i, 60, 200] as const })),
    { name: 'Bed', size: [100, 100, 300] },
    { name: 'Truck', size: [200, 600, 300] },
  ]),
);
const hash = libraryHash(path);
const library = openLibrary(path, hash);

describe('furniture from a library', () => {
  it('is dealt to the pools so that no mesh is seen in two; parts with too few pieces stay procedural', () => {
    const { roles } = dealLibrary(library);
    expect(Object.keys(roles).sort()).toEqual(['bed', 'sofa']);
    for (const role of ['bed', 'sofa']) {
      const models = POOLS.flatMap((pool) => roles[role]?.[pool].map((piece) => piece.model) ?? []);
      expect(models).toHaveLength(6);
      expect(new Set(models).size).toBe(6);
      for (const pool of POOLS) expect(roles[role]?.[pool].length).toBeGreaterThan(0);
    }
  });

  it('is refused when no part can be split over the pools', () => {
    const small = join(root, 'small.sh3f');
    writeFileSync(small, makeLibrary([{ name: 'Sofa', size: [180, 90, 80] }]));
    expect(() => furnitureOf(openLibrary(small, libraryHash(small)), 'test')).toThrow(/no part of a room/);
  });

  it('stands in rooms with its class, and only there', async () => {
    await library.load(library.pieces);
    const counts = { meshes: 0, pixels: 0 };
    for (let scene = 0; scene < 12; scene++) {
      const set = furnitureOf(library, 'source');
      const { room, object, pixelClass } = renderRoom(3, scene, 0, 32, set);
      for (const mesh of room.meshes) {
        counts.meshes++;
        const name = PIXEL_CLASSES[room.objectClass[mesh.object] ?? -1];
        expect(mesh.mesh.name).toMatch(name === 'bed' ? /Bed/ : /Sofa/);
        object.forEach((o, k) => {
          if (o !== mesh.object) return;
          counts.pixels++;
          expect([room.objectClass[mesh.object], 255]).toContain(pixelClass[k]);
        });
      }
    }
    expect(counts.meshes).toBeGreaterThan(3);
    expect(counts.pixels).toBeGreaterThan(200);
  });

  it('makes another data set with a cache of its own, the same in every process', async () => {
    const pools = { source: 2, transfer: 1, selection: 1, test: 1 };
    const plain: RoomsSpec = { kind: 'rooms', version: ROOMS_VERSION, seed: 4, size: 16, pools };
    const furnished = { ...plain, furniture: { library: path, hash } };
    const cacheDirectory = join(root, 'cache');
    const idOf = async (spec: RoomsSpec, directory: string) =>
      (await openDataset(spec, { cacheDirectory: directory })).id;
    const [a, b] = [await idOf(plain, cacheDirectory), await idOf(furnished, cacheDirectory)];
    expect(a).not.toBe(b);
    expect(await idOf(furnished, join(root, 'again'))).toBe(b);
    expect(readdirSync(cacheDirectory).sort()).toEqual([
      `rooms-v${ROOMS_VERSION}-seed4-16px`,
      `rooms-v${ROOMS_VERSION}-seed4-16px-sh3f-v2-${hash.slice(0, 16)}`,
    ]);
    const credits = readFileSync(
      join(cacheDirectory, readdirSync(cacheDirectory).sort()[1] ?? '', 'CREDITS.txt'),
      'utf8',
    );
    expect(credits).toMatch(
      /Furniture of "Boxes" \(licence: CC0; SHA-256 [0-9a-f]{64}\)\n(Bed: Nobody\n){6}(Sofa: Nobody\n){6}$/,
    );
    const missing = { ...plain, furniture: { library: path } };
    await expect(idOf(missing, join(root, 'third'))).rejects.toThrow(/no hash/);
  });
});

describe('a box as mesh and as solid', () => {
  /** An empty room with one box, 1.2 × 0.8 × 1 m, under a lamp. */
  async function room(asMesh: boolean): Promise<RoomScene> {
    const rng = createRng('box');
    const b = createBuilder(rng, makePalette(rng));
    const paint = {
      pattern: PATTERN.plain,
      a: [0.4, 0.4, 0.4],
      b: [0.4, 0.4, 0.4],
      scale: 1,
      shift: 0,
      glow: 0,
    } as const;
    const material = addMaterial(b, paint);
    const place = { x: 3, y: 2.6, z: 0, yaw: 0.5 };
    if (asMesh) {
      const file = join(root, 'one.sh3f');
      writeFileSync(file, makeLibrary([{ name: 'Bed', size: [120, 80, 100] }]));
      const one = openLibrary(file, libraryHash(file));
      await one.load(one.pieces);
      const mesh = one.mesh(one.pieces[0] as (typeof one.pieces)[number]);
      addInstance(b, place, 'bed', { ...mesh, materials: [{ colour: [0.4, 0.4, 0.4], texture: null }] });
    } else beginObject(b, place, 'bed').box([0, 0, 0.5], [1.2, 0.8, 1], material);
    return {
      ...makeScene(1, 1),
      box: { width: 6, depth: 6, height: 3 },
      solids: b.solids,
      meshes: b.meshes,
      materials: b.materials,
      objectClass: b.objectClass,
      lights: [{ centre: [1.5, 4.2, 2.6], u: [0.1, 0, 0], v: [0, 0.1, 0], facing: null, colour: [5, 5, 5] }],
      ambient: [0.05, 0.05, 0.05],
      faces: [0, 0, 0, 0, 0, 0],
      dado: -1,
      cornice: -1,
      skirting: 0,
    };
  }

  it('look the same: geometry, objects, light and shadow', async () => {
    const size = 64;
    const view = makeCamera([0.6, 0.7, 1.7], 0.7, -0.25, 0.05, 0.7);
    const [solid, mesh] = [await room(false), await room(true)].map((r) => renderView(r, view, size, 0.2));
    if (!solid || !mesh) throw new Error('nothing was rendered');
    let objects = 0;
    let bright = 0;
    let covered = 0;
    for (let k = 0; k < size * size; k++) {
      if (solid.object[k] === 6) covered++;
      if (solid.object[k] !== mesh.object[k]) {
        objects++;
        continue;
      }
      expect(mesh.depth[k]).toBeCloseTo(solid.depth[k] as number, 4);
      for (let c = 0; c < 3; c++)
        expect(mesh.normals[3 * k + c]).toBeCloseTo(solid.normals[3 * k + c] as number, 4);
      if (Math.abs((solid.rgb[3 * k] as number) - (mesh.rgb[3 * k] as number)) > 12) bright++;
    }
    expect(covered).toBeGreaterThan(200);
    expect(objects).toBeLessThan(5);
    // penumbrae may be averaged over other neighbours
    expect(bright).toBeLessThan(0.01 * size * size);
  });
});
