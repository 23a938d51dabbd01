import { describe, expect, it } from 'vitest';
import { REFERENCE, stepFlops } from './engine/networks';
import { agreement, type Cell, totals } from './sweep/figures';

describe('floating-point operations of a step', () => {
  it('are those of ENGINE.md for its reference network', () => {
    expect(stepFlops(REFERENCE) / 1e9).toBeCloseTo(0.117, 3);
  });

  it('count forward, filter gradient, and input gradient but for the first layer', () => {
    const layer = { kernel: 3, stride: 2, channels: 5 };
    const one = { name: 'one', side: 8, channels: 2, layers: [layer] };
    // 4×4 outputs of 5 channels, 3×3×2 products each, two operations a product, two of three passes.
    expect(stepFlops(one)).toBe(16 * 5 * 18 * 2 * 2);
    const second = { ...layer, stride: 1 };
    expect(stepFlops({ ...one, layers: [layer, second] })).toBe(16 * 5 * 18 * 2 * 2 + 16 * 5 * 45 * 2 * 3);
  });
});

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
