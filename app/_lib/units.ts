import type { CellView, Estimate } from '@/lib/service/contracts';
import type { Ramp } from './colour';
import { change, loss, percent, share } from './format';

export const UNITS = ['affinity', 'gain', 'quality', 'effect', 'metric', 'loss', 'probe'] as const;
export type Unit = (typeof UNITS)[number];

export interface RowScale {
  /** Sum of the affinities of the row's sources; the own network has the rest. */
  affinity: number;
  lossMin: number;
  lossMax: number;
  probeMin: number;
  probeMax: number;
  /** Largest difference of a source's metric to scratch's; 1 where none is known. */
  metricSpread: number;
  /** Sources of the row, the target itself not counted. */
  n: number;
}

interface UnitInfo {
  label: string;
  legend: string;
  ramp: Ramp;
  /** Ticks of the legend: position 0–1 and text. */
  ticks: readonly (readonly [number, string])[];
  format: (value: number) => string;
  /** The value in at most four characters, for inside a tile. */
  short: (value: number) => string;
  /** Name of a tile that crosses the neutral value, and what that value is. */
  unsure: string;
  unsureNote: string;
}

/**
 * DESIGN §4, display: 1 − exp(−20·p) over the first-order share p of the row. The 20 belongs to the paper's 25
 * sources; with fewer, shares grow and every tile would be dark, so the rate falls in proportion: an even
 * share 1/n keeps its colour.
 */
export const affinityPosition = (p: number, n: number): number => 1 - Math.exp(-20 * Math.min(1, n / 25) * p);

const SHARES = [0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1];

/** Ticks of the affinity legend for n sources: round shares far enough apart to be read. */
export function affinityTicks(n: number): (readonly [number, string])[] {
  const ticks: (readonly [number, string])[] = [];
  for (const p of SHARES) {
    const at = affinityPosition(p, n);
    const before = ticks.at(-1)?.[0] ?? Number.NEGATIVE_INFINITY;
    if (at - before >= 0.13 && at <= 0.97) ticks.push([at, p === 0 ? '0' : share(p, p < 0.1 ? 2 : 1)]);
  }
  return ticks;
}

const halves = ['0 %', '25 %', '50 %', '75 %', '100 %'].map((text, i) => [i / 4, text] as const);

export const UNIT_INFO: Record<Unit, UnitInfo> = {
  affinity: {
    label: 'Affinity',
    legend: 'Affinity over the sum of its row’s sources',
    ramp: 'sequential',
    ticks: affinityTicks(25),
    format: (x) => share(x, x < 0.0995 && x > 0 ? 3 : 2),
    short: (x) => share(x),
    unsure: 'unsure',
    unsureNote: 'the interval crosses an even share of the row',
  },
  gain: {
    label: 'Gain',
    legend: 'Gain, share of test images won against scratch',
    ramp: 'diverging',
    ticks: halves,
    format: percent,
    short: (x) => String(Math.round(x * 100)),
    unsure: 'crosses 50 %',
    unsureNote: 'as often better as worse is possible',
  },
  quality: {
    label: 'Quality',
    legend: 'Quality, share of test images won against its own network',
    ramp: 'diverging',
    ticks: halves,
    format: percent,
    short: (x) => String(Math.round(x * 100)),
    unsure: 'crosses 50 %',
    unsureNote: 'as often better as worse is possible',
  },
  effect: {
    label: 'Effect',
    legend: 'Effect, median over images of loss relative to scratch',
    ramp: 'diverging',
    ticks: [
      [0, '×4'],
      [0.25, '×2'],
      [0.5, 'same'],
      [0.75, '÷2'],
      [1, '÷4'],
    ],
    format: change,
    short: (x) => change(x).replace(/\s?%$/, ''),
    unsure: 'crosses 0',
    unsureNote: 'no change is possible',
  },
  metric: {
    label: 'Metric',
    legend: 'What people report of each target; colour: against scratch, within each row',
    ramp: 'diverging',
    ticks: [
      [0, 'worse'],
      [0.5, 'as scratch'],
      [1, 'better'],
    ],
    // The row's metric says in which unit: `metricNumber`.
    format: (x) => loss(x),
    short: (x) => share(x, Math.abs(x) >= 10 ? 0 : Math.abs(x) >= 1 ? 1 : 2),
    unsure: 'crosses scratch',
    unsureNote: 'the interval of the difference to scratch holds 0',
  },
  loss: {
    label: 'Loss',
    legend: 'Mean test loss, scaled within each row',
    ramp: 'sequential',
    ticks: [
      [0, 'worst of row'],
      [1, 'best of row'],
    ],
    format: loss,
    short: (x) => share(x, Math.abs(x) >= 10 ? 0 : Math.abs(x) >= 1 ? 1 : 2),
    unsure: 'unsure',
    unsureNote: 'no interval',
  },
  probe: {
    label: 'Probe',
    legend: 'Ridge-probe skill, scaled within each row (preliminary)',
    ramp: 'sequential',
    ticks: [
      [0, 'worst of row'],
      [1, 'best of row'],
    ],
    format: (x) => share(x),
    short: (x) => share(x),
    unsure: 'unsure',
    unsureNote: 'no interval',
  },
};

