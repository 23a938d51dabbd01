import type { Estimate, MethodsView } from '@/lib/service/contracts';
import { list, percent } from './format';

export type Way = MethodsView['ways'][number];
type Method = MethodsView['methods'][number];
type Similarity = MethodsView['sources'][number]['similarity'];
type Size = MethodsView['sizes'][number];

export const WAY_UNITS = ['gain', 'quality', 'effect', 'metric'] as const;
export type WayUnit = (typeof WAY_UNITS)[number];

/** What is counted as a way's cost: training for the target alone, or with all that had to be trained before. */
export const COST_SCOPES = ['given', 'whole'] as const;
export type CostScope = (typeof COST_SCOPES)[number];
/** A column of the table: one source, or what has no single one. */
export interface Column {
  key: string;
  kind: 'source' | 'none' | 'together' | 'itself';
  similarity: Similarity;
}

const columnKey = ({ sources }: Way, target: string): string =>
  sources.length === 0
    ? 'none'
    : sources.length > 1
      ? 'together'
      : sources[0] === target
        ? 'itself'
        : (sources[0] ?? '');

export interface WayTable {
  columns: Column[];
  rows: { method: Method; cells: (Way | null)[] }[];
}

/** Methods whose one training is shown at every number of labels, since it reads none; none where there is one number. */
export const sameAtEverySize = ({ methods, sizes, ways }: MethodsView): string[] =>
  sizes.length < 2
    ? []
    : methods.flatMap(({ id, label }) =>
        ways.some((way) => way.method === id && way.everySize) ? [label] : [],
      );

const SIMILARITY_ORDER: Record<string, number> = { similar: 0, distant: 1, null: 2 };

/** Method × source with so many labels: similar sources first, then distant ones, then ways without a single source. */
export function wayTable(view: MethodsView, images: number): WayTable {
  const ways = view.ways.filter((way) => way.images === images);
  const used = new Set(ways.map((way) => columnKey(way, view.target)));
  const sources = view.sources
    .filter(({ id }) => id !== view.target && used.has(id))
    .sort((a, b) => (SIMILARITY_ORDER[`${a.similarity}`] ?? 2) - (SIMILARITY_ORDER[`${b.similarity}`] ?? 2));
  const columns: Column[] = [
    ...sources.map(({ id, similarity }): Column => ({ key: id, kind: 'source', similarity })),
    ...(['none', 'together', 'itself'] as const)
      .filter((kind) => used.has(kind))
      .map((kind): Column => ({ key: kind, kind, similarity: null })),
  ];
  const rows = view.methods
    .map((method) => {
      const mine = ways.filter((way) => way.method === method.id);
      return {
        method,
        cells: columns.map(({ key }) => mine.find((way) => columnKey(way, view.target) === key) ?? null),
      };
    })
    .filter(({ cells }) => cells.some((cell) => cell !== null));
  return { columns, rows };
}

export const valueIn = (way: Way, unit: WayUnit): Estimate | null => way[unit];

/** The number by which a way is coloured: its own, of metrics the difference to scratch's. */
export const judgedIn = (way: Way, unit: WayUnit): Estimate | null =>
  unit === 'metric' ? way.metricGain : way[unit];

/** Largest difference of a way's metric to scratch's; 1 where none is known. */
export const metricSpread = ({ rows }: WayTable): number =>
  Math.max(0, ...rows.flatMap(({ cells }) => cells.map((way) => Math.abs(way?.metricGain?.value ?? 0)))) || 1;

/** Place on the diverging ramp, 1 = better. @param spread of metrics, the difference that fills the ramp */
export function placeOf(value: number, unit: WayUnit, spread = 1): number {
  if (unit === 'metric') return 0.5 + value / (2 * spread);
  return unit === 'effect' ? 0.5 - value / (2 * Math.log(4)) : value;
}

/** Whether the interval lies wholly on one side of "no difference". */
export function sideOf(estimate: Estimate, unit: WayUnit): 'better' | 'worse' | 'unsure' {
  const [low, high] = [estimate.low ?? estimate.value, estimate.high ?? estimate.value];
  const [from, to] =
    unit === 'effect' ? [-high, -low] : unit === 'metric' ? [low, high] : [low - 0.5, high - 0.5];
  return from > 0 ? 'better' : to < 0 ? 'worse' : 'unsure';
}

