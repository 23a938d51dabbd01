import { type RunResult, TaskatlasError } from '@/lib/science/core';
import { sweepNamed } from '../contracts';
import type { StoredSweep } from '../ports';
import type { StoredLosses } from '../ports/records';
import { finiteMean, type RunSummary, type SweepData, withRunMetrics } from '../views';
import type { ApiDeps } from './deps';

/** Results are written once, so that whatever was read of one stays true. */
const RESULTS_KEPT = 48;
const SUMMARIES_KEPT = 50_000;
/** Losses of at most this many runs are asked for at once. */
const LOSSES_AT_ONCE = 200;

/** A page asks for several views of one sweep at once: they share one reading of the store. */
const SHARED_MS = 250;

/** Keeps the most recently used entries. */
function recent<V>(limit: number) {
  const kept = new Map<string, V>();
  return {
    get(key: string): V | undefined {
      const value = kept.get(key);
      if (value !== undefined) {
        kept.delete(key);
        kept.set(key, value);
      }
      return value;
    },
    set(key: string, value: V): void {
      kept.set(key, value);
      const oldest = kept.keys().next();
      if (kept.size > limit && !oldest.done) kept.delete(oldest.value);
    },
  };
}

/** Reads what views need, once where it cannot change. */
export interface Loader {
  /** A sweep by id, by number or `latest`. Throws `not-found`. */
  sweep(ref: string): Promise<StoredSweep>;
  data(ref: string): Promise<SweepData>;
  /** What views of results are computed from, without who is at work and what was reached when. */
  results(ref: string): Promise<SweepData>;
  result(fingerprint: string): Promise<RunResult | null>;
  /** After a change: the next reading is fresh. */
  forget(): void;
}

export function createLoader(deps: Pick<ApiDeps, 'store' | 'clock'>): Loader {
  const { store, clock } = deps;
  const results = recent<RunResult>(RESULTS_KEPT);
  const summaries = recent<RunSummary>(SUMMARIES_KEPT);
  const shared = new Map<string, { at: number; data: Promise<SweepData> }>();

  const result = async (fingerprint: string): Promise<RunResult | null> => {
    const known = results.get(fingerprint);
    if (known) return known;
    const found = await store.result(fingerprint);
    if (found) results.set(fingerprint, found);
    return found;
  };

  /** Summaries of finished runs; only those not seen before are read. */
  const summariesOf = async (fingerprints: readonly string[]): Promise<Map<string, RunSummary>> => {
    const unread = fingerprints.filter((fingerprint) => !summaries.get(fingerprint));
    for (let i = 0; i < unread.length; i += LOSSES_AT_ONCE) {
      const losses = await store.losses(unread.slice(i, i + LOSSES_AT_ONCE));
      for (const [fingerprint, found] of losses) summaries.set(fingerprint, summarise(found));
    }
    return new Map(
      fingerprints.flatMap((fingerprint) => {
        const known = summaries.get(fingerprint);
        return known ? [[fingerprint, known] as const] : [];
      }),
    );
  };

  const sweep = async (ref: string): Promise<StoredSweep> => {
    const found = sweepNamed(await store.listSweeps(), ref);
    if (found) return found;
    throw new TaskatlasError(
      'not-found',
      ref === 'latest' ? 'There is no sweep yet: submit one first.' : `There is no sweep "${ref}".`,
    );
  };

  const resultsOf = async (found: StoredSweep): Promise<SweepData> => {
    const [runs, analyses, policies] = await Promise.all([
      store.runsOf(found.id),
      store.analyses(found.id),
      store.policies(found.id),
    ]);
    const done = runs.filter((run) => run.state === 'done' && run.kind !== 'dataset');
    const summaries = await summariesOf(done.map((run) => run.fingerprint));
    return {
      sweep: found,
      runs,
      analyses: withRunMetrics({ sweep: found, runs, analyses, summaries }),
      policies,
      summaries,
      workers: [],
      now: clock.now(),
    };
  };

  const read = async (found: StoredSweep): Promise<SweepData> => {
    const [results, workers, phases, troubles] = await Promise.all([
      resultsOf(found),
      store.workers.list(),
      store.phases(found.id),
      store.troubles(found.id),
    ]);
    return { ...results, workers, phases, troubles };
  };

  return {
    sweep,
    result,
    results: async (ref) => resultsOf(await sweep(ref)),
    data: async (ref) => {
      const found = await sweep(ref);
      const known = shared.get(found.id);
      if (known && clock.now() - known.at < SHARED_MS) return known.data;
      const data = read(found);
      shared.set(found.id, { at: clock.now(), data });
      data.catch(() => shared.delete(found.id));
      return data;
    },
    forget: () => shared.clear(),
  };
}

function summarise({ testLosses, metric, probeLosses, cost }: StoredLosses): RunSummary {
  const probe = Object.entries(probeLosses).flatMap(([target, losses]): [string, number][] => {
    const mean = finiteMean(losses);
    return mean === null ? [] : [[target, mean]];
  });
  return {
    meanLoss: testLosses ? finiteMean(testLosses) : null,
    metric,
    probe: probe.length > 0 ? Object.fromEntries(probe) : null,
    cost,
  };
}
