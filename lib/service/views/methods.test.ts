import { describe, expect, it } from 'vitest';
import { analyseSizes, analyseTarget, type CandidateLosses } from '@/lib/science/affinity';
import { candidateKey, labelOf } from '@/lib/science/catalog/methods';
import { createRng, type MemberRef, type TransferRecipe } from '@/lib/science/core';
import { methodsView as contract, sweepSpec } from '../contracts';
import type { StoredRun } from '../ports';
import { adviceView } from './advice';
import { methodsView } from './methods';
import type { RunSummary } from './model';
import { fingerprintOf, IMAGES, smallData, smallRuns, smallSweep } from './testing/small-sweep';
import { ancestry, type TransferRun } from './ways';

/** Mean losses with 8 and with 32 labels; scratch has 1.2 and 0.6. Fine-tuning from edges is negative transfer. */
const LOSSES: Readonly<Record<string, readonly [number | null, number]>> = {
  normals: [0.5, 0.5],
  edges: [1, 0.9],
  'fine-tune:normals': [0.8, 0.4],
  'fine-tune:edges': [1.4, 0.8],
  'born-again': [1.1, 0.55],
  'ensemble:edges+normals': [0.45, 0.45],
  'self-training:normals': [0.45, null as unknown as number],
  'distill:depth': [0.3, 0.3],
};
const GFLOPS: Readonly<Record<string, number>> = {
  readout: 1,
  'fine-tune': 5,
  'born-again': 15,
  ensemble: 0,
  'self-training': 3,
  distill: 6,
};
const SIZES = [8, 32] as const;

function losses(label: string, mean: number): Float32Array {
  const rng = createRng('methods view', label);
  return Float32Array.from({ length: IMAGES }, () => mean * Math.exp(0.3 * rng.normal()));
}

const plain = smallRuns();
const template = plain.find(
  ({ recipe }) => recipe.kind === 'transfer' && recipe.task === 'depth',
) as StoredRun & { recipe: TransferRecipe };

function wayRun(key: string, images: number): TransferRun {
  const at = key.lastIndexOf(':');
  const method = at >= 0 ? key.slice(0, at) : key === 'born-again' ? key : 'readout';
  const names = key === 'born-again' ? [] : key.slice(at + 1).split('+');
  const sources = names.map((task) => ({ task, fingerprint: fingerprintOf(`source ${task} 1`) }));
  const members: MemberRef[] =
    method === 'ensemble'
      ? names.map((name) => ({ key: name, fingerprint: fingerprintOf(`way ${name} ${images}`) }))
      : [];
  return {
    ...template,
    fingerprint: fingerprintOf(`way ${key} ${images}`),
    recipe: { ...template.recipe, method, sources, images, ...(members.length > 0 ? { members } : {}) },
  };
}

const scratchRuns = SIZES.map((images): StoredRun => {
  const run = plain.find(({ recipe }) => recipe.kind === 'scratch' && recipe.task === 'depth') as StoredRun;
  return {
    ...run,
    fingerprint: fingerprintOf(`scratch ${images}`),
    recipe: { ...run.recipe, images } as StoredRun['recipe'],
  };
});

const wayRuns = Object.entries(LOSSES).flatMap(([key, means]) =>
  SIZES.flatMap((images, i) => (means[i] === null ? [] : [wayRun(key, images)])),
);
const sourceRuns = plain.filter(({ kind }) => kind === 'source');

const candidate = (key: string, kind: CandidateLosses['kind'], mean: number, label: string) => ({
  key,
  kind,
  sources: kind === 'transfer' ? [] : [],
  runs: [{ sourceSeed: 1, headSeed: 1, losses: losses(label, mean) }],
});

const sized = SIZES.map((images, i) => ({
  images,
  losses: {
    target: 'depth',
    candidates: [
      candidate('self', 'self', 0.3, 'self'),
      candidate('mean', 'mean', 1.6, 'mean'),
      candidate('scratch', 'scratch', i === 0 ? 1.2 : 0.6, `scratch ${images}`),
      ...wayRuns.flatMap(({ recipe }): CandidateLosses[] => {
        if (recipe.kind !== 'transfer' || recipe.images !== images) return [];
        const sources = recipe.sources.map((source) => source.task);
        const key = candidateKey(labelOf(recipe), sources);
        const mean = LOSSES[key]?.[i] ?? 1;
        return [
          { ...candidate(key, 'transfer', mean, `${key} ${images}`), method: labelOf(recipe), sources },
        ];
      }),
    ],
  },
}));
const main = sized[1] as (typeof sized)[number];
const analysis = {
  ...analyseTarget(main.losses, { resamples: 60 }),
  sizes: analyseSizes(sized, { resamples: 60 }),
};

