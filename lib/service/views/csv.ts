import type { TaskMetric } from '@/lib/science/core';
import type { Estimate, MatrixView, MethodsView } from '../contracts';

/** RFC 4180: quotes only where needed. A leading = + - @ in a name gets a quote mark against formula injection. */
export function csvLine(fields: readonly (string | number | null)[]): string {
  return fields
    .map((field) => {
      if (field === null) return '';
      if (typeof field === 'number') return String(field);
      const safe = /^[=+\-@\t]/.test(field) ? `'${field}` : field;
      return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    })
    .join(',');
}

/** Head and lines as one text. */
export const csvText = (lines: readonly (readonly (string | number | null)[])[]): string =>
  `${lines.map(csvLine).join('\r\n')}\r\n`;

/** Names of an estimate and of the ends of its interval; the values in that order. */
const estimateHead = (unit: string): string[] => {
  const name = columnName(unit);
  return [name, `${name}_low`, `${name}_high`];
};
const estimateFields = (e: Estimate | null): (number | null)[] => [
  e?.value ?? null,
  e?.low ?? null,
  e?.high ?? null,
];

const COLUMNS = ['affinity', 'gain', 'quality', 'effect', 'metric', 'metricGain'] as const;

/** `metricGain` → `metric_gain`. */
const columnName = (unit: string): string => unit.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** What the metric of a line is, and of scratch, the own network and a constant predictor beside it. */
const METRIC_HEAD = ['metric_name', 'metric_unit', 'metric_better'];
const metricFields = (metric: TaskMetric | null): (string | null)[] =>
  metric ? [metric.name, metric.unit, metric.higherIsBetter ? 'higher' : 'lower'] : [null, null, null];

/** Every cell of a matrix, one line each, with all units and interval ends; rank to tied speak of `set`. */
export function matrixCsv(matrix: MatrixView): string {
  const head = [
    'source',
    'target',
    'state',
    ...COLUMNS.flatMap(estimateHead),
    ...METRIC_HEAD,
    'scratch_metric',
    'own_network_metric',
    'loss',
    'skill',
    'probe',
    'set',
    'rank',
    'probability_best',
    'helps',
    'best',
    'tied',
  ];
  const sets = new Map(matrix.targetRows.map(({ target, set }) => [target, set.name]));
  const rows = new Map(matrix.targetRows.map((row) => [row.target, row]));
  const lines = matrix.cells.map((c) => [
    c.source,
    c.target,
    c.state,
    ...COLUMNS.flatMap((u) => estimateFields(c[u])),
    ...metricFields(rows.get(c.target)?.metric ?? null),
    rows.get(c.target)?.metrics.scratch?.value ?? null,
    rows.get(c.target)?.metrics.gold?.value ?? null,
    c.loss,
    c.skill,
    c.probe,
    c.source === c.target ? null : (sets.get(c.target) ?? null),
    c.rank,
    c.probabilityBest,
    c.helps,
    c.best ? 1 : 0,
    c.tied ? 1 : 0,
  ]);
  return csvText([head, ...lines]);
}

const WAY_UNITS = ['gain', 'quality', 'effect', 'metric', 'metricGain'] as const;

const WAY_HEAD = [
  'target',
  'labels',
  'method',
  'sources',
  'state',
  'seeds',
  ...WAY_UNITS.flatMap(estimateHead),
  ...METRIC_HEAD,
  'verdict',
  'own_labels',
  'loss',
  'skill',
  'flops',
  'seconds',
  'whole_flops',
  'whole_seconds',
  'best_for_price',
  'best_for_whole_price',
];

/** Every way to transfer to a target and scratch beside them, one line each at every number of labels. */
export function waysCsv({ target, metric, sizes, ways }: MethodsView): string {
  const flag = (on: boolean): number => (on ? 1 : 0);
  const lines = sizes.flatMap(({ images, scratch, frontier, wholeFrontier }) => {
    const front = (key: string): number[] => [
      flag(frontier.includes(key)),
      flag(wholeFrontier.includes(key)),
    ];
    const cost = (c: typeof scratch.cost): (number | null)[] => [c?.flops ?? null, c?.seconds ?? null];
    const scratchUnits = WAY_UNITS.flatMap((unit) =>
      estimateFields(unit === 'metric' ? scratch.metric : null),
    );
    const about = metricFields(metric);
    const own = [...cost(scratch.cost), ...cost(scratch.cost), ...front('scratch')];
    return [
      ...ways
        .filter((way) => way.images === images)
        .map((way) => [
          target,
          images,
          way.method,
          way.sources.join('+'),
          way.state,
          way.seeds,
          ...WAY_UNITS.flatMap((unit) => estimateFields(way[unit])),
          ...about,
          way.helps,
          flag(way.ownLabels),
          way.loss,
          way.skill,
          ...cost(way.cost),
          ...cost(way.wholeCost),
          ...front(way.key),
        ]),
      [
        ...[target, images, 'scratch', '', '', null, ...scratchUnits, ...about],
        ...['', 0, scratch.loss, scratch.skill, ...own],
      ],
    ];
  });
  return csvText([WAY_HEAD, ...lines]);
}
