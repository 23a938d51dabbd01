import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeReference, readReference, referencePath } from '@/lib/science/numerics/testing/reference';
import { loadReferenceMetrics, runReference } from './reference';

interface ReferenceCase {
  name: string;
  expected: unknown;
  tolerance: number;
  min_height_gap?: number | null;
}

const METRICS = [
  'ahp',
  'linkage',
  'bootstrap_ci',
  'wilson_interval',
  'sign_test',
  'kendall_tau_b',
  'weighted_kendall',
  'spearman',
  'pearson',
  'kd_loss',
  'grl_schedule',
  'maml',
  'soft_sharing',
  'rbm_cd1',
  'pseudo_label',
  'sgd',
  'adam',
  'adamw',
  'lr_schedules',
  'mmd',
  'coral',
  'proxy_a_distance',
];

/** Element-wise comparison with an absolute tolerance; strings and nulls must agree exactly. */
function differences(actual: unknown, expected: unknown, tolerance: number, path = ''): string[] {
  if (typeof expected === 'number') {
    const close = typeof actual === 'number' && Math.abs(actual - expected) <= tolerance;
    return close ? [] : [`${path}: ${String(actual)} instead of ${expected} ± ${tolerance}`];
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return [`${path}: other length`];
    return expected.flatMap((e, i) => differences(actual[i], e, tolerance, `${path}[${i}]`));
  }
  if (expected !== null && typeof expected === 'object') {
    const given = (actual ?? {}) as Record<string, unknown>;
    return Object.entries(expected).flatMap(([key, e]) =>
      differences(given[key], e, tolerance, `${path}.${key}`),
    );
  }
  return actual === expected ? [] : [`${path}: ${String(actual)} instead of ${String(expected)}`];
}

/** With tied heights the order of merges is a matter of implementation: only heights compare (README). */
function comparable(metric: string, reference: ReferenceCase, value: unknown): [unknown, unknown] {
  const tied = metric === 'linkage' && (reference.min_height_gap ?? 1) <= 1e-9;
  const heights = (table: unknown): unknown =>
    (table as { merge_table: number[][] }).merge_table.map((row) => row[2]);
  return tied ? [heights(value), heights(reference.expected)] : [value, reference.expected];
}

describeReference('every public case by reference run', () => {
  it.each(METRICS)('reproduces every public case of %s', async (metric) => {
    const { cases } = readReference<{ cases: ReferenceCase[] }>('vectors', `${metric}.json`);
    const answer = await runReference(metric, referencePath('vectors', `${metric}.json`));
    expect(answer.cases).toHaveLength(cases.length);
    const wrong = cases.flatMap((reference, i) => {
      const given = answer.cases[i];
      if (!given || 'error' in given) return [`${reference.name}: ${given?.error ?? 'missing'}`];
      const [actual, expected] = comparable(metric, reference, given.value);
      return differences(actual, expected, reference.tolerance, reference.name);
    });
    expect(wrong).toEqual([]);
  });
});

describe('reference registry', () => {
  const file = (content: unknown): string => {
    const path = join(mkdtempSync(join(tmpdir(), 'reference-')), 'input.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };

  it('serves the metrics that the command line promises', async () => {
    expect([...(await loadReferenceMetrics()).keys()]).toEqual(expect.arrayContaining(METRICS));
  });

  it('gives a reason for a case without a value and goes on with the others', async () => {
    const input = file({
      cases: [
        { name: 'bad', inputs: { successes: 3, n: 'many' } },
        { name: 'outside', inputs: { successes: 5, n: 4, level: 0.9 } },
        { name: 'good', inputs: { successes: 0, n: 10, level: 0.95 } },
      ],
    });
    const { cases } = await runReference('wilson_interval', input);
    expect(cases[0]).toEqual({ name: 'bad', error: expect.stringContaining('inputs.n') });
    expect(cases[1]).toEqual({ name: 'outside', error: expect.stringContaining('successes') });
    expect(cases[2]).toMatchObject({ name: 'good', value: [0, expect.closeTo(0.2775, 4)] });
  });

  it('prints what is undefined as the string NaN, as the files do', async () => {
    const input = file({ cases: [{ name: 'constant', inputs: { x: [1, 2, 3], y: [4, 4, 4] } }] });
    expect(await runReference('pearson', input)).toEqual({ cases: [{ name: 'constant', value: 'NaN' }] });
  });

  it('names the file and the field of a malformed file', async () => {
    const input = file({ cases: [{ inputs: {} }] });
    await expect(runReference('pearson', input)).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining(input),
      issues: [{ path: 'cases[0].name' }],
    });
    await expect(runReference('pearson', file('{"cases": [')).then(String)).rejects.toMatchObject({
      message: expect.stringContaining('not JSON'),
    });
    await expect(runReference('nonsense', input)).rejects.toThrow(/unknown metric "nonsense"; there are ahp/);
  });
});
