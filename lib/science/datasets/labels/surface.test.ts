import { describe, expect, it } from 'vitest';
import { createRng } from '../../core';
import { addMaterial, beginObject, createBuilder } from '../rooms/builder';
import { makeCamera } from '../rooms/camera';
import { anySurface, makePalette } from '../rooms/materials';
import { openRecord, packFrame, type RoomRecord } from '../rooms/record';
import { renderView } from '../rooms/render';
import { makeScene } from '../rooms/scene';
import { curvature, keypoints3d } from './surface';

const size = 64;

/** An empty room with a ball (radius 0.8 m), an upright cylinder (0.5 m) and a box before the camera. */
function still(): RoomRecord {
  const rng = createRng('still');
  const b = createBuilder(rng, makePalette(rng));
  const material = addMaterial(b, anySurface(b.palette));
  const origin = { x: 0, y: 0, z: 0, yaw: 0 };
  beginObject(b, origin, 'plant').ball([4, 4.2, 1.5], [1.6, 1.6, 1.6], material);
  beginObject(b, origin, 'lamp').cylinder([4, 2.6, 1.5], 0.5, 2.4, material);
  beginObject(b, { ...origin, x: 4, y: 1.2, yaw: 0.6 }, 'storage').box([0, 0, 1], [0.9, 0.9, 2], material);
  const scene = {
    ...makeScene(1, 1),
    box: { width: 6, depth: 6, height: 3 },
    solids: b.solids,
    materials: b.materials,
    objectClass: b.objectClass,
    lights: [],
    faces: [0, 0, 0, 0, 0, 0],
    dado: -1,
    cornice: -1,
    skirting: 0,
  };
  const frame = renderView(scene, makeCamera([0.3, 2.9, 1.5], 0, 0, 0, 0.7), size, 0.2);
  const sections = packFrame(frame);
  return openRecord(size, (name) => sections[name]);
}

const record = still();
const maps = { curvature: new Float32Array(size * size * 2), keypoints: new Float32Array(size * size) };
curvature(record, maps.curvature, 0);
keypoints3d(record, maps.keypoints, 0);

/** 1/m at a pixel, the stored logarithm undone. */
const k = (pixel: number, c: number): number => {
  const v = (maps.curvature[2 * pixel + c] as number) / 3;
  return (Math.sign(v) * Math.expm1(Math.abs(v))) / 0.2;
};
/** Pixels whose 5 × 5 neighbourhood lies on one object. */
const inner = (object: number): number[] =>
  [...record.object.keys()].filter((p) => {
    const [x, y] = [p % size, Math.floor(p / size)];
    if (record.object[p] !== object || x < 2 || y < 2 || x > size - 3 || y > size - 3) return false;
    for (let j = -2; j <= 2; j++)
      for (let i = -2; i <= 2; i++) if (record.object[p + j * size + i] !== object) return false;
    return true;
  });
const median = (xs: number[]): number => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)] as number;

describe('curvature', () => {
  it('of a ball of radius r is 1/r in both directions', () => {
    const ball = inner(6);
    expect(ball.length).toBeGreaterThan(100);
    expect(median(ball.map((p) => k(p, 0)))).toBeCloseTo(1 / 0.8, 1);
    expect(median(ball.map((p) => k(p, 1)))).toBeCloseTo(1 / 0.8, 1);
  });

  it('of a cylinder of radius r is 1/r and 0', () => {
    const cylinder = inner(7).filter((p) => Math.abs(Math.floor(p / size) - size / 2) < 14);
    expect(cylinder.length).toBeGreaterThan(60);
    expect(Math.abs(median(cylinder.map((p) => k(p, 0))) - 2)).toBeLessThan(0.25);
    expect(Math.abs(median(cylinder.map((p) => k(p, 1))))).toBeLessThan(0.08);
  });

  it('of walls is 0, of the edge of a box large and positive', () => {
    const wall = inner(1);
    expect(wall.length).toBeGreaterThan(25);
    for (const p of wall) expect(Math.abs(k(p, 0))).toBeLessThan(1e-2);
    const box = inner(8).map((p) => k(p, 0));
    expect(Math.max(...box)).toBeGreaterThan(1.5);
    expect(median(box.map(Math.abs))).toBeLessThan(0.05);
  });
});

describe('3D keypoints', () => {
  it('are least inside walls, larger at corners of objects than along their edges', () => {
    const floor = Math.min(...maps.keypoints);
    for (const p of inner(1)) {
      if (inner(1).includes(p - 2) && inner(1).includes(p + 2))
        expect(maps.keypoints[p]).toBeLessThan(floor + 0.35);
    }
    const box = [...record.object.keys()].filter((p) => record.object[p] === 8);
    const left = Math.min(...box.map((p) => p % size));
    const top = Math.min(...box.filter((p) => p % size === left + 1).map((p) => Math.floor(p / size)));
    const around = (x: number, y: number): number => {
      let best = -9;
      for (let j = -2; j <= 2; j++)
        for (let i = -2; i <= 2; i++) best = Math.max(best, maps.keypoints[(y + j) * size + x + i] as number);
      return best;
    };
    expect(around(left + 1, top)).toBeGreaterThan(around(left + 1, top + 10) + 0.5);
  });
});
