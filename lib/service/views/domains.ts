import { MINIMUM_GOLD_SKILL } from '@/lib/science/affinity';
import { labelOf, methodById } from '@/lib/science/catalog/methods';
import {
  DOMAIN_DISTANCES,
  DOMAIN_PLACES,
  type DomainShift,
  type RunTable,
  SOURCE_TASK,
  SOURCE_TASK_COLUMNS,
  type TaskId,
  type TransferRecipe,
} from '@/lib/science/core';
import { type DomainsView, methodsOf, sizesServed } from '../contracts';
import type { StoredRun } from '../ports';
import { methodsView } from './methods';
import { type SweepData, sizesIn } from './model';
import { decimal, percentWithInterval } from './numbers';

type Adaptation = DomainsView['methods'][number];
type Distance = Adaptation['distances'][number];

interface Domains {
  shift?: DomainShift | undefined;
  target?: { directory: string } | undefined;
}

/** What a data set's target domain shows; null where it has one domain. */
export function domainWords(dataset: Domains): string | null {
  const { shift, target } = dataset;
  const parts = [
    ...(target ? [`pictures of ${target.directory}`] : []),
    ...(shift ? [`${shift.kind} pictures (strength ${shift.strength})`] : []),
  ];
  return parts.length === 0 ? null : parts.join(', ');
}

type TransferRun = StoredRun & { recipe: TransferRecipe };

/** Finished transfers to a target whose method has tables of what it measured. */
export const measuringRuns = ({ runs }: SweepData, target: TaskId): TransferRun[] =>
  runs.filter(
    (run): run is TransferRun =>
      run.state === 'done' &&
      run.recipe.kind === 'transfer' &&
      run.recipe.task === target &&
      methodById(run.recipe.method).measures === true,
  );

/** Every cell of tables of one method and size, over their seeds. */
function distancesOf(tables: readonly RunTable[]): Distance[] {
  const cells = new Map<string, { measure: string; place: string; values: number[] }>();
  for (const { rows, columns, values } of tables) {
    rows.forEach((measure, i) => {
      columns.forEach((place, j) => {
        const value = values[i]?.[j];
        if (value === undefined || !Number.isFinite(value)) return;
        const cell = cells.get(`${measure} ${place}`) ?? { measure, place, values: [] };
        cell.values.push(value);
        cells.set(`${measure} ${place}`, cell);
      });
    });
  }
  return [...cells.values()].map(({ values, ...cell }) => ({
    ...cell,
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    low: Math.min(...values),
    high: Math.max(...values),
  }));
}

/** The mean distance of a method at one place; NaN where no seed has a finite one. */
const meanAt = ({ distances }: Adaptation, measure: string, place: string): number =>
  distances.find((d) => d.measure === measure && d.place === place)?.mean ?? Number.NaN;

/** Which method ends with the nearest codes, and which serves best: the two need not be one. */
function wordsOf(methods: readonly Adaptation[], measure: string): string {
  const end = (method: Adaptation): number => meanAt(method, measure, DOMAIN_PLACES.after);
  const gain = (method: Adaptation): number => method.gain?.value ?? 0;
  const [nearest] = methods.filter((m) => Number.isFinite(end(m))).sort((a, b) => end(a) - end(b));
  const [best] = [...methods].sort((a, b) => gain(b) - gain(a));
  if (!nearest || !best) return 'No adaptation is done yet that measured how far the domains lie apart.';
  const pictures = meanAt(nearest, measure, DOMAIN_PLACES.pictures);
  const near = `The pictures lie ${decimal(pictures)} apart by ${measure}; codes end nearest after ${nearest.label}, at ${decimal(end(nearest))}`;
  if (!best.gain) return `${near}.`;
  const wins = `${percentWithInterval(best.gain)} of test images`;
  if (best.helps !== 'helps')
    return `${near}. No adaptation is shown to beat scratch; ${best.label} wins most often, ${wins}.`;
  return best === nearest
    ? `${near}, which also wins most often: ${wins}.`
    : `${near}. Near codes alone serve no task: ${best.label} wins most often, ${wins}.`;
}

/** Whether a run's network no longer does its task in the source domain: its training ran away, or came to nothing. */
function lostTask(tables: readonly RunTable[]): boolean {
  const table = tables.find(({ name }) => name === SOURCE_TASK);
  if (!table) return false;
  // Stored tables have null where a number overflowed.
  const skill = table.values[0]?.[SOURCE_TASK_COLUMNS.indexOf('skill')] ?? Number.NaN;
  return !(skill >= MINIMUM_GOLD_SKILL);
}

/** Which methods have networks that are not to be used; empty where all do their task. */
const warningOf = (methods: readonly Adaptation[]): string =>
  methods
    .filter(({ lost }) => lost > 0)
    .map(
      ({ label, lost, seeds }) =>
        `${label} lost the task itself in ${lost} of ${seeds} ${seeds === 1 ? 'training' : 'trainings'}: even in the source domain its network answers hardly better than a constant. Do not use it. `,
    )
    .join('');

interface Measured {
  recipe: TransferRecipe;
  /** The largest size that the run serves. */
  images: number;
  tables: RunTable[];
  lost: number;
}

/** Finished runs that hold the table, by method and size, with their seeds' tables. */
function measured(
  data: SweepData,
  target: TaskId,
  tables: ReadonlyMap<string, readonly RunTable[]>,
): Measured[] {
  const groups = new Map<string, Measured>();
  const sizes = sizesIn(data.sweep);
  for (const { recipe, fingerprint } of measuringRuns(data, target)) {
    const own = tables.get(fingerprint) ?? [];
    const table = own.find(({ name }) => name === DOMAIN_DISTANCES);
    const images = sizesServed(recipe, sizes).at(-1);
    if (!table || images === undefined) continue;
    const key = `${images} ${labelOf(recipe)}`;
    const group = groups.get(key) ?? { recipe, images, tables: [], lost: 0 };
    group.tables.push(table);
    if (lostTask(own)) group.lost++;
    groups.set(key, group);
  }
  return [...groups.values()];
}

/**
 * How far the domains lie apart, before and after each adaptation to a target, beside what it won.
 * @param tables of the runs that `measuringRuns` names, by fingerprint
 */
export function domainsView(
  data: SweepData,
  target: TaskId,
  tables: ReadonlyMap<string, readonly RunTable[]>,
): DomainsView {
  const { id, spec } = data.sweep;
  const groups = measured(data, target, tables);
  const labels = new Map(methodsOf(spec).map((method) => [method.id, method.label]));
  const { ways } = methodsView(data, target);
  const methods = groups.map(({ recipe, images, tables: own, lost }): Adaptation => {
    const method = labelOf(recipe);
    const way = ways.find((w) => w.method === method && w.images === images);
    return {
      method,
      label: labels.get(method) ?? method,
      images,
      seeds: own.length,
      lost,
      gain: way?.gain ?? null,
      helps: way?.helps ?? 'unknown',
      distances: distancesOf(own),
    };
  });
  const shift = domainWords(spec.dataset);
  const most = Math.max(...methods.map(({ images }) => images));
  const shown = methods.filter(({ images }) => images === most);
  const [measure = '', ...others] = new Set(methods[0]?.distances.map((d) => d.measure));
  return {
    sweepId: id,
    target,
    shift,
    meaning: groups[0]?.tables[0]?.meaning ?? null,
    measures: methods.length === 0 ? [] : [measure, ...others],
    methods,
    words:
      shift === null
        ? 'The data set has one domain: give it a shift or a target.'
        : warningOf(shown) + wordsOf(shown, measure),
  };
}
