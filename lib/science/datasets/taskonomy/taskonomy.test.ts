import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PoolName } from '../../core';
import { checkFolder } from '../check';
import type { Dataset } from '../dataset';
import { decodeShard } from '../folders/store';
import { openRooms, ROOMS_VERSION } from '../rooms';
import { openTaskonomy, resolveTaskonomy, type TaskonomyInput, taskonomySource } from '.';
import { exportedBuilding, exportedResponse, exportedSemantic, exportRooms } from './export';
import { scanTaskonomy } from './scan';

const size = 32;
const images = 10;
const seed = 5;
const root = mkdtempSync(join(tmpdir(), 'taskatlas-taskonomy-'));
const exported = join(root, 'exported');
const cacheDirectory = join(root, 'cache');
const pools = { source: 4, transfer: 2, selection: 2, test: 2 };
const input = (directory: string, more: Partial<TaskonomyInput> = {}): TaskonomyInput => ({
  directory,
  seed: 1,
  size,
  pools,
  onError: 'fail',
  ...more,
});

beforeAll(() => void exportRooms(exported, { seed, size, images }));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A copy of the export that a test may spoil. */
function copy(name: string): string {
  const to = join(root, name);
  cpSync(exported, to, { recursive: true });
  return to;
}
const file = (folder: string, domain: string, scene: number, suffix = domain, extension = 'png'): string =>
  join(folder, domain, exportedBuilding(seed, scene), `point_0_view_0_domain_${suffix}.${extension}`);

