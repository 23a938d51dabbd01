import { createHash } from 'node:crypto';
import { TaskatlasError } from '@/lib/science/core';
import { type SweepBundle, sweepBundle } from '../contracts';
import type { ImportedSweep, Store, StoredRun, StoredSweep } from '../ports';
import { bundleRuns, runsOfBundle } from './bundle-runs';
import { canonicalJson } from './fingerprint';
import { rejection } from './parse';

/** Ids of sweeps that came from a bundle begin so. */
const BUNDLE = 'bundle-';

/** What a sweep took, from its runs. */
function effortOf(sweep: StoredSweep, runs: readonly StoredRun[]): SweepBundle['effort'] {
  const done = runs.filter((run) => run.state === 'done');
  const end = sweep.finishedAt ?? Math.max(sweep.createdAt, ...done.map((run) => run.finishedAt ?? 0));
  return {
    runs: runs.length,
    failed: runs.filter((run) => run.state === 'failed').length,
    busySeconds: Math.round(done.reduce((sum, run) => sum + (run.seconds ?? 0), 0)),
    elapsedSeconds: Math.round((end - sweep.createdAt) / 1000),
    backends: [...new Set(done.flatMap((run) => (run.backend === null ? [] : [run.backend])))].sort(),
  };
}

/** The figures of a stored sweep, with curves and small pictures of its runs. NaN becomes null in its JSON. */
export async function exportBundle(
  store: Pick<Store, 'analyses' | 'policies' | 'runsOf' | 'result'>,
  sweep: StoredSweep,
): Promise<SweepBundle> {
  const [analyses, policies, runs] = await Promise.all([
    store.analyses(sweep.id),
    store.policies(sweep.id),
    store.runsOf(sweep.id),
  ]);
  if (sweep.origin === 'imported' && !sweep.id.startsWith(BUNDLE)) {
    throw new TaskatlasError(
      'conflict',
      `Sweep ${sweep.number} (${sweep.name}) was imported: pass on the file that it came from.`,
    );
  }
  return sweepBundle.parse(
    JSON.parse(
      JSON.stringify({
        format: 'taskatlas-bundle-1',
        name: sweep.name,
        spec: sweep.spec,
        tasks: sweep.tasks,
        analyses,
        policies,
        notes: sweep.notes ?? [],
        effort: effortOf(sweep, runs),
        ...(await bundleRuns(store, runs)),
      }),
    ),
  );
}

/**
 * A bundle's document as a read-only sweep. The same document gives the same id, and so one sweep however often it is
 * imported.
 * @throws TaskatlasError `invalid-input` naming the fields that are wrong
 */
export function sweepOfBundle(document: unknown): ImportedSweep {
  const parsed = sweepBundle.safeParse(document);
  if (!parsed.success) throw rejection('This is not a bundle of a sweep', parsed.error);
  const bundle = parsed.data;
  const digest = createHash('sha256').update(canonicalJson(document)).digest('hex').slice(0, 16);
  const { runs, busySeconds, elapsedSeconds, backends } = bundle.effort;
  const text =
    `Worked example: figures of a sweep that ran elsewhere, ${runs} runs in ${Math.round(elapsedSeconds / 60)} minutes ` +
    `(${Math.round(busySeconds / 60)} minutes of computing on ${backends.join(', ') || 'an unknown engine'}). ` +
    'Weights and losses of single images are not part of it.';
  const id = `${BUNDLE}${digest}`;
  return {
    runs: runsOfBundle(bundle, bundle.spec, id),
    analyses: bundle.analyses,
    policies: bundle.policies,
    sweep: {
      id,
      name: bundle.name,
      spec: bundle.spec,
      tasks: bundle.tasks,
      origin: 'imported',
      source: `a bundle (${digest})`,
      notes: [{ level: 'note', code: 'bundle', text, targets: [] }, ...bundle.notes],
    },
  };
}
