import type { Estimate } from '@/lib/science/core';

/** A finite number or null: NaN and infinities never reach an answer. */
export const finite = (x: number | null | undefined): number | null =>
  typeof x === 'number' && Number.isFinite(x) ? x : null;

/** An estimate whose value is finite, else null. */
export function sound(e: Estimate | null | undefined): Estimate | null {
  const value = finite(e?.value);
  return value === null ? null : { value, low: finite(e?.low), high: finite(e?.high) };
}

/** Mean of the finite entries; null when there are none. Images without a valid pixel are NaN. */
export function finiteMean(values: Iterable<number>): number | null {
  let total = 0;
  let count = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    total += value;
    count += 1;
  }
  return count === 0 ? null : total / count;
}

/** `0.874` → `87 %`. */
export const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** `87 % (95 % interval 84–89 %)`, or the value alone when nothing was resampled. */
export function percentWithInterval(e: Estimate): string {
  if (e.low === null || e.high === null) return percent(e.value);
  return `${percent(e.value)} (95 % interval ${Math.round(e.low * 100)}–${percent(e.high)})`;
}

/** `A`, `A and B`, `A, B and C`. */
export function listWords(words: readonly string[], joint: 'and' | 'or' = 'and'): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} ${joint} ${last}`;
}

/** `1 target`, `3 targets`. */
export const counted = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** `3.2 GFLOP`. */
export function flopsWords(n: number): string {
  const units = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
  const i = n < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(n) / 3));
  const value = n / 1000 ** i;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[i]}FLOP`;
}

/** A number for a sentence, with a typographic minus. */
export const decimal = (x: number, digits = 2): string => x.toFixed(digits).replace('-', '\u2212');

/** `p = 0.042`, `p < 0.001`. */
export const pWords = (p: number): string => (p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(p < 0.1 ? 3 : 2)}`);
