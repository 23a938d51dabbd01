import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterAll, describe, expect, it } from 'vitest';
import { type DatasetSpec, POOLS } from '../core';
import { domainPools, openDataset, prepareDataset, ROOMS_VERSION, resolveImageFolder } from './index';

const root = mkdtempSync(join(tmpdir(), 'taskatlas-two-folders-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const cacheDirectory = join(root, 'cache');

/** A folder of two classes whose pictures are of one colour each: red tells the picture, green the folder. */
function folder(name: string, green: number): string {
  for (const [c, label] of ['cats', 'dogs'].entries()) {
    mkdirSync(join(root, name, label), { recursive: true });
    for (let i = 0; i < 8; i++) {
      const png = new PNG({ width: 16, height: 16 });
      for (let p = 0; p < 256; p++) png.data.set([100 * c + 10 * i, green, 0, 255], 4 * p);
      writeFileSync(join(root, name, label, `${i}.png`), PNG.sync.write(png));
    }
  }
  return join(root, name);
}

const pools = { source: 6, transfer: 4, selection: 2, test: 5 };
const input = { seed: 3, size: 16, onError: 'fail' } as const;
const [photos, sketches] = [folder('photos', 0), folder('sketches', 255)];
const { spec: source } = await resolveImageFolder({
  ...input,
  directory: photos,
  pools: domainPools(pools).source,
});
const { spec: target } = await resolveImageFolder({
  ...input,
  directory: sketches,
  pools: domainPools(pools).target,
});
const spec: DatasetSpec = {
  ...source,
  pools,
  target: { directory: target.directory, manifest: target.manifest },
};

describe('two folders as two domains', () => {
  it('deal the source pool from one and every other pool from the other, with their labels', async () => {
    const { images } = await prepareDataset(spec, 0, 1, cacheDirectory);
    // One picture of each pool that a folder does not serve is stored too.
    expect(images).toBe(6 + 3 + 4 + 2 + 5 + 1);
    const data = await openDataset(spec, { cacheDirectory });
    const scenes = new Set<number>();
    for (const pool of POOLS) {
      expect(data.count(pool)).toBe(pools[pool]);
      for (let i = 0; i < pools[pool]; i++) {
        const [red = 0, green] = data.inputs(pool, 'rgb', [i]);
        expect(green).toBe(pool === 'source' ? -1 : 1);
        const label = ((red + 1) / 2) * 255 >= 99 ? 1 : 0;
        expect(data.labels(pool, 'classification', [i]).values[0]).toBe(label);
      }
      for (const scene of data.scenes(pool)) scenes.add(scene);
    }
    expect(scenes.size).toBe(6 + 4 + 2 + 5);
  });

  it('may change the target domain’s appearance on top', async () => {
    const data = await openDataset({ ...spec, shift: { kind: 'inverted', strength: 1 } }, { cacheDirectory });
    expect(data.inputs('source', 'rgb', [0])[1]).toBe(-1);
    expect(data.inputs('test', 'rgb', [0])[1]).toBe(-1);
    expect(data.inputs('test', 'rgb', [0])[2]).toBe(1);
  });

  it('notices that a folder has changed, and is for data sets in folders', async () => {
    const changed = { ...spec, target: { directory: sketches, manifest: 'f'.repeat(64) } };
    await expect(openDataset(changed, { cacheDirectory: join(root, 'empty') })).rejects.toThrow(/manifest/);
    const rooms = { kind: 'rooms' as const, version: ROOMS_VERSION, seed: 1, size: 16, pools };
    await expect(
      openDataset({ ...rooms, target: { directory: 'x', manifest: 'y' } }, { cacheDirectory }),
    ).rejects.toThrow(/for idx and image-folder/);
  });
});
