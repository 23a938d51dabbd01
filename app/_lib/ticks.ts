import { ticks as niceTicks } from 'd3';

/** Ticks of a log axis at 1, 2 and 5 times powers of ten, at most six; over less than that, evenly spaced ones. */
export function logTicks([low, high]: readonly [number, number]): number[] {
  const ticks: number[] = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) {
    for (const m of [1, 2, 5]) {
      const t = m * 10 ** e;
      if (t >= low && t <= high) ticks.push(t);
    }
  }
  if (ticks.length < 3) return niceTicks(low, high, 4);
  return ticks.length > 6 ? ticks.filter((_, i) => i % 2 === 0) : ticks;
}

/** Limits of the axis: 1st and 99th percentile and both sides of "same", at most ×8 and ÷8. */
export function ratioDomain(sorted: readonly number[]): [number, number] {
  const at = (p: number): number =>
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(p * (sorted.length - 1))))] ?? 0;
  const cap = Math.log(8) * 1.05;
  return [Math.max(-cap, Math.min(-0.35, at(0.01))), Math.min(cap, Math.max(0.35, at(0.99)))];
}

/** First, last and round steps between, none within two of the thumb or the ends. */
export function axisTicks(first: number, last: number, budget: number): number[] {
  const gap = Math.max(1, (last - first) / 12);
  const step = last - first > 12 ? 5 : last - first > 6 ? 2 : 1;
  const inner = Array.from({ length: Math.floor(last / step) + 1 }, (_, i) => i * step).filter(
    (t) => t - first > gap && last - t > gap,
  );
  return [first, ...inner, last].filter((t) => t === first || t === last || Math.abs(t - budget) > gap * 0.5);
}

/** 0.05 → ".05", 20 → "20": no trailing zeros. */
export const tickText = (t: number): string => String(Number(t.toPrecision(3))).replace(/^0\./, '.');
