import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ArtifactStore } from '../ports';
import { folderArtifacts } from './artifacts';

let folder: string;
let artifacts: ArtifactStore;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'taskatlas-artifacts-'));
  artifacts = folderArtifacts(path.join(folder, 'store'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('folderArtifacts', () => {
  it('gives back what was written, and null for what was not', async () => {
    expect(await artifacts.read('abc/weights')).toBeNull();
    expect(await artifacts.list('')).toEqual([]);
    await artifacts.write('abc/weights', bytes(0, 255, 7));
    await artifacts.write('abc/features-test-rgb', bytes());
    await artifacts.write('def/weights', bytes(1));
    await artifacts.write('abc/weights', bytes(9, 9));
    expect(await artifacts.read('abc/weights')).toEqual(bytes(9, 9));
    expect(await artifacts.read('abc/features-test-rgb')).toEqual(bytes());
    expect(await artifacts.list('abc/')).toEqual(['abc/features-test-rgb', 'abc/weights']);
    expect(await artifacts.exists('abc/weights')).toBe(true);
    expect(await artifacts.exists('abc')).toBe(false);
    await artifacts.remove('abc/weights');
    expect(await artifacts.exists('abc/weights')).toBe(false);
    await artifacts.remove('abc/weights');
    expect(await artifacts.read('abc/weights')).toBeNull();
  });

  it('shows one of many writers’ whole file, and leaves nothing half-written', async () => {
    const versions = Array.from({ length: 12 }, (_, i) => new Uint8Array(100_000).fill(i));
    await Promise.all(versions.map((version) => artifacts.write('run/checkpoint', version)));
    const found = await artifacts.read('run/checkpoint');
    expect(found?.length).toBe(100_000);
    expect(new Set(found).size).toBe(1);
    expect(await readdir(path.join(folder, 'store', 'run'))).toEqual(['checkpoint']);
  });

  it('does not show what a killed writer left', async () => {
    await artifacts.write('run/weights', bytes(1));
    await writeFile(path.join(folder, 'store', 'run', 'weights.partial-99-abcd'), 'half');
    expect(await artifacts.list('run/')).toEqual(['run/weights']);
  });

  it.each(['../secret', 'a/../../b', '/etc/passwd', 'a//b', '', '.hidden', 'a/b\u0000c'])(
    'refuses the name %j',
    async (name) => {
      await expect(artifacts.read(name)).rejects.toMatchObject({ code: 'invalid-input' });
      await expect(artifacts.write(name, bytes(1))).rejects.toMatchObject({ code: 'invalid-input' });
    },
  );

  it('says so when the disk does not take it', async () => {
    await artifacts.write('taken', bytes(1));
    await expect(artifacts.write('taken/weights', bytes(1))).rejects.toThrow(
      /Cannot write the artifact|ENOTDIR|EEXIST/,
    );
  });
});
