import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { analyseSizes, type CandidateLosses } from '@/lib/science/affinity';
import { type FieldIssue, TaskatlasError } from '@/lib/science/core';
import type { PolicyRecord } from '../contracts';
import { memoryStore } from '../ports/testing/memory-store';
import { imageLosses, smallAnalyses, smallData, smallRuns, smallSweep } from '../views/testing/small-sweep';
import { exportBundle, sweepOfBundle } from './bundle';

const data = smallData();
/** As a file holds it: NaN is null. */
const asFile = <T>(value: T): T => JSON.parse(JSON.stringify(value));

interface Bundle extends Record<string, unknown> {
  analyses: { target: string; candidates: Record<string, { value: number }>[]; [field: string]: unknown }[];
  tasks: Record<string, unknown>[];
  policies: unknown[];
}

const document = (): Bundle =>
  asFile({
    format: 'taskatlas-bundle-1',
    name: data.sweep.name,
    spec: data.sweep.spec,
    tasks: data.sweep.tasks,
    analyses: data.analyses,
    policies: data.policies,
    notes: [],
    effort: { runs: 47, failed: 0, busySeconds: 600, elapsedSeconds: 360, backends: ['wasm'] },
  }) as unknown as Bundle;

function issuesOf(change: (bundle: Bundle) => void): readonly FieldIssue[] {
  const bundle = document();
  change(bundle);
  try {
    sweepOfBundle(bundle);
  } catch (error) {
    if (error instanceof TaskatlasError) return error.issues;
    throw error;
  }
  return [];
}

/** An entry that the small sweep is known to have. */
const at = <T>(list: readonly T[], i: number): T => {
  const entry = list[i];
  if (entry === undefined) throw new Error(`there is no entry ${i}`);
  return entry;
};

describe('a bundle of figures', () => {
  it('comes back as the analyses that it was written from, and is one sweep however often it is read', () => {
    const first = sweepOfBundle(document());
    expect(first.analyses).toEqual(asFile(data.analyses));
    expect(first.sweep).toMatchObject({ origin: 'imported', name: data.sweep.name });
    expect(first.sweep.notes?.[0]?.text).toContain('47 runs in 6 minutes (10 minutes of computing on wasm)');
    expect(sweepOfBundle(document()).sweep.id).toBe(first.sweep.id);
    expect(sweepOfBundle({ ...document(), name: 'other' }).sweep.id).not.toBe(first.sweep.id);
  });

  it('keeps what could not be computed as NaN', () => {
    const given = document();
    at(given.analyses, 0).lambdaMax = null;
    expect(sweepOfBundle(given).analyses[0]?.lambdaMax).toBeNaN();
  });

  it('is refused with the name of the field', () => {
    expect(() => sweepOfBundle({ ...document(), format: 'other' })).toThrow('format');
    expect(() => sweepOfBundle({ ...document(), analyses: [{}] })).toThrow('analyses[0].target');
    expect(() => sweepOfBundle('junk')).toThrow('not a bundle');
  });

  it.each<[string, (bundle: Bundle) => void, string, string]>([
    [
      'a share of 5',
      (b) => (at(at(b.analyses, 0).candidates, 0).gain = { value: 5, low: 0, high: 1 } as never),
      'analyses[0].candidates[0].gain.value',
      '5 is not between 0 and 1',
    ],
    [
      'a share of 1e308',
      (b) => (at(at(b.analyses, 0).candidates, 1).quality = { value: 0, low: 0, high: 1e308 } as never),
      'analyses[0].candidates[1].quality.high',
      '1e+308 is not between',
    ],
    [
      'a negative probability',
      (b) => (at(at(b.analyses, 1).candidates, 0).probabilityBest = -0.5 as never),
      'analyses[1].candidates[0].probabilityBest',
      '-0.5 is not between',
    ],
    [
      'a negative loss',
      (b) => (at(at(b.analyses, 0).candidates, 0).meanLoss = -1 as never),
      'analyses[0].candidates[0].meanLoss',
      'cannot be negative',
    ],
    [
      'a win rate of 2',
      (b) => ((at(b.analyses, 0).winRates as number[][])[0] = [2]),
      'analyses[0].winRates[0][0]',
      '2 is not between',
    ],
    [
      'an unknown field',
      (b) => (at(at(b.analyses, 0).candidates, 0).gains = 1 as never),
      'analyses[0].candidates[0].gains',
      'unknown field',
    ],
    ['an unknown field of a task', (b) => (at(b.tasks, 2).weight = 2), 'tasks[2].weight', 'unknown field'],
    ['a target twice', (b) => b.analyses.push(at(b.analyses, 0)), 'analyses[5].target', 'is there twice'],
    [
      'a candidate twice',
      (b) => at(b.analyses, 0).candidates.push(at(at(b.analyses, 0).candidates, 0)),
      'analyses[0].candidates[8].key',
      'is there twice',
    ],
    ['a task twice', (b) => b.tasks.push(at(b.tasks, 0)), 'tasks[6].id', 'is there twice'],
    [
      'a target that is no task',
      (b) => (at(b.analyses, 0).target = 'gone'),
      'analyses[0].target',
      '"gone" is not among the tasks',
    ],
    [
      'a name of an object’s prototype',
      (b) => (at(b.tasks, 0).id = 'constructor'),
      'tasks[0].id',
      'reserved',
    ],
    [
      'rows of win rates that do not fit',
      (b) => (b.analyses[0] = { ...at(b.analyses, 0), winRates: [[0.5]] }),
      'analyses[0].winRates',
      'a row and a column',
    ],
  ])('is refused for %s, with its path', (_, change, where, message) => {
    const found = issuesOf(change).find((issue) => issue.path === where);
    expect(found?.message).toContain(message);
  });
});

