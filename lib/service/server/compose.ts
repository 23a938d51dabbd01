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
import type { ApiDeps, SweepCommands } from './deps';
import { batchReport, knownRuns, planReport } from './plan-report';
import { createService, createThreadTasks } from './service';
import { threadPool } from './threads/pool';
import type { Tasks } from './threads/questions';
import type { ThreadData } from './threads/thread';

/** A page wants an answer soon, be it that the database is away. */
const PATIENCE_SECONDS = 3;

interface OpenApiOptions {
  /** Default: DATABASE_URL, which the supervisor sets. */
  databaseUrl?: string | undefined;
  token?: string | undefined;
  /** Folders that requests may name files of; any where the process is the asker's own. */
  dataRoots?: DataRoots;
  /** Answers inside this process: for one command, which no thread is worth. */
  inProcess?: boolean;
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

/** Everything over a database that is migrated already. */
async function openDeps(
  databaseUrl: string,
  roots?: DataRoots,
): Promise<{ deps: ApiDeps; close(): Promise<void> }> {
  const store = await connect(databaseUrl, { patienceSeconds: PATIENCE_SECONDS });
  const datasets = roots ? guarded(datasetCatalog, roots) : datasetCatalog;
  return {
    deps: {
      store,
      sweeps: sweepCommands(createSweeps({ store, datasets }), store),
      tasks: declareTasks,
      clock: { now: () => Date.now() },
      version: version(),
      log: (error) => console.error(error),
    },
    async close() {
      await store.close();
    },
  };
}

/** What a thread of the server answers; its connections end with it. */
export const openTasks = async ({ databaseUrl, dataRoots }: ThreadData): Promise<Tasks> =>
  createThreadTasks((await openDeps(databaseUrl, dataRoots)).deps);

/** Wires store, threads and API over a database that is migrated already. */
export async function openApi(options: OpenApiOptions = {}): Promise<{ app: Api; close(): Promise<void> }> {
  const databaseUrl = options.databaseUrl ?? process.env.DATABASE_URL;
  if (!databaseUrl) {
    throw new TaskatlasError('unavailable', 'DATABASE_URL is not set. Start everything with: npm start');
  }
  const { deps, close } = await openDeps(databaseUrl, options.dataRoots);
  const threads = options.inProcess ? null : threadPool({ databaseUrl, dataRoots: options.dataRoots });
  const service = createService({
    ...deps,
    ...(threads ? { threads } : {}),
    token: options.token || undefined,
  });
  return {
    app: createApi(service),
    async close() {
      await threads?.close();
      await close();
    },
  };
}
