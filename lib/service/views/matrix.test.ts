import { describe, expect, it } from 'vitest';
import type { RunState } from '@/lib/science/core';
import { matrixView as contract, type MatrixView } from '../contracts';
import { matrixView } from './matrix';
import type { RunSummary, SweepData } from './model';
import {
  fingerprintOf,
  STARTED,
  smallAnalyses,
  smallAnalysis,
  smallData,
  smallRuns,
  smallSweep,
} from './testing/small-sweep';

const cellOf = (matrix: MatrixView, source: string, target: string) => {
  const cell = matrix.cells.find((c) => c.source === source && c.target === target);
  if (!cell) throw new Error(`no cell ${source} → ${target}`);
  return cell;
};

const active = { ...smallSweep, state: 'active' as const, finishedAt: null };

/** The sweep in the middle: two targets measured, one row in every other state, the rest open. */
function midway(): SweepData {
  const states: Record<string, 'running' | 'failed' | 'queued' | 'waiting' | 'cancelled' | 'done'> = {
    'transfer edges segmentation 1': 'failed',
    'transfer depth segmentation 1': 'running',
    'transfer normals segmentation 1': 'running',
    'transfer layout segmentation 1': 'cancelled',
    'transfer colour segmentation 1': 'done',
  };
  const open = (label: string) => label.startsWith('transfer') && /(edges|layout) 1$/.test(label);
  const runs = smallRuns(1, (label) => states[label] ?? (open(label) ? 'waiting' : 'done'));
  const overdue = fingerprintOf('transfer normals segmentation 1');
  return smallData({
    sweep: active,
    runs: runs.map((run) => (run.fingerprint === overdue ? { ...run, claimExpiresAt: STARTED + 1 } : run)),
    analyses: smallAnalyses.filter((a) => a.target === 'depth' || a.target === 'normals'),
    summaries: new Map([
      [fingerprintOf('mean edges'), { meanLoss: 1.6, probe: null }],
      [fingerprintOf('probe normals 1'), { meanLoss: null, probe: { edges: 0.75 } }],
      [fingerprintOf('transfer colour segmentation 1'), { meanLoss: 1.25, probe: null }],
    ]),
  });
}

