import type { Clock, Store } from '../ports';
import { analysisMethods } from './analyses';
import { openConnection, patiently } from './connection';
import { eventLog } from './events';
import { reopenMethods } from './reopen';
import { resultMethods } from './results';
import { runMethods } from './runs';
import { scheduleMethods } from './schedule';
import { sweepMethods } from './sweeps';
import { workerRegistry } from './workers';

export { folderArtifacts } from './artifacts';
export { isTransient } from './connection';
export { migrate } from './migrate';
export { isAlive, whenGone } from './processes';

export interface ConnectOptions {
  /** How long calls go on trying while Postgres is away: a page wants an answer, a worker keeps its result. */
  patienceSeconds?: number;
  poolSize?: number;
  /** Tests pin it. The default is the database's clock, so that machines need not agree on the time. */
  clock?: Clock;
}

/** Opens the store of a migrated database. Only this room names Prisma. */
export async function connect(databaseUrl: string, options: ConnectOptions = {}): Promise<Store> {
  const patienceSeconds = options.patienceSeconds ?? 10;
  const connection = openConnection(databaseUrl, { patienceSeconds, poolSize: options.poolSize ?? 5 });
  try {
    const clock = options.clock ?? (await databaseClock(connection.read));
    return {
      ...sweepMethods(connection, clock),
      ...runMethods(connection, clock),
      ...reopenMethods(connection, clock),
      ...resultMethods(connection),
      ...analysisMethods(connection, clock),
      ...scheduleMethods(connection, clock),
      workers: workerRegistry(connection, clock),
      events: eventLog(connection),
      close: () => connection.close(),
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** This machine's clock, corrected by its distance from the database's at connection time. */
async function databaseClock(read: ReturnType<typeof openConnection>['read']): Promise<Clock> {
  const before = Date.now();
  const rows = await read((prisma) => prisma.$queryRaw<{ now: Date }[]>`select clock_timestamp() as now`);
  const offset = (rows[0]?.now.getTime() ?? before) - (before + Date.now()) / 2;
  return { now: () => Math.round(Date.now() + offset) };
}

export { patiently };
