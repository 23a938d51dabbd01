import { describe, expect, it } from 'vitest';
import { createRng } from '../../core';
import { occlusionStrength } from '../labels/geometry';
import { frontAxis, wallDistances } from '../labels/scene';
import { makeCamera } from './camera';
import { PIXEL_CLASSES, UNCERTAIN } from './classes';
import { ROOM_LABELS } from './labels';
import { openRecord, packFrame, type RoomRecord } from './record';
import { type RoomFrame, renderRoom } from './render';
import {
  BOX,
  CYLINDER,
  createSurfacePoint,
  hitSolid,
  makeSolid,
  type Solid,
  SPHERE,
  surfaceAt,
} from './solids';

const size = 64;
const scenes = [3, 11, 29, 47, 58, 73];
const frames = scenes.map((s) => renderRoom(9, s, 0, size));
const recordOf = (frame: RoomFrame): RoomRecord => {
  const sections = packFrame(frame);
  return openRecord(frame.size, (name) => sections[name]);
};
const records = frames.map(recordOf);

type Triple = readonly [number, number, number];
const dot = (a: Triple, b: Triple): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** World ray through pixel (i, j); forward component 1. */
function rayOf(frame: RoomFrame, i: number, j: number): Triple {
  const { right, up, forward, tangent } = frame.camera;
  const x = ((2 * (i + 0.5)) / size - 1) * tangent;
  const y = (1 - (2 * (j + 0.5)) / size) * tangent;
  const c = (a: 0 | 1 | 2): number => forward[a] + x * right[a] + y * up[a];
  return [c(0), c(1), c(2)];
}

function pointOf(frame: RoomFrame, i: number, j: number): Triple {
  const d = rayOf(frame, i, j);
  const t = frame.depth[j * size + i] as number;
  const { eye } = frame.camera;
  return [eye[0] + t * d[0], eye[1] + t * d[1], eye[2] + t * d[2]];
}

const toCamera = (frame: RoomFrame, v: Triple): Triple => [
  dot(v, frame.camera.right),
  dot(v, frame.camera.up),
  -dot(v, frame.camera.forward),
];

describe('solids', () => {
  const rng = createRng('solids');
  const place = { x: 1, y: 2, z: 0.3, yaw: 0.7 };
  const made = ([BOX, CYLINDER, SPHERE] as const).map((shape) =>
    makeSolid({
      shape,
      place,
      centre: [0.2, -0.1, 0.5],
      half: [0.5, 0.3, 0.8],
      turn: { rx: 0.3, ry: -0.5, rz: 1 },
      bottom: 0.6,
      top: 0.9,
      object: 6,
      material: 0,
    }),
  );
  const unit = (s: Solid, p: Triple): Triple => {
    const q: Triple = [p[0] - s.cx, p[1] - s.cy, p[2] - s.cz];
    return [dot([s.m0, s.m1, s.m2], q), dot([s.m3, s.m4, s.m5], q), dot([s.m6, s.m7, s.m8], q)];
  };
  const inside = (s: Solid, p: Triple): boolean => {
    const [x, y, z] = unit(s, p);
    if (s.shape === BOX) return Math.max(Math.abs(x), Math.abs(y), Math.abs(z)) <= 1;
    if (s.shape === SPHERE) return x * x + y * y + z * z <= 1;
    return Math.abs(z) <= 1 && Math.hypot(x, y) <= s.mid + s.slope * z;
  };

  it('are hit where a march along the ray first finds them inside', () => {
    let hits = 0;
    for (let trial = 0; trial < 300; trial++) {
      const from: Triple = [1 + 3 * rng.normal(), 2 + 3 * rng.normal(), 1 + 2 * rng.normal()];
      const aim: Triple = [1 + 0.5 * rng.normal(), 2 + 0.5 * rng.normal(), 0.8 + 0.5 * rng.normal()];
      const d: Triple = [aim[0] - from[0], aim[1] - from[1], aim[2] - from[2]];
      for (const s of made) {
        if (inside(s, from)) continue;
        const t = hitSolid(s, from, d, 1e-6);
        const at = (k: number): Triple => [from[0] + k * d[0], from[1] + k * d[1], from[2] + k * d[2]];
        let marched = 1e9;
        for (let k = 0; k < 2 && marched === 1e9; k += 2e-3) if (inside(s, at(k))) marched = k;
        if (marched === 1e9) continue;
        hits++;
        expect(Math.abs(t - marched)).toBeLessThan(2.1e-3);
        // the outward normal faces the ray, and a step along it leaves the solid
        const p = createSurfacePoint();
        [p.x, p.y, p.z] = at(t) as [number, number, number];
        surfaceAt(s, p);
        expect(Math.hypot(p.nx, p.ny, p.nz)).toBeCloseTo(1, 6);
        expect(dot([p.nx, p.ny, p.nz], d)).toBeLessThan(0);
        expect(inside(s, [p.x + 1e-4 * p.nx, p.y + 1e-4 * p.ny, p.z + 1e-4 * p.nz])).toBe(false);
        expect(inside(s, [p.x - 1e-4 * p.nx, p.y - 1e-4 * p.ny, p.z - 1e-4 * p.nz])).toBe(true);
      }
    }
    expect(hits).toBeGreaterThan(200);
  });
});