describe('matrixView', () => {
  it('keeps to its contract and has one cell per source and target', () => {
    const matrix = matrixView(smallData());
    expect(contract.strict().parse(matrix)).toEqual(matrix);
    expect(matrix.cells).toHaveLength(6 * 5);
    expect(matrix.sources).toContain('colour');
    expect(matrix.targets).not.toContain('colour');
    expect(matrix.preliminary).toBe(false);
  });

  it('marks the best of a row, and those that it cannot be told from', () => {
    const matrix = matrixView(smallData());
    const row = (target: string) => matrix.cells.filter((c) => c.target === target);
    expect(
      row('segmentation')
        .filter((c) => c.best)
        .map((c) => c.source),
    ).toEqual(['normals']);
    expect(row('segmentation').filter((c) => c.tied)).toEqual([]);
    const depth = row('depth').filter((c) => c.best || c.tied);
    expect(depth.map((c) => c.source).sort()).toEqual(['normals', 'segmentation']);
    expect(depth.filter((c) => c.best)).toHaveLength(1);
  });

  it('marks tournaments whose trainings ran on several engines', () => {
    const other = fingerprintOf('transfer edges depth 1');
    const runs = smallRuns(1, () => 'done').map((run) =>
      run.fingerprint === other ? { ...run, backend: 'tensorflow (8 images at once)' } : run,
    );
    const rows = matrixView(smallData({ runs })).targetRows;
    expect(rows.find((row) => row.target === 'depth')?.backends).toEqual(['tensorflow', 'wasm']);
    expect(rows.find((row) => row.target === 'normals')?.backends).toEqual(['wasm']);
  });

  it('recommends nothing where the best loses to scratch or the target is excluded', () => {
    const matrix = matrixView(smallData());
    for (const target of ['edges', 'layout']) {
      const marked = matrix.cells.filter((c) => c.target === target && (c.best || c.helps === 'helps'));
      expect(marked).toEqual([]);
      expect(matrix.targetRows.find((row) => row.target === target)?.set).toMatchObject({
        best: null,
        noneHelps: true,
      });
    }
    const layout = matrix.targetRows.find((row) => row.target === 'layout');
    expect(layout?.kept).toBe(false);
    expect(layout?.reasons.length).toBeGreaterThan(0);
  });

  it('takes numbers from the analysis: shares with the own network sum to 1 per target', () => {
    const matrix = matrixView(smallData());
    for (const row of matrix.targetRows) {
      const cells = matrix.cells.filter((c) => c.target === row.target && c.affinity !== null);
      const sum = cells.reduce((total, c) => total + (c.affinity?.value ?? 0), row.self?.value ?? 0);
      expect(sum).toBeCloseTo(1, 9);
    }
    const cell = cellOf(matrix, 'normals', 'segmentation');
    expect(cell.gain?.value).toBeGreaterThan(0.85);
    expect(cell.effect?.value).toBeLessThan(-0.5);
  });

  it('shows every state of a cell', () => {
    const matrix = matrixView(midway());
    const state = (source: string, target: string) => cellOf(matrix, source, target).state;
    expect(state('normals', 'depth')).toBe('done');
    expect(state('edges', 'segmentation')).toBe('failed');
    expect(state('depth', 'segmentation')).toBe('running');
    expect(state('normals', 'segmentation')).toBe('lost');
    expect(state('layout', 'segmentation')).toBe('cancelled');
    expect(state('depth', 'edges')).toBe('waiting');
    expect(state('normals', 'edges')).toBe('predicted');
    expect(state('depth', 'depth')).toBe('missing');
    expect(cellOf(matrix, 'depth', 'segmentation').progress).toBeCloseTo(0.25);
  });

  it('gives a skill, 1 − relative loss, where the probe has one', () => {
    const matrix = matrixView(midway());
    expect(cellOf(matrix, 'normals', 'edges').probe).toBeCloseTo(0.25);
    expect(cellOf(matrix, 'normals', 'layout').probe).toBeNull();
    expect(cellOf(matrix, 'normals', 'layout').state).toBe('waiting');
  });

  it('is preliminary while a target is open, and keeps affinities of an unfinished tournament back', () => {
    const part = smallAnalysis('segmentation', { without: ['depth', 'normals'], preliminary: true });
    const data = midway();
    const matrix = matrixView({ ...data, analyses: [...data.analyses, part] });
    expect(matrix.preliminary).toBe(true);
    const cell = cellOf(matrix, 'colour', 'segmentation');
    expect(cell.affinity).toBeNull();
    expect(cell.gain).not.toBeNull();
    expect(matrix.targetRows.find((r) => r.target === 'segmentation')?.complete).toBe(false);
    expect(matrix.targetRows.find((r) => r.target === 'depth')?.complete).toBe(true);
  });

  it('shows affinities of a complete first seed while others are still to come', () => {
    const first = smallAnalysis('depth', { preliminary: true });
    const later = smallRuns(2, () => 'queued');
    const matrix = matrixView(
      smallData({ sweep: active, runs: [...smallRuns(), ...later], analyses: [first] }),
    );
    expect(cellOf(matrix, 'normals', 'depth').affinity).not.toBeNull();
    expect(matrix.preliminary).toBe(true);
  });

  it('does not wait for ever for a transfer that has failed for good', () => {
    const part = smallAnalysis('depth', { without: ['colour'], preliminary: true });
    const seen = (states: Record<string, RunState>) => {
      const runs = smallRuns(1, (label) => states[label] ?? 'done');
      return matrixView(smallData({ sweep: active, runs, analyses: [part] }));
    };
    const transfer = 'transfer colour depth 1';
    const failed = seen({ [transfer]: 'failed' });
    expect(cellOf(failed, 'normals', 'depth').affinity).not.toBeNull();
    expect(failed.preliminary).toBe(true);
    expect(cellOf(seen({ [transfer]: 'queued' }), 'normals', 'depth').affinity).toBeNull();
    const orphan = seen({ [transfer]: 'waiting', 'source colour 1': 'failed' });
    expect(cellOf(orphan, 'normals', 'depth').affinity).not.toBeNull();
    expect(cellOf(seen({ [transfer]: 'waiting' }), 'normals', 'depth').affinity).toBeNull();
  });

  it('falls back to the mean of finished runs for losses before there is an analysis', () => {
    const cell = cellOf(matrixView(midway()), 'colour', 'segmentation');
    expect(cell.loss).toBeCloseTo(1.25);
    expect(cell.gain).toBeNull();
  });

  it('works from analyses alone: imported sweeps have no runs', () => {
    const matrix = matrixView(smallData({ sweep: { ...smallSweep, origin: 'imported' }, runs: [] }));
    expect(cellOf(matrix, 'normals', 'depth').state).toBe('done');
    expect(cellOf(matrix, 'depth', 'depth').state).toBe('missing');
    expect(matrix.preliminary).toBe(false);
  });

  it('honours a sweep that narrows its sources and targets', () => {
    const spec = { ...smallSweep.spec, sources: ['normals', 'depth'], targets: ['depth'] };
    const matrix = matrixView(smallData({ sweep: { ...smallSweep, spec } }));
    expect(matrix.sources).toEqual(['depth', 'normals']);
    expect(matrix.targets).toEqual(['depth']);
    expect(matrix.dendrogram).toBeNull();
  });
});