const gigaflops = (n: number): RunSummary => ({
  meanLoss: null,
  probe: null,
  cost: { flops: n * 1e9, seconds: n },
});

const data = smallData({
  sweep: {
    ...smallSweep,
    spec: sweepSpec.parse({
      ...smallSweep.spec,
      method: undefined,
      transferSizes: [...SIZES],
      methods: ['readout', 'fine-tune', 'born-again', 'ensemble', 'self-training', 'distill'],
    }),
  },
  runs: [...sourceRuns, ...scratchRuns, ...wayRuns],
  analyses: [analysis],
  summaries: new Map([
    ...sourceRuns.map((run) => [run.fingerprint, gigaflops(100)] as const),
    ...scratchRuns.map((run) => [run.fingerprint, gigaflops(4)] as const),
    ...wayRuns.map(
      (run) => [run.fingerprint, gigaflops(GFLOPS[(run.recipe as TransferRecipe).method] ?? 0)] as const,
    ),
  ]),
});

const view = contract.parse(methodsView(data, 'depth'));
const way = (key: string, images: number) => view.ways.find((w) => w.key === key && w.images === images);
const size = (images: number) => view.sizes.find((s) => s.images === images);

describe('methods of one target', () => {
  it('measures every way at every size, also what only one size has and what a method joins', () => {
    expect(view.sizes.map((s) => s.images)).toEqual([8, 32]);
    expect(way('normals', 8)?.gain?.value).toBeGreaterThan(0.9);
    expect(way('normals', 32)?.gain?.value).toBeLessThan(way('normals', 8)?.gain?.value ?? 0);
    expect(way('self-training:normals', 8)?.gain?.low).toBeGreaterThan(0.9);
    expect(way('self-training:normals', 32)).toBeUndefined();
    expect(way('ensemble:edges+normals', 8)?.gain).not.toBeNull();
  });

  it('flags negative transfer by the interval of the gain', () => {
    expect(way('fine-tune:edges', 32)).toMatchObject({ helps: 'hurts' });
    expect(way('fine-tune:normals', 32)).toMatchObject({ helps: 'helps' });
    expect(size(32)?.words).toContain('Negative transfer: 2 of 6 ways are significantly worse than scratch');
  });

  it('counts the training for the target, and everything behind it once', () => {
    expect(way('normals', 32)?.cost).toEqual({ flops: 1e9, seconds: 1 });
    expect(way('normals', 32)?.wholeCost?.flops).toBe(101e9);
    // Two readouts; then their encoders too. The ensemble itself trains nothing.
    expect(way('ensemble:edges+normals', 32)?.cost?.flops).toBe(2e9);
    expect(way('ensemble:edges+normals', 32)?.wholeCost?.flops).toBe(202e9);
    expect(way('born-again', 32)?.wholeCost?.flops).toBe(15e9);
  });

  it('leaves a chained transfer to another task with the encoders', () => {
    const chained = {
      ...wayRun('fine-tune:edges', 32),
      fingerprint: 'chain',
      recipe: { ...wayRun('fine-tune:edges', 32).recipe, task: 'normals' } as StoredRun['recipe'],
    };
    const onIt = wayRun('normals', 32);
    const last = {
      ...onIt,
      recipe: { ...onIt.recipe, sources: [{ task: 'via', fingerprint: 'chain' }] } as StoredRun['recipe'],
    };
    const { cost, wholeCost } = ancestry({
      runs: [...sourceRuns, chained, last],
      summaries: new Map([
        ...data.summaries,
        [chained.fingerprint, gigaflops(50)],
        [last.fingerprint, gigaflops(1)],
      ]),
    });
    expect(cost(last)?.flops).toBe(1e9);
    expect(wholeCost(last)?.flops).toBe(151e9);
    expect(
      wholeCost({
        ...last,
        recipe: { ...onIt.recipe, sources: [{ task: 'x', fingerprint: 'gone' }] } as StoredRun['recipe'],
      }),
    ).toBeNull();
  });

  it('keeps what saw the target’s labels on the source pool out of the comparison', () => {
    expect(way('distill:depth', 32)).toMatchObject({ ownLabels: true });
    expect(way('normals', 32)?.ownLabels).toBe(false);
    expect(size(32)?.frontier).not.toContain('distill:depth');
    expect(size(32)?.words).toMatch(
      /Of the ways that also learn from more of the target’s labels, and so are not compared, distill from .* leads: \d+ %/,
    );
  });

  it('compares the same ways in its advice: an encoder that was taught the target’s labels is named apart', () => {
    const [source] = sourceRuns as [StoredRun];
    const tasks = ['depth', 'edges'];
    const recipe = { ...source.recipe, kind: 'pretrain', method: 'multi-task', tasks, sources: [] };
    const joint = { ...source, fingerprint: 'joint', recipe: recipe as unknown as StoredRun['recipe'] };
    const readout = wayRun('normals', 32);
    const sources = [{ task: 'joint', fingerprint: 'joint' }];
    const taught = { ...readout, fingerprint: 'taught', recipe: { ...readout.recipe, sources } };
    const measured = ([run, meanLoss]: [StoredRun, number]) =>
      [run.fingerprint, { ...gigaflops(1), meanLoss }] as const;
    const scratch = scratchRuns[1] as StoredRun;
    const tuned = wayRun('fine-tune:normals', 32);
    const advice = adviceView(
      {
        ...data,
        runs: [source, joint, scratch, taught, tuned],
        analyses: [],
        summaries: new Map(
          (
            [
              [scratch, 0.6],
              [taught, 0.2],
              [tuned, 0.4],
            ] as [StoredRun, number][]
          ).map(measured),
        ),
      },
      'depth',
    );
    expect(advice.ranking.map((w) => [...w.sources, w.moreLabels])).toEqual([
      ['joint', true],
      ['normals', false],
    ]);
    expect(advice.advice).toMatch(
      /^With 32 labelled images, take fine-tune from Normals: .*Of the ways that also learn from more of its labels, and so are not compared, a readout from joint leads: mean loss 67 % below/,
    );
  });

  it('knows a chained transfer to the target itself by its larger transfer set', () => {
    const chain = { ...wayRun('fine-tune:edges', 32), fingerprint: 'chain' };
    const on = (images: number) => {
      const run = wayRun('normals', images);
      return {
        ...run,
        recipe: { ...run.recipe, sources: [{ task: 'via', fingerprint: 'chain' }] },
      } as typeof run;
    };
    const { sawMoreLabels } = ancestry({ runs: [chain, ...sourceRuns], summaries: data.summaries });
    expect([8, 32].map((images) => sawMoreLabels(on(images)))).toEqual([true, false]);
  });

  it('knows that a network of the source domain has seen no label of the target domain', () => {
    const own = { ...wayRun('normals', 32), fingerprint: 'own' };
    const [source] = sourceRuns;
    const behind = { ...source, fingerprint: 'behind', recipe: { ...source?.recipe, task: own.recipe.task } };
    const sees = (shift: boolean): boolean => {
      const dataset = { ...own.recipe.dataset, ...(shift ? { shift: { kind: 'dim', strength: 1 } } : {}) };
      const on = <R extends { recipe: object }>(run: R): R => ({
        ...run,
        recipe: { ...run.recipe, dataset },
      });
      const run = on({
        ...own,
        recipe: { ...own.recipe, sources: [{ task: 'depth', fingerprint: 'behind' }] },
      });
      return ancestry({
        runs: [run, on(behind)] as StoredRun[],
        summaries: data.summaries,
      }).sawMoreLabels(run as typeof own);
    };
    expect(sees(false)).toBe(true);
    expect(sees(true)).toBe(false);
  });

  it('answers at equal labels and at equal compute', () => {
    expect(size(32)?.words).toMatch(
      /^With 32 labels fine-tune from Normals wins most often against scratch: \d+ %/,
    );
    expect(size(32)?.words).toMatch(/For no more compute than scratch \(4\.0 GFLOP\).*take ensemble from/);
    expect(size(32)?.frontier).toEqual(['normals', 'ensemble:edges+normals', 'fine-tune:normals']);
    expect(size(32)?.wholeFrontier).toEqual(['scratch', 'born-again', 'normals', 'fine-tune:normals']);
  });

  it('says what the rule calls each method, and which sources are similar', () => {
    expect(view.methods.map((m) => [m.id, m.family]).slice(0, 3)).toEqual([
      ['readout', 'head'],
      ['fine-tune', 'whole'],
      ['born-again', 'other'],
    ]);
    expect(view.sources.find((s) => s.id === 'colour')?.similarity).toBeNull();
  });

  it('has nothing to say of imported results or before anything is measured', () => {
    expect(methodsView(smallData({ analyses: [], runs: [] }), 'depth')).toMatchObject({
      ways: [],
      sizes: [{ images: 32, words: 'Nothing is measured with 32 labels yet.' }],
    });
  });
});