describe('rooms exported in the Taskonomy layout and imported again', () => {
  let folder: Dataset;
  let rooms: Dataset;
  let scenes: Map<PoolName, number[]>;

  beforeAll(async () => {
    const spec = await resolveTaskonomy(input(exported));
    folder = await openTaskonomy(spec, { cacheDirectory });
    rooms = openRooms(
      { kind: 'rooms', version: ROOMS_VERSION, seed, size, pools: { ...pools, source: images } },
      { cacheDirectory },
    );
    scenes = new Map(
      Object.entries((await taskonomySource(spec, cacheDirectory)).choice.pools).map(([pool, items]) => [
        pool as PoolName,
        items.map((item) => Number(item.scene.split('-').at(-1))),
      ]),
    );
  });

  /** Values of a task over every image of the folder's pools, and over the same rooms. */
  function both(task: string): { theirs: Float32Array; ours: Float32Array; mask: Uint8Array | null }[] {
    return [...scenes].map(([pool, numbers]) => {
      const theirs = folder.labels(pool, task, [...numbers.keys()]);
      return { theirs: theirs.values, ours: rooms.labels('source', task, numbers).values, mask: theirs.mask };
    });
  }
  /** Largest |theirs − f(ours)|. */
  function gap(task: string, f: (value: number) => number = (v) => v): number {
    let most = 0;
    for (const { theirs, ours } of both(task)) {
      expect(theirs.length).toBe(ours.length);
      theirs.forEach((v, i) => {
        most = Math.max(most, Math.abs(v - f(ours[i] as number)));
      });
    }
    return most;
  }

  it('has all its tasks and the same pictures', () => {
    expect(folder.tasks.map((task) => task.id)).toEqual(
      expect.arrayContaining(['z-depth', 'distance', 'vanishing-points', 'edges-2d', 'colorization']),
    );
    for (const [pool, numbers] of scenes)
      expect(folder.inputs(pool, 'rgb', [...numbers.keys()])).toEqual(rooms.inputs('source', 'rgb', numbers));
  });

  it('gives the same labels within quantisation', () => {
    // nearest distance is about 0.3 m: half of 1/512 m and of 1/2048 m, relative, over 0.5
    expect(gap('z-depth')).toBeLessThan(0.01);
    expect(gap('distance')).toBeLessThan(0.01);
    expect(gap('surface-normals')).toBe(0);
    expect(gap('reshading')).toBeLessThan(0.5 / 255 / 0.19 + 1e-5);
    expect(gap('curvature', (v) => Math.max(-127 / 32, Math.min(4, v)))).toBeLessThan(0.5 / 32 + 1e-5);
    for (const task of ['autoencoding', 'colorization']) expect(gap(task)).toBe(0);
  });

  it('gives responses relative to their 99th percentile', () => {
    const { scales } = folder.spec as Extract<Dataset['spec'], { kind: 'taskonomy' }>;
    const of = (domain: string) => (v: number) =>
      2 * Math.sqrt(Math.min(1, Math.round(65535 * exportedResponse(v)) / (scales[domain] as number))) - 1;
    expect(gap('edges-2d', of('edge_texture'))).toBeLessThan(1e-5);
    expect(gap('keypoints-2d', of('keypoints2d'))).toBeLessThan(1e-5);
    expect(gap('edges-occlusion', of('edge_occlusion'))).toBeLessThan(1e-5);
    expect(gap('keypoints-3d', of('keypoints3d'))).toBeLessThan(1e-5);
  });

  it('gives semantic classes of the layout, uncertain pixels masked', () => {
    for (const [pool, numbers] of scenes) {
      const theirs = folder.labels(pool, 'semantic-segmentation', [...numbers.keys()]);
      const ours = rooms.labels('source', 'semantic-segmentation', numbers);
      expect(theirs.mask).toEqual(ours.mask);
      theirs.values.forEach((v, i) => {
        if (theirs.mask?.[i]) expect(v).toBe(exportedSemantic(ours.values[i] as number) - 1);
      });
    }
  });

  it('gives soft classes that sum to 1 and the kind of room', () => {
    for (const [pool, numbers] of scenes) {
      const places = folder.labels(pool, 'scene-class', [...numbers.keys()]).values;
      const kinds = rooms.labels('source', 'scene-class', numbers).values;
      numbers.forEach((_, i) => {
        const at = [215, 52, 121, 176, 203][kinds[i] as number] as number;
        expect(places[365 * i + at]).toBe(1);
      });
      const objects = folder.labels(pool, 'object-class', [...numbers.keys()]);
      numbers.forEach((_, i) => {
        const sum = objects.values.subarray(1000 * i, 1000 * (i + 1)).reduce((a, b) => a + b, 0);
        expect(sum).toBeCloseTo(objects.mask?.[i] ? 1 : 0, 5);
      });
    }
  });

  it('gives orthogonal vanishing points', () => {
    const { values } = folder.labels('test', 'vanishing-points', [0]);
    const dot = (a: number, b: number) =>
      [0, 1, 2].reduce((s, c) => s + (values[a + c] as number) * (values[b + c] as number), 0);
    for (const a of [0, 3, 6]) expect(dot(a, a)).toBeCloseTo(1, 4);
    for (const [a, b] of [
      [0, 3],
      [0, 6],
      [3, 6],
    ] as const)
      expect(dot(a, b)).toBeCloseTo(0, 4);
  });

  it('shares no building between pools, and numbers scenes by building', () => {
    const all = [...scenes.values()].flat();
    expect(new Set(all).size).toBe(all.length);
    expect(new Set((['source', 'test'] as const).flatMap((p) => [...folder.scenes(p)])).size).toBe(6);
  });
});

