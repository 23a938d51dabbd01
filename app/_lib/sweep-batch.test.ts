import { describe, expect, it } from 'vitest';
import type { BatchPlanView, PlanView } from '@/lib/service/contracts';
import { ApiError } from './api';
import { issuesByFile, mergeFiles, newRuns, planGood, readFiles } from './sweep-batch';

const file = (name: string, text = name) => ({ name, text });

const plan: PlanView = {
  total: 9,
  byKind: {},
  reused: 4,
  growth: 0,
  estimatedFlops: 1,
  estimatedSeconds: null,
  notes: [],
};

const viewOf = (files: readonly { name: string }[]): BatchPlanView => ({
  sweeps: files.map(({ name }) => ({ file: name, name, plan })),
  total: plan,
});

describe('sweep files chosen together', () => {
  it('are read; one that is too large is named and not read', async () => {
    const large = { name: 'video.mp4', size: 300 * 1024, text: () => Promise.reject(new Error('was read')) };
    const { read, refused } = await readFiles([
      { name: 'a.yaml', size: 256 * 1024, text: async () => 'name: a' },
      large,
    ]);
    expect(read).toEqual([file('a.yaml', 'name: a')]);
    expect(refused).toEqual(['video.mp4 has 300 KB; a sweep file may have at most 256 KB.']);
  });

  it('take the place of older ones of the same name, and are 20 at most', () => {
    const { files, refused } = mergeFiles([file('a', 'old'), file('b')], [file('a', 'new'), file('c')]);
    expect(files).toEqual([file('a', 'new'), file('b'), file('c')]);
    expect(refused).toEqual([]);
    const many = mergeFiles(
      files,
      Array.from({ length: 18 }, (_, i) => file(`f${i}`)),
    );
    expect(many.files).toHaveLength(20);
    expect(many.refused).toEqual(['f17 is left out: at most 20 files go together.']);
  });

  it('get their own issues, by field', () => {
    const { files, rest } = issuesByFile(
      ['a', 'a: b.yaml', 'ab'],
      [
        { path: 'a: tasks[1]', message: 'unknown' },
        { path: 'a: b.yaml: seeds', message: 'empty' },
        { path: 'ab', message: 'no mapping' },
        { path: 'files', message: 'twice' },
      ],
    );
    expect([...files]).toEqual([
      ['a', [{ path: 'tasks[1]', message: 'unknown' }]],
      ['a: b.yaml', [{ path: 'seeds', message: 'empty' }]],
      ['ab', [{ path: '', message: 'no mapping' }]],
    ]);
    expect(rest.map(({ path }) => path)).toEqual(['files']);
  });
});

describe('the plan of a batch', () => {
  const refusal = new ApiError(400, 'invalid-input', '1 of 2 sweep files cannot be planned', [
    { path: 'bad.yaml: tasks[0]', message: 'unknown' },
  ]);
  const ask = async (files: readonly { name: string }[]): Promise<BatchPlanView> => {
    if (files.some(({ name }) => name === 'bad.yaml')) throw refusal;
    return viewOf(files);
  };

  it('is that of all files when all are right', async () => {
    const files = [file('a.yaml'), file('b.yaml')];
    expect(await planGood(files, ask)).toEqual({ view: viewOf(files), refused: null });
    expect(newRuns(plan)).toBe(5);
  });

  it('prices the good files while another is wrong', async () => {
    const { view, refused } = await planGood([file('a.yaml'), file('bad.yaml')], ask);
    expect(view?.sweeps.map((s) => s.file)).toEqual(['a.yaml']);
    expect(refused).toEqual({ message: refusal.message, issues: refusal.issues });
    expect((await planGood([file('bad.yaml')], ask)).view).toBeNull();
  });

  it('passes on what is about no file', async () => {
    const away = new ApiError(0, 'unavailable', 'no server');
    let asked = 0;
    const fail = (): Promise<never> => {
      asked += 1;
      return Promise.reject(away);
    };
    await expect(planGood([file('a.yaml')], fail)).rejects.toBe(away);
    expect(asked).toBe(1);
  });
});
