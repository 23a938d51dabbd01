import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { POOLS } from '../../core';
import { relativePose } from '../labels/pose';
import { openRooms, ROOMS_VERSION, renderShard } from '.';
import { makeView } from './camera';
import { packFrame } from './record';
import { type RoomFrame, renderFurther, renderRoom } from './render';
import { makeScene } from './scene';
import { APART_METRES, makeViewCamera, middlePoint, overlap, ROOM_VIEWS, type RoomView } from './views';

type Triple = readonly [number, number, number];
const seed = 21;
const size = 32;
/** Enough rooms that some first tries do not fit. */
const scenes = [...Array(60).keys()];
const dot = (a: Triple, b: Triple): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const far = (a: Triple, b: Triple): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

const folder = mkdtempSync(join(tmpdir(), 'taskatlas-views-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const metaOf = (frame: RoomFrame): Float32Array => {
  const { meta } = packFrame(frame);
  return new Float32Array(meta.buffer, meta.byteOffset, meta.length / 4);
};

describe('further views', () => {
  const rooms = scenes.map((scene) => {
    const room = makeScene(seed, scene);
    const from = makeView(room, seed, scene, 0);
    const camera = (view: RoomView) => makeViewCamera(room, from, seed, scene, view);
    return { room, from, camera };
  });

  it('orbits keep the same point in the middle, from elsewhere', () => {
    for (const { room, from, camera } of rooms) {
      const point = middlePoint(room, from);
      for (const view of ['orbit-1', 'orbit-2'] as const) {
        const other = camera(view);
        expect(far(middlePoint(room, other), point)).toBeLessThan(0.02);
        expect(far(other.eye, from.eye)).toBeGreaterThan(0.05);
        expect(other.tangent).toBe(from.tangent);
      }
      expect(far(camera('orbit-1').eye, camera('orbit-2').eye)).toBeGreaterThan(0.02);
    }
  });

  it('shifted views have another point in the middle, but show part of the same things', () => {
    for (const { room, from, camera } of rooms) {
      const other = camera('shifted');
      expect(far(middlePoint(room, other), middlePoint(room, from))).toBeGreaterThanOrEqual(APART_METRES);
      expect(overlap(room, from, other)).toBeGreaterThanOrEqual(0.3);
    }
  });

  it('what two views see alike is where their relative pose says', () => {
    let agree = 0;
    let checked = 0;
    for (const [s, { room, from }] of rooms.slice(0, 6).entries()) {
      const scene = scenes[s] as number;
      const first = renderRoom(seed, scene, 0, size);
      const second = renderFurther(seed, scene, s % 2 ? 'orbit-1' : 'shifted', size);
      const [step, turn] = relativePose(metaOf(first), metaOf(second));
      const angle = Math.hypot(...turn) || 1e-12;
      const axis = turn.map((v) => v / angle) as unknown as Triple;
      // Rodrigues: a point of the first camera's frame in the second's, turned back by −angle
      const into = (p: Triple): Triple => {
        const q: Triple = [p[0] - step[0], p[1] - step[1], p[2] - step[2]];
        const [c, sine] = [Math.cos(angle), -Math.sin(angle)];
        const along = dot(axis, q) * (1 - c);
        const cross: Triple = [
          axis[1] * q[2] - axis[2] * q[1],
          axis[2] * q[0] - axis[0] * q[2],
          axis[0] * q[1] - axis[1] * q[0],
        ];
        return [0, 1, 2].map(
          (i) => c * (q[i] as number) + sine * (cross[i] as number) + along * (axis[i] as number),
        ) as unknown as Triple;
      };
      for (let k = 0; k < size * size; k += 5) {
        const z = first.depth[k] as number;
        const u = ((2 * ((k % size) + 0.5)) / size - 1) * from.tangent * z;
        const v = (1 - (2 * (Math.floor(k / size) + 0.5)) / size) * from.tangent * z;
        const p = into([u, v, -z]);
        const i = Math.floor((p[0] / (-p[2] * from.tangent) + 1) * (size / 2));
        const j = Math.floor((1 - p[1] / (-p[2] * from.tangent)) * (size / 2));
        if (p[2] > -0.1 || i < 0 || j < 0 || i >= size || j >= size) continue;
        const at = j * size + i;
        if (first.object[k] !== second.object[at]) continue;
        checked++;
        if (Math.abs((second.depth[at] as number) / -p[2] - 1) < 0.1) agree++;
      }
      expect(room.box).toEqual(second.room.box);
    }
    expect(checked).toBeGreaterThan(400);
    expect(agree / checked).toBeGreaterThan(0.95);
  });
});

describe('view tuples of a data set', () => {
  const spec = {
    kind: 'rooms' as const,
    version: ROOMS_VERSION,
    seed,
    size,
    pools: { source: 60, transfer: 3, selection: 2, test: 4 },
  };
  const lazy = openRooms(spec, { cacheDirectory: join(folder, 'lazy') });

  it('stay inside one scene and pool, the scenes that the bootstrap resamples', async () => {
    for (const pool of POOLS) {
      const scene = lazy.scenes(pool)[1] as number;
      ROOM_VIEWS.forEach((view) => {
        const { rgb } = renderFurther(seed, scene, view, size);
        expect(lazy.inputs(pool, view, [1])).toEqual(Float32Array.from(rgb, (v) => (v * 2) / 255 - 1));
      });
      const own = renderRoom(seed, scene, 0, size);
      const [step] = relativePose(metaOf(own), metaOf(renderFurther(seed, scene, 'shifted', size)));
      const label = lazy.labels(pool, 'pose-nonfixated', [1]).values;
      expect((label[0] as number) * 0.28).toBeCloseTo(step[0], 4);
    }
  });

  it('the candidate of a match is an orbit exactly when the label says so', () => {
    const all = [...Array(60).keys()];
    const labels = [...lazy.labels('source', 'point-matching', all).values];
    const matches = labels.filter((label) => label === 1).length;
    expect(matches).toBeGreaterThan(18);
    expect(matches).toBeLessThan(42);
    for (const i of all.slice(0, 12)) {
      const shown = lazy.inputs('source', 'candidate', [i]);
      expect(shown).toEqual(lazy.inputs('source', labels[i] === 1 ? 'orbit-1' : 'shifted', [i]));
    }
  });

  it('egomotion holds the fixated pose and the step after it', () => {
    const moves = lazy.labels('test', 'egomotion', [0, 1, 2, 3]).values;
    const poses = lazy.labels('test', 'pose-fixated', [0, 1, 2, 3]).values;
    for (let i = 0; i < 4; i++) {
      expect(moves.slice(12 * i, 12 * i + 6)).toEqual(poses.slice(6 * i, 6 * i + 6));
      const scene = lazy.scenes('test')[i] as number;
      const [, turn] = relativePose(
        metaOf(renderFurther(seed, scene, 'orbit-1', size)),
        metaOf(renderFurther(seed, scene, 'orbit-2', size)),
      );
      expect((moves[12 * i + 10] as number) * 0.36).toBeCloseTo(turn[1], 4);
    }
  });

  it('are the same whether rendered by shards or on demand, and cost the plain images nothing', async () => {
    const small = { ...spec, pools: { source: 2, transfer: 1, selection: 1, test: 1 } };
    const cacheDirectory = join(folder, 'shards');
    const plain = await renderShard(small, 0, 1, cacheDirectory);
    const views = [0, 1].map((shard) => renderShard(small, shard, 2, cacheDirectory, { views: true }));
    const done = await Promise.all(views);
    expect(plain.images).toBe(5);
    expect(done.reduce((sum, { rendered }) => sum + rendered, 0)).toBe(15);
    const data = openRooms(small, { cacheDirectory });
    expect(data.inputs('source', 'orbit-2', [1])).toEqual(lazy.inputs('source', 'orbit-2', [1]));
    expect((await renderShard(small, 0, 1, cacheDirectory, { views: true })).rendered).toBe(0);
  });
});
