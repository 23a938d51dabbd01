import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createRng } from '../../core';
import { encodePng } from '../folders/png';
import { fitModel, libraryHash, openLibrary } from './library';
import {
  createMesh,
  type MeshInstance,
  meshAlbedo,
  meshSurface,
  nearestTriangle,
  triangleCount,
} from './mesh';
import { parseMtl, parseObj } from './obj';
import { rasteriseMeshes } from './raster';
import { boxObj, makeLibrary, makeZip } from './testing/library';
import { readZip } from './zip';

const root = mkdtempSync(join(tmpdir(), 'taskatlas-meshes-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('readZip', () => {
  const bytes = makeZip({ 'a.txt': 'stored', 'b/c.txt': 'deflated '.repeat(50) });

  it('reads stored and deflated files', () => {
    const archive = readZip(bytes, 'x.zip');
    expect([...archive.keys()]).toEqual(['a.txt', 'b/c.txt']);
    expect(Buffer.from(archive.get('a.txt')?.read() ?? []).toString()).toBe('stored');
    expect(Buffer.from(archive.get('b/c.txt')?.read() ?? []).toString()).toBe('deflated '.repeat(50));
    expect(archive.get('b/c.txt')?.size).toBe(450);
  });

  it('names a damaged archive', () => {
    expect(() => readZip(bytes.subarray(0, bytes.length - 10), 'x.zip')).toThrow(/x\.zip is no whole zip/);
    expect(() => readZip(Buffer.from('no zip'), 'x.zip')).toThrow(/no directory/);
    const spoiled = Buffer.from(bytes);
    spoiled.writeUInt32LE(0, spoiled.length - 6);
    expect(() => readZip(spoiled, 'x.zip')).toThrow(/cut short/);
  });
});