/** A tournament at one size of the transfer set. */
const sized = (images: number, scratch: number, normals: number) => {
  const candidate = (key: string, mean: number, kind: CandidateLosses['kind']): CandidateLosses => ({
    key,
    kind,
    sources: kind === 'transfer' ? [key] : [],
    runs: [
      {
        sourceSeed: 1,
        headSeed: 1,
        losses: imageLosses('depth', `${key} ${images}`, 1).map((l) => l * mean),
      },
    ],
  });
  return {
    images,
    losses: {
      target: 'depth',
      candidates: [
        candidate('mean', 1.6, 'mean'),
        candidate('scratch', scratch, 'scratch'),
        candidate('normals', normals, 'transfer'),
      ],
    },
  };
};

describe('export and import', () => {
  const policy: PolicyRecord = {
    budget: 2,
    maxOrder: 1,
    objectiveName: 'quality',
    objective: 1.5,
    bound: 1.5,
    optimal: true,
    selfShare: 0.5,
    sources: ['depth', 'normals'],
    edges: [
      {
        target: 'depth',
        sources: ['normals'],
        kind: 'transfer',
        value: 0.7,
        gain: 0.9,
        quality: 0.4,
        survival: 0.8,
      },
    ],
    greedy: 1.4,
    random: { median: 1, low: 0.5, high: 1.2 },
  };

  it('of a sweep with several transfer sizes give every analysis and policy back', async () => {
    const sizes = analyseSizes([sized(4, 1.5, 0.6), sized(32, 0.3, 0.45)], { resamples: 40 });
    expect(sizes.crossovers[0]?.beyond).toBeDefined();
    const analyses = smallAnalyses.map((a) => (a.target === 'depth' ? { ...a, sizes } : a));
    const store = memoryStore();
    const runs = smallRuns().map((run) => ({ ...run, dependsOn: [], estimatedFlops: 1 }));
    const sweep = await store.createSweep(smallSweep, runs);
    for (const analysis of analyses) await store.saveAnalysis(sweep.id, analysis);
    await store.savePolicy(sweep.id, policy);

    const back = sweepOfBundle(asFile(await exportBundle(store, sweep)));
    const byTarget = [...analyses].sort((a, b) => (a.target < b.target ? -1 : 1));
    expect(asFile(back.analyses)).toEqual(asFile(byTarget));
    expect(back.policies).toEqual([policy]);
    expect(back.sweep).toMatchObject({ name: 'small', spec: smallSweep.spec, tasks: smallSweep.tasks });
  });

  const examples = path.resolve('examples');
  it.each(existsSync(examples) ? readdirSync(examples).filter((name) => name.endsWith('.gz')) : [])(
    'the worked example %s is a bundle',
    (name) => {
      const text = gunzipSync(readFileSync(path.join(examples, name))).toString('utf8');
      expect(sweepOfBundle(JSON.parse(text)).analyses.length).toBeGreaterThan(0);
    },
  );
});