const costOf = (way: Way, scope: CostScope) => (scope === 'given' ? way.cost : way.wholeCost);

export interface CostPoint {
  key: string;
  /** Null for scratch itself. */
  way: Way | null;
  flops: number;
  seconds: number;
  /** Cost as a multiple of scratch's; null where scratch is not measured. */
  times: number | null;
  gain: Estimate;
  /** Beats everything that costs no more. */
  front: boolean;
}

const HALF: Estimate = { value: 0.5, low: null, high: null };

/** Ways by what they cost, cheapest first, with scratch at one half. Ways that saw more labels are left out. */
export function costPoints(view: MethodsView, size: Size, scope: CostScope): CostPoint[] {
  const scratch = size.scratch.cost;
  const front = new Set(scope === 'given' ? size.frontier : size.wholeFrontier);
  const point = (key: string, way: Way | null, gain: Estimate | null, cost: Way['cost']): CostPoint[] =>
    gain === null || cost === null
      ? []
      : [
          {
            key,
            way,
            ...cost,
            times: scratch && scratch.flops > 0 ? cost.flops / scratch.flops : null,
            gain,
            front: front.has(key),
          },
        ];
  const ways = view.ways.filter((way) => way.images === size.images && !way.ownLabels);
  return [
    ...ways.flatMap((way) => point(way.key, way, way.gain, costOf(way, scope))),
    ...point('scratch', null, HALF, scratch),
  ].sort((a, b) => a.flops - b.flops || b.gain.value - a.gain.value);
}

/** Unit of compute in which costs like these are counted. */
export const computeUnit = (points: readonly CostPoint[]): { name: string; flops: number } =>
  Math.max(...points.map((p) => p.flops)) < 1e13
    ? { name: 'GFLOP', flops: 1e9 }
    : { name: 'TFLOP', flops: 1e12 };

/** Percentage points of gain above one half for a unit of compute; null where nothing was trained. */
export const worth = ({ gain, flops }: Pick<CostPoint, 'gain' | 'flops'>, unit: number): number | null =>
  flops <= 0 ? null : ((gain.value - 0.5) * 100 * unit) / flops;

export interface RegimeLine {
  method: Method;
  points: { images: number; gain: number; sources: number }[];
}

/**
 * Gain by labels of every method from sources of one kind, the mean over these sources, the same ones at every size.
 * Methods that only one size has (self-training) have no curve.
 */
export function regimeLines(view: MethodsView, similarity: 'similar' | 'distant'): RegimeLine[] {
  const kind = new Map(view.sources.map((s) => [s.id, s.similarity]));
  return view.methods.flatMap((method) => {
    const mine = view.ways.filter(
      ({ method: id, sources, gain, ownLabels }) =>
        id === method.id &&
        sources.length === 1 &&
        kind.get(sources[0] ?? '') === similarity &&
        gain &&
        !ownLabels,
    );
    const sizes = view.sizes.map((s) => s.images).filter((images) => mine.some((w) => w.images === images));
    const everywhere = new Set(
      mine
        .map((w) => w.key)
        .filter((key) => sizes.every((images) => mine.some((w) => w.key === key && w.images === images))),
    );
    const points = sizes.map((images) => {
      const here = mine.filter((w) => w.images === images && everywhere.has(w.key));
      const sum = here.reduce((total, w) => total + (w.gain?.value ?? 0), 0);
      return { images, gain: sum / here.length, sources: here.length };
    });
    return everywhere.size > 0 && points.length > 1 ? [{ method, points }] : [];
  });
}

/** For the line of a chart that is read aloud. */
export function regimeSummary(lines: readonly RegimeLine[]): string {
  return list(
    lines.map(
      ({ method, points }) =>
        `${method.label} ${points.map((p) => `${percent(p.gain)} at ${p.images}`).join(', ')} labels`,
    ),
  );
}
