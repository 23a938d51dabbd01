import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { encode } from 'jpeg-js';
import { afterAll, describe, expect, it } from 'vitest';
import { POOLS, type PoolName } from '../../core';
import { checkFolder } from '../check';
import { encodePng } from '../folders/png';
import { decodeShard } from '../folders/store';
import { imageFolderSource, openImageFolder, resolveImageFolder } from '.';
import { shareOut } from './deal';
import { scanImageFolder } from './scan';
import type { ImageFolderInput } from './survey';

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

const choiceOf = async (asked: ImageFolderInput) => {
  const { spec, notes } = await resolveImageFolder(asked);
  return { spec, notes, ...(await imageFolderSource(spec, cacheDirectory)) };
};
const leftOutOf = async (directory: string) =>
  Object.fromEntries((await checkFolder(directory)).leftOut.map(({ reason, paths }) => [reason, paths]));

describe('pictures by class', () => {
  it('deals every picture once, with the class of its folder and its own colour', async () => {
    const directory = folder('plain', { ...plain, 'cats/notes.txt': new Uint8Array(3) });
    const { spec, choice } = await choiceOf(input(directory));
    expect(spec).toMatchObject({
      kind: 'image-folder',
      classes: 2,
      skipped: 0,
      background: '#ffffff',
      bits: 16,
    });
    const dataset = await openImageFolder(spec, { cacheDirectory });
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
      leftOut: [{ reason: 'other format (.txt)', count: 1, paths: ['cats/notes.txt'] }],
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
    const { choice } = await choiceOf(input(folder('split', { ...files, 'extra/x.png': png(250) })));
    const splits = (pool: PoolName) => [...new Set(choice.pools[pool].map((item) => item.id.split('/')[0]))];
    expect(POOLS.map(splits)).toEqual([['train'], ['train'], ['validation'], ['test']]);
    expect(await leftOutOf(join(root, 'split'))).toEqual({ 'folder beside the split folders': ['extra/'] });
    await expect(
      scanImageFolder(folder('no train', { 'val/a/1.png': png(1), 'test/b/2.png': png(2) })),
    ).rejects.toThrow(/test\/, val\/ but no train\//);
    const trains = folder('vehicles', { 'train/1.png': png(1), 'car/2.png': png(2) });
    expect((await scanImageFolder(trains)).classes).toEqual(['car', 'train']);
  });

  it('says what it needs', async () => {
    await expect(scanImageFolder(join(root, 'nowhere'))).rejects.toThrow(/does not exist/);
    await expect(scanImageFolder(folder('one class', { 'cats/1.png': png(1) }))).rejects.toThrow(
      /pictures of only one class \(cats\)\. Expected: <class>\/picture\.png for at least two classes/,
    );
    await expect(checkFolder(folder('loose', { '1.png': png(1), 'a.heic': png(1) }))).rejects.toThrow(
      /no class folder with pictures, 1 picture outside of class folders, 1 file of other format \(\.heic\)/,
    );
    await expect(checkFolder(join(folder('loose', {}), '1.png'))).rejects.toThrow(/is not a folder/);
    await expect(
      resolveImageFolder(input(folder('few', plain), { pools: { ...pools, source: 40 } })),
    ).rejects.toThrow(/source pool asks for 40 images; .* has 4 for it/);
  });
});

describe('what lies in folders beside pictures', () => {
  it('is no class: folders of systems, hidden and empty ones; each is named by its reason', async () => {
    const directory = folder('system', {
      ...plain,
      '__MACOSX/cats/._0.png': png(1),
      '@eaDir/x.png': png(2),
      '.git/y.png': png(3),
      'cats/.ipynb_checkpoints/z.png': png(4),
      'cats/Thumbs.db': png(5),
      'dogs/._1.png': png(6),
      'dogs/page.svg': png(7),
      'notes/read.me': png(8),
      'top.png': png(9),
    });
    mkdirSync(join(directory, 'empty'));
    const report = await checkFolder(directory);
    expect(report).toMatchObject({ groups: 2, counts: { cats: 5, dogs: 5 }, complete: 10, faults: [] });
    expect(await leftOutOf(directory)).toEqual({
      'folder of the system': ['@eaDir/', '__MACOSX/'],
      'hidden folder': ['.git/', 'cats/.ipynb_checkpoints/'],
      'file of the system': ['cats/Thumbs.db'],
      'hidden file': ['dogs/._1.png'],
      'other format (.svg)': ['dogs/page.svg'],
      'other format (.me)': ['notes/read.me'],
      'class folder without pictures': ['empty/', 'notes/'],
      'picture outside of a class folder': ['top.png'],
    });
    const { notes } = await resolveImageFolder(input(directory));
    expect(notes.join('\n')).toMatch(/Left out: .*2 × folder of the system/);
  });

  it('counts nested pictures to the class above, and joins names that differ only in Unicode form', async () => {
    const directory = folder('nested', {
      ...plain,
      'cats/indoors/one/11.png': png(231),
      'caf\u00e9/1.png': png(232),
      'cafe\u0301/2.png': png(233),
    });
    const report = await checkFolder(directory);
    expect(report.counts).toEqual({ 'caf\u00e9': 2, cats: 6, dogs: 5 });
    expect(report.notes.join('\n')).toMatch(
      /In folders below a class folder, counted to that class: 1 picture: cats\/indoors\/one\/11\.png/,
    );
    expect(report.notes.join('\n')).toContain('(NFC, NFD) are one class: caf\u00e9');
    expect((await checkFolder(folder('proto', { ...plain, '__proto__/1.png': png(9) }))).groups).toBe(3);
  });

  it('never opens pipes, devices and links that lead elsewhere; they are faults with their reason', async () => {
    const directory = folder('odd', { ...plain, 'cats/secret.png': png(99) });
    execFileSync('mkfifo', [join(directory, 'cats/pipe.png')]);
    symlinkSync('/dev/zero', join(directory, 'cats/zero.png'));
    symlinkSync('/nowhere/x.png', join(directory, 'cats/gone.png'));
    symlinkSync('/etc/passwd', join(directory, 'cats/out.png'));
    symlinkSync('self.png', join(directory, 'cats/self.png'));
    symlinkSync('../dogs', join(directory, 'cats/folder'));
    symlinkSync('.', join(directory, 'loop'));
    mkdirSync(join(directory, 'cats/folder.png'));
    chmodSync(join(directory, 'cats/secret.png'), 0);
    const { faults, groups } = await checkFolder(directory);
    expect(groups).toBe(2);
    const why = new Map(faults.map((fault) => [fault.path, fault.why]));
    if (process.getuid?.() !== 0) expect(why.get('cats/secret.png')).toMatch(/no permission/);
    why.delete('cats/secret.png');
    expect(Object.fromEntries(why)).toEqual({
      'cats/pipe.png': 'is a named pipe',
      'cats/zero.png': 'is a link out of the folder',
      'cats/gone.png': 'is a broken link',
      'cats/out.png': 'is a link out of the folder',
      'cats/self.png': 'is a link that leads to itself',
    });
    expect(await leftOutOf(directory)).toEqual({
      'empty folder': ['cats/folder.png/'],
      'link to a folder': ['loop', 'cats/folder'],
    });
    await expect(resolveImageFolder(input(directory))).rejects.toThrow(/cats\/pipe\.png is a named pipe/);
  });
});

describe('faults', () => {
  it('a damaged picture is fatal, or left out and counted', async () => {
    const directory = folder('damaged', plain);
    truncateSync(join(directory, 'dogs/1.png'), 50);
    await expect(resolveImageFolder(input(directory))).rejects.toThrow(/dogs\/1\.png ends too early/);
    const few = { ...pools, source: 3 };
    const { spec, notes } = await resolveImageFolder(input(directory, { onError: 'skip', pools: few }));
    expect(spec.skipped).toBe(1);
    expect(notes[0]).toMatch(/Left out for their faults: 1 picture: dogs\/1\.png ends too early/);
    expect((await checkFolder(directory)).faults).toEqual([{ path: 'dogs/1.png', why: 'ends too early' }]);
  });

  it('copies: checks and submissions find the same, whatever the pools take, and name both', async () => {
    const copy = png(45);
    // the same pixels in a file that differs
    const saved = encodePng({
      width: side,
      height: side,
      channels: 4,
      data: Uint8Array.from({ length: side * side * 4 }, (_, i) => (i % 4 === 3 ? 255 : 45)),
    });
    const directory = folder('doubled', {
      ...plain,
      'cats/b.png': copy,
      'cats/c.png': saved,
      'cats/d.png': png(3),
      'dogs/d.png': png(3),
    });
    const { faults, complete } = await checkFolder(directory);
    expect(faults).toEqual([
      { path: 'cats/b.png', why: 'is a copy of cats/2.png' },
      { path: 'cats/c.png', why: 'is a copy of cats/2.png' },
      { path: 'cats/d.png', why: 'is the same picture as dogs/d.png, which is of another class' },
      { path: 'dogs/d.png', why: 'is the same picture as cats/d.png, which is of another class' },
    ]);
    expect(complete).toBe(10);
    const tiny = { source: 1, transfer: 1, selection: 1, test: 1 };
    const error = await resolveImageFolder(input(directory, { pools: tiny })).catch((e: Error) => e.message);
    for (const { path, why } of faults) expect(error).toContain(`${path} ${why}`);
    const { spec } = await resolveImageFolder(input(directory, { onError: 'skip' }));
    expect(spec.skipped).toBe(4);
  });
});

describe('pools', () => {
  /** 40 pictures of a, 12 of b, 4 of c, 2 of d. */
  const sizes = { a: 40, b: 12, c: 4, d: 2 };
  const directory = folder(
    'uneven',
    Object.fromEntries(
      Object.entries(sizes).flatMap(([name, n], k) =>
        Array.from({ length: n }, (_, i) => [
          `${name}/${i}.png`,
          encodePng({ width: 2, height: 1, channels: 1, data: Uint8Array.of(i, k) }),
        ]),
      ),
    ),
  );

  it('have every class in proportion, at least once where it can be, and every beginning of them too', async () => {
    const { choice, notes } = await choiceOf(
      input(directory, { pools: { source: 20, transfer: 14, selection: 10, test: 14 } }),
    );
    const counts = (pool: PoolName, first = 100) =>
      [0, 1, 2, 3].map((label) => choice.pools[pool].slice(0, first).filter((i) => i.label === label).length);
    expect(counts('test')).toEqual([10, 3, 1, 0].map((n, i) => (i === 3 ? 1 : i === 0 ? n - 1 : n)));
    expect(POOLS.map((pool) => counts(pool)[2])).toEqual([1, 1, 1, 1]);
    const [a = 0, b = 0] = counts('source', 10);
    expect(a).toBeGreaterThanOrEqual(6);
    expect(b).toBeGreaterThanOrEqual(1);
    const absent = notes.filter((note) => note.includes('has no picture of'));
    expect(absent).toEqual([
      'The transfer pool has no picture of 1 of 4 classes: d.',
      'The source pool has no picture of 1 of 4 classes: d.',
    ]);
  });

  it('are told by the check where they are asked for', async () => {
    const few = { source: 4, transfer: 3, selection: 2, test: 2 };
    const report = await checkFolder(directory, { pools: few });
    expect(report.absent?.map(({ pool }) => pool)).toEqual(['test', 'selection', 'transfer']);
    expect((await checkFolder(directory)).notes).toContain(
      'Classes with fewer than 4 sound pictures are absent from some pool: d.',
    );
  });

  it('shares are by largest remainder, one for each class that has pictures', () => {
    expect(shareOut(10, [50, 30, 20])).toEqual([5, 3, 2]);
    expect(shareOut(7, [50, 30, 20])).toEqual([4, 2, 1]);
    expect(shareOut(10, [97, 1, 1, 1])).toEqual([7, 1, 1, 1]);
    expect(shareOut(2, [97, 1, 1, 1])).toEqual([2, 0, 0, 0].map((n, i) => (i === 0 ? 1 : i === 1 ? 1 : n)));
    expect(shareOut(3, [0, 0])).toEqual([0, 0]);
  });
});

describe('how pictures are read', () => {
  const bytesOf = async (asked: ImageFolderInput) => {
    const source = await choiceOf(asked);
    await decodeShard(source, 0, 1, cacheDirectory);
    const dataset = await openImageFolder(source.spec, { cacheDirectory });
    return POOLS.map((pool) => [...dataset.inputs(pool, 'rgb', [...source.choice.pools[pool].keys()])]);
  };

  it('transparent pictures give the bytes of the same ones flattened on white', async () => {
    const rgba = (i: number) =>
      Uint8Array.from({ length: 16 * 16 * 4 }, (_, k) =>
        k % 4 === 3 ? (k * 7 + i) % 256 : (k * i * 31) % 256,
      );
    const onWhite = (data: Uint8Array) =>
      Uint8Array.from({ length: 16 * 16 * 3 }, (_, k) => {
        const [at, alpha] = [4 * Math.floor(k / 3) + (k % 3), data[4 * Math.floor(k / 3) + 3] as number];
        return Math.round(((data[at] as number) * alpha + 255 * (255 - alpha)) / 255);
      });
    const both = (flat: boolean) =>
      Object.fromEntries(
        Array.from({ length: 10 }, (_, i) => [
          `${i % 2 ? 'a' : 'b'}/${i}.png`,
          encodePng({
            width: 16,
            height: 16,
            channels: flat ? 3 : 4,
            data: flat ? onWhite(rgba(i + 1)) : rgba(i + 1),
          }),
        ]),
      );
    const [alpha, flat] = [folder('alpha', both(false)), folder('flat', both(true))];
    expect(await bytesOf(input(alpha))).toEqual(await bytesOf(input(flat)));
    const black = await resolveImageFolder(input(alpha, { background: '#000' }));
    expect(black.spec.background).toBe('#000000');
    expect(black.spec.manifest).not.toBe((await resolveImageFolder(input(alpha))).spec.manifest);
    expect(await bytesOf(input(alpha, { background: '#000' }))).not.toEqual(await bytesOf(input(flat)));
    expect((await checkFolder(alpha)).notes).toContain(
      '10 pictures with transparent pixels: put on #ffffff.',
    );
  });

  it('16-bit pictures share one window, of the whole folder, which is part of the manifest', async () => {
    const wide = (top: number) =>
      Object.fromEntries(
        Array.from({ length: 10 }, (_, i) => [
          `${i % 2 ? 'a' : 'b'}/${i}.png`,
          encodePng({
            width: 2,
            height: 2,
            channels: 1,
            data: Uint16Array.of(top >> 1, i, 0, i === 0 ? top : 7),
          }),
        ]),
      );
    const twelve = folder('twelve', wide(4095));
    const { spec } = await resolveImageFolder(input(twelve));
    expect(spec.bits).toBe(12);
    expect((await resolveImageFolder(input(folder('sixteen', wide(40_000))))).spec.bits).toBe(16);
    const asked = await resolveImageFolder(input(twelve, { bits: 10 }));
    expect([asked.spec.bits, asked.spec.manifest === spec.manifest]).toEqual([10, false]);
    expect((await checkFolder(twelve)).notes.join()).toMatch(
      /10 pictures of 16 bits: samples are read as 12 bits/,
    );
    const [first] = await bytesOf(input(twelve));
    expect(first?.[0]).toBeCloseTo((2 * 127) / 255 - 1, 2);
  });

  it('other decoders are refused: they may give other pixels', async () => {
    const { spec } = await resolveImageFolder(input(folder('decoders', plain)));
    await expect(openImageFolder({ ...spec, decoder: 'libvips 1' }, { cacheDirectory })).rejects.toThrow(
      /planned with pictures decoded by libvips 1; this build decodes by libvips \d/,
    );
  });

  it('a submission can be given up', async () => {
    const stop = new AbortController();
    stop.abort(new Error('nobody waits'));
    const directory = folder('given up', { 'a/1.png': png(1) });
    copyFileSync(join(directory, 'a/1.png'), join(folder('given up', { 'b/1.png': png(2) }), 'a/2.png'));
    await expect(resolveImageFolder(input(directory), { signal: stop.signal })).rejects.toThrow(
      'nobody waits',
    );
  });
});
