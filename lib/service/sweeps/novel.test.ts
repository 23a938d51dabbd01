import { describe, expect, it } from 'vitest';
import type { RunState } from '@/lib/science/core';
import { declareTasks, ROOMS_VERSION } from '@/lib/science/datasets';
import type { StoredSweep } from '../ports';
import { checkStored, novelSpec } from './novel';
import { validateSweep } from './parse';
import { planSweep, type SweepPlan } from './plan';

const tasks = declareTasks('rooms');
const spec = validateSweep({
  name: 'stored',
  dataset: { kind: 'rooms', size: 32, pools: { source: 64, transfer: 32, selection: 16, test: 32 } },
  preset: 'micro',
  tasks: ['autoencoding', 'z-depth', 'surface-normals', 'random-projection'],
  targets: ['z-depth'],
});

const sweep: StoredSweep = {
  id: 's',
  number: 4,
  name: 'stored',
  state: 'done',
  spec,
  tasks: tasks.filter(({ id }) => spec.tasks.includes(id)),
  origin: 'measured',
  source: null,
  createdAt: 0,
  finishedAt: 1,
};

function plan(of = spec): SweepPlan {
  if (of.dataset.kind !== 'rooms') throw new Error('rooms only');
  return planSweep(of, { tasks, dataset: { ...of.dataset, version: ROOMS_VERSION } });
}

const storedRuns = (of: SweepPlan, open: string | null = null): ReadonlyMap<string, RunState> =>
  new Map(
    of.runs.map(({ fingerprint, recipe }) => [
      fingerprint,
      'task' in recipe && recipe.task === open ? 'failed' : 'done',
    ]),
  );

describe('a novel target', () => {
  it('asks for the very encoders of the stored sweep, without a network of its own', () => {
    const novel = plan(novelSpec(sweep, { task: 'reshading', images: 8 }));
    const old = new Set(plan().runs.map((run) => run.fingerprint));
    const sources = novel.runs.filter((run) => run.recipe.kind === 'source');
    expect(sources).toHaveLength(4);
    expect(sources.every((run) => old.has(run.fingerprint))).toBe(true);
    expect(novel.targets).toEqual(['reshading']);
    expect(() => checkStored(sweep, novel, storedRuns(plan()))).not.toThrow();
  });

  it('may be a source of that sweep that was no target: it is not ranked for itself', () => {
    const novel = novelSpec(sweep, { task: 'surface-normals' });
    expect(novel.sources).toEqual(['autoencoding', 'z-depth', 'random-projection']);
    expect(novel.transferSizes).toBeUndefined();
    expect(plan(novel).counts.transfer).toBe(3);
  });

  it('says which sources are not finished; those named alone can be ranked', () => {
    const runs = storedRuns(plan(), 'autoencoding');
    const all = plan(novelSpec(sweep, { task: 'reshading' }));
    expect(() => checkStored(sweep, all, runs)).toThrow('not finished: autoencoding.');
    const some = plan(novelSpec(sweep, { task: 'reshading', sources: ['z-depth', 'surface-normals'] }));
    expect(() => checkStored(sweep, some, runs)).not.toThrow();
  });

  it('trains nothing in secret when the networks of today would be others', () => {
    const other = plan({ ...spec, seeds: [2] });
    const novel = plan(novelSpec(sweep, { task: 'reshading' }));
    expect(() => checkStored(sweep, novel, storedRuns(other))).toThrow(
      'Other networks than those of sweep 4',
    );
  });

  it('needs networks: an imported sweep has none', () => {
    expect(() => novelSpec({ ...sweep, origin: 'imported' }, { task: 'reshading' })).toThrow('was imported');
  });

  it('keeps the name within what a sweep may be called', () => {
    const { name } = novelSpec({ ...sweep, name: 'x'.repeat(80) }, { task: 'reshading' });
    expect(name).toBe(`${'x'.repeat(68)} + reshading`);
  });
});
