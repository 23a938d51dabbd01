import { describe, expect, it } from 'vitest';
import { duration, percent, progressLine, table } from './terminal';

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
  });

  it('shows an interval only where there is one', () => {
    expect(percent({ value: 0.723, low: 0.66, high: 0.78 })).toBe('72 % (66–78)');
    expect(percent({ value: 0.5, low: null, high: null })).toBe('50 %');
    expect(percent(null)).toBe('–');
  });

  it('aligns a table', () => {
    expect(table(['target', 'gain'], [['depth', '7 %']])).toBe('target  gain\n──────  ────\ndepth    7 %');
  });
});