describe('orders and trees', () => {
  const permutation = (ids: readonly string[]) => [...ids].sort();

  it('every order names every id once', () => {
    const matrix = matrixView(smallData());
    expect(Object.keys(matrix.orders).sort()).toEqual(['a-z', 'clustered', 'family', 'value']);
    for (const order of Object.values(matrix.orders)) {
      expect(permutation(order.sources)).toEqual(permutation(matrix.sources));
      expect(permutation(order.targets)).toEqual(permutation(matrix.targets));
    }
  });

  it('sorts by name as a reader would, and by mean gain', () => {
    const { orders } = matrixView(smallData());
    expect(orders['a-z']?.targets).toEqual(['edges', 'layout', 'normals', 'segmentation', 'depth']);
    expect(orders.value?.sources.at(0)).toBe('normals');
    expect(orders.value?.targets.at(-1)).toBe('edges');
  });

  it('joins the sources that serve alike first, and draws leaves in the clustered order', () => {
    const { dendrogram, targetDendrogram, orders, targets } = matrixView(smallData());
    expect(dendrogram?.leaves).toEqual(orders.clustered?.sources);
    expect(targetDendrogram?.leaves).toEqual(orders.clustered?.targets);
    expect(dendrogram?.merges).toHaveLength(5);
    expect(targetDendrogram?.merges).toHaveLength(targets.length - 1);
    const heights = dendrogram?.merges.map(([, , height]) => height) ?? [];
    expect(heights).toEqual([...heights].sort((a, b) => a - b));
    const [a = 0, b = 0] = dendrogram?.merges[0] ?? [];
    const pair = [dendrogram?.leaves[a], dendrogram?.leaves[b]].sort();
    // Alike on every target that both serve.
    expect(pair).toEqual(['normals', 'segmentation']);
  });

  it('turns the branches so that families keep their order as far as the tree allows', () => {
    const { dendrogram, orders } = matrixView(smallData());
    const n = dendrogram?.leaves.length ?? 0;
    const rank = (leaf: string) => orders.family?.sources.indexOf(leaf) ?? -1;
    const members: number[][] = (dendrogram?.leaves ?? []).map((leaf) => [rank(leaf)]);
    const mean = (ranks: readonly number[] = []) => ranks.reduce((a, b) => a + b, 0) / ranks.length;
    for (const [left, right] of dendrogram?.merges ?? []) {
      expect(mean(members[left])).toBeLessThanOrEqual(mean(members[right]));
      members.push([...(members[left] ?? []), ...(members[right] ?? [])]);
    }
    expect(members).toHaveLength(2 * n - 1);
  });

  it('every merge joins two neighbouring stretches of the drawing order', () => {
    const { dendrogram } = matrixView(smallData());
    const n = dendrogram?.leaves.length ?? 0;
    const spans: [number, number][] = Array.from({ length: n }, (_, i) => [i, i]);
    for (const [left, right] of dendrogram?.merges ?? []) {
      const [l, r] = [spans[left], spans[right]];
      if (!l || !r) throw new Error('a merge names a cluster that is not there yet');
      expect(r[0]).toBe(l[1] + 1);
      spans.push([l[0], r[1]]);
    }
  });

  it('has no tree while cells are missing, unless the probe has filled them', () => {
    expect(matrixView(midway()).dendrogram).toBeNull();
    const probes = ['edges', 'depth', 'normals', 'segmentation', 'layout', 'colour'];
    const losses = (i: number) => ({
      edges: 1 + i,
      depth: 2 - i / 9,
      normals: 1 + i / 3,
      segmentation: i,
      layout: 1,
    });
    const summaries = new Map<string, RunSummary>([
      ...probes.map((s, i) => [fingerprintOf(`probe ${s} 1`), { meanLoss: null, probe: losses(i) }] as const),
      ...probes.map((t) => [fingerprintOf(`mean ${t}`), { meanLoss: 3, probe: null }] as const),
    ]);
    const probed = matrixView({ ...midway(), summaries });
    expect(probed.dendrogram?.merges).toHaveLength(5);
    expect(probed.preliminary).toBe(true);
  });
});
