import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openChunk, writeChunk } from './cache';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'taskatlas-cache-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const data = { rgb: Uint8Array.of(1, 2, 3, 4), depth: Uint8Array.of(9, 8) };

describe('a file of the data set cache', () => {
  it('comes back as it went, and is refused when a byte has changed or it was cut', () => {
    const path = join(folder, 'a/chunk');
    writeChunk(path, 'rooms', 2, data);
    expect(openChunk(path, 'rooms')?.read('rgb')).toEqual(data.rgb);
    expect(openChunk(join(folder, 'none'), 'rooms')).toBeNull();
    const whole = readFileSync(path);
    const read = (bytes: Uint8Array) => () => {
      writeFileSync(path, bytes);
      return openChunk(path, 'rooms')?.read('depth');
    };
    const changed = Buffer.from(whole);
    changed[whole.length - 8] = 7;
    expect(read(changed)).toThrow(/damaged section "depth". Delete it/);
    expect(read(whole.subarray(0, whole.length - 8))).toThrow(/ends too early/);
  });

  it('that cannot be written leaves nothing behind and says where and why', () => {
    const taken = join(folder, 'taken');
    mkdirSync(join(taken, 'inside'), { recursive: true });
    expect(() => writeChunk(taken, 'rooms', 2, data)).toThrow(/cache file .*taken cannot be written: E/);
    expect(readdirSync(folder)).toEqual(['taken']);
    writeFileSync(join(folder, 'file'), '');
    expect(() => writeChunk(join(folder, 'file', 'chunk'), 'rooms', 2, data)).toThrow(/cannot be written: E/);
  });
});
