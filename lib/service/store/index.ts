import type { Clock, Store } from '../ports';
import { adoptMethods } from './adopt';
import { analysisMethods } from './analyses';
import { openConnection, patiently } from './connection';
import { countMethods } from './counts';
import { eventLog } from './events';
import { importMethods } from './import';
import { reopenMethods } from './reopen';
import { resultMethods } from './results';
import { runMethods } from './runs';
import { scheduleMethods } from './schedule';
import { sweepMethods } from './sweeps';
import { nowIn } from './time';
import { viewMethods } from './views';
import { workerRegistry } from './workers';

export { folderArtifacts } from './artifacts';
export { isTransient } from './connection';
export { takeLock } from './exclusive.mjs';
export { migrate } from './migrate';
export { isPlaceFault } from './place';
export { isAlive, startOf, stillRuns, whenGone } from './processes';
export { readStateFile, writeStateFile } from './state-file';

export interface ConnectOptions {
  /** How long calls go on trying while Postgres is away: a page wants an answer, a worker keeps its result. */
  patienceSeconds?: number;
  /** Once it is aborted, nothing is waited for any more. */
  until?: AbortSignal;
  poolSize?: number;
  /** Tests pin it. The default is the database's own clock, so that machines need not agree on the time. */
  clock?: Clock;
}

/** Opens the store of a migrated database. Only this room names Prisma. */
export async function connect(databaseUrl: string, options: ConnectOptions = {}): Promise<Store> {
  const patienceSeconds = options.patienceSeconds ?? 10;
  const connection = openConnection(databaseUrl, {
    patienceSeconds,
    until: options.until,
    poolSize: options.poolSize ?? 5,
  });
  try {
    const now = nowIn(options.clock);
    // Whoever cannot reach it hears of it now.
    await connection.read((prisma) => prisma.$queryRaw`select 1`);
    return {
      ...sweepMethods(connection, now),
      ...runMethods(connection, now),
      ...adoptMethods(connection, now),
      ...reopenMethods(connection, now),
      ...countMethods(connection, now),
      ...resultMethods(connection),
      ...analysisMethods(connection, now),
      ...importMethods(connection, now),
      ...scheduleMethods(connection, now),
      workers: workerRegistry(connection, now),
      ...viewMethods(connection),
      events: eventLog(connection),
      close: () => connection.close(),
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

export { patiently };
