import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TaskatlasError } from '@/lib/science/core';
import { declareTasks } from '@/lib/science/datasets';
import type { Store } from '../ports';
import { connect } from '../store';
import { createSweeps, parseSweepFile, type Sweeps } from '../sweeps';
import { type Api, createApi } from './app';
import { type DataRoots, guarded } from './data-roots';
import { datasetCatalog } from './dataset-catalog';
import type { SweepCommands } from './deps';
import { batchReport, knownRuns, planReport } from './plan-report';
import { createService } from './service';

/** A page wants an answer soon, be it that the database is away. */
const PATIENCE_SECONDS = 3;

interface OpenApiOptions {
  /** Default: DATABASE_URL, which the supervisor sets. */
  databaseUrl?: string | undefined;
  token?: string | undefined;
  /** Folders that requests may name files of; any where the process is the asker's own. */
  dataRoots?: DataRoots;
}

/** The sweeps' room behind the shape that HTTP needs. */
export function sweepCommands(sweeps: Sweeps, store: Store): SweepCommands {
  return {
    ...sweeps,
    parse: (text) => parseSweepFile(text),
    async plan(spec) {
      const plan = await sweeps.plan(spec);
      return planReport(plan, await knownRuns(store, [plan]));
    },
    async planBatch(files) {
      const planned = await sweeps.planBatch(files);
      return batchReport(
        planned,
        await knownRuns(
          store,
          planned.map(({ plan }) => plan),
        ),
      );
    },
    retryFailed: async (id) => void (await sweeps.retryFailed(id)),
  };
}

const version = (): string => {
  const parsed: unknown = JSON.parse(readFileSync(join(process.cwd(), 'package.json'), 'utf8'));
  return (parsed as { version?: string }).version ?? '0.0.0';
};

/** Wires store and API over a database that is migrated already. */
export async function openApi(options: OpenApiOptions = {}): Promise<{ app: Api; close(): Promise<void> }> {
  const databaseUrl = options.databaseUrl ?? process.env.DATABASE_URL;
  if (!databaseUrl) {
    throw new TaskatlasError('unavailable', 'DATABASE_URL is not set. Start everything with: npm start');
  }
  const store = await connect(databaseUrl, { patienceSeconds: PATIENCE_SECONDS });
  const datasets = options.dataRoots ? guarded(datasetCatalog, options.dataRoots) : datasetCatalog;
  const service = createService({
    store,
    sweeps: sweepCommands(createSweeps({ store, datasets }), store),
    tasks: declareTasks,
    clock: { now: () => Date.now() },
    token: options.token || undefined,
    version: version(),
    log: (error) => console.error(error),
  });
  return {
    app: createApi(service),
    async close() {
      await store.close();
    },
  };
}
