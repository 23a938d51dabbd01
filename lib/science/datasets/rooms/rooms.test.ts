import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { POOLS, picturesOf, TaskatlasError } from '../../core';
import { openRooms, ROOMS_VERSION, type RoomsSpec, renderShard } from '.';
import { renderRoom } from './render';
import { chunkPath, listChunks } from './store';

const folders: string[] = [];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'taskatlas-rooms-'));
  folders.push(made);
  return made;
};
afterAll(() => {
  for (const f of folders) rmSync(f, { recursive: true, force: true });
});

const spec: RoomsSpec = {
  kind: 'rooms',
  version: ROOMS_VERSION,
  seed: 5,
  size: 32,
  pools: { source: 52, transfer: 6, selection: 3, test: 5 },
};

const files = (directory: string): Record<string, Buffer> => {
  const inner = join(directory, readdirSync(directory)[0] as string);
  return Object.fromEntries(readdirSync(inner).map((name) => [name, readFileSync(join(inner, name))]));
};

describe('rooms', () => {
  it('renders the same bytes for the same (seed, scene, view), others for others', () => {
    const a = renderRoom(5, 17, 0, 32);
    renderRoom(5, 18, 0, 32);
    const b = renderRoom(5, 17, 0, 32);
    for (const map of ['rgb', 'depth', 'normals', 'albedo', 'shading', 'object', 'pixelClass'] as const) {
      expect(b[map]).toEqual(a[map]);
    }
    expect(renderRoom(6, 17, 0, 32).rgb).not.toEqual(a.rgb);
    const other = renderRoom(5, 17, 1, 32);
    expect(other.depth).not.toEqual(a.depth);
    expect(other.room.box).toEqual(a.room.box);
  });

  it('gives the same files however many shards rendered them, and on demand', async () => {
    const one = folder();
    await renderShard(spec, 0, 1, one);
    const three = folder();
    for (const s of [2, 0, 1]) await renderShard(spec, s, 3, three);
    const demand = folder();
    const lazy = openRooms(spec, { cacheDirectory: demand });
    expect(files(three)).toEqual(files(one));
    expect(lazy.id).toBe(openRooms(spec, { cacheDirectory: one }).id);
    expect(files(demand)).toEqual(files(one));
    expect(openRooms({ ...spec, seed: 6 }, { cacheDirectory: one }).id).not.toBe(lazy.id);
  });

  it('keeps what is there and reports progress', async () => {
    const directory = folder();
    const small = { ...spec, pools: { source: 3, transfer: 2, selection: 1, test: 1 } };
    const seen: number[] = [];
    const first = await renderShard(small, 0, 1, directory, { onProgress: (done) => seen.push(done) });
    const second = await renderShard(small, 0, 1, directory);
    expect([first.images, first.rendered, second.rendered]).toEqual([7, 7, 0]);
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(Object.keys(files(directory)).filter((name) => !name.endsWith('.bin'))).toEqual([]);
  });

  it('stops when it is told to and leaves no half file', async () => {
    const directory = folder();
    const stop = new AbortController();
    const run = renderShard(spec, 0, 1, directory, {
      signal: stop.signal,
      onProgress: (done) => {
        if (done === 2) stop.abort();
      },
    });
    await expect(run).rejects.toThrow();
    expect(existsSync(directory) ? readdirSync(directory) : []).toEqual([]);
  });

  it('has scene-disjoint pools, stable when a pool grows', () => {
    const directory = folder();
    const data = openRooms(spec, { cacheDirectory: directory });
    const all = POOLS.flatMap((p) => [...data.scenes(p)]);
    expect(new Set(all).size).toBe(all.length);
    const grown = openRooms(
      { ...spec, pools: { ...spec.pools, transfer: 9 } },
      { cacheDirectory: directory },
    );
    expect([...grown.scenes('transfer')].slice(0, 6)).toEqual([...data.scenes('transfer')]);
    expect(grown.inputs('transfer', 'rgb', [5])).toEqual(data.inputs('transfer', 'rgb', [5]));
  });

  it('refuses what it cannot do, and says what', async () => {
    const directory = folder();
    const bad = (change: Partial<RoomsSpec>) => () =>
      openRooms({ ...spec, ...change }, { cacheDirectory: directory });
    expect(bad({ version: 1e6 })).toThrow(/version/);
    expect(bad({ size: 8 })).toThrow(/16 to 512/);
    expect(bad({ pools: { ...spec.pools, test: 0 } })).toThrow(/test pool/);
    const data = openRooms(spec, { cacheDirectory: directory });
    expect(() => data.labels('test', 'no-such-task', [0])).toThrow(/z-depth/);
    expect(() => data.labels('test', 'random-projection', [0])).toThrow(TaskatlasError);
    expect(() => data.inputs('test', 'rgb', [99])).toThrow(/no image 99/);
    await expect(renderShard(spec, 3, 3, directory)).rejects.toThrow(/Shard 3 of 3/);
  });

  it('names a damaged cache file', async () => {
    const directory = folder();
    const small = { ...spec, pools: { source: 2, transfer: 1, selection: 1, test: 1 } };
    await renderShard(small, 0, 1, directory);
    const chunk = listChunks(small)[0];
    if (!chunk) throw new Error('no chunk');
    const path = chunkPath(directory, small, chunk);
    const open = () => openRooms(small, { cacheDirectory: directory }).inputs('source', 'rgb', [0]);
    const whole = readFileSync(path);
    const flipped = Buffer.from(whole);
    flipped.writeUInt8(flipped.readUInt8(1500) ^ 1, 1500);
    writeFileSync(path, flipped);
    expect(open).toThrow(/damaged/);
    writeFileSync(path, whole);
    truncateSync(path, 2000);
    expect(open).toThrow(path);
    writeFileSync(path, 'something else altogether');
    expect(open).toThrow(/another kind/);
  });
});

