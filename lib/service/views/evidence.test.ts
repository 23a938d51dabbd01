import { describe, expect, it } from 'vitest';
import { describeReference, readReference } from '@/lib/science/numerics/testing/reference';
import {
  agreementView as agreementContract,
  similarityView as similarityContract,
  tournamentView as tournamentContract,
  validityView as validityContract,
} from '../contracts';
import { importedSweep, readTransfers } from '../imports';
import { agreementView } from './agreement';
import type { RunSummary, SweepData } from './model';
import { similarityView } from './similarity';
import {
  fingerprintOf,
  smallAnalyses,
  smallAnalysis,
  smallData,
  smallRuns,
  smallSweep,
} from './testing/small-sweep';
import { tournamentView } from './tournament';
import { validityView } from './validity';

describe('tournament', () => {
  const view = tournamentView(smallData(), 'depth');

  it('keeps to its contract and shows every step from win rates to weights', () => {
    expect(tournamentContract.strict().parse(view)).toEqual(view);
    const n = view.keys.length;
    const rate = view.winRates[0]?.[2] ?? 0;
    expect(view.odds[0]?.[2]).toBeCloseTo(rate / (1 - rate), 9);
    // The own network wins every image against edges: clipped to .999, odds 999 and their inverse.
    expect([view.keys[0], view.keys[1], view.winRates[0]?.[1]]).toEqual(['self', 'edges', 1]);
    expect(view.odds[0]?.[1]).toBeCloseTo(999, 9);
    expect(view.odds[1]?.[0]).toBeCloseTo(1 / 999, 9);
    expect(view.clippedPairs).toBe(2);
    const mirrored = smallAnalyses.map((x) =>
      x.target !== 'depth'
        ? x
        : {
            ...x,
            tournamentKeys: [...x.tournamentKeys].reverse(),
            winRates: [...x.winRates].reverse().map((row) => [...row].reverse()),
          },
    );
    // Clipped at the other end when the candidates stand the other way round: the same pairs.
    expect(tournamentView(smallData({ analyses: mirrored }), 'depth').clippedPairs).toBe(2);
    // The principal eigenvector: odds · w = λmax · w, in the order of the keys.
    const weights = view.keys.map((k) => view.candidates.find((c) => c.key === k)?.affinity?.value ?? 0);
    view.odds.forEach((row, i) => {
      const product = row.reduce<number>((sum, odd, j) => sum + (odd ?? 0) * (weights[j] ?? 0), 0);
      expect(product).toBeCloseTo((view.lambdaMax ?? 0) * (weights[i] ?? 0), 6);
    });
    expect(view.consistencyIndex).toBeCloseTo(((view.lambdaMax ?? 0) - n) / (n - 1), 9);
    expect(view.pairs).toBe((n * (n - 1)) / 2);
    expect(view.intransitive.triples).toBe((n * (n - 1) * (n - 2)) / 6);
  });

  it('says how far weights hang on the clip and on the way they are made', () => {
    const own = view.candidates.find((c) => c.kind === 'self');
    const inside = view.candidates.filter((c) => c.geometricMean !== null);
    expect(inside.reduce((sum, c) => sum + (c.geometricMean ?? 0), 0)).toBeCloseTo(1, 9);
    expect(inside.reduce((sum, c) => sum + (c.affinityClipped ?? 0), 0)).toBeCloseTo(1, 9);
    expect(own?.affinityClipped).toBeLessThanOrEqual(own?.affinity?.value ?? 0);
    expect(view.candidates.find((c) => c.kind === 'scratch')?.geometricMean).toBeNull();
    expect(view.candidates.find((c) => c.key === 'edges')?.tieRate).toBe(0);
  });

  it('is empty and preliminary before there is an analysis', () => {
    const empty = tournamentView(smallData({ analyses: [] }), 'depth');
    expect(tournamentContract.strict().parse(empty)).toEqual(empty);
    expect(empty).toMatchObject({ preliminary: true, pairs: 0, odds: [], candidates: [] });
  });
});

