import type { StoredRun } from '../../ports';
import type { SweepData } from '../../views';
import type { Loader } from '../loader';
import type { SweepAt } from './questions';

/** Sweeps whose results a thread keeps in memory: the one that people look at, and one to compare it with. */
const SWEEPS_KEPT = 2;

/** A loader whose sweeps stay as they were read until a newer version is asked for. */
export interface ResultsLoader extends Loader {
  /** Reads the sweep, unless its results are here in this version or a later one. */
  at(sweep: SweepAt): Promise<SweepData>;
}

/** What changes each second is not a result: a run at work is a run that is not done (`/running` tells how far it is). */
const settled = (run: StoredRun): StoredRun =>
  run.state === 'running' ? { ...run, state: 'queued', progress: null, claimExpiresAt: null } : run;

/** Sweeps by version over the loader of the process. */
export function resultsLoader(loader: Loader): ResultsLoader {
  const kept = new Map<string, { version: number; data: Promise<SweepData> }>();
  const at = ({ id, version }: SweepAt): Promise<SweepData> => {
    const known = kept.get(id);
    if (known && known.version >= version) return known.data;
    kept.delete(id);
    const data = loader.results(id).then((found) => ({ ...found, version, runs: found.runs.map(settled) }));
    kept.set(id, { version, data });
    data.catch(() => kept.delete(id));
    const oldest = kept.keys().next();
    if (kept.size > SWEEPS_KEPT && !oldest.done) kept.delete(oldest.value);
    return data;
  };
  return { ...loader, at, data: async (ref) => (await kept.get(ref)?.data) ?? loader.data(ref) };
}
