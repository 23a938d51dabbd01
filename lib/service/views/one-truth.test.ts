import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { analyseTarget, type CandidateLosses } from '@/lib/science/affinity';
import type { TargetAnalysis } from '@/lib/science/core';
import { type CandidateSet, type RankedSource, sweepBundle } from '../contracts';
import { importedSweep, readTransfers } from '../imports';
import { bestSourceView } from './best-source';
import { matrixCsv } from './csv';
import { ordersView } from './joined';
import { matrixView } from './matrix';
import { methodsView } from './methods';
import type { SweepData } from './model';
import { pairView } from './pair';
import { policyEdges, policyProblem } from './policy';
import { sweepView } from './sweep';
import { targetList } from './targets';
import { imageLosses, smallAnalyses, smallData, smallSweep } from './testing/small-sweep';
import { tournamentView } from './tournament';

const bare = { runs: [], policies: [], summaries: new Map(), workers: [], now: 0 };

/** The depth target of the small sweep, with joined sources, a second method and a scratch worse than a constant. */
function richAnalysis(): TargetAnalysis {
  const candidate = (
    key: string,
    sources: string[],
    as: string,
    kind: CandidateLosses['kind'] = 'transfer',
  ) => ({
    key,
    kind,
    sources,
    ...(key.startsWith('fine-tune:') ? { method: 'fine-tune' } : {}),
    runs: [1, 2].map((seed) => ({
      sourceSeed: seed,
      headSeed: seed,
      losses: imageLosses('depth', as, seed),
    })),
  });
  return analyseTarget(
    {
      target: 'depth',
      candidates: [
        candidate('self', ['depth'], 'self', 'self'),
        // Scratch loses as the constant of the small sweep does, and the constant is as good as its scratch.
        candidate('scratch', [], 'mean', 'scratch'),
        candidate('mean', [], 'scratch', 'mean'),
        ...['normals', 'segmentation', 'layout', 'edges', 'colour'].map((s) => candidate(s, [s], s)),
        candidate('fine-tune:layout', ['layout'], 'normals'),
        candidate('fine-tune:edges', ['edges'], 'edges'),
        candidate('layout+normals', ['layout', 'normals'], 'self'),
        candidate('edges+colour', ['edges', 'colour'], 'colour'),
      ],
    },
    { resamples: 100 },
  );
}

const rich = (): SweepData =>
  smallData({
    sweep: {
      ...smallSweep,
      spec: { ...smallSweep.spec, methods: [{ method: 'readout' }, { method: 'fine-tune' }], maxOrder: 2 },
    },
    runs: [],
    analyses: smallAnalyses.map((a) => (a.target === 'depth' ? richAnalysis() : a)),
  });

function rooms(): SweepData {
  const file = gunzipSync(readFileSync('examples/rooms-26.json.gz')).toString();
  const bundle = sweepBundle.parse(JSON.parse(file));
  return {
    ...bare,
    sweep: {
      ...smallSweep,
      name: bundle.name,
      spec: bundle.spec,
      tasks: bundle.tasks,
      origin: 'imported',
    },
    analyses: bundle.analyses,
  };
}

function imported(document: unknown): SweepData {
  const [first] = readTransfers(document);
  if (!first) throw new Error('no document');
  const { sweep, analyses } = importedSweep(first);
  return { ...bare, sweep: { ...smallSweep, ...sweep }, analyses };
}

const reference = path.resolve(process.env.TASKATLAS_REFERENCE ?? '../shared/reference', 'taskonomy');
const published = ['transfers_1k.json', 'transfers_16k.json'].filter((name) =>
  existsSync(path.join(reference, name)),
);

const row = (target: string, source: string, gain: number) => ({ target, sources: [source], gain });
/** Gains only, as a table of win rates has them; the first source by name is not the best. */
const gains = () =>
  imported({
    transfers: [
      row('birds', 'clip', 0.855),
      row('birds', 'dino', 0.815),
      row('birds', 'inat', 0.945),
      row('birds', 'random', 0.645),
      row('cars', 'clip', 0.815),
      row('cars', 'inat', 0.3),
      row('sat', 'clip', 0.4),
      row('sat', 'dino', 0.4),
    ],
  });

const data: [string, () => SweepData][] = [
  ['a first look', () => smallData()],
  ['two methods, two orders, three seeds', rich],
  ['rooms-26', rooms],
  ['an import of gains', gains],
  ...published.map((name): [string, () => SweepData] => [
    name,
    () => imported(JSON.parse(readFileSync(path.join(reference, name), 'utf8'))),
  ]),
];

/** What one view says of one candidate among one set. */
interface Said {
  by: string;
  target: string;
  set: CandidateSet;
  key: string;
  facts: Pick<RankedSource, 'rank' | 'affinity' | 'probabilityBest' | 'tied' | 'helps'>;
}

const factsOf = ({ rank, affinity, probabilityBest, tied, helps }: Said['facts']): Said['facts'] => ({
  rank,
  affinity,
  probabilityBest,
  tied,
  helps,
});