describe('geometry of rendered rooms', () => {
  it('cameras are right-handed and orthonormal', () => {
    const { right, up, forward } = makeCamera([1, 1, 1], 2, -0.3, 0.1, 0.6);
    expect([dot(right, up), dot(right, forward), dot(up, forward)].every((v) => Math.abs(v) < 1e-12)).toBe(
      true,
    );
    const cross: Triple = [
      right[1] * up[2] - right[2] * up[1],
      right[2] * up[0] - right[0] * up[2],
      right[0] * up[1] - right[1] * up[0],
    ];
    expect(dot(cross, forward)).toBeCloseTo(-1, 10);
  });

  it('every pixel is the first solid or wall on its ray (against a loop over all solids)', () => {
    for (const frame of frames) {
      const { room, camera } = frame;
      for (let k = 5; k < size * size; k += 97) {
        const [i, j] = [k % size, Math.floor(k / size)];
        const d = rayOf(frame, i, j);
        const nearest = Math.min(...room.solids.map((s) => hitSolid(s, camera.eye, d, 0.02)));
        const wall = Math.min(
          ...([0, 1, 2] as const).map((a) => {
            const extent = [room.box.width, room.box.depth, room.box.height][a] as number;
            return ((d[a] > 0 ? extent : 0) - camera.eye[a]) / d[a];
          }),
        );
        expect(frame.depth[k]).toBeCloseTo(Math.min(nearest, wall), 5);
        expect((frame.object[k] as number) < 6).toBe(wall < nearest);
      }
    }
  });

  it('wall, floor and ceiling points lie on the box', () => {
    for (const frame of frames) {
      const { width, depth, height } = frame.room.box;
      for (let k = 0; k < size * size; k++) {
        const face = frame.object[k] as number;
        if (face > 5) continue;
        const p = pointOf(frame, k % size, Math.floor(k / size));
        const off = [p[0], p[0] - width, p[1], p[1] - depth, p[2], p[2] - height][face] as number;
        expect(Math.abs(off)).toBeLessThan(1e-4);
      }
    }
  });

  it('normals are those of the depth map on smooth surfaces', () => {
    let tested = 0;
    for (const frame of frames) {
      for (let j = 1; j < size - 1; j++) {
        for (let i = 1; i < size - 1; i++) {
          const k = j * size + i;
          const near = [k - 1, k + 1, k - size, k + size];
          const n = (q: number): Triple => [
            frame.normals[3 * q] as number,
            frame.normals[3 * q + 1] as number,
            frame.normals[3 * q + 2] as number,
          ];
          const flat = near.every((q) => frame.object[q] === frame.object[k] && dot(n(q), n(k)) > 0.99999);
          if (!flat) continue;
          const diff = (a: Triple, b: Triple): Triple => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
          const dx = diff(pointOf(frame, i + 1, j), pointOf(frame, i - 1, j));
          const dy = diff(pointOf(frame, i, j - 1), pointOf(frame, i, j + 1));
          const cross: Triple = [
            dx[1] * dy[2] - dx[2] * dy[1],
            dx[2] * dy[0] - dx[0] * dy[2],
            dx[0] * dy[1] - dx[1] * dy[0],
          ];
          const length = Math.hypot(...cross);
          const world: Triple = [cross[0] / length, cross[1] / length, cross[2] / length];
          // parts of one object can be parallel planes at different depths: skip steps
          const plane = near.every((q) => {
            const p = diff(pointOf(frame, q % size, Math.floor(q / size)), pointOf(frame, i, j));
            return Math.abs(dot(toCamera(frame, p), n(k))) < 1e-3;
          });
          if (!plane) continue;
          tested++;
          expect(dot(toCamera(frame, world), n(k))).toBeGreaterThan(0.999);
        }
      }
    }
    expect(tested).toBeGreaterThan(6000);
  });

  it('every visible normal faces the camera', () => {
    for (const frame of frames) {
      for (let k = 0; k < size * size; k++) {
        const d = toCamera(frame, rayOf(frame, k % size, Math.floor(k / size)));
        const n: Triple = [
          frame.normals[3 * k] as number,
          frame.normals[3 * k + 1] as number,
          frame.normals[3 * k + 2] as number,
        ];
        expect(dot(d, n)).toBeLessThan(1e-3);
      }
    }
  });

  it('pixel classes are those of the objects, and borders between classes are masked', () => {
    const seen = new Set<number>();
    for (const frame of frames) {
      let masked = 0;
      for (let k = 0; k < size * size; k++) {
        const cls = frame.pixelClass[k] as number;
        if (cls === UNCERTAIN) masked++;
        else {
          expect(cls).toBe(frame.room.objectClass[frame.object[k] as number]);
          seen.add(cls);
        }
      }
      expect(masked / size ** 2).toBeLessThan(0.35);
    }
    expect(seen.size).toBeGreaterThan(7);
    expect(Math.max(...seen)).toBeLessThan(PIXEL_CLASSES.length);
  });

  it('a labelled pixel has one class at all four of its corners’ rays', () => {
    let borders = 0;
    for (const frame of frames) {
      const { room, camera } = frame;
      const classAlong = (d: Triple): number => {
        const hits = room.solids.map((s) => hitSolid(s, camera.eye, d, 0.02));
        const nearest = Math.min(...hits);
        const walls = ([0, 1, 2] as const).map((a) => {
          const extent = [room.box.width, room.box.depth, room.box.height][a] as number;
          return ((d[a] > 0 ? extent : 0) - camera.eye[a]) / d[a];
        });
        const wall = Math.min(...walls);
        if (nearest < wall)
          return room.objectClass[room.solids[hits.indexOf(nearest)]?.object ?? 0] ?? UNCERTAIN;
        return walls.indexOf(wall) < 2 ? 0 : (d[2] as number) > 0 ? 2 : 1;
      };
      for (let k = size + 1; k < size * (size - 1); k += 3) {
        const own = frame.pixelClass[k] as number;
        const near = [k - 1, k + 1, k - size, k + size];
        if (own === UNCERTAIN || near.every((q) => frame.object[q] === frame.object[k])) continue;
        borders++;
        for (const dx of [-0.25, 0.25]) {
          for (const dy of [-0.25, 0.25]) {
            expect(classAlong(rayOf(frame, (k % size) + dx, Math.floor(k / size) + dy))).toBe(own);
          }
        }
      }
    }
    expect(borders).toBeGreaterThan(30);
  });
});

