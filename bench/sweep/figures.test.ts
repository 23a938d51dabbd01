import { describe, expect, it } from 'vitest';
import { agreement, type Cell, totals } from './figures';

describe('figures of a sweep', () => {
  const cell = (source: string, target: string | null, loss: number): Cell => ({
    ...{ source, target, loss },
    ...{ wall: 2, cpu: 1 },
  });

  it('sums sources and transfers apart; losses are those of transfers', () => {
    const made = totals([cell('a', null, 9), cell('a', 'a', 1), cell('a', 'b', 3)], 7);
    expect(made).toEqual({ prepareCpu: 7, sourceCpu: 1, transferCpu: 2, cpu: 3, wall: 6, meanLoss: 2 });
  });

  it('compares transfers that both have: sign and size apart', () => {
    const ours = [cell('a', null, 1), cell('a', 'a', Math.E), cell('a', 'b', 1 / Math.E), cell('a', 'c', 5)];
    const theirs = [cell('a', null, 9), cell('a', 'a', 1), cell('a', 'b', 1)];
    const { mean, size } = agreement(ours, theirs);
    expect(mean).toBeCloseTo(0, 12);
    expect(size).toBeCloseTo(1, 12);
  });
});
