import { describe, expect, it } from 'vitest';
import type { CandidateResult, TargetAnalysis } from '@/lib/science/core';
import { importedSweep, readTransfers } from '../imports';
import { leadingMeasure, measuresOf } from './measures';
import type { SweepData } from './model';
import { objectiveOf, policyProblem } from './policy';
import { smallData } from './testing/small-sweep';

type Values = Partial<Record<'affinity' | 'gain' | 'quality', number>>;

/** A file of transfers, as the views see it once it is imported. */
function imported(transfers: readonly ({ target: string; sources: string[] } & Values)[]): SweepData {
  const [document] = readTransfers({ transfers });
  if (!document) throw new Error('no document');
  const { sweep, analyses } = importedSweep(document, { name: 'file' });
  return {
    sweep: { ...sweep, number: 1, state: 'done', createdAt: 0, finishedAt: 0 },
    runs: [],
    analyses,
    policies: [],
    summaries: new Map(),
    workers: [],
    now: 0,
  };
}

const row = (target: string, source: string, values: Values) => ({ target, sources: [source], ...values });

describe('measures of a sweep', () => {
  it('are all four where everything was measured', () => {
    const { analyses } = smallData();
    expect(measuresOf(analyses)).toEqual(['quality', 'gain', 'effect', 'affinity']);
    expect(leadingMeasure(analyses)).toBe('quality');
  });

  it('are those that some transfer has a value of; references and NaN do not count', () => {
    const file = imported([
      row('a', 'self', { quality: 0.5, gain: 0.9 }),
      row('a', 'pixels', { quality: 0.1 }),
      row('a', 'a', { quality: 0.4 }),
      row('a', 'b', { affinity: 0.2 }),
    ]);
    expect(measuresOf(file.analyses)).toEqual(['affinity']);
    const broken = file.analyses.map(
      (a): TargetAnalysis => ({
        ...a,
        candidates: a.candidates.map(
          (c): CandidateResult => ({ ...c, affinity: { value: Number.NaN, low: null, high: null } }),
        ),
      }),
    );
    expect(measuresOf(broken)).toEqual([]);
    expect(leadingMeasure(broken)).toBeNull();
    expect(leadingMeasure([])).toBeNull();
  });

  it('lead by the number of targets first: a measure that one target has does not decide for all', () => {
    const { analyses } = imported([
      row('a', 'b', { gain: 0.7, quality: 0.4 }),
      row('b', 'a', { gain: 0.6 }),
      row('c', 'a', { affinity: 0.6 }),
    ]);
    expect(measuresOf(analyses)).toEqual(['quality', 'gain', 'affinity']);
    expect(leadingMeasure(analyses)).toBe('gain');
  });
});

describe('the objective of a policy', () => {
  const gains = imported([row('a', 'b', { gain: 0.7 }), row('b', 'a', { gain: 0.6 })]);

  it('is that of an import from the moment that it is made, and the notes say what the file has', () => {
    expect(gains.sweep.spec.policy.objective).toBe('gain');
    const text = (code: string) => gains.sweep.notes?.find((n) => n.code === code)?.text;
    expect(text('measures')).toBe('The file has gain, and no affinity or quality.');
    expect(text('missing-values')).toBeUndefined();
  });

  it('is the measure that the import has, when nobody asked for one', () => {
    expect(objectiveOf(gains)).toBe('gain');
    const question = { budget: 2, maxOrder: 1, force: [], forbid: [], weights: {} };
    const { edges } = policyProblem(gains, { ...question, objective: objectiveOf(gains) });
    expect(edges.map((edge) => edge.value)).toEqual([0.7, 0.6]);
  });

  it('is the sweep’s own where its transfers have it, and any other one on request', () => {
    const data = smallData();
    expect(objectiveOf(data)).toBe(data.sweep.spec.policy.objective);
    expect(objectiveOf(data, 'log-loss')).toBe('log-loss');
    expect(objectiveOf({ ...data, analyses: [] })).toBe('quality');
  });

  it('is refused with the names of those that exist', () => {
    const refusal = (data: SweepData, asked: 'quality' | 'log-loss') => {
      try {
        return objectiveOf(data, asked);
      } catch (error) {
        return error;
      }
    };
    expect(refusal(gains, 'quality')).toMatchObject({
      code: 'invalid-input',
      message: 'This import has no quality values; use --objective gain',
      issues: [{ path: 'objective' }],
    });
    const both = imported([row('a', 'b', { gain: 0.7, affinity: 0.1 })]);
    expect(refusal(both, 'log-loss')).toMatchObject({
      message: 'This import has no log-loss values; use --objective gain or affinity',
    });
  });
});
