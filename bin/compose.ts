import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { connect, migrate } from '@/lib/service/store';
import { startEmbeddedPostgres } from '@/lib/service/store/embedded';
import type { Sweeps } from '@/lib/service/sweeps';
import { root, stateDirectory } from './places';

/** A way to send a request to the API: over HTTP, or into the routes of this process. */
export type Send = (path: string, init?: RequestInit) => Promise<Response>;

/** A database that somebody looks after. */
export interface RunningDatabase {
  readonly url: string;
  readonly kind: 'embedded' | 'external';
  stop(): Promise<void>;
}

const WATCH_SECONDS = 1;

/** A state folder of one's own (tests, a second instance) brings a database of its own. */
function embeddedOptions(): { clone: string; directory?: string } {
  if (!process.env.TASKATLAS_STATE) return { clone: root };
  mkdirSync(stateDirectory, { recursive: true });
  // As root, Postgres runs as another user, who must be able to pass through.
  if (process.getuid?.() === 0) chmodSync(stateDirectory, 0o711);
  return { clone: root, directory: join(stateDirectory, 'postgres') };
}

/**
 * The user's Postgres (`DATABASE_URL`), or the embedded one, migrated to this version. With `keep`
 * the embedded server is watched, and started again with its data when it dies.
 */
export async function openDatabase(say: (text: string) => void, keep = true): Promise<RunningDatabase> {
  const external = process.env.DATABASE_URL;
  if (external) {
    await migrate(external);
    return { url: external, kind: 'external', stop: async () => {} };
  }
  let server = await startEmbeddedPostgres(embeddedOptions());
  await migrate(server.url);
  if (!keep) {
    const startedHere = server.started;
    return {
      url: server.url,
      kind: 'embedded',
      stop: async () => void (startedHere && (await server.stop())),
    };
  }
  let stopping = false;
  let looking: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    if (stopping || (await server.alive())) return;
    if (stopping) return;
    say('Postgres is gone; starting it again with its data');
    server = await server.ensure();
  };
  const watch = setInterval(() => {
    looking = looking
      .then(look)
      .catch((error: unknown) => say(`Postgres: ${error instanceof Error ? error.message : error}`));
  }, WATCH_SECONDS * 1000);
  return {
    url: server.url,
    kind: 'embedded',
    async stop() {
      stopping = true;
      clearInterval(watch);
      await looking;
      if ((await server.stop()) === 'in-use') say('Postgres goes on: somebody else is connected to it');
    },
  };
}

/** The HTTP API inside this process, over the database; for commands while no server runs. */
export async function openLocalApi(): Promise<{ send: Send; close(): Promise<void> }> {
  const database = await openDatabase(() => {}, false);
  const { openApi } = await import('@/lib/service/server');
  const api = await openApi({ databaseUrl: database.url, inProcess: true });
  return {
    send: async (path, init) => api.app.request(path, init),
    async close() {
      await api.close();
      await database.stop();
    },
  };
}

/** What `doctor` says of the database. */
export async function inspectDatabase(): Promise<string> {
  const database = await openDatabase(() => {}, false);
  const store = await connect(database.url);
  try {
    const sweeps = await store.listSweeps();
    return `${database.kind === 'embedded' ? 'embedded Postgres' : 'Postgres of DATABASE_URL'}, ${sweeps.length} sweeps`;
  } finally {
    await store.close();
    await database.stop();
  }
}

/** The sweeps' use cases over the database, for commands that the HTTP API does not offer. */
export async function openSweeps(): Promise<
  Pick<Sweeps, 'importTransfers' | 'importBundle' | 'exportBundle' | 'importRuns' | 'exportRuns'> & {
    close(): Promise<void>;
  }
> {
  const database = await openDatabase(() => {}, false);
  const [{ createSweeps }, { datasetCatalog }] = await Promise.all([
    import('@/lib/service/sweeps'),
    import('@/lib/service/server'),
  ]);
  const store = await connect(database.url);
  const sweeps = createSweeps({ store, datasets: datasetCatalog });
  return {
    importTransfers: sweeps.importTransfers,
    importBundle: sweeps.importBundle,
    exportBundle: sweeps.exportBundle,
    importRuns: sweeps.importRuns,
    exportRuns: sweeps.exportRuns,
    async close() {
      await store.close();
      await database.stop();
    },
  };
}
