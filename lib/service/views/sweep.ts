import { methodById, optionsOf } from '@/lib/science/catalog/methods';
import type { DomainShift } from '@/lib/science/core';
import { type MatrixView, methodsOf, type ProgressView, type SweepView } from '../contracts';
import type { StoredSweep } from '../ports';
import { findingOf } from './finding';
import { matrixView } from './matrix';
import type { SweepData } from './model';
import { progressView } from './progress';
import { sweepTasks } from './tasks';

const shiftWords = ({ kind, strength }: DomainShift): string =>
  strength === 1 ? kind : `${kind} at ${strength}`;

/** The data set in words: kind, image size and the sizes of the pools; of imported results what is known. */
function datasetWords({ spec, origin }: StoredSweep): string {
  const { dataset } = spec;
  if (origin === 'imported' && dataset.pools.source === 0) {
    const { transfer } = dataset.pools;
    return transfer > 0 ? `published results, ${transfer} transfer images` : 'published results';
  }
  const { source, transfer, selection, test } = dataset.pools;
  const other = [
    ...('target' in dataset && dataset.target ? [`from ${dataset.target.directory}`] : []),
    ...(dataset.shift ? [shiftWords(dataset.shift)] : []),
  ];
  const domains = other.length > 0 ? `, all but source ${other.join(', ')}` : '';
  return `${dataset.kind} ${dataset.size}×${dataset.size}, ${source} source / ${transfer} transfer / ${selection} selection / ${test} test${domains}`;
}

/** A finding is about one method's matrix; where there are several it says so. */
function methodWords(methods: SweepView['methods'], shown: string): string {
  if (methods.length < 2) return '';
  const label = methods.find(({ id }) => id === shown)?.label ?? shown;
  return ` This speaks of ${label}; the pages of the targets compare ${methods.length} methods.`;
}

const sentenceCase = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/**
 * The finding that opens a sweep's page. Once a target is measured it follows from the matrix alone; before that it
 * tells the progress.
 */
export function headline(sweep: StoredSweep, matrix: MatrixView, progress: ProgressView): string {
  if (sweep.state === 'submitting')
    return `This sweep is being submitted: ${progress.total} of ${sweep.planned ?? 0} runs are stored.`;
  return (
    sentenceCase(findingOf({ sweep }, matrix, progress)) + methodWords(methodsOfSweep(sweep), matrix.method)
  );
}

const methodsOfSweep = (sweep: StoredSweep): SweepView['methods'] =>
  methodsOf(sweep.spec).map(({ id, label, method, options }) => ({
    id,
    label,
    paired: methodById(method).runs?.(optionsOf(method, options)).sources === 'each',
  }));

/** Whether the finding of a sweep follows from its matrix alone. */
export const isMeasured = (matrix: MatrixView): boolean =>
  matrix.targetRows.some((row) => row.complete && row.kept);

/** A sweep whose runs are at hand, with its progress and its finding. */
export function sweepView(data: SweepData): SweepView {
  const progress = progressView(data);
  return sweepViewOf(data.sweep, progress, headline(data.sweep, matrixView(data), progress));
}

/** A sweep with the progress and the finding that were made of it. */
export function sweepViewOf(sweep: StoredSweep, progress: ProgressView, finding: string): SweepView {
  return {
    id: sweep.id,
    number: sweep.number,
    name: sweep.name,
    state: sweep.state,
    origin: sweep.origin,
    source: sweep.source,
    notes: (sweep.notes ?? []).map((note) => ({ ...note, targets: [...note.targets] })),
    createdAt: new Date(sweep.createdAt).toISOString(),
    finishedAt: sweep.finishedAt === null ? null : new Date(sweep.finishedAt).toISOString(),
    tasks: sweepTasks(sweep),
    seeds: [...sweep.spec.seeds],
    dataset: datasetWords(sweep),
    datasetKind: sweep.spec.dataset.kind,
    preset: sweep.spec.preset,
    methods: methodsOfSweep(sweep),
    progress,
    finding,
  };
}