describe('validity', () => {
  const seeds = [1, 2];
  const runs = [...smallRuns(1), ...smallRuns(2).filter((run) => run.kind !== 'mean')];
  const loss = (label: string, meanLoss: number): [string, RunSummary] => [
    fingerprintOf(label),
    { meanLoss, probe: null },
  ];
  const summaries = new Map([
    loss('transfer edges depth 1', 1),
    loss('transfer edges depth 2', 3),
    loss('transfer normals depth 1', 4),
    loss('transfer normals depth 2', 8),
  ]);
  const analyses = smallAnalyses.map((a) =>
    a.target === 'depth' ? { ...a, reliability: { scenes: 0.9, seeds: 0.5 } } : a,
  );
  const data = smallData({
    runs,
    summaries,
    analyses,
    sweep: { ...smallSweep, spec: { ...smallSweep.spec, seeds } },
  });
  const view = validityView(data);

  it('keeps to its contract, with noise and spread by hand', () => {
    expect(validityContract.strict().parse(view)).toEqual(view);
    const depth = view.targets.find((t) => t.target === 'depth');
    // Variances between seeds 2 and 8, mean 5; source means 2 and 6.
    expect(depth?.seedNoise).toBeCloseTo(Math.sqrt(5), 12);
    expect(depth?.sourceSpread).toBeCloseTo(Math.sqrt(8), 12);
    expect(depth).toMatchObject({ splitHalf: 0.9, betweenSeeds: 0.5, kept: true, sources: 5 });
    expect(view.betweenSeeds).toEqual({ halves: 0.5, full: 2 / 3, targets: 1 });
    expect(view.targets.find((t) => t.target === 'edges')?.seedNoise).toBeNull();
  });

  it('names what is excluded and why', () => {
    const layout = view.targets.find((t) => t.target === 'layout');
    expect(layout?.kept).toBe(false);
    expect(layout?.reasons.join()).toMatch(/gold skill/);
    expect(view.finding).toContain('4 of 5 measured targets pass; Layout is excluded.');
    expect(view.finding).toContain('correlates 0.67 with this one');
    expect(validityView(smallData({ analyses: [] })).finding).toBe('No target is measured yet.');
    expect(validityView(smallData()).finding).toContain('With one seed nothing can be said');
  });
});

describe('similarity', () => {
  const view = similarityView(smallData());

  it('keeps to its contract and joins alike sources first', () => {
    expect(similarityContract.strict().parse(view)).toEqual(view);
    expect(view.profile).toEqual(['edges', 'depth', 'normals', 'segmentation']);
    const first = view.tree?.merges[0];
    const joined = [first?.[0], first?.[1]].map((i) => view.tree?.leaves[i ?? -1]);
    // Both lose everywhere by about as much.
    expect(joined.sort()).toEqual(['colour', 'edges']);
    expect(view.families?.members.geometry).toEqual(['depth', 'normals']);
  });

  it('puts the most one-sided pair first, in the unit asked for', () => {
    const [top] = view.asymmetries;
    expect(top?.better).toEqual(['segmentation', 'depth']);
    expect(top?.difference).toBeCloseTo((top?.forward.value ?? 0) - (top?.backward.value ?? 0), 12);
    const effect = similarityView(smallData(), 'effect').asymmetries[0];
    expect(effect?.forward.value).toBeLessThan(effect?.backward.value ?? 0);
    // Helps one way and hurts the other, by the intervals of the gain.
    const opposed = view.asymmetries.filter((a) => a.opposed).map((a) => a.better.join());
    expect(opposed).toEqual(['segmentation,depth']);
    expect(view.finding).toContain('from Segmentation to Z-depth 93 % of images are won, the other way 42 %');
  });

  it('has no tree while targets are missing, and says so instead of guessing', () => {
    const none = similarityView(smallData({ analyses: [] }));
    expect(none).toMatchObject({ tree: null, asymmetries: [], families: null, profile: [] });
    expect(none.finding).toBe('No pair is measured both ways yet.');
  });
});

