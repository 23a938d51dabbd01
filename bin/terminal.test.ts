import { describe, expect, it } from 'vitest';
import { duration, percent, planLines, progressLine, table } from './terminal';

const progress = {
  counts: { waiting: 1, queued: 2, running: 2, lost: 0, done: 95, failed: 0, cancelled: 0 },
  total: 100,
  later: 0,
  share: 0.956,
  imagesPerSecond: 812.4,
  etaSeconds: 61,
  elapsedSeconds: 300,
  phases: {},
  workers: 2,
  troubles: [],
  alarms: [],
};

describe('terminal', () => {
  it('writes durations as people say them', () => {
    expect([8, 75, 4000].map(duration)).toEqual(['8 s', '1 min 15 s', '1 h 6 min']);
  });

  it('tells runs, share, throughput and time left', () => {
    expect(progressLine('first-look', progress)).toBe(
      'first-look: 95 of 100 runs (95 % of the work), 812 images/s, 1 min 1 s left',
    );
  });

  it('tells failures, and the time taken at the end', () => {
    const ended = { ...progress, counts: { ...progress.counts, done: 98, failed: 2 }, etaSeconds: null };
    expect(progressLine('x', ended)).toContain('took 5 min 0 s, 2 failed');
    expect(progressLine('x', { ...progress, imagesPerSecond: 0 })).not.toContain('images/s');
    expect(progressLine('x', { ...progress, imagesPerSecond: 0.42 })).toContain(', 0.4 images/s,');
  });

  it('shows an interval only where there is one', () => {
    expect(percent({ value: 0.723, low: 0.66, high: 0.78 })).toBe('72 % (66–78)');
    expect(percent({ value: 0.5, low: null, high: null })).toBe('50 %');
    expect(percent(null)).toBe('–');
  });

  it('prices plans, with the notes of the total', () => {
    const plan = (transfer: number, notes: string[]) => ({
      total: transfer + 1,
      byKind: { dataset: 1, source: 0, transfer },
      reused: 2,
      growth: 3,
      estimatedFlops: 1.2e12,
      estimatedSeconds: transfer > 5 ? 75 : null,
      notes,
    });
    const lines = planLines([
      ['a.yaml', plan(4, ['not shown'])],
      ['together', plan(9, ['shown'])],
    ]).split('\n');
    expect(lines[0]).toBe('plan      dataset  transfer  runs  shared  FLOPs left  one worker');
    expect(lines[2]).toBe('a.yaml          1         4     8       2     1.2e+12           –');
    expect(lines[3]).toBe('together        1         9    13       2     1.2e+12  1 min 15 s');
    expect(lines.slice(4)).toEqual(['', 'shown']);
  });

  it('aligns a table', () => {
    expect(table(['target', 'gain'], [['depth', '7 %']])).toBe('target  gain\n──────  ────\ndepth    7 %');
  });
});
