import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { encode } from 'jpeg-js';
import { afterAll, describe, expect, it } from 'vitest';
import { POOLS } from '../../core';
import { checkFolder } from '../check';
import { encodePng } from '../folders/png';
import {
  type ImageFolderInput,
  imageFolderSource,
  openImageFolder,
  resolveImageFolder,
  scanImageFolder,
} from '.';

const root = mkdtempSync(join(tmpdir(), 'taskatlas-folder-'));
const cacheDirectory = join(root, 'cache');
afterAll(() => rmSync(root, { recursive: true, force: true }));

const side = 24;
/** A picture of one colour. */
const png = (shade: number): Uint8Array =>
  encodePng({ width: side, height: side, channels: 3, data: new Uint8Array(side * side * 3).fill(shade) });
const jpeg = (shade: number): Uint8Array =>
  encode({ width: side, height: side, data: Buffer.alloc(side * side * 4, shade) }, 95).data;

function folder(name: string, files: Readonly<Record<string, Uint8Array>>): string {
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name, path)), { recursive: true });
    writeFileSync(join(root, name, path), bytes);
  }
  return join(root, name);
}

const plain = Object.fromEntries(
  Array.from({ length: 10 }, (_, i) => [
    `${i % 2 === 0 ? 'cats' : 'dogs'}/${i}.${i % 3 === 0 ? 'JPG' : 'png'}`,
    (i % 3 === 0 ? jpeg : png)(20 * i + 5),
  ]),
);
const pools = { source: 4, transfer: 2, selection: 2, test: 2 };
const input = (directory: string, more: Partial<ImageFolderInput> = {}): ImageFolderInput => ({
  directory,
  seed: 1,
  size: 16,
  pools,
  onError: 'fail',
  ...more,
});

describe('pictures by class', () => {
  it('deals every picture once, with the class of its folder and its own colour', async () => {
    const directory = folder('plain', { ...plain, 'cats/notes.txt': new Uint8Array(3) });
    const spec = await resolveImageFolder(input(directory));
    expect(spec).toMatchObject({ kind: 'image-folder', classes: 2, skipped: 0 });
    const dataset = await openImageFolder(spec, { cacheDirectory });
    const { choice } = await imageFolderSource(spec, cacheDirectory);
    const seen: number[] = [];
    for (const pool of POOLS) {
      const indices = [...choice.pools[pool].keys()];
      const labels = dataset.labels(pool, 'classification', indices).values;
      const pictures = dataset.inputs(pool, 'rgb', indices);
      choice.pools[pool].forEach((item, i) => {
        const number = Number(/(\d+)\.\w+$/.exec(item.id)?.[1]);
        seen.push(number);
        expect(labels[i]).toBe(number % 2);
        const mean = pictures.subarray(i * 768, (i + 1) * 768).reduce((a, b) => a + b, 0) / 768;
        expect(Math.abs(mean - ((20 * number + 5) * 2) / 255 + 1)).toBeLessThan(0.03);
      });
    }
    expect(seen.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(dataset.tasks.find((task) => task.id === 'classification')?.head).toEqual({
      kind: 'classes',
      classes: 2,
    });
    expect(await checkFolder(directory)).toMatchObject({
      kind: 'image-folder',
      images: 10,
      complete: 10,
      ignored: 1,
      counts: { cats: 5, dogs: 5 },
    });
  });

  it('keeps split folders apart', async () => {
    const files = Object.fromEntries(
      ['train', 'validation', 'test'].flatMap((split, s) =>
        Array.from({ length: split === 'train' ? 6 : 2 }, (_, i) => [
          `${split}/${'ab'[i % 2]}/${i}.png`,
          png(70 * s + 9 * i),
        ]),
      ),
    );
    const spec = await resolveImageFolder(input(folder('split', files)));
    const { choice } = await imageFolderSource(spec, cacheDirectory);
    const splits = (pool: (typeof POOLS)[number]) => [
      ...new Set(choice.pools[pool].map((item) => item.id.split('/')[0])),
    ];
    expect(POOLS.map(splits)).toEqual([['train'], ['train'], ['validation'], ['test']]);
  });

  it('a damaged picture is fatal, or left out and counted', async () => {
    const directory = folder('damaged', plain);
    truncateSync(join(directory, 'dogs/1.png'), 50);
    await expect(resolveImageFolder(input(directory))).rejects.toThrow(/dogs\/1\.png ends too early/);
    const spec = await resolveImageFolder(
      input(directory, { onError: 'skip', pools: { ...pools, source: 3 } }),
    );
    expect(spec.skipped).toBe(1);
    expect((await checkFolder(directory)).faults).toEqual([{ path: 'dogs/1.png', why: 'ends too early' }]);
  });

  it('a picture in two classes or pools is found', async () => {
    const directory = folder('doubled', { ...plain, 'dogs/copy.png': plain['cats/2.png'] as Uint8Array });
    await expect(resolveImageFolder(input(directory, { pools: { ...pools, source: 5 } }))).rejects.toThrow(
      /copy\.png is a copy of cats\/2\.png|cats\/2\.png is a copy of dogs\/copy\.png/,
    );
  });

  it('says what it needs', async () => {
    expect(() => scanImageFolder(join(root, 'nowhere'))).toThrow(/does not exist/);
    expect(() => scanImageFolder(folder('one class', { 'cats/1.png': png(1) }))).toThrow(
      /two classes are needed/,
    );
    await expect(
      resolveImageFolder(input(folder('few', plain), { pools: { ...pools, source: 40 } })),
    ).rejects.toThrow(/source pool asks for 40/);
  });
});
