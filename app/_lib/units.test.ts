import { describe, expect, it } from 'vitest';
import { cell } from './testing/matrix';
import {
  affinityPosition,
  affinityTicks,
  cellEstimate,
  certainty,
  position,
  rowScale,
  UNIT_INFO,
} from './units';

const exact = (value: number) => ({ value, low: null, high: null });
const row = rowScale([
  cell('a', 't', { affinity: exact(0.3), loss: 0.1, probe: 0.5 }),
  cell('b', 't', { affinity: exact(0.1), loss: 0.3, probe: 0.1 }),
  cell('t', 't', { affinity: exact(0.5), loss: 0.01, probe: 0.9 }),
]);

describe('units of a row', () => {
  it('leaves re-transfer from the target itself out of the scale', () => {
    expect(row.affinity).toBeCloseTo(0.4, 12);
    expect([row.lossMin, row.lossMax, row.probeMax, row.n]).toEqual([0.1, 0.3, 0.5, 2]);
  });
  it('shows every number as the cell has it', () => {
    const affinity = { value: 0.3, low: 0.2, high: 0.36 };
    expect(cellEstimate(cell('a', 't', { affinity }), 'affinity')).toEqual(affinity);
    expect(cellEstimate(cell('a', 't', { loss: 0.4 }), 'loss')).toEqual(exact(0.4));
  });
  it('places a share p at 1 − exp(−20 p)', () => {
    expect(affinityPosition(0, 25)).toBe(0);
    expect(affinityPosition(0.05, 25)).toBeCloseTo(1 - Math.exp(-1), 12);
    expect(affinityPosition(0.05, 60)).toBeCloseTo(1 - Math.exp(-1), 12);
  });
  it('gives an even share the same colour with fewer sources', () => {
    expect(affinityPosition(1 / 5, 5)).toBeCloseTo(affinityPosition(1 / 25, 25), 12);
    for (const n of [2, 8, 25, 100]) expect(affinityTicks(n).length).toBeGreaterThan(2);
  });
  it('puts better at 1 in every unit', () => {
    expect(position(0.9, 'gain', row)).toBeGreaterThan(position(0.2, 'gain', row));
    expect(position(-1, 'effect', row)).toBeGreaterThan(position(1, 'effect', row));
    expect(position(0.1, 'loss', row)).toBe(1);
    expect(position(0.3, 'loss', row)).toBe(0);
    expect(position(0.5, 'probe', row)).toBe(1);
  });
  it('puts no effect in the middle and a quarter of the loss at the end', () => {
    expect(position(0, 'effect', row)).toBe(0.5);
    expect(position(-Math.log(4), 'effect', row)).toBeCloseTo(1, 12);
  });
  it('legend ticks lie within the ramp and ascend', () => {
    for (const info of Object.values(UNIT_INFO)) {
      const at = info.ticks.map(([t]) => t);
      expect(at).toEqual([...at].sort((a, b) => a - b));
      expect(Math.max(...at)).toBeLessThanOrEqual(1);
    }
  });
});

describe('certainty', () => {
  it('is unsure across the neutral value, wide over a fifth of the ramp, else firm', () => {
    expect(certainty({ value: 0.55, low: 0.45, high: 0.65 }, 'gain', row)).toBe('unsure');
    expect(certainty({ value: 0.75, low: 0.6, high: 0.9 }, 'gain', row)).toBe('wide');
    expect(certainty({ value: 0.87, low: 0.84, high: 0.89 }, 'gain', row)).toBe('firm');
  });
  it('takes an even share of the row as the neutral affinity', () => {
    expect(certainty({ value: 0.22, low: 0.18, high: 0.24 }, 'affinity', row)).toBe('unsure');
    expect(certainty({ value: 0.12, low: 0.116, high: 0.124 }, 'affinity', row)).toBe('firm');
  });
  it('says nothing without an interval', () => {
    expect(certainty(exact(0.9), 'gain', row)).toBe('unknown');
    expect(certainty(null, 'gain', row)).toBe('unknown');
  });
});