function saidByMatrix(sweep: SweepData): Said[] {
  return matrixView(sweep).methods.flatMap(({ id }) => {
    const { cells, targetRows } = matrixView(sweep, id);
    return cells.flatMap((cell): Said[] => {
      const set = targetRows.find((r) => r.target === cell.target)?.set;
      const key = id === 'readout' ? cell.source : `${id}:${cell.source}`;
      if (!set || cell.rank === null) return [];
      return [{ by: 'matrix', target: cell.target, set, key, facts: factsOf({ ...cell, rank: cell.rank }) }];
    });
  });
}

function saidOfTarget(sweep: SweepData, target: string): Said[] {
  const methods = [undefined, ...matrixView(sweep).methods.map(({ id }) => id)];
  const ranked = methods.flatMap((method) =>
    [1, 4, 100].flatMap((maxOrder) => {
      const { set, sources } = bestSourceView(sweep, target, { maxOrder, ...(method ? { method } : {}) });
      return sources.map((s): Said => ({ by: 'best', target, set, key: s.source, facts: factsOf(s) }));
    }),
  );
  const { set, candidates } = tournamentView(sweep, target);
  const order = new Map(
    bestSourceView(sweep, target, { maxOrder: 100 }).sources.map((s) => [s.source, s.rank]),
  );
  const met = candidates.flatMap((c): Said[] => {
    const rank = order.get(c.key);
    return c.kind !== 'transfer' || rank === undefined
      ? []
      : [{ by: 'tournament', target, set, key: c.key, facts: factsOf({ ...c, rank }) }];
  });
  const joined = ordersView(sweep).targets.find((t) => t.target === target);
  const lines = [...(joined?.joined ?? []), ...(joined?.orders.flatMap((o) => o.best ?? []) ?? [])];
  const orders = lines.flatMap((s): Said[] =>
    joined ? [{ by: 'orders', target, set: joined.set, key: s.source, facts: factsOf(s) }] : [],
  );
  return [...ranked, ...met, ...orders];
}

function saidByPairs(sweep: SweepData, target: string): Said[] {
  const { set, sources } = bestSourceView(sweep, target, { method: 'readout' });
  return sources.slice(0, 4).flatMap(({ source }): Said[] => {
    const { cell, targetRow } = pairView(sweep, source, target, new Map(), () => '', 'readout');
    expect(targetRow.set).toEqual(set);
    return cell.rank === null
      ? []
      : [{ by: 'pair', target, set, key: source, facts: factsOf({ ...cell, rank: cell.rank }) }];
  });
}

function everythingSaid(sweep: SweepData): Said[] {
  const items = targetList(sweep);
  const listed = items.flatMap(({ target, set, best }): Said[] =>
    best ? [{ by: 'list', target, set, key: best.source, facts: factsOf(best) }] : [],
  );
  return [
    ...listed,
    ...saidByMatrix(sweep),
    ...items.flatMap(({ target }) => [...saidOfTarget(sweep, target), ...saidByPairs(sweep, target)]),
  ];
}

