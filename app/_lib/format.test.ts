import { describe, expect, it } from 'vitest';
import {
  change,
  duration,
  flops,
  interval,
  list,
  loss,
  ordinal,
  percent,
  share,
  signed,
  took,
} from './format';

describe('numbers as text', () => {
  it('writes shares as percent with a hard space', () => {
    expect(percent(0.874)).toBe('87\u00a0%');
    expect(percent(0.962, 1)).toBe('96.2\u00a0%');
  });
  it('uses a typographic minus, but none before a rounded zero', () => {
    expect(signed(-3.2, 1)).toBe('\u22123.2');
    expect(signed(-0.004, 2)).toBe('0.00');
  });
  it('drops the leading zero of a share', () => {
    expect(share(0.08)).toBe('.08');
    expect(share(-0.5)).toBe('\u2212.50');
    expect(share(1)).toBe('1.00');
  });
  it('turns a log ratio into a change of loss', () => {
    expect(change(Math.log(0.69))).toBe('\u221231\u00a0%');
    expect(change(Math.log(1.39))).toBe('+39\u00a0%');
    expect(change(0)).toBe('0\u00a0%');
  });
  it('keeps three significant digits of a loss', () => {
    expect(loss(0.0504)).toBe('.0504');
    expect(loss(1.234)).toBe('1.23');
    expect(loss(0)).toBe('0');
  });
  it('keeps what tells short times apart', () => {
    expect([0.001, 0.148, 0.999, 3.77, 9.97, 90].map(took)).toEqual([
      '<\u00a00.01\u00a0s',
      '0.15\u00a0s',
      '1.0\u00a0s',
      '3.8\u00a0s',
      '10\u00a0s',
      '2\u00a0min',
    ]);
  });
  it('writes work with a prefix', () => {
    expect(flops(3.24e12)).toBe('3.2\u00a0TFLOP');
    expect(flops(999)).toBe('999\u00a0FLOP');
    expect(flops(1000)).toBe('1.0\u00a0kFLOP');
    expect(flops(0)).toBe('0\u00a0FLOP');
  });
  it('writes an interval once with its unit, and nothing without ends', () => {
    expect(interval({ value: 0.87, low: 0.84, high: 0.89 }, percent)).toBe('84 to 89\u00a0%');
    expect(interval({ value: 0.87, low: null, high: null }, percent)).toBeNull();
  });
});

describe('words', () => {
  it('rounds durations to what a person needs', () => {
    expect(duration(8.4)).toBe('8\u00a0s');
    expect(duration(59.6)).toBe('1\u00a0min');
    expect(duration(2220)).toBe('37\u00a0min');
    expect(duration(7500)).toBe('2\u00a0h 5\u00a0min');
  });
  it('joins names', () => {
    expect(list(['A'])).toBe('A');
    expect(list(['A', 'B', 'C'])).toBe('A, B and C');
  });
  it('knows ordinals', () => {
    expect([1, 2, 3, 11, 22].map(ordinal)).toEqual(['1st', '2nd', '3rd', '11th', '22nd']);
  });
});
