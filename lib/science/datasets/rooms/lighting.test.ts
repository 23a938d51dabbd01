import { describe, expect, it } from 'vitest';
import { createRng } from '../../core';
import { blocked, LIGHT_SAMPLES, packSolids, shadowRay, sortOccluders } from './lighting';
import { makeScene } from './scene';
import { createSurfacePoint, hitSolid, surfaceAt } from './solids';

type Triple = readonly [number, number, number];

describe('shadows', () => {
  it('sorted by direction, are those of a loop over all solids', () => {
    const rng = createRng('shadows');
    let dark = 0;
    let tested = 0;
    for (const number of [2, 7, 19, 33]) {
      const room = makeScene(4, number);
      const table = packSolids(room.solids);
      const casters = room.solids.filter((s) => s.castsShadow);
      for (const light of room.lights) {
        const sorted = sortOccluders(light, room.solids);
        for (let trial = 0; trial < 250; trial++) {
          const p: Triple = [
            rng.next() * room.box.width,
            rng.next() * room.box.depth,
            rng.next() * room.box.height * 0.9,
          ];
          const rank = rng.int(LIGHT_SAMPLES.length);
          const [a, b] = LIGHT_SAMPLES[rank] ?? [0, 0];
          const d = ([0, 1, 2] as const).map(
            (i) => light.centre[i] + a * light.u[i] + b * light.v[i] - p[i],
          ) as unknown as Triple;
          const brute = casters.some((s) => hitSolid(s, p, d, 1e-4) < 0.999);
          shadowRay.set([...p, ...d]);
          const occluders = sorted.samples[rank];
          if (!occluders) throw new Error('no table');
          expect(blocked(occluders, table)).toBe(brute);
          tested++;
          if (brute) dark++;
        }
      }
    }
    expect(dark / tested).toBeGreaterThan(0.1);
    expect(dark / tested).toBeLessThan(0.9);
  });

  it('solids are met from the side that their normal shows', () => {
    const room = makeScene(4, 2);
    const point = createSurfacePoint();
    const eye: Triple = [room.box.width / 2, room.box.depth / 2, room.box.height - 0.01];
    for (const s of room.solids) {
      const d: Triple = [s.cx - eye[0], s.cy - eye[1], s.cz - eye[2]];
      const t = hitSolid(s, eye, d, 1e-6);
      expect(t).toBeLessThan(1.001);
      point.x = eye[0] + t * d[0];
      point.y = eye[1] + t * d[1];
      point.z = eye[2] + t * d[2];
      surfaceAt(s, point);
      expect(point.nx * d[0] + point.ny * d[1] + point.nz * d[2]).toBeLessThan(1e-9);
    }
  });
});
