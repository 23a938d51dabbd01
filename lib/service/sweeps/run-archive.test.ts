import { describe, expect, it } from 'vitest';
import { TaskatlasError } from '@/lib/science/core';
import { lossesToBytes } from '../contracts';
import { memoryStore } from '../ports/testing/memory-store';
import { plannedSource, sampleResult } from '../ports/testing/samples';
import { importRuns } from './run-archive';

const base64 = (losses: Float32Array): string => Buffer.from(lossesToBytes(losses)).toString('base64');

function archive(change: Record<string, unknown> = {}) {
  const { fingerprint, recipe } = plannedSource(1);
  const { testLosses, testMetrics, metric, curve, tables, cost } = sampleResult();
  const run = {
    fingerprint,
    recipe,
    priority: 7,
    estimatedFlops: 1e6,
    backend: 'cuda',
    testLosses: testLosses && base64(testLosses),
    testMetrics: testMetrics && base64(testMetrics),
    metric,
    curve,
    // As JSON has it: NaN becomes null.
    tables: JSON.parse(JSON.stringify(tables)),
    cost,
    ...change,
  };
  return { format: 'taskatlas-runs-1', name: 'elsewhere', runs: [run] };
}

describe('a file of finished runs', () => {
  it('is taken over once, with losses to the bit, without weights and pictures', async () => {
    const store = memoryStore();
    const file = archive({ probeLosses: { 'z-depth': base64(Float32Array.from([1, 2, Number.NaN, 4])) } });
    expect(await importRuns(store, file)).toEqual({ name: 'elsewhere', total: 1, added: 1 });
    expect(await importRuns(store, file)).toEqual({ name: 'elsewhere', total: 1, added: 0 });
    const result = await store.result(plannedSource(1).fingerprint);
    expect(result).toEqual({
      ...sampleResult(),
      probeLosses: { 'z-depth': Float32Array.from([1, 2, Number.NaN, 4]) },
      samples: [],
      artifacts: [],
    });
  });

  it('is refused whole when it holds one run twice', async () => {
    const store = memoryStore();
    const file = { ...archive(), runs: [...archive().runs, ...archive().runs] };
    await expect(importRuns(store, file)).rejects.toThrow('runs[1].fingerprint: this run is there twice');
    expect(await store.getRun(plannedSource(1).fingerprint)).toBeNull();
  });

  it.each([
    ['another recipe', { recipe: plannedSource(2).recipe }, 'runs[0].fingerprint'],
    ['losses of another test pool', { testLosses: base64(new Float32Array(5)) }, 'runs[0].testLosses'],
    ['metrics of another test pool', { testMetrics: base64(new Float32Array(3)) }, 'runs[0].testMetrics'],
    ['probe losses too few', { probeLosses: { x: base64(new Float32Array(1)) } }, 'runs[0].probeLosses.x'],
    ['losses that are no base64', { testLosses: '{}' }, 'runs[0].testLosses'],
    ['a field too many', { weights: [] }, 'runs[0].weights'],
  ])('is refused whole for %s, with the name of the field', async (_, change, path) => {
    const store = memoryStore();
    const good = archive();
    const file = { ...good, runs: [...good.runs, ...archive(change).runs] };
    const refusal = await importRuns(store, file).catch((error: unknown) => error);
    if (!(refusal instanceof TaskatlasError)) throw new Error('it was not refused');
    expect(refusal.code).toBe('invalid-input');
    expect(refusal.issues.map((issue) => issue.path)).toContain(path.replace('[0]', '[1]'));
    expect(await store.getRun(plannedSource(1).fingerprint)).toBeNull();
  });
});
