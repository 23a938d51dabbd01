import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TaskatlasError } from '@/lib/science/core';
import type { SweepSpec } from '../contracts';
import { dataRoots, guarded } from './data-roots';
import { datasetCatalog } from './dataset-catalog';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'taskatlas-roots-')));
  for (const name of ['data', 'data-other', 'secret']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'secret', 'model.json'), '{}');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const pools = { source: 8, transfer: 8, selection: 8, test: 8 };
const idx = (directory: string): SweepSpec['dataset'] =>
  ({ kind: 'idx', directory, size: 28, pools }) as never;

/** What a request hears about a path, with the path itself taken out. */
async function answer(directory: string, roots: readonly string[]): Promise<string> {
  try {
    await guarded(datasetCatalog, roots).resolve(idx(directory));
    return 'read';
  } catch (error) {
    if (!(error instanceof TaskatlasError)) throw error;
    return `${error.code} ${error.message}`.replaceAll(directory, 'PATH');
  }
}

const REFUSED = /^invalid-input "PATH" is not in a data folder of this server.*TASKATLAS_DATA/;

describe('paths in requests', () => {
  it('are read below the roots only, and refused by the same words whether there is anything or not', async () => {
    const roots = [join(folder, 'data')];
    symlinkSync(join(folder, 'secret'), join(folder, 'data', 'link'));
    const outside = [
      'secret',
      'none',
      'secret/model.json',
      'data/link',
      'data/link/none',
      'data-other',
      'data/../secret',
    ];
    const told = await Promise.all(outside.map((name) => answer(`${folder}/${name}`, roots)));
    for (const text of [...told, await answer('/etc/passwd', roots), await answer('data\0x', roots)])
      expect(text).toMatch(REFUSED);
    expect(new Set(told).size).toBe(1);
    expect(await answer(`${folder}/data/none`, roots)).toMatch(/does not exist/);
    expect(await answer(`${folder}/data`, roots)).not.toMatch(REFUSED);
    expect(await answer(`${folder}/data`, [])).toMatch(REFUSED);
  });

  it('are guarded wherever a sweep names one', async () => {
    const catalog = guarded(datasetCatalog, [join(folder, 'data')]);
    const secret = join(folder, 'secret');
    const field = async (ask: () => Promise<unknown>): Promise<string | undefined> => {
      try {
        await ask();
        return undefined;
      } catch (error) {
        expect((error as Error).message).toContain('TASKATLAS_DATA');
        return (error as TaskatlasError).issues[0]?.path;
      }
    };
    const two = { ...idx(join(folder, 'data')), target: { directory: secret } } as SweepSpec['dataset'];
    const rooms = {
      kind: 'rooms',
      size: 32,
      seed: 1,
      pools,
      furniture: { library: secret },
    } as SweepSpec['dataset'];
    expect(await field(() => catalog.resolve(two))).toBe('dataset.target.directory');
    expect(await field(() => catalog.resolve(rooms))).toBe('dataset.furniture.library');
    const external = [{ name: 'a', model: join(secret, 'model.json'), layer: 'x', range: [0, 1] }];
    expect(await field(async () => catalog.external(external as never))).toBe('externalSources[0].model');
  });
});

describe('the roots', () => {
  it('are the clone and the home, those of TASKATLAS_DATA instead, and no others for other hosts', () => {
    const clone = join(folder, 'data');
    expect(dataRoots({}, clone)).toEqual([clone, realpathSync(homedir())]);
    symlinkSync(join(folder, 'secret'), join(folder, 'link'));
    const named = `${folder}/link:${folder}/none:`;
    expect(dataRoots({ TASKATLAS_DATA: named }, clone)).toEqual([`${folder}/secret`, `${folder}/none`]);
    expect(dataRoots({ TASKATLAS_HOSTS: 'atlas.example' }, clone)).toEqual([]);
    expect(() => dataRoots({ TASKATLAS_DATA: 'pictures' }, clone)).toThrow(/TASKATLAS_DATA has "pictures"/);
  });
});
