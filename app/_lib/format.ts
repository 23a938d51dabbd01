import type { Estimate } from '@/lib/service/contracts';

const NBSP = '\u00a0';
const MINUS = '\u2212';

/** "87 %"; below 1 and above 99 the decimals that still tell apart. */
export function percent(share: number, digits = 0): string {
  return `${signed(share * 100, digits)}${NBSP}%`;
}

/** A number with a typographic minus. */
export function signed(value: number, digits = 0): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? MINUS + text : text;
}

/** A share as ".08"; "1" and ".000" stay readable. */
export function share(value: number, digits = 2): string {
  const text = signed(value, digits);
  return text.replace(/^(\u2212?)0\./, '$1.');
}

/** Log ratio as a change of loss: ln 0.69 → "−31 %". */
export function change(logRatio: number): string {
  const percentage = (Math.exp(logRatio) - 1) * 100;
  const sign = Math.round(percentage) > 0 ? '+' : '';
  return `${sign}${signed(percentage)}${NBSP}%`;
}

/** Three significant digits without an exponent, ".050" style below 1. */
export function loss(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const digits = Math.max(0, Math.min(5, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return share(value, digits);
}

/** "84 to 89 %"; null without an interval. */
export function interval(estimate: Estimate | null, format: (x: number) => string): string | null {
  if (estimate === null || estimate.low === null || estimate.high === null) return null;
  const strip = (text: string): string => text.replace(/\s\D+$/, '');
  return `${strip(format(estimate.low))} to ${format(estimate.high)}`;
}

/** "37 min", "2 h 5 min", "8 s". */
export function duration(seconds: number): string {
  if (seconds < 59.5) return `${Math.max(0, Math.round(seconds))}${NBSP}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes}${NBSP}min`;
  const rest = minutes % 60;
  const hours = `${Math.floor(minutes / 60)}${NBSP}h`;
  return rest === 0 ? hours : `${hours} ${rest}${NBSP}min`;
}

/** How long something took: short times keep what tells them apart, "0.15 s", "3.8 s". */
export function took(seconds: number): string {
  if (seconds >= 9.95) return duration(seconds);
  if (seconds < 0.01) return `<${NBSP}0.01${NBSP}s`;
  return `${seconds.toFixed(seconds < 0.995 ? 2 : 1)}${NBSP}s`;
}

/** "3.2 TFLOP" */
export function flops(n: number): string {
  const units = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
  const i = n < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(n) / 3));
  const value = n / 1000 ** i;
  return `${value < 10 && n > 0 ? value.toFixed(1) : Math.round(value)}${NBSP}${units[i]}FLOP`;
}

export const count = (n: number): string => n.toLocaleString('en-US');

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** "A, B and C" */
export function list(names: readonly string[]): string {
  if (names.length <= 1) return names.join('');
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

const ORDINAL_END: Record<string, string> = { one: 'st', two: 'nd', few: 'rd', other: 'th' };
const ordinalRule = new Intl.PluralRules('en', { type: 'ordinal' });
export const ordinal = (n: number): string => `${n}${ORDINAL_END[ordinalRule.select(n)] ?? 'th'}`;

const WORDS = [
  'no',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
];
/** Small numbers in words, for sentences. */
export const inWords = (n: number): string => WORDS[n] ?? String(n);
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** "3 min ago" */
export const ago = (iso: string, now: number): string => `${duration((now - Date.parse(iso)) / 1000)} ago`;
export const clock = (date: Date): string => date.toLocaleTimeString('en-GB');
