import { describe, expect, it } from 'vitest';
import { REFERENCE, stepFlops } from './networks';

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