const bounds = (values: readonly number[]): [number, number] =>
  values.length === 0 ? [0, 1] : [Math.min(...values), Math.max(...values)];

/** What a row's cells are scaled by. Re-transfer from the target itself is no source, so it is left out. */
export function rowScale(cells: readonly CellView[]): RowScale {
  const others = cells.filter((c) => c.source !== c.target);
  const affinities = others.flatMap((c) => (c.affinity === null ? [] : [c.affinity.value]));
  const losses = bounds(others.flatMap((c) => (c.loss === null ? [] : [c.loss])));
  const probes = bounds(others.flatMap((c) => (c.probe === null ? [] : [c.probe])));
  return {
    affinity: affinities.reduce((a, b) => a + b, 0) || 1,
    lossMin: losses[0],
    lossMax: losses[1],
    probeMin: probes[0],
    probeMax: probes[1],
    metricSpread: Math.max(0, ...others.map((c) => Math.abs(c.metricGain?.value ?? 0))) || 1,
    n: others.length,
  };
}

const exact = (value: number | null): Estimate | null =>
  value === null ? null : { value, low: null, high: null };

/** The number of a cell in a unit, the same on every page. */
export function cellEstimate(cell: CellView, unit: Unit): Estimate | null {
  if (unit === 'loss') return exact(cell.loss);
  if (unit === 'probe') return exact(cell.probe);
  return cell[unit];
}

/** The number by which a cell is coloured: its own, of metrics the difference to scratch's. */
export const judgedBy = (cell: CellView, unit: Unit): Estimate | null =>
  unit === 'metric' ? cell.metricGain : cellEstimate(cell, unit);

/** Place on the unit's ramp of the number that a cell is judged by, 0–1, 1 = better. */
export function position(value: number, unit: Unit, row: RowScale): number {
  if (unit === 'affinity') return affinityPosition(value / row.affinity, row.n);
  if (unit === 'gain' || unit === 'quality') return value;
  if (unit === 'effect') return 0.5 - value / (2 * Math.log(4));
  if (unit === 'metric') return 0.5 + value / (2 * row.metricSpread);
  if (unit === 'loss')
    return row.lossMax > row.lossMin ? (row.lossMax - value) / (row.lossMax - row.lossMin) : 0.5;
  return row.probeMax > row.probeMin ? (value - row.probeMin) / (row.probeMax - row.probeMin) : 0.5;
}

export type Certainty = 'firm' | 'wide' | 'unsure' | 'unknown';
export const TILE_SHARE: Record<Certainty, number> = { firm: 1, wide: 0.78, unsure: 0.5, unknown: 1 };

/** The value at which a cell says nothing: no better and no worse. */
function neutral(unit: Unit, row: RowScale): number | null {
  if (unit === 'gain' || unit === 'quality') return 0.5;
  if (unit === 'effect' || unit === 'metric') return 0;
  if (unit === 'affinity') return row.n === 0 ? null : row.affinity / row.n;
  return null;
}

/** An interval wider than a fifth of the ramp is "wide"; one across the neutral value is "unsure". */
export function certainty(value: Estimate | null, unit: Unit, row: RowScale): Certainty {
  if (value === null || value.low === null || value.high === null) return 'unknown';
  const zero = neutral(unit, row);
  if (zero !== null && value.low < zero && value.high > zero) return 'unsure';
  const width = Math.abs(position(value.high, unit, row) - position(value.low, unit, row));
  return width > 0.2 ? 'wide' : 'firm';
}
