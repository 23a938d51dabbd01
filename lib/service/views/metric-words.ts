import type { Estimate, TaskMetric } from '@/lib/science/core';
import type { RankedSource } from '../contracts';
import { decimal } from './numbers';

/** What a metric's number is written with: a space before percent and words, none before degrees. */
const unitOf = ({ unit }: TaskMetric): string => (unit === '' || unit === '°' ? unit : ` ${unit}`);

const digits = (x: number, { unit }: TaskMetric): string => {
  if (unit === '%' || unit === '°') return decimal(x, 1);
  // Label units are of any size: three significant digits.
  return Number(x.toPrecision(3)).toString().replace('-', '\u2212');
};

/** `61.2 %`, `12.4°`, `0.153 label units`. */
export const metricNumber = (x: number, metric: TaskMetric): string =>
  `${digits(x, metric)}${unitOf(metric)}`;

/** For figures whose heading names the unit (`metricHead`): `61.2 %`, `12.4°`, `0.153`. */
export const metricFigure = (x: number, metric: TaskMetric): string =>
  metric.unit.length > 1 ? digits(x, metric) : metricNumber(x, metric);

/** `61.2 % (95 % interval 55.0–67.1 %)`, or the value alone where it has no interval. */
export function metricWithInterval({ value, low, high }: Estimate, metric: TaskMetric): string {
  if (low === null || high === null) return metricNumber(value, metric);
  return `${metricNumber(value, metric)} (95 % interval ${digits(low, metric)}–${metricNumber(high, metric)})`;
}

const signed = (x: number, metric: TaskMetric): string => `${x > 0 ? '+' : ''}${digits(x, metric)}`;

/** What differences are written with; differences of percentages are points. */
const gainUnit = (metric: TaskMetric): string => (metric.unit === '%' ? ' points' : unitOf(metric));

/** `+9.1 points`; positive = better, whatever the metric's direction. */
export const metricGainNumber = (x: number, metric: TaskMetric): string =>
  `${signed(x, metric)}${gainUnit(metric)}`;

/** `+9.1 points (95 % interval +3.0 to +15.2)`; where a lower metric is better, that positive is. */
export function metricGainWithInterval({ value, low, high }: Estimate, metric: TaskMetric): string {
  const better = metric.higherIsBetter ? [] : ['positive = better'];
  const range =
    low === null || high === null ? [] : [`95 % interval ${signed(low, metric)} to ${signed(high, metric)}`];
  const notes = [...range, ...better].join('; ');
  return `${metricGainNumber(value, metric)}${notes === '' ? '' : ` (${notes})`}`;
}

/**
 * What a difference of metrics to scratch shows, by its 95 % interval; `unsure` where the interval crosses 0, or where
 * there is none and the value alone speaks for it.
 */
export function metricVerdict(gain: Estimate | null): 'better' | 'unsure' | 'worse' | 'unknown' {
  if (gain === null) return 'unknown';
  if ((gain.low ?? 0) > 0) return 'better';
  return (gain.high ?? gain.value) < 0 ? 'worse' : 'unsure';
}

/** A transfer's metric and its difference to scratch's, as answers have them. */
export type Reported = Pick<RankedSource, 'metric' | 'metricGain'>;

const NOT_ABOVE = { unsure: 'not shown to be better than scratch’s', worse: 'worse than scratch’s' } as const;

/** `accuracy 61.2 % (…), scratch’s 52.1 % (…), difference +9.1 points (…)`; empty where the metric is not known. */
export function metricWords(
  { metric, metricGain }: Reported,
  scratch: Estimate | null,
  declared: TaskMetric | null,
): string {
  if (metric === null || declared === null) return '';
  const against = scratch === null ? [] : [`scratch’s ${metricWithInterval(scratch, declared)}`];
  const gain = metricGain === null ? [] : [`difference ${metricGainWithInterval(metricGain, declared)}`];
  return [`${declared.name} ${metricWithInterval(metric, declared)}`, ...against, ...gain].join(', ');
}

/** The same as the end of a sentence about losses, and whether it bears the losses out. */
export function metricClause(way: Reported, scratch: Estimate | null, declared: TaskMetric | null): string {
  const words = metricWords(way, scratch, declared);
  const verdict = metricVerdict(way.metricGain);
  if (words === '') return '';
  return verdict === 'unsure' || verdict === 'worse' ? `; ${words}: ${NOT_ABOVE[verdict]}` : `; ${words}`;
}

/** For tables: `61.2 (55.0–67.1)`; the unit stands in the head (`metricHead`). */
export function metricCell(e: Estimate | null, metric: TaskMetric | null): string {
  if (e === null || metric === null) return '–';
  const range =
    e.low === null || e.high === null ? '' : ` (${digits(e.low, metric)}–${digits(e.high, metric)})`;
  return `${digits(e.value, metric)}${range}`;
}

/** For tables: `+9.1 (+3.0 to +15.2)`; positive = better. */
export function metricGainCell(e: Estimate | null, metric: TaskMetric | null): string {
  if (e === null || metric === null) return '–';
  const range =
    e.low === null || e.high === null ? '' : ` (${signed(e.low, metric)} to ${signed(e.high, metric)})`;
  return `${signed(e.value, metric)}${range}`;
}

/** `accuracy (%)`. */
export const metricHead = ({ name, unit }: TaskMetric): string => (unit === '' ? name : `${name} (${unit})`);
