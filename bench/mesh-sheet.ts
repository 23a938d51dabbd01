/**
 * Rooms furnished with real meshes: a contact sheet into docs/images/rooms-meshes.png, and what a picture costs.
 * Run: npx tsx bench/mesh-sheet.ts LIBRARY.sh3f [picture.png]
 */
import { writeFileSync } from 'node:fs';
import { PNG } from 'pngjs';
import { POOLS } from '@/lib/science/core';
import { libraryHash, openLibrary } from '@/lib/science/datasets';
import { furnitureOf } from '@/lib/science/datasets/rooms/furniture-set';
import { renderRoom } from '@/lib/science/datasets/rooms/render';

const SEED = 2026;
const SIDE = 128;
const COLUMNS = 8;
const TIMED = 48;

const [path, picture = 'docs/images/rooms-meshes.png'] = process.argv.slice(2);
if (!path) throw new Error('Usage: npx tsx bench/mesh-sheet.ts LIBRARY.sh3f [picture.png]');
const library = openLibrary(path, libraryHash(path));
const png = new PNG({ width: COLUMNS * SIDE, height: POOLS.length * SIDE });
png.data.fill(255);
// one row per pool: no mesh is in two of them
POOLS.forEach((pool, row) => {
  const set = furnitureOf(library, pool);
  let column = 0;
  for (let scene = 0; column < COLUMNS; scene++) {
    const { rgb, room } = renderRoom(SEED, row * 10_000_000 + scene, 0, SIDE, set);
    if (room.meshes.length === 0) continue;
    for (let k = 0; k < SIDE * SIDE; k++) {
      const at = ((row * SIDE + Math.floor(k / SIDE)) * png.width + column * SIDE + (k % SIDE)) * 4;
      for (let c = 0; c < 3; c++) png.data[at + c] = rgb[3 * k + c] as number;
    }
    column++;
  }
});
writeFileSync(picture, PNG.sync.write(png, { colorType: 2, deflateLevel: 9 }));

const set = furnitureOf(library, 'source');
let triangles = 0;
let meshes = 0;
for (let scene = 0; scene < TIMED; scene++) {
  const { room } = renderRoom(SEED, scene, 0, 64, set);
  meshes += room.meshes.length;
  triangles += room.meshes.reduce((sum, { mesh }) => sum + mesh.material.length, 0);
}
const started = performance.now();
for (let scene = 0; scene < TIMED; scene++) renderRoom(SEED, scene, 0, 64, set);
const each = (performance.now() - started) / TIMED;
console.log(
  `${library.name}: ${each.toFixed(1)} ms per 64 × 64 picture (${(1000 / each).toFixed(0)}/s), ` +
    `${(meshes / TIMED).toFixed(1)} meshes and ${Math.round(triangles / TIMED)} triangles a room`,
);
