import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frontier } from './frontier';

const way = fc.record({ cost: fc.integer({ min: 1, max: 9 }), value: fc.integer({ min: 0, max: 9 }) });
type Way = { cost: number; value: number };
const front = (ways: readonly Way[]) =>
  frontier(
    ways,
    (w) => w.cost,
    (w) => w.value,
  );

describe('frontier', () => {
  it('keeps what is better than everything that costs no more', () => {
    const ways = [
      { cost: 5, value: 0.6 },
      { cost: 1, value: 0.5 },
      { cost: 2, value: 0.4 },
      { cost: 9, value: 0.6 },
      { cost: 1, value: 0.3 },
    ];
    expect(front(ways)).toEqual([
      { cost: 1, value: 0.5 },
      { cost: 5, value: 0.6 },
    ]);
  });

  it('holds the best of every budget', () => {
    fc.assert(
      fc.property(fc.array(way, { minLength: 1 }), fc.integer({ min: 1, max: 9 }), (ways, budget) => {
        const affordable = ways.filter((w) => w.cost <= budget);
        const chosen = front(ways).filter((w) => w.cost <= budget);
        expect(chosen.at(-1)?.value).toBe(
          affordable.length === 0 ? undefined : Math.max(...affordable.map((w) => w.value)),
        );
      }),
    );
  });
});