describe('resolveTaskonomy', () => {
  it('gives the same manifest for the same files wherever they lie, another for changed ones', async () => {
    const first = await resolveTaskonomy(input(exported));
    const moved = copy('moved');
    expect((await resolveTaskonomy(input(moved))).manifest).toBe(first.manifest);
    writeFileSync(file(moved, 'rgb', 0), readFileSync(file(moved, 'normal', 0)));
    expect((await resolveTaskonomy(input(moved))).manifest).not.toBe(first.manifest);
    expect((await resolveTaskonomy(input(exported, { seed: 2 }))).manifest).not.toBe(first.manifest);
  });

  it.each([
    [
      'cut short',
      (path: string) => truncateSync(path, 200),
      /normal\/rooms-.* (ends too early|has a damaged)/,
    ],
    ['missing', (path: string) => rmSync(path), /\/point_0_view_0 has no normal/],
    [
      'damaged inside',
      (path: string) => {
        const bytes = readFileSync(path);
        bytes[60] = (bytes[60] as number) ^ 0xff;
        writeFileSync(path, bytes);
      },
      /has a damaged IDAT chunk/,
    ],
  ] as const)('a file that is %s: fatal, or left out, named and counted', async (name, spoil, message) => {
    const folder = copy(`spoiled ${name}`);
    const few = { source: 3, transfer: 1, selection: 1, test: 1 };
    const chosen = async (more: Partial<TaskonomyInput> = {}) => {
      const spec = await resolveTaskonomy(input(folder, { pools: few, ...more }));
      return (await taskonomySource(spec, join(root, `cache ${name}`))).choice;
    };
    const first = Number((await chosen()).pools.test[0]?.scene.split('-').at(-1));
    spoil(file(folder, 'normal', first));
    await expect(chosen()).rejects.toThrow(message);
    const { pools: left, faults, skipped } = await chosen({ onError: 'skip' });
    expect(left.test).toHaveLength(1);
    expect(left.test[0]?.scene).not.toBe(exportedBuilding(seed, first));
    expect([skipped, faults.length]).toEqual([1, 1]);
    expect(`${faults[0]?.path} ${faults[0]?.why}`).toMatch(message);
    await expect(chosen({ onError: 'skip', pools })).rejects.toThrow(/ and 1 that cannot be used/);
    const report = await checkFolder(folder);
    expect(report.complete).toBe(images - 1);
    expect(report.faults.map(({ path, why }) => `${path} ${why}`).join()).toMatch(message);
  });

  it('notices files that changed after planning', async () => {
    const folder = copy('changed');
    const spec = await resolveTaskonomy(input(folder));
    writeFileSync(file(folder, 'rgb', 0), readFileSync(file(folder, 'normal', 0)));
    await expect(openTaskonomy(spec, { cacheDirectory: join(root, 'other cache') })).rejects.toThrow(
      /not those that were planned/,
    );
    const kept = join(root, 'third cache');
    const unspoiled = copy('unspoiled');
    const again = await resolveTaskonomy(input(unspoiled));
    await taskonomySource(again, kept);
    for (let scene = 0; scene < images; scene++) truncateSync(file(unspoiled, 'rgb', scene), 100);
    await expect(openTaskonomy(again, { cacheDirectory: kept })).rejects.toThrow(
      /has changed since the sweep was planned/,
    );
  });

  it('refuses a copy of a picture under another name', async () => {
    const folder = copy('doubled');
    cpSync(file(folder, 'rgb', 1), file(folder, 'rgb', 2));
    await expect(resolveTaskonomy(input(folder))).rejects.toThrow(/is a copy of .*point_0/);
  });

  it('narrows to the domains that are asked for', async () => {
    const spec = await resolveTaskonomy(input(exported, { domains: ['depth_zbuffer'] }));
    expect(spec.domains).toEqual(['rgb', 'depth_zbuffer']);
    const ids = (await openTaskonomy(spec, { cacheDirectory })).tasks.map((task) => task.id);
    expect(ids).toContain('z-depth');
    expect(ids).not.toContain('surface-normals');
    await expect(resolveTaskonomy(input(exported, { domains: ['skybox'] }))).rejects.toThrow(
      /has no skybox; it has rgb/,
    );
  });

  it('follows a split file of buildings', async () => {
    const folder = copy('split');
    const rows = Array.from({ length: images }, (_, i) => {
      const split = i < 6 ? '1,0,0' : i < 8 ? '0,1,0' : '0,0,1';
      return `${exportedBuilding(seed, i)},${split}`;
    });
    writeFileSync(join(folder, 'train_val_test_tiny.csv'), ['id,train,val,test', ...rows].join('\n'));
    const { choice } = await taskonomySource(await resolveTaskonomy(input(folder)), cacheDirectory);
    const numbers = (pool: PoolName) =>
      choice.pools[pool].map((item) => Number(item.scene.split('-').at(-1))).sort();
    expect(numbers('test')).toEqual([8, 9]);
    expect(numbers('selection')).toEqual([6, 7]);
    expect([...numbers('source'), ...numbers('transfer')].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('decodes by shards into the files that reading uses', async () => {
    const spec = await resolveTaskonomy(input(exported));
    const cache = join(root, 'sharded');
    const source = await taskonomySource(spec, cache);
    const done = await Promise.all([0, 1].map((shard) => decodeShard(source, shard, 2, cache)));
    expect(done.reduce((sum, { images: n }) => sum + n, 0)).toBe(images);
    rmSync(join(cache, 'nothing'), { force: true });
    const gone = { ...spec, directory: join(root, 'gone') };
    expect((await openTaskonomy(gone, { cacheDirectory: cache })).inputs('test', 'rgb', [1])).toEqual(
      (await openTaskonomy(spec, { cacheDirectory })).inputs('test', 'rgb', [1]),
    );
  });
});

describe('depth', () => {
  it('masks what the scan did not see', async () => {
    const folder = copy('unseen');
    for (let scene = 0; scene < images; scene++)
      rmSync(dirname(file(folder, 'mask_valid', scene, 'depth_zbuffer')), { recursive: true });
    const spec = await resolveTaskonomy(input(folder));
    const all = (await openTaskonomy(spec, { cacheDirectory })).labels('test', 'surface-normals', [0]);
    expect(all.mask?.every((m) => m === 1)).toBe(true);
    const holes = copy('holes');
    for (let scene = 0; scene < images; scene++)
      cpSync(file(holes, 'reshading', scene), file(holes, 'mask_valid', scene, 'depth_zbuffer'));
    const masked = (await openTaskonomy(await resolveTaskonomy(input(holes)), { cacheDirectory })).labels(
      'test',
      'surface-normals',
      [0],
    );
    const share = [...(masked.mask ?? [])].reduce((a, b) => a + b, 0) / size ** 2;
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(1);
  });
});

describe('scanTaskonomy', () => {
  /** An empty file; the scan opens nothing. */
  const place = (folder: string, ...paths: string[]) => {
    for (const path of paths) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), '');
    }
    return folder;
  };

  it('knows the layouts and names in use', () => {
    const found = scanTaskonomy(
      place(
        join(root, 'layouts'),
        'rgb/almena/point_1_view_0_domain_rgb.png',
        'depth_zbuffer/taskonomy/almena/point_2_view_0_domain_depth_zbuffer.png',
        'mask_valid/almena/point_1_view_0_domain_depth_zbuffer.png',
        'class_scene/almena/point_1_view_0_domain_class_places.npy',
        'segment_semantic/almena/point_1_view_0_domain_segmentsemantic.png',
        'points/almena/point_1_view_0_domain_fixatedpose.json',
        'point_info/almena/point_1_view_0_domain_point_info.json',
        'beechwood_normal/normal/point_0_view_3_domain_normal.png',
        'hanson/curvature/point_0_view_0_domain_curvature.png',
        'rgb_large/almena/point_1_view_0_domain_rgb.png.txt',
        'rgb/almena/readme.txt',
      ),
    );
    const files = Object.fromEntries(found.items.map((item) => [item.id, Object.keys(item.files).sort()]));
    expect(files).toEqual({
      'almena/point_1_view_0': ['class_scene', 'mask_valid', 'point_info', 'rgb', 'segment_semantic'],
      'taskonomy/almena/point_2_view_0': ['depth_zbuffer'],
      'beechwood/point_0_view_3': ['normal'],
      'hanson/point_0_view_0': ['principal_curvature'],
    });
    expect(found.items.find((i) => i.id === 'almena/point_1_view_0')?.files.point_info).toContain(
      'point_info.json',
    );
    expect(found.ignored).toBe(2);
  });

  it('says what is missing', () => {
    expect(() => scanTaskonomy(join(root, 'nowhere'))).toThrow(/does not exist/);
    mkdirSync(join(root, 'empty'), { recursive: true });
    expect(() => scanTaskonomy(join(root, 'empty'))).toThrow(/point_0_view_0_domain_rgb\.png/);
  });
});

it('8-bit depth is refused by name at once', async () => {
  const folder = copy('shallow');
  for (let scene = 0; scene < images; scene++)
    cpSync(file(folder, 'reshading', scene), file(folder, 'depth_zbuffer', scene));
  renameSync(folder, `${folder} moved`);
  await expect(resolveTaskonomy(input(`${folder} moved`))).rejects.toThrow(/depth_zbuffer.*8 bits per pixel/);
  const { faults } = await checkFolder(`${folder} moved`);
  expect(faults.map(({ why }) => why)).toContain('has 8 bits per pixel; distances need 16 (1/512 m)');
});
