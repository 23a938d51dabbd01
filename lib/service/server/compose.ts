import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TaskatlasError } from '@/lib/science/core';
import { declareTasks } from '@/lib/science/datasets';
import type { PlanView } from '../contracts';
import type { Store } from '../ports';
import { connectQueue } from '../queue';
import { connect } from '../store';
import { createSweeps, parseSweepFile, type SweepPlan, type Sweeps } from '../sweeps';
import { type Api, createApi } from './app';
import { datasetCatalog } from './dataset-catalog';
import type { SweepCommands } from './deps';
import { createService } from './service';

/** A page wants an answer soon, be it that the database is away. */
const PATIENCE_SECONDS = 3;

interface OpenApiOptions {
  /** Default: DATABASE_URL, which the supervisor sets. */
  databaseUrl?: string | undefined;
  token?: string | undefined;
}

/** The sweeps' room behind the shape that HTTP needs. */
export function sweepCommands(sweeps: Sweeps, store: Store): SweepCommands {
  return {
    ...sweeps,
    parse: (text) => parseSweepFile(text),
    plan: async (spec) => planView(await sweeps.plan(spec), store),
    retryFailed: async (id) => void (await sweeps.retryFailed(id)),
  };
}

/** A plan in numbers, with the runs that other sweeps have already made. */
async function planView(plan: SweepPlan, store: Store): Promise<PlanView> {
  const known = new Map<string, 'done' | 'open'>();
  let [worked, seconds] = [0, 0];
  for (const sweep of await store.listSweeps()) {
    for (const run of await store.runsOf(sweep.id)) {
      known.set(run.fingerprint, run.state === 'done' ? 'done' : 'open');
      if (run.state !== 'done' || run.seconds === null || run.kind === 'dataset') continue;
      worked += run.estimatedFlops ?? 0;
      seconds += run.seconds;
    }
  }
  const reused = plan.runs.filter((run) => known.has(run.fingerprint));
  const left = plan.runs
    .filter((run) => known.get(run.fingerprint) !== 'done')
    .reduce((sum, run) => sum + run.estimatedFlops, 0);
  const notes =
    reused.length > 0 ? [`${reused.length} of ${plan.runs.length} runs are shared with other sweeps.`] : [];
  // Seconds of one worker, at the pace of the runs made here so far; unknown on a machine that has run nothing yet.
  const estimatedSeconds = worked > 0 && seconds > 0 ? (left / worked) * seconds : null;
  if (estimatedSeconds === null)
    notes.push('No run has been timed here yet, so there is no estimate of the time.');
  return {
    total: plan.runs.length,
    byKind: { ...plan.counts },
    reused: reused.length,
    estimatedFlops: left,
    estimatedSeconds,
    notes,
  };
}

const version = (): string => {
  const parsed: unknown = JSON.parse(readFileSync(join(process.cwd(), 'package.json'), 'utf8'));
  return (parsed as { version?: string }).version ?? '0.0.0';
};

/** Wires store, queue and API over a database that is migrated already. */
export async function openApi(options: OpenApiOptions = {}): Promise<{ app: Api; close(): Promise<void> }> {
  const databaseUrl = options.databaseUrl ?? process.env.DATABASE_URL;
  if (!databaseUrl) {
    throw new TaskatlasError('unavailable', 'DATABASE_URL is not set. Start everything with: npm start');
  }
  const store = await connect(databaseUrl, { patienceSeconds: PATIENCE_SECONDS });
  const queue = await connectQueue(databaseUrl);
  const service = createService({
    store,
    sweeps: sweepCommands(createSweeps({ store, queue, datasets: datasetCatalog }), store),
    tasks: declareTasks,
    clock: { now: () => Date.now() },
    token: options.token || undefined,
    version: version(),
    log: (error) => console.error(error),
  });
  return {
    app: createApi(service),
    async close() {
      await queue.close();
      await store.close();
    },
  };
}
