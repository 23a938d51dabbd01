import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EngineRecord } from './layout';
import {
  createStaging,
  hasNvidiaDevice,
  listEngines,
  moveIntoPlace,
  removeEngine,
  writeRecord,
} from './locate';

const record: EngineRecord = {
  format: 1,
  tfjs: '4.22.0',
  tensorflow: '2.21.0',
  variant: 'cpu',
  origin: 'wheel',
  source: 'a.whl',
  builtWith: 'g++',
  createdAt: '2026-01-01T00:00:00Z',
  verified: { at: '', node: 'v22', device: 'cpu', steps: 1, tensorsLeaked: 0, startMilliseconds: 1 },
};

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'taskatlas-engines-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** A process id that no process has: Linux gives out at most 2^22. */
const DEAD = 2 ** 22 + 1;

describe('engines on disk', () => {
  it('are only those folders that carry a record', () => {
    mkdirSync(join(home, '4.22.0-2.20.0-cpu'));
    mkdirSync(join(home, '4.22.0-2.21.0-cpu'));
    writeRecord(join(home, '4.22.0-2.21.0-cpu'), record);
    mkdirSync(join(home, '.staging-4.22.0-cpu-1'));
    writeRecord(join(home, '.staging-4.22.0-cpu-1'), record);
    expect(listEngines(home)).toEqual([{ directory: join(home, '4.22.0-2.21.0-cpu'), record }]);
    expect(listEngines(join(home, 'nowhere'))).toEqual([]);
  });

  it('appear by a rename and replace their predecessor whole', () => {
    const target = join(home, '4.22.0-2.21.0-cpu');
    for (const text of ['old', 'new']) {
      const staging = createStaging(home, 'test');
      writeFileSync(join(staging, 'what'), text);
      writeRecord(staging, record);
      moveIntoPlace(staging, target);
    }
    expect(readFileSync(join(target, 'what'), 'utf8')).toBe('new');
    expect(readdirSync(home)).toEqual(['4.22.0-2.21.0-cpu']);
  });

  it('stay as they were when the new one cannot be moved', () => {
    const target = join(home, '4.22.0-2.21.0-cpu');
    mkdirSync(target);
    writeRecord(target, record);
    expect(() => moveIntoPlace(join(home, 'missing'), target)).toThrow();
    expect(listEngines(home)).toHaveLength(1);
  });

  it('are removed with their folder', () => {
    const target = join(home, '4.22.0-2.21.0-cpu');
    mkdirSync(target);
    writeRecord(target, record);
    for (const engine of listEngines(home)) removeEngine(engine);
    expect(readdirSync(home)).toEqual([]);
  });
});

describe('staging folders', () => {
  it('of dead processes are swept, those of living ones are left alone', () => {
    const dead = join(home, `.staging-4.22.0-cpu-${DEAD}`);
    const living = join(home, `.staging-4.22.0-gpu-${process.ppid}`);
    const half = join(home, `4.22.0-2.21.0-cpu.replaced-${DEAD}`);
    for (const folder of [dead, living, half]) mkdirSync(folder);
    const mine = createStaging(home, '4.22.0-cpu');
    expect([dead, living, half, mine].map((folder) => existsSync(folder))).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });
});

describe('a folder for engines that cannot be', () => {
  it('is named with what helps', () => {
    writeFileSync(join(home, 'file'), '');
    expect(() => createStaging(join(home, 'file', 'engines'), 'test')).toThrow(
      /There can be no folder .*file\/engines \(E.*set TASKATLAS_HOME/,
    );
  });
});

describe('an NVIDIA driver', () => {
  it('shows by its device files', () => {
    expect(hasNvidiaDevice((path) => path === '/dev/nvidia0')).toBe(true);
    expect(hasNvidiaDevice(() => false)).toBe(false);
  });
});