describe('labels against geometry', () => {
  const label = (task: string, record: RoomRecord, length: number): Float32Array => {
    const out = new Float32Array(length);
    ROOM_LABELS[task]?.fill(record, out, 0, 1, null, 0);
    return out;
  };

  it('z-depth and distance are logarithms of the metres', () => {
    frames.forEach((frame, f) => {
      const record = records[f] as RoomRecord;
      const z = label('z-depth', record, size * size);
      const r = label('distance', record, size * size);
      for (let k = 0; k < size * size; k += 13) {
        const p = pointOf(frame, k % size, Math.floor(k / size));
        const { eye } = frame.camera;
        const far = Math.hypot(p[0] - eye[0], p[1] - eye[1], p[2] - eye[2]);
        expect(Math.exp((z[k] as number) * 0.5 + 0.9)).toBeCloseTo(frame.depth[k] as number, 2);
        expect(Math.exp((r[k] as number) * 0.5 + 0.9)).toBeCloseTo(far, 2);
      }
    });
  });

  it('reshading is n·v with falloff, v toward the camera', () => {
    frames.forEach((frame, f) => {
      const shade = label('reshading', records[f] as RoomRecord, size * size);
      for (let k = 0; k < size * size; k += 7) {
        const d = toCamera(frame, rayOf(frame, k % size, Math.floor(k / size)));
        const length = Math.hypot(...d);
        const n: Triple = [
          frame.normals[3 * k] as number,
          frame.normals[3 * k + 1] as number,
          frame.normals[3 * k + 2] as number,
        ];
        const far = length * (frame.depth[k] as number);
        const wanted = Math.max(0, -dot(d, n) / length) / (1 + (far / 3) ** 2);
        expect((shade[k] as number) * 0.19 + 0.36).toBeCloseTo(wanted, 1.8);
      }
    });
  });

  it('occlusion edges lie at borders between objects where the depth jumps', () => {
    let edges = 0;
    frames.forEach((frame, f) => {
      const strength = new Float32Array(size * size);
      occlusionStrength(records[f] as RoomRecord, strength);
      for (let j = 1; j < size - 1; j++) {
        for (let i = 1; i < size - 1; i++) {
          const k = j * size + i;
          if (strength[k] === 0) continue;
          edges++;
          const near = [k - 1, k + 1, k - size, k + size];
          expect(near.some((q) => frame.object[q] !== frame.object[k])).toBe(true);
          const depths = [k, ...near].map((q) => frame.depth[q] as number);
          const jump = Math.max(...depths) / Math.min(...depths) - 1;
          expect(jump).toBeGreaterThan((strength[k] as number) - 2e-3);
        }
      }
      // the edge where two walls meet occludes nothing
      for (let k = 0; k < size * size - 1; k++) {
        const pair = [k, k + 1, k - 1, k + size, k - size].every((q) => (frame.object[q] ?? 0) < 6);
        if (pair && k % size !== 0 && k % size !== size - 1) expect(strength[k]).toBe(0);
      }
    });
    expect(edges).toBeGreaterThan(300);
  });

  it('vanishing points are where parallel edges of the room meet', () => {
    const mean = [0, 0.12, -0.89, 0, 0.98, 0.13, 0.9, 0, 0];
    const scale = [0.43, 0.12, 0.09, 0.034, 0.026, 0.13, 0.09, 0.085, 0.42];
    frames.forEach((frame, f) => {
      const v = label('vanishing-points', records[f] as RoomRecord, 9).map(
        (x, i) => x * (scale[i] as number) + (mean[i] as number),
      );
      const triples = [0, 3, 6].map((o): Triple => [v[o] as number, v[o + 1] as number, v[o + 2] as number]);
      for (const t of triples) expect(Math.hypot(...t)).toBeCloseTo(1, 4);
      expect(dot(triples[0] as Triple, triples[1] as Triple)).toBeCloseTo(0, 4);
      expect(dot(triples[0] as Triple, triples[2] as Triple)).toBeCloseTo(0, 4);
      // project two far points of floor edges along the front axis: both come to the vanishing point
      const { axis, sign } = frontAxis((records[f] as RoomRecord).meta);
      const { eye } = frame.camera;
      for (const [x, y] of [
        [0, 0],
        [frame.room.box.width, frame.room.box.depth],
      ] as const) {
        const far: Triple = axis === 0 ? [1e5 * sign, y, 0] : [x, 1e5 * sign, 0];
        const p = toCamera(frame, [far[0] - eye[0], far[1] - eye[1], far[2] - eye[2]]);
        const front = triples[0] as Triple;
        expect(p[0] / -p[2]).toBeCloseTo(front[0] / -front[2], 3);
        expect(p[1] / -p[2]).toBeCloseTo(front[1] / -front[2], 3);
      }
      expect((triples[0] as Triple)[2]).toBeLessThan(-0.7);
      expect((triples[1] as Triple)[1]).toBeGreaterThan(0.7);
      expect((triples[2] as Triple)[0]).toBeGreaterThan(0.6);
    });
  });

  it('layout distances are those to the planes of the walls that the picture shows', () => {
    const planes = frames.flatMap((frame, f) => {
      const [front, left, right, ceiling] = wallDistances((records[f] as RoomRecord).meta);
      const { camera, room } = frame;
      expect(ceiling).toBeCloseTo(room.box.height - camera.eye[2], 5);
      return [...frame.object.keys()]
        .filter((k) => (frame.object[k] as number) < 4)
        .map((k) => {
          const axis = (frame.object[k] as number) < 2 ? 0 : 1;
          const across = Math.abs(camera.forward[axis]) > Math.abs(camera.forward[1 - axis] as number);
          const offset = pointOf(frame, k % size, Math.floor(k / size))[axis] - camera.eye[axis];
          // the wall across the view is the front one; the others are on the side where their plane lies
          const side = offset * camera.right[axis] > 0 ? right : left;
          const behind = across && offset * camera.forward[axis] < 0;
          return { seen: Math.abs(offset), wanted: across ? front : side, behind };
        });
    });
    const ahead = planes.filter((p) => !p.behind);
    for (const { seen, wanted } of ahead) expect(Math.abs(seen - wanted)).toBeLessThan(1e-3);
    const shown = ahead.length;
    expect(shown).toBeGreaterThan(3000);
  });
});
