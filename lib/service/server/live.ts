import type { MatrixView, ProgressView, SweepView } from '../contracts';
import type { StoredSweep, StoredWorker } from '../ports';
import type { FirstOrder, Store, UnservedRuns } from '../ports/records';
import {
  headline,
  isMeasured,
  matrixView,
  methodIn,
  progressFrom,
  type SweepData,
  sweepViewOf,
  WORKER_SILENCE_SECONDS,
} from '../views';
import { type Reading, readingOf } from './events';
import type { Loader } from './loader';

/** What is shown of sweeps while they go on. Counted by the store: the runs themselves are read for results only, once per change. */
export interface Live {
  /** Sweeps with their progress and finding, in the order given. */
  views(sweeps: readonly StoredSweep[]): Promise<SweepView[]>;
  /** What listeners of a sweep are told of. */
  reading(sweepId: string): Promise<Reading>;
}

/** Findings and readings kept in this process; each is a sentence or a few names. */
const KEPT = 2000;

/** Which runs no worker serves is asked at most this often: it changes with workers, not with runs. */
const UNSERVED_MS = 10_000;

const plural = (n: number, one: string, many: string): string => (n === 1 ? one : many);

/** What keeps runs waiting, in sentences: faults of the workers' places, versions that none of them has. */
function alarmsOf(
  workers: readonly StoredWorker[],
  unserved: readonly UnservedRuns[],
  now: number,
): string[] {
  const troubled = workers.filter(
    (worker) => worker.alarm && now - worker.seenAt < WORKER_SILENCE_SECONDS * 1000,
  );
  const places = [...new Set(troubled.map(({ alarm }) => alarm ?? ''))].map((alarm) => {
    const count = troubled.filter((worker) => worker.alarm === alarm).length;
    return `${count} ${plural(count, 'worker waits', 'workers wait')} for a place to write; what is computed is kept. ${alarm}`;
  });
  const versions = unserved.map(
    ({ needs, runs }) =>
      `${runs} ${plural(runs, 'run waits', 'runs wait')}: no living worker serves ${needs.join(', ')}. Start workers of the version that planned ${plural(runs, 'it', 'them')}, or submit the sweep again with this version.`,
  );
  return [...places, ...versions];
}

/** Values by key, each with the stamp of what it was computed from; computed again when the stamp is another. */
function stamped<V>() {
  const kept = new Map<string, { stamp: string; value: Promise<V> }>();
  return (key: string, stamp: string, compute: () => Promise<V>): Promise<V> => {
    const known = kept.get(key);
    if (known?.stamp === stamp) return known.value;
    const value = compute();
    kept.delete(key);
    kept.set(key, { stamp, value });
    value.catch(() => kept.delete(key));
    const oldest = kept.keys().next();
    if (kept.size > KEPT && !oldest.done) kept.delete(oldest.value);
    return value;
  };
}

/** A sweep of which nothing is measured: no runs, no analyses. */
const emptyData = (sweep: StoredSweep, now: number): SweepData => ({
  ...{ sweep, runs: [], analyses: [], policies: [], summaries: new Map(), workers: [], now },
});

export function createLive(store: Store, loader: Pick<Loader, 'data' | 'forget'>): Live {
  // What is kept must not be older than the event that it is kept for.
  const fresh = (sweepId: string): Promise<SweepData> => {
    loader.forget();
    return loader.data(sweepId);
  };
  const findings = stamped<{ text: string } | { matrix: MatrixView }>();
  const templates = stamped<readonly FirstOrder[]>();
  const results = stamped<Pick<Reading, 'complete' | 'policies' | 'best'>>();

  const firstOrders = async (sweep: StoredSweep): Promise<readonly FirstOrder[]> => {
    if ((sweep.spec.maxOrder ?? 1) < 2 || sweep.state === 'done' || sweep.state === 'cancelled') return [];
    return templates(sweep.id, `${sweep.planned}`, () =>
      store.firstOrders(sweep.id, methodIn(sweep).split(' ')[0] ?? ''),
    );
  };

  let unserved: { at: number; runs: Promise<readonly UnservedRuns[]> } | null = null;
  const unservedRuns = (): Promise<readonly UnservedRuns[]> => {
    if (unserved === null || performance.now() - unserved.at > UNSERVED_MS) {
      const runs = store.unservedNeeds(WORKER_SILENCE_SECONDS);
      unserved = { at: performance.now(), runs };
      runs.catch(() => {
        unserved = null;
      });
    }
    return unserved.runs;
  };

  const countsOf = async (
    sweeps: readonly StoredSweep[],
  ): Promise<readonly { progress: ProgressView; probes: number }[]> => {
    const ids = sweeps.filter(({ origin }) => origin === 'measured').map(({ id }) => id);
    const active = sweeps.some(({ state }) => state === 'active');
    const [tallies, marks, workers, waiting, now] = await Promise.all([
      store.tallies(ids),
      store.marks(ids),
      store.workers.list(),
      active ? unservedRuns() : [],
      store.now(),
    ]);
    const alarms = alarmsOf(workers, waiting, now);
    return Promise.all(
      sweeps.map(async (sweep) => {
        const its = tallies.get(sweep.id) ?? [];
        const probed = its.filter(({ kind, state }) => kind === 'probe' && state === 'done');
        const progress = progressFrom({
          ...{ sweep, workers, now, tallies: its, ...marks.get(sweep.id) },
          firstOrders: await firstOrders(sweep),
          alarms: sweep.state === 'active' ? alarms : [],
        });
        return { progress, probes: probed.reduce((sum, tally) => sum + tally.runs, 0) };
      }),
    );
  };

  /** The matrix that a finding needs is read once per analysis; before the first one, once per finished probe. */
  const findingOf = async (
    sweep: StoredSweep,
    progress: ProgressView,
    last: number,
    probes: number,
  ): Promise<string> => {
    const measured = sweep.origin === 'measured';
    if (sweep.state === 'submitting' || (measured && last === 0 && probes === 0))
      return headline(sweep, matrixView(emptyData(sweep, 0)), progress);
    const found = await findings(sweep.id, `${last} ${probes}`, async () => {
      const matrix = matrixView(await fresh(sweep.id));
      return isMeasured(matrix) ? { text: headline(sweep, matrix, progress) } : { matrix };
    });
    return 'text' in found ? found.text : headline(sweep, found.matrix, progress);
  };

  const views = async (sweeps: readonly StoredSweep[]): Promise<SweepView[]> => {
    const ids = sweeps.map(({ id }) => id);
    const [counts, last] = await Promise.all([countsOf(sweeps), store.lastEvents(ids)]);
    const found: SweepView[] = [];
    for (const [i, sweep] of sweeps.entries()) {
      const its = counts[i];
      if (!its) continue;
      const finding = await findingOf(sweep, its.progress, last.get(sweep.id) ?? 0, its.probes);
      found.push(sweepViewOf(sweep, its.progress, finding));
    }
    return found;
  };

  return {
    views,
    async reading(sweepId) {
      const sweep = await store.getSweep(sweepId);
      if (!sweep) throw new Error('the sweep is gone');
      const [[counts], last] = await Promise.all([countsOf([sweep]), store.lastEvents([sweepId])]);
      const stamp = `${last.get(sweepId) ?? 0}`;
      const { complete, policies, best } = await results(sweepId, stamp, async () =>
        readingOf(await fresh(sweepId)),
      );
      if (!counts) throw new Error('a sweep without counts');
      return { sweep, progress: counts.progress, complete, policies, best };
    },
  };
}
