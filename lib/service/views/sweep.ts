import type { SweepView } from '../contracts';
import type { StoredSweep } from '../ports';
import { findingOf } from './finding';
import { matrixView } from './matrix';
import type { SweepData } from './model';
import { progressView } from './progress';
import { sweepTasks } from './tasks';

/** The data set in words: kind, image size and the sizes of the pools. */
function datasetWords({ spec }: StoredSweep): string {
  const { dataset } = spec;
  const { source, transfer, selection, test } = dataset.pools;
  return `${dataset.kind} ${dataset.size}×${dataset.size}, ${source} source / ${transfer} transfer / ${selection} selection / ${test} test`;
}

const sentenceCase = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** A sweep with its progress and the finding that opens its page. */
export function sweepView(data: SweepData): SweepView {
  const { sweep } = data;
  const progress = progressView(data);
  return {
    id: sweep.id,
    number: sweep.number,
    name: sweep.name,
    state: sweep.state,
    origin: sweep.origin,
    source: sweep.source,
    createdAt: new Date(sweep.createdAt).toISOString(),
    finishedAt: sweep.finishedAt === null ? null : new Date(sweep.finishedAt).toISOString(),
    tasks: sweepTasks(sweep),
    seeds: [...sweep.spec.seeds],
    dataset: datasetWords(sweep),
    preset: sweep.spec.preset,
    progress,
    finding: sentenceCase(findingOf(data, matrixView(data), progress)),
  };
}