describe('what every task gives', () => {
  const data = openRooms(
    { ...spec, size: 64, pools: { source: 1, transfer: 1, selection: 1, test: 6 } },
    { cacheDirectory: folder() },
  );
  const indices = [0, 3, 5];

  for (const task of data.tasks.filter((t) => !t.untrained)) {
    it(`${task.id}: labels of the declared shape, finite, the same in any batch`, () => {
      const batch = data.labels('test', task.id, indices);
      const wanted = {
        pixels: [64, 64, task.head.kind === 'pixels' ? task.head.channels : 0],
        'pixel-classes': [64, 64],
        'pixel-embedding': [64, 64],
        vector: [task.head.kind === 'vector' ? task.head.size : 0],
        classes:
          task.loss === 'soft-cross-entropy' && task.head.kind === 'classes' ? [task.head.classes] : [],
      }[task.head.kind];
      expect(batch.shape).toEqual(wanted);
      const step = wanted.reduce((a, b) => a * b, 1);
      expect(batch.values.length).toBe(3 * step);
      expect(batch.values.every(Number.isFinite)).toBe(true);
      const alone = data.labels('test', task.id, [3]);
      expect(alone.values).toEqual(batch.values.slice(step, 2 * step));
      if (task.head.kind === 'classes' || task.head.kind === 'pixel-classes') {
        const { classes } = task.head;
        expect(
          batch.values.every((v) => v >= 0 && (task.loss === 'soft-cross-entropy' ? v <= 1 : v < classes)),
        ).toBe(true);
      }
    });

    it(`${task.id}: its input is in [−1, 1] and is always the same`, () => {
      for (const picture of picturesOf(task.input)) {
        const input = data.inputs('test', picture, indices);
        expect(input.length).toBe(3 * 64 * 64 * 3);
        expect(input.every((v) => v >= -1 && v <= 1)).toBe(true);
        expect(data.inputs('test', picture, [3])).toEqual(input.slice(12288, 24576));
      }
    });
  }
});