describe('parseObj', () => {
  it('reads fans, negative references, normals, texture points and materials', () => {
    const text =
      'mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0.5 0.25\nvn 0 0 1\nusemtl red\nf 1/1/1 2/1/1 3/1/1 4/1/1\nusemtl blue\nf -4//1 -3//1 -2//1\nusemtl red\nf 1 2 4';
    const obj = parseObj(text, 'a.obj');
    expect([...obj.material]).toEqual([0, 0, 1, 0]);
    expect(obj.materials).toEqual(['red', 'blue']);
    expect(obj.libraries).toEqual(['a.mtl']);
    expect([...obj.positions.slice(9, 18)]).toEqual([0, 0, 0, 1, 1, 0, 0, 1, 0]);
    expect([...obj.positions.slice(18, 27)]).toEqual([0, 0, 0, 1, 0, 0, 1, 1, 0]);
    expect([...obj.uvs.slice(0, 2)]).toEqual([0.5, 0.25]);
    expect([...obj.normals.slice(0, 3), ...obj.normals.slice(27, 30)]).toEqual([0, 0, 1, 0, 0, 0]);
  });

  it.each(['f 1 2 9', 'f 1 2 x', 'f 1 2 0'])('names the line of %j', (face) => {
    expect(() => parseObj(`v 0 0 0\nv 1 0 0\nv 0 1 0\n${face}`, 'a.obj')).toThrow(/a\.obj, line 4: "f 1 2/);
  });

  it('leaves out faces without area', () => {
    expect(parseObj('v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2\nf 1 2 3', 'a.obj').material).toHaveLength(1);
  });

  it('reads colours, opacity and textures of an MTL file', () => {
    expect(parseMtl('newmtl a b\nKd 1 0.5 0\nd 0.3\nnewmtl c\nTr 0.25\nmap_Kd -s 1 1 1 wood.jpg\n')).toEqual([
      { name: 'a b', diffuse: [1, 0.5, 0], opacity: 0.3, texture: null },
      { name: 'c', diffuse: [0.8, 0.8, 0.8], opacity: 0.75, texture: 'wood.jpg' },
    ]);
  });
});

describe('fitModel', () => {
  it('stands the model on the floor, its front (z of the file) to +y, at its size', () => {
    const positions = Float32Array.from([10, 0, 0, 12, 0, 0, 12, 5, 1]);
    const normals = Float32Array.from([0, 0, 1, 0, 1, 0, 1, 0, 0]);
    fitModel(positions, normals, null, [0.6, 0.4, 0.9]);
    const expected = [0.3, -0.2, 0, -0.3, -0.2, 0, -0.3, 0.2, 0.9];
    for (const [i, v] of positions.entries()) expect(v).toBeCloseTo(expected[i] as number, 6);
    expect([...normals].map((v) => v + 0)).toEqual([0, 1, 0, 0, 0, 1, -1, 0, 0]);
  });

  it('turns by the catalogue first', () => {
    const positions = Float32Array.from([0, 0, 0, 1, 0, 0, 0, 0, 2]);
    fitModel(positions, new Float32Array(9), [1, 0, 0, 0, 0, 1, 0, -1, 0], [1, 1, 2]);
    // the file's z became up
    expect(positions[8]).toBeCloseTo(2, 6);
  });
});

/** Random triangles as one mesh. */
function soup(seed: number, triangles: number, spread: number) {
  const rng = createRng('soup', seed);
  const positions = new Float32Array(9 * triangles);
  for (let t = 0; t < triangles; t++) {
    const centre = [0, 1, 2].map(() => spread * (rng.next() - 0.5));
    for (let k = 0; k < 9; k++) positions[9 * t + k] = (centre[k % 3] as number) + 0.8 * (rng.next() - 0.5);
  }
  return createMesh({
    name: `soup ${seed}`,
    positions,
    normals: new Float32Array(9 * triangles),
    uvs: new Float32Array(6 * triangles),
    material: new Uint16Array(triangles),
    materials: [{ colour: [0.5, 0.5, 0.5], texture: null }],
  });
}

function instances(): MeshInstance[] {
  let first = 0;
  return [0, 1, 2, 3].map((i) => {
    // number 3 surrounds the camera: many of its triangles cross the near plane
    const mesh = soup(i, 150, i === 3 ? 1.2 : 2);
    const yaw = 0.7 * i;
    const instance = {
      mesh,
      x: i === 3 ? 0 : 3 + i,
      y: i - 1,
      z: 1.2,
      cos: Math.cos(yaw),
      sin: Math.sin(yaw),
      object: 6 + i,
      first,
    };
    first += triangleCount(mesh);
    return instance;
  });
}

const camera = (() => {
  const [yaw, pitch] = [0.2, -0.15];
  const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  return {
    eye: [0, 0, 1.3] as const,
    forward: [cp * cy, cp * sy, sp] as const,
    right: [sy, -cy, 0] as const,
    up: [-sp * cy, -sp * sy, cp] as const,
    tangent: 0.8,
  };
})();

describe('rasteriser against ray caster', () => {
  it('agree on triangle, depth and side at every pixel centre', () => {
    const n = 96;
    const scene = instances();
    const grid = { n, depth: new Float64Array(n * n).fill(1e9), hit: new Int32Array(n * n).fill(-1) };
    rasteriseMeshes(scene, camera, grid, 0);
    let hits = 0;
    let differ = 0;
    let worst = 0;
    for (let k = 0; k < n * n; k++) {
      const sx = ((2 * ((k % n) + 0.5)) / n - 1) * camera.tangent;
      const sy = (1 - (2 * (Math.floor(k / n) + 0.5)) / n) * camera.tangent;
      const d = [0, 1, 2].map(
        (c) =>
          (camera.forward[c] as number) + sx * (camera.right[c] as number) + sy * (camera.up[c] as number),
      );
      // the near plane of the rasteriser
      const ray = Float64Array.from([
        ...[0, 1, 2].map((c) => (camera.eye[c] as number) + 0.02 * (d[c] as number)),
        ...d,
      ]);
      const { triangle, t } = nearestTriangle(scene, ray);
      const drawn = grid.hit[k] as number;
      if (drawn < 0 && triangle < 0) continue;
      hits++;
      if (drawn >> 1 !== triangle) differ++;
      else worst = Math.max(worst, Math.abs((grid.depth[k] as number) - t - 0.02));
      if (drawn >> 1 !== triangle) continue;
      const m = [...scene].reverse().find((i) => i.first <= triangle) as MeshInstance;
      const at = (i: number): number => m.mesh.positions[9 * (triangle - m.first) + i] as number;
      const [u, v] = [
        [3, 4, 5],
        [6, 7, 8],
      ].map((ids) => ids.map((id) => at(id) - at(id % 3))) as [number[], number[]];
      const g = [0, 1, 2].map(
        (c) =>
          (u[(c + 1) % 3] as number) * (v[(c + 2) % 3] as number) -
          (u[(c + 2) % 3] as number) * (v[(c + 1) % 3] as number),
      );
      const world = [
        m.cos * (g[0] as number) - m.sin * (g[1] as number),
        m.sin * (g[0] as number) + m.cos * (g[1] as number),
        g[2] as number,
      ];
      expect((drawn & 1) === 1).toBe(world.reduce((s, c, i) => s + c * (d[i] as number), 0) > 0);
    }
    expect(hits).toBeGreaterThan(2000);
    expect(differ).toBeLessThan(0.001 * hits);
    expect(worst).toBeLessThan(1e-5);
  });
});

describe('rasteriser', () => {
  it('cuts triangles that pass behind the eye at the near plane: a floor without end', () => {
    const n = 32;
    const mesh = createMesh({
      name: 'floor',
      positions: Float32Array.from([-90, -90, 0, 90, -90, 0, 90, 90, 0, -90, -90, 0, 90, 90, 0, -90, 90, 0]),
      normals: new Float32Array(18),
      uvs: new Float32Array(12),
      material: new Uint16Array(2),
      materials: [],
    });
    const grid = { n, depth: new Float64Array(n * n).fill(1e9), hit: new Int32Array(n * n).fill(-1) };
    rasteriseMeshes([{ mesh, x: 0, y: 0, z: 0, cos: 1, sin: 0, object: 6, first: 0 }], camera, grid, 0);
    let seen = 0;
    for (let k = 0; k < n * n; k++) {
      const sx = ((2 * ((k % n) + 0.5)) / n - 1) * camera.tangent;
      const sy = (1 - (2 * (Math.floor(k / n) + 0.5)) / n) * camera.tangent;
      const down = -(camera.forward[2] + sx * camera.right[2] + sy * camera.up[2]);
      const t = camera.eye[2] / down;
      if (!(t > 0 && t < 20)) continue;
      seen++;
      expect(grid.depth[k]).toBeCloseTo(t, 5);
    }
    expect(seen).toBeGreaterThan(0.5 * n * n);
  });
});

describe('meshSurface', () => {
  it('gives the side that was seen, interpolated normals and texture points', () => {
    const mesh = createMesh({
      name: 'one',
      positions: Float32Array.from([0, 0, 0, 2, 0, 0, 0, 2, 0]),
      normals: Float32Array.from([0, 0, 1, 1, 0, 0, 0, 0, 1]),
      uvs: Float32Array.from([0, 0, 1, 0, 0, 1]),
      material: new Uint16Array(1),
      materials: [],
    });
    const instance = { mesh, x: 5, y: 5, z: 1, cos: 0, sin: 1, object: 6, first: 0 };
    // half way to corner 1, which is turned to world (5, 7)
    const point = { x: 5, y: 6, z: 1, nx: 0, ny: 0, nz: 0, u: 0, v: 0 };
    meshSurface(instance, 0, false, point);
    expect([point.u, point.v].map((v) => Math.round(v * 1e6) / 1e6)).toEqual([0.5, 0]);
    expect(point.nx).toBeCloseTo(0, 6);
    expect(point.ny).toBeCloseTo(Math.SQRT1_2, 6);
    expect(point.nz).toBeCloseTo(Math.SQRT1_2, 6);
    meshSurface(instance, 0, true, point);
    expect(point.nz).toBeCloseTo(-Math.SQRT1_2, 6);
  });

  it('looks textures up from the top left, repeated', () => {
    const out = new Float64Array(3);
    const data = Float32Array.from([1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1]);
    const material = { colour: [0, 0, 0] as const, texture: { width: 2, height: 2, data } };
    meshAlbedo(material, 0.25, 0.75, out);
    expect([...out]).toEqual([1, 0, 0]);
    meshAlbedo(material, 1.75, -0.75, out);
    expect([...out]).toEqual([1, 1, 1]);
  });
});

describe('openLibrary', () => {
  const path = join(root, 'boxes.sh3f');
  writeFileSync(path, makeLibrary([{ name: 'Sofa', size: [200, 90, 80] }]));

  it('reads the catalogue and meshes at their size', async () => {
    const library = openLibrary(path, libraryHash(path));
    expect(library).toMatchObject({ name: 'Boxes', licence: 'CC0' });
    expect(library.pieces).toMatchObject([
      { name: 'Sofa', size: [2, 0.9, 0.8], standing: true, creator: 'Nobody', rotation: null },
    ]);
    await library.load(library.pieces);
    const mesh = library.mesh(library.pieces[0] as (typeof library.pieces)[number]);
    expect(triangleCount(mesh)).toBe(12);
    const z = [...mesh.positions].filter((_, i) => i % 3 === 2);
    expect([Math.min(...z), Math.max(...z)].map((v) => Math.round(v * 1e6) / 1e6)).toEqual([0, 0.8]);
    expect(mesh.materials[0]?.colour[0]).toBeCloseTo(0.9 ** 2.2, 5);
  });

  it('is the file that was planned with, or none', () => {
    expect(() => openLibrary(path, createHash('sha256').update('other').digest('hex'))).toThrow(
      /not the one that was planned/,
    );
    expect(() => libraryHash(join(root, 'nowhere.sh3f'))).toThrow(/nowhere\.sh3f does not exist/);
  });

  it('reads textures and leaves glass out', async () => {
    const png = encodePng({ width: 200, height: 100, channels: 3, data: new Uint8Array(60_000).fill(128) });
    const glass = `${boxObj(1, 1, 1)}\nusemtl glass\nf 1 2 3\n`;
    const file = join(root, 'textured.sh3f');
    const catalogue = 'name=T\nid#1=t\nname#1=Bed\nmodel#1=m/m.obj\nwidth#1=100\ndepth#1=200\nheight#1=50';
    const mtl = 'newmtl paint\nmap_Kd wood.png\nnewmtl glass\nd 0.1\n';
    writeFileSync(
      file,
      makeZip({
        'PluginFurnitureCatalog.properties': catalogue,
        'm/m.obj': glass,
        'm/box.mtl': mtl,
        'm/wood.png': png,
      }),
    );
    const library = openLibrary(file, libraryHash(file));
    await library.load(library.pieces);
    const mesh = library.mesh(library.pieces[0] as (typeof library.pieces)[number]);
    expect(triangleCount(mesh)).toBe(12);
    expect(mesh.materials[0]?.texture).toMatchObject({ width: 64, height: 64 });
    expect(mesh.materials[0]?.texture?.data[0]).toBeCloseTo((128 / 255) ** 2.2, 5);
  });

  it('reads a catalogue of spaces in linear time, and refuses a folder in its place', () => {
    const file = join(root, 'hostile.sh3f');
    const spaces = `name=S\na${' '.repeat(2_000_000)}b\n`;
    writeFileSync(file, makeZip({ 'PluginFurnitureCatalog.properties': spaces }));
    expect(openLibrary(file, libraryHash(file)).name).toBe('S');
    expect(() => libraryHash(root)).toThrow(/is a folder, not a file/);
  });

  it('says what a library lacks', () => {
    const file = join(root, 'empty.sh3f');
    writeFileSync(file, makeZip({ 'a.txt': '' }));
    expect(() => openLibrary(file, libraryHash(file))).toThrow(/has no PluginFurnitureCatalog\.properties/);
  });
});
