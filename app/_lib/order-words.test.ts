import { describe, expect, it } from 'vitest';
import { joiningWords, orderRows, type TargetOrders } from './order-words';
import { candidateSet } from './testing/matrix';

type Joined = TargetOrders['joined'][number];
const name = (task: string): string => task.toUpperCase();
const exact = (value: number) => ({ value, low: null, high: null });

const ranked = (sources: string[], gain: number): NonNullable<TargetOrders['orders'][number]['best']> => ({
  rank: 1,
  source: sources.join('+'),
  method: 'readout',
  sources,
  order: sources.length,
  affinity: exact(0.2),
  gain: exact(gain),
  quality: null,
  effect: null,
  metric: null,
  metricGain: null,
  skill: 0.3,
  probabilityBest: null,
  tied: false,
  helps: 'helps',
});

function orders(over: Joined['overBestPart'], helps: Joined['helps'] = 'helps'): TargetOrders {
  const joined = { ...ranked(['a', 'b'], 0.7), helps, bestPart: 'a', overBestPart: over };
  const of = (order: number, best: TargetOrders['orders'][number]['best']) => ({
    order,
    planned: 4,
    done: best === null ? 1 : 4,
    best,
    medianGain: null,
    medianQuality: null,
  });
  return {
    target: 't',
    kept: true,
    complete: true,
    set: candidateSet(),
    joinedFrom: ['a', 'b'],
    orders: [of(1, ranked(['a'], 0.66)), of(2, joined), of(3, null)],
    joined: [{ ...joined, source: 'c+d', overBestPart: null }, joined],
  };
}

describe('order as a dimension', () => {
  it('gives the points of gain that each order adds to the one before', () => {
    const rows = orderRows(orders(null));
    expect(rows.map((r) => r.adds === null || Math.round(r.adds))).toEqual([true, 4, true]);
    expect(rows[2]).toMatchObject({ order: 3, best: null, done: 1, planned: 4 });
  });

  it('compares the strongest joined transfer that can be compared with its own best part', () => {
    const words = joiningWords(orders({ value: 0.57, low: 0.53, high: 0.61 }), name);
    expect(words).toBe(
      'A + B beats A alone on 57\u00a0% of the test images (95 % interval 53 to 61\u00a0%): it pays, for 2 tasks’ labels instead of one’s.',
    );
  });

  it('does not call an interval across one half a gain', () => {
    expect(joiningWords(orders({ value: 0.52, low: 0.48, high: 0.56 }), name)).toMatch(/not shown to pay\.$/);
    expect(joiningWords(orders({ value: 0.3, low: 0.2, high: 0.4 }), name)).toMatch(/makes it worse\.$/);
    expect(joiningWords(orders(exact(0.8)), name)).toMatch(/not shown to pay\.$/);
  });

  it('does not praise a joined transfer that loses to scratch', () => {
    const over = { value: 0.74, low: 0.7, high: 0.77 };
    expect(joiningWords(orders(over, 'hurts'), name)).toMatch(/still loses to training from scratch\.$/);
    expect(joiningWords(orders(over, 'unsure'), name)).toMatch(/not shown to beat training from scratch\.$/);
  });

  it('does not call it worth its labels where a single source wins as much against scratch', () => {
    const better = orders({ value: 0.54, low: 0.502, high: 0.58 });
    const single = better.orders[0]?.best;
    if (single) single.gain = exact(0.7);
    expect(joiningWords(better, name)).toMatch(/no more than the best single source\.$/);
  });

  it('says when nothing can be compared', () => {
    expect(joiningWords(orders(null), name)).toContain('yet');
  });
});
