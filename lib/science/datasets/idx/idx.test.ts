import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createRng, POOLS, picturesOf } from '../../core';
import { openDataset } from '../open';
import { IDX_VERSION, type IdxSpec, idxManifest, openIdx } from '.';

const root = mkdtempSync(join(tmpdir(), 'taskatlas-idx-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
let directory = '';
beforeEach(() => {
  directory = join(root, String(folders++));
  mkdirSync(directory);
});

const rows = 5;
const columns = 4;

function header(type: number, sizes: number[]): Buffer {
  const out = Buffer.alloc(4 + 4 * sizes.length);
  out.writeUInt8(type, 2);
  out.writeUInt8(sizes.length, 3);
  sizes.forEach((s, i) => {
    out.writeUInt32BE(s, 4 + 4 * i);
  });
  return out;
}

const pixels = (count: number, seed: string): Buffer => {
  const rng = createRng(seed);
  return Buffer.from(Array.from({ length: count * rows * columns }, () => rng.int(256)));
};
const imageFile = (count: number, seed = 'a'): Buffer =>
  Buffer.concat([header(8, [count, rows, columns]), pixels(count, seed)]);
const labelFile = (count: number): Buffer =>
  Buffer.concat([header(8, [count]), Buffer.from(Array.from({ length: count }, (_, i) => i % 10))]);

function write(name: string, data: Buffer): string {
  const path = join(directory, name);
  writeFileSync(path, data);
  return path;
}

function writeAll(train: number, heldOut: number): void {
  write('train-images-idx3-ubyte.gz', gzipSync(imageFile(train)));
  write('train-labels-idx1-ubyte', labelFile(train));
  if (heldOut === 0) return;
  write('t10k-images.idx3-ubyte', imageFile(heldOut, 'b'));
  write('t10k-labels.idx1-ubyte.gz', gzipSync(labelFile(heldOut)));
}

const specOf = (change: Partial<IdxSpec> = {}): IdxSpec => ({
  kind: 'idx',
  version: IDX_VERSION,
  seed: 3,
  size: 16,
  pools: { source: 12, transfer: 5, selection: 4, test: 6 },
  directory,
  manifest: change.manifest ?? idxManifest(directory).manifest,
  ...change,
});

describe('IDX data sets', () => {
  it('reads raw and gzipped files, enlarged and centred, with their classes', async () => {
    writeAll(30, 10);
    const spec = specOf();
    const data = await openDataset(spec, { cacheDirectory: root });
    const held = pixels(10, 'b');
    for (let i = 0; i < 6; i++) {
      const item = (data.scenes('test')[i] as number) - 30;
      expect(data.labels('test', 'classification', [i]).values[0]).toBe(item % 10);
      const picture = data.inputs('test', 'rgb', [i]);
      // factor 3 on 16: 12 × 15 in the middle, from (2, 0)
      for (const [x, y] of [
        [0, 0],
        [3, 0],
        [1, 2],
        [3, 4],
      ] as const) {
        const wanted = ((held[item * rows * columns + y * columns + x] as number) * 2) / 255 - 1;
        for (const [dx, dy] of [
          [0, 0],
          [2, 2],
        ] as const) {
          const at = ((3 * y + dy) * 16 + 2 + 3 * x + dx) * 3;
          expect(picture[at]).toBeCloseTo(wanted, 5);
          expect(picture[at + 2]).toBe(picture[at]);
        }
      }
      expect(picture[0]).toBe(-1);
    }
  });

  it('pools are disjoint, seeded, and test comes from the t10k files', () => {
    writeAll(30, 10);
    const data = openIdx(specOf());
    const all = POOLS.flatMap((p) => [...data.scenes(p)]);
    expect(new Set(all).size).toBe(27);
    expect([...data.scenes('test')].every((s) => s >= 30)).toBe(true);
    expect([...data.scenes('source')].every((s) => s < 30)).toBe(true);
    expect(openIdx(specOf()).scenes('source')).toEqual(data.scenes('source'));
    expect(openIdx(specOf({ seed: 4 })).scenes('source')).not.toEqual(data.scenes('source'));
    expect(openIdx(specOf()).id).toBe(data.id);
    expect(openIdx(specOf({ seed: 4 })).id).not.toBe(data.id);
  });

  it('without t10k files everything comes from train', () => {
    writeAll(30, 0);
    const data = openIdx(specOf());
    const all = POOLS.flatMap((p) => [...data.scenes(p)]);
    expect(new Set(all).size).toBe(27);
    expect(Math.max(...all)).toBeLessThan(30);
  });

  it('serves every declared task', () => {
    writeAll(30, 10);
    const data = openIdx(specOf());
    for (const task of data.tasks.filter((t) => !t.untrained)) {
      const { values } = data.labels('transfer', task.id, [0, 4]);
      expect(values.length).toBeGreaterThan(0);
      expect(values.every(Number.isFinite)).toBe(true);
      expect(
        data.inputs('transfer', picturesOf(task.input)[0] ?? 'rgb', [0, 4]).every((v) => v >= -1 && v <= 1),
      ).toBe(true);
    }
    expect(data.tasks.map((t) => t.id)).toEqual(
      expect.arrayContaining([
        'classification',
        'autoencoding',
        'denoising',
        'inpainting',
        'rotation',
        'edges-2d',
        'jigsaw',
      ]),
    );
  });

  it('the manifest is that of the contents: a gzipped copy is the same, one other byte is not', () => {
    writeAll(30, 0);
    const first = idxManifest(directory).manifest;
    rmSync(join(directory, 'train-images-idx3-ubyte.gz'));
    write('train-images-idx3-ubyte', imageFile(30));
    expect(idxManifest(directory).manifest).toBe(first);
    const other = imageFile(30);
    other.writeUInt8(other.readUInt8(100) ^ 1, 100);
    write('train-images-idx3-ubyte', other);
    expect(idxManifest(directory).manifest).not.toBe(first);
    expect(() => openIdx(specOf({ manifest: first }))).toThrow(/not those that were planned/);
  });

  const broken: [string, () => void, RegExp][] = [
    ['no such folder', () => rmSync(directory, { recursive: true }), /does not exist/],
    ['an empty folder', () => undefined, /has no train-images-idx3-ubyte/],
    [
      'labels missing',
      () => write('train-images-idx3-ubyte', imageFile(30)),
      /has no train-labels-idx1-ubyte/,
    ],
    [
      'too short',
      () => {
        writeAll(30, 0);
        write('train-labels-idx1-ubyte', labelFile(30).subarray(0, 20));
      },
      /train-labels-idx1-ubyte: should be 38 bytes long by its header \(30\), but is 20/,
    ],
    [
      'another type',
      () => {
        writeAll(30, 0);
        write('train-labels-idx1-ubyte', Buffer.concat([header(13, [30]), Buffer.alloc(120)]));
      },
      /train-labels-idx1-ubyte: holds data of IDX type 13/,
    ],
    [
      'labels in the place of pictures',
      () => {
        writeAll(30, 0);
        write('train-images-idx3-ubyte', labelFile(30));
      },
      /has 1 dimensions where 3 are needed/,
    ],
    [
      'no IDX at all',
      () => {
        writeAll(30, 0);
        write('train-labels-idx1-ubyte', Buffer.from('<!DOCTYPE html> not found'));
      },
      /two zero bytes/,
    ],
    [
      'a header of nothing',
      () => {
        writeAll(30, 0);
        write('train-labels-idx1-ubyte', Buffer.alloc(3));
      },
      /shorter than an IDX header/,
    ],
    [
      'sizes that would overflow',
      () => {
        writeAll(30, 0);
        write(
          'train-images-idx3-ubyte',
          Buffer.concat([header(8, [0xffffffff, 0xffffffff, 0xffffffff]), Buffer.alloc(9)]),
        );
      },
      /but is 25/,
    ],
    [
      'damaged gzip',
      () => {
        writeAll(30, 0);
        write('train-images-idx3-ubyte.gz', gzipSync(imageFile(30)).subarray(0, 100));
      },
      /train-images-idx3-ubyte.gz: the gzip data is damaged/,
    ],
    [
      'a label out of range',
      () => {
        writeAll(30, 0);
        write('train-labels-idx1-ubyte', Buffer.concat([header(8, [30]), Buffer.alloc(30, 11)]));
      },
      /label 11 of item 0/,
    ],
    [
      'fewer labels than pictures',
      () => {
        writeAll(30, 0);
        write('train-labels-idx1-ubyte', labelFile(29));
      },
      /has 29 labels for the 30 pictures/,
    ],
  ];
  for (const [name, prepare, message] of broken) {
    it(`refuses ${name}`, () => {
      prepare();
      expect(() => idxManifest(directory)).toThrow(message);
    });
  }

  it('refuses pools that are too large and sizes that are too small', () => {
    writeAll(30, 10);
    expect(() => openIdx(specOf({ pools: { source: 40, transfer: 1, selection: 1, test: 1 } }))).toThrow(
      /train files .* have 30/,
    );
    expect(() => openIdx(specOf({ pools: { source: 4, transfer: 1, selection: 1, test: 11 } }))).toThrow(
      /t10k files .* have 10/,
    );
    expect(() => openIdx(specOf({ size: 4 }))).toThrow(/at least that/);
    expect(() => openIdx(specOf({ version: 99 }))).toThrow(/version/);
  });
});
