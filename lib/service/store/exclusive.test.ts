import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startOf, stillRuns, takeLock } from './exclusive.mjs';
import { readStateFile, writeStateFile } from './state-file';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'taskatlas-exclusive-'));
  file = path.join(folder, 'a.lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const module = JSON.stringify(path.join(import.meta.dirname, 'exclusive.mjs'));

/** A process that takes the lock, and dies with it. It leaves a mark while it has it, and says when another did too. */
const TAKER = `import { takeLock } from ${module};
  import { rmSync, writeFileSync } from 'node:fs';
  const [file] = process.argv.slice(1);
  const lock = await takeLock(file, { patienceMs: 1e9 });
  try { writeFileSync(file + '.mark', '', { flag: 'wx' }); } catch { process.exit(3); }
  await new Promise((resolve) => setTimeout(resolve, 5));
  rmSync(file + '.mark');
  process.exit(0);`;

const take = async (): Promise<number> => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', TAKER, file], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  return code as number;
};

describe('a lock', () => {
  it('has one holder, who gives it up', async () => {
    const first = await takeLock(file, { patienceMs: 0 });
    if (!first.taken) throw new Error('a free lock was not given');
    expect(await takeLock(file, { patienceMs: 60 })).toEqual({ taken: false, pid: process.pid });
    first.release();
    const second = await takeLock(file, { patienceMs: 0 });
    expect(second.taken).toBe(true);
    // The first has nothing to give up any more.
    first.release();
    expect((await takeLock(file, { patienceMs: 0 })).taken).toBe(false);
    expect(readdirSync(folder)).toEqual(['a.lock']);
  });

  it('goes from one to the next, one at a time, when all come at once and each dies with it', async () => {
    writeFileSync(file, JSON.stringify({ pid: 2 ** 22 + 1, started: null }));
    expect(await Promise.all(Array.from({ length: 8 }, take))).toEqual(Array(8).fill(0));
  });

  it.runIf(existsSync('/proc/self/stat'))(
    'linux: is taken over from a process whose id another has by now',
    async () => {
      const held = { pid: process.pid, started: 'another boot 1' };
      expect(stillRuns(held)).toBe(false);
      expect(stillRuns({ pid: process.pid, started: startOf(process.pid) })).toBe(true);
      writeFileSync(file, JSON.stringify(held));
      expect((await takeLock(file, { patienceMs: 0 })).taken).toBe(true);
    },
  );

  it('that holds garbage is nobody’s', async () => {
    for (const text of ['', '4711', 'null', '{"pid":', '{"pid":-1}', '\u0000\u0000', '{"pid":"x"}']) {
      writeFileSync(file, text);
      expect((await takeLock(file, { patienceMs: 0 })).taken, text).toBe(true);
    }
  });
});

describe('a file of state', () => {
  const shape = z.object({ port: z.number() });

  it('is read as it was written, by its owner alone, and leaves nothing beside it', () => {
    const state = path.join(folder, 'below', 'state.json');
    writeStateFile(state, '{"port":5}');
    writeStateFile(state, '{"port":6}');
    expect(readStateFile(state, shape)).toEqual({ port: 6 });
    expect(readdirSync(path.dirname(state))).toEqual(['state.json']);
    expect(readFileSync(state, 'utf8')).toBe('{"port":6}');
  });

  it('that is missing, cut short, of another shape or a folder says nothing', () => {
    const state = path.join(folder, 'state.json');
    expect(readStateFile(state, shape)).toBeNull();
    for (const text of ['', '{"port":', '{"port":"x"}', '[]', '\u0000']) {
      writeFileSync(state, text);
      expect(readStateFile(state, shape), text).toBeNull();
    }
    expect(readStateFile(folder, shape)).toBeNull();
  });
});
