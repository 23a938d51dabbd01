import { type Recipe, type RunResult, TaskatlasError, type TaskId } from '@/lib/science/core';
import { lossesFromBytes, lossesToBytes, type RunArchive, repeated, runArchive } from '../contracts';
import type { FinishedRun, Store, StoredRun, StoredSweep } from '../ports';
import { fingerprintOf } from './fingerprint';
import { rejection } from './parse';

type ArchivedRun = RunArchive['runs'][number];

const toText = (losses: Float32Array): string => Buffer.from(lossesToBytes(losses)).toString('base64');

function archived(run: StoredRun, result: RunResult): Record<string, unknown> {
  const { testLosses, testMetrics, probeLosses, metric, curve, tables, cost } = result;
  return {
    fingerprint: run.fingerprint,
    recipe: run.recipe,
    priority: run.priority,
    estimatedFlops: run.estimatedFlops ?? 0,
    backend: run.backend ?? 'unknown',
    testLosses: testLosses && toText(testLosses),
    ...(probeLosses
      ? { probeLosses: Object.fromEntries(Object.entries(probeLosses).map(([task, l]) => [task, toText(l)])) }
      : {}),
    ...(testMetrics ? { testMetrics: toText(testMetrics) } : {}),
    metric,
    curve,
    ...(tables ? { tables } : {}),
    cost,
  };
}

/** The finished runs of a sweep, finished or not. Weights, pictures and the data set's own runs are left out. */
export async function exportRuns(store: Store, sweep: StoredSweep): Promise<RunArchive> {
  if (sweep.origin === 'imported') {
    throw new TaskatlasError(
      'conflict',
      `Sweep ${sweep.number} (${sweep.name}) was imported: it has no runs. Pass on the file that it came from.`,
    );
  }
  const runs: Record<string, unknown>[] = [];
  for (const run of await store.runsOf(sweep.id)) {
    if (run.state !== 'done' || run.kind === 'dataset') continue;
    const result = await store.result(run.fingerprint);
    if (result) runs.push(archived(run, result));
  }
  // As the file will hold it, so that a reader's checks are made by the writer too.
  return runArchive.parse(JSON.parse(JSON.stringify({ format: 'taskatlas-runs-1', name: sweep.name, runs })));
}

/** @throws TaskatlasError `invalid-input` naming the run: altered, or losses of another test pool */
function finished(run: ArchivedRun, i: number): FinishedRun {
  const refuse = (field: string, message: string): never => {
    const path = `runs[${i}].${field}`;
    throw new TaskatlasError('invalid-input', `The runs are refused: ${path}: ${message}`, {
      issues: [{ path, message }],
    });
  };
  const recipe = run.recipe as unknown as Recipe;
  if (fingerprintOf(recipe) !== run.fingerprint)
    refuse('fingerprint', 'is not that of its recipe: the file was altered');
  const { test } = run.recipe.dataset.pools;
  const read = (text: string, field: string): Float32Array => {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length !== test * 4)
      refuse(field, `has ${bytes.length / 4} values, but the test pool has ${test} images`);
    return lossesFromBytes(bytes);
  };
  const { testLosses, testMetrics, probeLosses, metric, curve, tables, cost } = run;
  const { priority, estimatedFlops, backend } = run;
  const probes = Object.entries(probeLosses ?? {}).map(([task, text]): [TaskId, Float32Array] => [
    task,
    read(text, `probeLosses.${task}`),
  ]);
  return {
    fingerprint: run.fingerprint,
    recipe,
    priority,
    estimatedFlops,
    backend,
    result: {
      testLosses: testLosses === null ? null : read(testLosses, 'testLosses'),
      ...(probes.length > 0 ? { probeLosses: Object.fromEntries(probes) } : {}),
      ...(testMetrics ? { testMetrics: read(testMetrics, 'testMetrics') } : {}),
      metric,
      ...(tables ? { tables } : {}),
      curve,
      samples: [],
      // Weights did not travel: a source is trained again when an unfinished run needs it (workers/execution.ts).
      artifacts: [],
      cost,
    },
  };
}

/**
 * Takes over the runs of a file: they count as done by their fingerprint, for the sweeps that are here and for those
 * to come. The whole file is checked before the first is stored; what is done here already stays as it is.
 * @throws TaskatlasError `invalid-input` naming what is wrong
 */
export async function importRuns(
  store: Pick<Store, 'adopt'>,
  document: unknown,
): Promise<{ name: string; total: number; added: number }> {
  const parsed = runArchive.safeParse(document);
  if (!parsed.success) throw rejection('This is not a file of runs', parsed.error);
  const runs = parsed.data.runs.map(finished);
  const [again] = repeated(runs, (run) => run.fingerprint);
  if (again !== undefined) {
    const [path, message] = [`runs[${again}].fingerprint`, 'this run is there twice'];
    throw new TaskatlasError('invalid-input', `The runs are refused: ${path}: ${message}`, {
      issues: [{ path, message }],
    });
  }
  const added = await store.adopt(runs);
  return { name: parsed.data.name, total: runs.length, added: added.length };
}
