import { describe, expect, it } from 'vitest';
import { sweepSpec } from '@/lib/service/contracts';
import { csvLine } from '@/lib/service/views/csv';
import { gainDomain, rankLabels } from './ranking';
import { emptyForm, issueAt, otherIssues, specOf, withKind } from './sweep-form';
import { fileType } from './sweep-yaml';
import { oneOf, patchQuery } from './use-url-state';

describe('the sweep form', () => {
  it('makes a body that the contract accepts once tasks are chosen', () => {
    const spec = specOf({ ...emptyForm, tasks: ['z-depth', 'autoencoding'], seeds: '1, 2 3' });
    expect(sweepSpec.parse(spec)).toMatchObject({
      seeds: [1, 2, 3],
      dataset: { size: 64, pools: { test: 600 } },
    });
  });
  it.each(['idx', 'taskonomy', 'image-folder'] as const)('reads %s from a folder', (kind) => {
    const form = withKind({ ...emptyForm, tasks: ['z-depth'] }, kind);
    // Another kind of data has other tasks.
    expect(form.tasks).toEqual([]);
    const spec = specOf({ ...form, tasks: ['a', 'b'], directory: '/data' });
    expect(sweepSpec.parse(spec).dataset).toMatchObject({ kind, directory: '/data' });
    expect(withKind(form, 'nonsense')).toBe(form);
  });
  it('leaves a wrong number to the server, by its own text', () => {
    expect(specOf({ ...emptyForm, budget: 'many', size: '' })).toMatchObject({ policy: { budget: 'many' } });
    expect((specOf({ ...emptyForm, size: '' }).dataset as { size: unknown }).size).toBeUndefined();
  });
  it('shows an issue at its field, or at none', () => {
    const issues = [
      { path: 'dataset.pools.test', message: 'too small' },
      { path: 'tasks[1]', message: 'unknown task' },
      { path: 'extra', message: 'unknown field' },
    ];
    expect(issueAt(issues, 'tasks')).toBe('unknown task');
    expect(issueAt(issues, 'dataset.pools.test')).toBe('too small');
    expect(issueAt(issues, 'dataset.pools.source')).toBeNull();
    expect(otherIssues(issues).map((i) => i.path)).toEqual(['extra']);
  });
  it('tells JSON from YAML', () => {
    expect(fileType('  {"name": 1}')).toBe('application/json');
    expect(fileType('name: x')).toBe('text/yaml');
  });
});

describe('small things', () => {
  it('quotes CSV and disarms formulas', () => {
    expect(csvLine(['a,b', 'say "x"', 1.5, null, '=1+1'])).toBe('"a,b","say ""x""",1.5,,\'=1+1');
  });
  it('patches a query', () => {
    expect(patchQuery('?a=1&b=2', { a: null, c: '3' })).toBe('b=2&c=3');
    expect(oneOf('nonsense', ['x', 'y'])).toBe('x');
    expect(oneOf('y', ['x', 'y'])).toBe('y');
  });
});

describe('ranking', () => {
  const source = (rank: number, gain: number) => ({
    rank,
    method: 'readout',
    source: `s${gain}`,
    sources: ['s'],
    order: 1,
    affinity: null,
    gain: { value: gain, low: gain - 0.04, high: gain + 0.04 },
    quality: null,
    effect: null,
    metric: null,
    metricGain: null,
    skill: 0.3,
    probabilityBest: null,
    tied: false,
    helps: 'helps' as const,
  });
  it('writes a tie set as a range', () => {
    expect(rankLabels([source(1, 0.7), source(1, 0.69), source(1, 0.68), source(4, 0.5)])).toEqual([
      '1–3',
      '1–3',
      '1–3',
      '4',
    ]);
  });
  it('covers all intervals and the 50 % line in whole tens', () => {
    expect(gainDomain([source(1, 0.72), source(2, 0.63)])).toEqual([0.4, 0.8]);
    expect(gainDomain([])).toEqual([0.4, 0.6]);
  });
});
