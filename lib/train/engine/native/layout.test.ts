import { describe, expect, it } from 'vitest';
import {
  compareVersions,
  directoryName,
  type EngineRecord,
  type EngineVariant,
  enginesHome,
  type InstalledEngine,
  parseDirectoryName,
  rankEngines,
} from './layout';

const engine = (tfjs: string, tensorflow: string, variant: EngineVariant): InstalledEngine => {
  const record: EngineRecord = {
    format: 1,
    tfjs,
    tensorflow,
    variant,
    origin: 'wheel',
    source: 'a.whl',
    builtWith: 'g++',
    createdAt: '2026-01-01T00:00:00Z',
    verified: { at: '', node: 'v22', device: 'cpu', steps: 1, tensorsLeaked: 0, startMilliseconds: 1 },
  };
  return { directory: `/engines/${directoryName(record)}`, record };
};

describe('names of engine folders', () => {
  it('are read back as they were written', () => {
    const name = { tfjs: '4.22.0', tensorflow: '2.21.0', variant: 'gpu' } as const;
    expect(directoryName(name)).toBe('4.22.0-2.21.0-gpu');
    expect(parseDirectoryName('4.22.0-2.21.0-gpu')).toEqual(name);
    expect(parseDirectoryName('4.22.0-2.21.0rc1-cpu')?.tensorflow).toBe('2.21.0rc1');
  });

  it('are not taken for engines while being built, replaced or removed', () => {
    for (const text of ['.staging-4.22.0-cpu-12', '4.22.0-2.21.0-cpu.replaced-7', '4.22.0-2.21.0-tpu', 'x'])
      expect(parseDirectoryName(text)).toBeNull();
  });
});

describe('the place of engines', () => {
  it('follows TASKATLAS_HOME, and is outside of any clone without it', () => {
    expect(enginesHome({ TASKATLAS_HOME: '/data/atlas' })).toBe('/data/atlas/engines');
    expect(enginesHome({ TASKATLAS_HOME: '' })).toMatch(/\.taskatlas\/engines$/);
  });
});

describe('versions', () => {
  it('compare by number, not by text', () => {
    expect(compareVersions('2.9.1', '2.21.0')).toBe(-1);
    expect(compareVersions('2.21.0', '2.21')).toBe(0);
    expect(compareVersions('3.0.0', '2.99.9')).toBe(1);
  });
});

describe('choice among engines', () => {
  const installed = [
    engine('4.22.0', '2.9.1', 'cpu'),
    engine('4.22.0', '2.21.0', 'gpu'),
    engine('4.22.0', '2.21.0', 'cpu'),
    engine('4.21.0', '2.22.0', 'cpu'),
  ];
  const names = (preferred: EngineVariant): string[] =>
    rankEngines(installed, '4.22.0', preferred).map(({ record }) => directoryName(record));

  it('takes the wanted kind, then the newest, and never another tfjs', () => {
    expect(names('cpu')).toEqual(['4.22.0-2.21.0-cpu', '4.22.0-2.9.1-cpu', '4.22.0-2.21.0-gpu']);
    expect(names('gpu')).toEqual(['4.22.0-2.21.0-gpu', '4.22.0-2.21.0-cpu', '4.22.0-2.9.1-cpu']);
  });
});
