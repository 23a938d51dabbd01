import { methodById, optionsOf } from '@/lib/science/catalog/methods';
import type { DomainShift } from '@/lib/science/core';
import { methodsOf, type SweepView } from '../contracts';
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

/** A sweep with its progress and the finding that opens its page. */
export function sweepView(data: SweepData): SweepView {
  const { sweep } = data;
  const progress = progressView(data);
  const matrix = matrixView(data);
  const methods = methodsOf(sweep.spec).map(({ id, label, method, options }) => ({
    id,
    label,
    paired: methodById(method).runs?.(optionsOf(method, options)).sources === 'each',
  }));
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
    methods,
    progress,
    finding: sentenceCase(findingOf(data, matrix, progress)) + methodWords(methods, matrix.method),
  };
}