describe('agreement', () => {
  const noisy = smallData({
    sweep: { ...smallSweep, id: 'sweep-2', name: 'again' },
    analyses: smallAnalyses.map((a) => smallAnalysis(a.target, { seeds: [9], resamples: 0 })),
  });

  it('correlates the order of sources with another sweep of the same tasks', () => {
    const view = agreementView(smallData(), noisy);
    expect(agreementContract.strict().parse(view)).toEqual(view);
    expect(view.mapping.every((m) => m.how === 'id')).toBe(true);
    expect(view.median).toBeGreaterThan(0.8);
    const depth = view.targets.find((t) => t.target === 'depth');
    expect(depth?.sources).toBe(5);
    expect(['normals', 'segmentation']).toContain(depth?.best);
    expect(view.finding).toContain('in again correlates');
    // A negative log-loss ratio is better: the best source is the same as by gain.
    const effect = agreementView(smallData(), noisy, { unit: 'effect' });
    for (const row of effect.targets.filter((t) => ['normals', 'segmentation'].includes(t.target)))
      expect(row.best).toBe(view.targets.find((t) => t.target === row.target)?.best);
  });

  it('takes a mapping from a person before any other', () => {
    const view = agreementView(smallData(), noisy, { map: { depth: 'normals', normals: 'depth' } });
    expect(view.mapping.filter((m) => m.how === 'given')).toHaveLength(2);
    expect(view.targets.find((t) => t.target === 'depth')?.other).toBe('normals');
    expect(agreementView(smallData(), noisy, { map: { depth: 'nowhere' } }).mapping).toHaveLength(5);
  });
});

const importedOf = ([document]: ReturnType<typeof readTransfers>) => {
  if (!document) throw new Error('no transfers in the file');
  return importedSweep(document);
};

describeReference('published results', () => {
  const published = (regime: '16k' | '1k'): SweepData => {
    const { sweep, analyses } = importedOf(
      readTransfers(readReference('taskonomy', `transfers_${regime}.json`)),
    );
    const stored = { ...sweep, number: 1, state: 'done' as const, createdAt: 0, finishedAt: 0 };
    return smallData({ sweep: stored, analyses, runs: [] });
  };
  const full = published('16k');

  it('give the tree that the reference gives: 15 of the 20 clades of the paper', () => {
    const tree = similarityView(full).tree;
    const { paper_clades_read_from_figure: paper } = readReference<{
      paper_clades_read_from_figure: string[][];
    }>('taskonomy', 'similarity_tree.json');
    const members: string[][] = (tree?.leaves ?? []).map((leaf) => [leaf]);
    for (const [a, b] of tree?.merges ?? []) members.push([...(members[a] ?? []), ...(members[b] ?? [])]);
    const mine = new Set(members.map((m) => [...m].sort().join()));
    const ours = paper.map((c) =>
      c
        .map((id) => id.toLowerCase().replaceAll('_', '-'))
        .sort()
        .join(),
    );
    expect(ours.filter((clade) => mine.has(clade))).toHaveLength(15);
  });

  it('agree between 16k and 1k images as the files say, and not for matching and poses', () => {
    const view = agreementView(full, published('1k'), { unit: 'affinity' });
    expect(view.median).toBeCloseTo(0.875, 2);
    const low = view.targets.filter((t) => (t.correlation ?? 1) <= 0).map((t) => t.target);
    expect(low.sort()).toEqual(['ego-motion', 'fix-pose', 'non-fixated-pose', 'point-match']);
  });

  it('connect to our own names', () => {
    const ours = smallData({
      sweep: {
        ...smallSweep,
        tasks: smallSweep.tasks.map((t) =>
          t.id === 'depth'
            ? { ...t, id: 'z-depth' }
            : t.id === 'normals'
              ? { ...t, id: 'surface-normals' }
              : t,
        ),
      },
    });
    const { mapping } = agreementView(ours, full);
    expect(mapping).toEqual([
      { task: 'z-depth', other: 'rgb2depth', how: 'published' },
      { task: 'surface-normals', other: 'rgb2sfnorm', how: 'published' },
    ]);
  });

  it('say of validity what was never published', () => {
    expect(validityView(full).finding).toContain('never published');
    const view = tournamentView(full, 'rgb2depth');
    expect(view).toMatchObject({ odds: [], tieRate: null, lambdaMax: null });
  });
});
