import { describe, expect, it } from 'vitest';
import { bestSourceView as bestContract, sweepView as sweepContract, targetListItem } from '../contracts';
import { bestSourceView } from './best-source';
import type { RunSummary } from './model';
import { sweepView } from './sweep';
import { targetList } from './targets';
import {
  fingerprintOf,
  smallAnalyses,
  smallAnalysis,
  smallData,
  smallRuns,
  smallSweep,
} from './testing/small-sweep';

const active = { ...smallSweep, state: 'active' as const, finishedAt: null };

describe('the finding of a sweep', () => {
  it('counts the most useful source, names targets without help and excluded ones', () => {
    const view = sweepView(smallData());
    expect(sweepContract.strict().parse(view)).toEqual(view);
    expect(view.finding).toContain(
      'Normals is the most broadly useful source: it helps on 2 of 3 other targets and is the best choice on',
    );
    expect(view.finding).toContain('For 2D edges no source helps.');
    expect(view.finding).toContain('Layout is excluded');
    expect(view.finding).toContain('With one seed this speaks of these checkpoints');
  });

  it('is true: recounting the matrix by hand gives the same numbers', () => {
    const counts = new Map<string, number>();
    for (const analysis of smallAnalyses.filter((a) => a.validity.kept)) {
      for (const c of analysis.candidates) {
        if (c.kind === 'transfer' && (c.gain?.low ?? 0) > 0.5)
          counts.set(c.key, (counts.get(c.key) ?? 0) + 1);
      }
    }
    expect(counts.get('normals')).toBe(2);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(3);
  });

  it('says how far it is while targets are open', () => {
    const data = smallData({
      sweep: active,
      analyses: smallAnalyses.filter((a) => a.target === 'depth'),
    });
    expect(sweepView(data).finding).toMatch(/^So far, with 1 of 5 targets measured: /);
  });

  it('speaks of the probe alone before the first tournament, and of runs before the probe', () => {
    const open = smallRuns(1, (label) => (label.startsWith('transfer') ? 'waiting' : 'done'));
    const bare = smallData({ sweep: active, analyses: [], runs: open });
    expect(sweepView(bare).finding).toBe('No target is measured yet, 22 of 47 runs done.');
    const tasks = ['edges', 'depth', 'normals', 'segmentation', 'layout', 'colour'];
    const summaries = new Map<string, RunSummary>([
      ...tasks.map((t) => [fingerprintOf(`mean ${t}`), { meanLoss: 2, probe: null }] as const),
      ...tasks.map((s) => {
        const loss = s === 'normals' ? 0.5 : 1;
        const probe = Object.fromEntries(tasks.map((t) => [t, loss]));
        return [fingerprintOf(`probe ${s} 1`), { meanLoss: null, probe }] as const;
      }),
    ]);
    expect(sweepView({ ...bare, summaries }).finding).toBe(
      'Preliminary, from the ridge probe alone: Normals predicts 4 of 5 targets best. No target is measured yet, 22 of 47 runs done.',
    );
  });

  it('does not claim a useful source where nothing helps', () => {
    const data = smallData({ analyses: smallAnalyses.filter((a) => a.target === 'edges') });
    expect(sweepView(data).finding).toContain(
      'no source is shown to help on the one target: none beats both',
    );
  });
});

describe('best sources of a target', () => {
  const view = (target: string, options = {}) => bestSourceView(smallData(), target, options);

  it('ranks by affinity and keeps to its contract', () => {
    const best = view('segmentation');
    expect(bestContract.strict().parse(best)).toEqual(best);
    expect(best.sources.map((s) => s.source).slice(0, 2)).toEqual(['normals', 'depth']);
    expect(best.sources.map((s) => s.rank)).toEqual([1, 2, 3, 4, 5]);
    expect(best.advice).toMatch(
      /^Take Normals: it beats training from scratch on \d+ % \(95 % interval \d+–\d+ %\)/,
    );
  });

  it('gives a tie set one rank and says that evidence is missing', () => {
    const best = view('depth');
    expect(best.sources.map((s) => s.rank)).toEqual([1, 1, 3, 4, 5]);
    expect(best.advice).toMatch(
      /^Not enough evidence to separate (Normals and Segmentation|Segmentation and Normals)\./,
    );
  });

  it('advises scratch where no source beats it', () => {
    const best = view('edges');
    expect(best.sources.every((s) => s.helps === 'hurts')).toBe(true);
    expect(best.advice).toMatch(
      /^Train from scratch: each of 5 single sources loses to it\. The nearest, Colour, /,
    );
  });

  it('warns of an excluded target', () => {
    expect(view('layout').advice).toMatch(/^Layout is excluded: .* Do not rely on its ranking\.$/);
  });

  it('cuts to k, ranks in other units, and cutting changes no rank and no advice', () => {
    const all = view('depth');
    const two = view('depth', { k: 2 });
    expect(two.sources).toEqual(all.sources.slice(0, 2));
    expect(two.advice).toBe(all.advice);
    const byLoss = view('normals', { unit: 'loss' }).sources.map((s) => s.source);
    expect(byLoss.slice(0, 3)).toEqual(['depth', 'layout', 'segmentation']);
    const gains = view('normals', { unit: 'gain' }).sources.map((s) => s.gain?.value ?? 0);
    expect(gains).toEqual([...gains].sort((a, b) => b - a));
  });

  it('is preliminary and without affinities while candidates are missing', () => {
    const part = smallAnalysis('depth', { without: ['layout'], preliminary: true });
    const best = bestSourceView(smallData({ sweep: active, analyses: [part] }), 'depth');
    expect(best.preliminary).toBe(true);
    expect(best.advice).toMatch(/^Preliminary, some transfers are still missing\./);
    expect(best.sources.every((s) => s.affinity === null && !s.tied)).toBe(true);
  });

  it('says so when nothing is measured', () => {
    const none = bestSourceView(smallData({ analyses: [] }), 'depth');
    expect(none.advice).toBe('Nothing is measured for Z-depth yet.');
    expect(none.sources).toEqual([]);
  });

  it('lists every target with its verdicts', () => {
    const list = targetList(smallData());
    for (const item of list) expect(targetListItem.strict().parse(item)).toEqual(item);
    const edges = list.find((item) => item.target === 'edges');
    expect(edges?.verdicts).toEqual({ helps: 0, unsure: 0, hurts: 5, unknown: 0 });
    expect(list.find((item) => item.target === 'segmentation')?.best?.source).toBe('normals');
  });
});