describe.each(data)('one truth per cell: %s', (_name, make) => {
  const sweep = make();
  const said = everythingSaid(sweep);
  const sets = new Map(said.map((s) => [`${s.target} | ${s.set.name}`, s]));

  it('every view says the same of a candidate among the same set', () => {
    const first = new Map<string, Said>();
    for (const one of said) {
      const key = `${one.target} | ${one.set.name} | ${one.key}`;
      const known = first.get(key);
      if (known) expect({ key, by: one.by, ...one.facts }).toEqual({ key, by: one.by, ...known.facts });
      first.set(key, known ?? one);
    }
    expect(new Set(said.map((s) => s.by)).size).toBe(6);
  });

  it('a set of one name is one set, its P(best) and its affinities with the own network sum to 1', () => {
    for (const { target, set } of sets.values()) {
      const all = bestSourceView(sweep, target, {
        maxOrder: set.maxOrder,
        ...(set.method ? { method: set.method } : {}),
      });
      expect(all.set).toEqual(set);
      expect(all.sources).toHaveLength(set.size);
      const p = all.sources.flatMap((s) => s.probabilityBest ?? []);
      expect(p.length === 0).toBe(set.missing !== null);
      if (p.length > 0) expect(p.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
      const affinities = all.sources.flatMap((s) => s.affinity?.value ?? []);
      if (affinities.length === set.size)
        expect(affinities.reduce((a, b) => a + b, all.targetRow.self?.value ?? 0)).toBeCloseTo(1, 9);
    }
  });

  it('the first is the leader, has the highest measure and is in the tie set', () => {
    for (const { target, set } of sets.values()) {
      const { sources } = bestSourceView(sweep, target, {
        maxOrder: set.maxOrder,
        ...(set.method ? { method: set.method } : {}),
      });
      const value = (s: RankedSource): number =>
        (set.measure === 'affinity' ? s.affinity?.value : s.gain?.value) ?? Number.NEGATIVE_INFINITY;
      expect(sources[0]?.source).toBe(set.leader);
      expect(set.tieSet).toContain(set.leader);
      expect(Math.max(...sources.map(value))).toBe(value(sources[0] as RankedSource));
      expect(sources.filter((s) => s.tied).map((s) => s.source)).toEqual(
        set.tieSet.length > 1
          ? sources.flatMap((s) => (set.tieSet.includes(s.source) ? [s.source] : []))
          : [],
      );
      // Whoever was first in a draw is not shown as impossible, and the leader is never impossible.
      if (set.missing === null) expect(sources[0]?.probabilityBest).toBeGreaterThan(0);
    }
  });

  it('no source helps exactly where no dot is, and the counts of all views agree', () => {
    const matrix = matrixView(sweep);
    for (const { target, set } of matrix.targetRows) {
      const mine = matrix.cells.filter((c) => c.target === target && c.rank !== null);
      const helping = mine.filter((c) => c.helps === 'helps');
      expect(set.verdicts.helps).toBe(helping.length);
      expect(set.noneHelps).toBe(helping.length === 0);
      expect(mine.filter((c) => c.best)).toHaveLength(helping.length === 0 ? 0 : 1);
      for (const c of mine.filter((one) => one.best)) expect(c.helps).toBe('helps');
    }
    const { finding } = sweepView(sweep);
    const useful = matrix.targetRows.filter((r) => r.complete && r.kept);
    const none = useful.filter((r) => r.set.noneHelps).length;
    expect(finding.includes('no source helps')).toBe(none > 0 && none < useful.length);
    const csv = matrixCsv(matrix).split('\r\n');
    const column = (name: string) => csv[0]?.split(',').indexOf(name) ?? -1;
    expect(csv.slice(1).filter((line) => line.split(',')[column('helps')] === 'helps')).toHaveLength(
      matrix.cells.filter((c) => c.helps === 'helps').length,
    );
  });

  it('recommends nothing that a constant beats', () => {
    for (const item of targetList(sweep)) {
      const { sources, advice, set, targetRow } = bestSourceView(sweep, item.target, { maxOrder: 4 });
      for (const s of sources) if (s.skill !== null && s.skill <= 0) expect(s.helps).not.toBe('helps');
      const best = sources.find((s) => s.source === set.best);
      if (best?.skill != null) expect(best.skill).toBeGreaterThan(0);
      if (targetRow.kept && (targetRow.scratchSkill ?? 0) < 0) {
        expect(advice).toMatch(/scratch is worse than a constant predictor \(skill −\d/);
        expect(targetRow.reasons.some((reason) => reason.startsWith('gain is over nothing'))).toBe(true);
      }
    }
  });
});

describe('what a constant beats', () => {
  it('is the leader of point matching, and is not recommended', () => {
    const { advice, set } = bestSourceView(rooms(), 'point-matching');
    expect(set.leader).toBe('denoising');
    expect(set.best).toBe('pose-fixated');
    expect(advice).toContain(
      'beats training from scratch on 70 % (95 % interval 67–74 %) of test images, but scratch is worse than a constant predictor (skill −0.79), and so is this transfer (−0.46)',
    );
    expect(advice).not.toContain('Take any');
  });

  it('serves no target of a policy by a positive value, in any objective', () => {
    const sweep = rooms();
    let capped = 0;
    for (const objective of ['gain', 'quality', 'affinity', 'log-loss'] as const) {
      const question = { budget: 3, maxOrder: 2, objective, force: [], forbid: [], weights: {} };
      const { edges } = policyProblem(sweep, question);
      for (const edge of policyEdges(sweep.analyses, edges, undefined)) {
        if ((edge.skill ?? 1) > 0) continue;
        capped += 1;
        expect(edge.value).toBeLessThanOrEqual(0);
      }
    }
    expect(capped).toBeGreaterThan(100);
  });

  it('is a way like any other, but stands at no price', () => {
    const view = methodsView(rich(), 'depth');
    expect(view.ways.filter((w) => w.helps === 'helps').every((w) => (w.skill ?? 1) > 0)).toBe(true);
  });
});

describe('an import that holds gains only', () => {
  it('is ranked by gain and says so, never by name', () => {
    const { sources, set, advice } = bestSourceView(gains(), 'birds');
    expect(sources.map((s) => s.source)).toEqual(['inat', 'clip', 'dino', 'random']);
    expect(set).toMatchObject({
      name: '4 single sources',
      measure: 'gain',
      measureWords: 'ranked by gain; this import has no affinity',
      missing: 'P(best) and ties are not known: this import has no intervals',
    });
    expect(advice).toMatch(/^Take inat: .* Ranked by gain; this import has no affinity\.$/);
    const asked = bestSourceView(gains(), 'birds', { unit: 'affinity' });
    expect(asked.sources).toEqual(sources);
  });

  it('ties equal gains and nothing else', () => {
    expect(bestSourceView(gains(), 'sat').set).toMatchObject({ tieSet: ['clip', 'dino'], noneHelps: true });
    expect(bestSourceView(gains(), 'cars').sources.map((s) => [s.rank, s.tied, s.helps])).toEqual([
      [1, false, 'helps'],
      [2, false, 'hurts'],
    ]);
  });
});
