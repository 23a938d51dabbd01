import { setTimeout as sleep } from 'node:timers/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import { TaskatlasError } from '@/lib/science/core';
import { type Prisma, PrismaClient } from './generated/client';

export type Transaction = Prisma.TransactionClient;

/** Codes of a server that is away, starting, stopping or out of connections; and of lost races. */
const TRANSIENT = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '08000',
  '08001',
  '08003',
  '08006',
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
]);
/** The server answers but cannot write: its disk or memory is full, or it is read-only for now. */
const FULL: Readonly<Record<string, string>> = {
  '53100': 'The disk of the database is full: free space there.',
  '53200': 'The database has no memory left.',
  '25006': 'The database is read-only at the moment.',
  '58030': 'The database cannot read or write its disk.',
};
/** Deadlock and serialisation failure: the transaction was rolled back and can simply be run again. */
const CONFLICT = new Set(['40P01', '40001', 'P2034']);
const PHRASES =
  /Connection terminated|Connection refused|Server has closed the connection|Can't reach database|not queryable|terminating connection|the database system is|timeout exceeded when trying to connect|Closed connection/i;

const PLACES = new Set(Object.keys(FULL));

/** Codes and messages of an error and of what caused it, as Prisma and its driver nest them. */
function* traces(error: unknown): Generator<{ code: string | null; message: string }> {
  for (let current = error, depth = 0; current && depth < 6; depth++) {
    if (typeof current !== 'object') return yield { code: null, message: String(current) };
    const { code, message, cause, meta } = current as {
      code?: unknown;
      message?: unknown;
      cause?: unknown;
      meta?: { code?: unknown; driverAdapterError?: unknown };
    };
    const original = (cause as { originalCode?: unknown } | undefined)?.originalCode;
    const text = typeof message === 'string' ? message : '';
    for (const candidate of [code, meta?.code, original])
      if (typeof candidate === 'string') yield { code: candidate, message: text };
    yield { code: null, message: text };
    current = cause ?? meta?.driverAdapterError;
  }
}

/** Whether the same call may succeed later: the server is away or cannot write, or another transaction won. */
export function isTransient(error: unknown): boolean {
  for (const { code, message } of traces(error)) {
    if (code !== null && (TRANSIENT.has(code) || CONFLICT.has(code) || PLACES.has(code))) return true;
    if (PHRASES.test(message)) return true;
  }
  return false;
}

/** What is wrong with a database that answers but cannot write; null when that is not the trouble. */
function placeTrouble(error: unknown): string | null {
  for (const { code } of traces(error)) if (code !== null && code in FULL) return FULL[code] ?? null;
  return null;
}

const AWAY =
  'The database does not answer. It is started by npm start; with DATABASE_URL, check that server.';

/**
 * Calls again with growing pauses (20 ms … 1 s) while the failure is transient and patience lasts. Once `until` is
 * aborted, no more pauses are made.
 */
export async function patiently<T>(
  work: () => Promise<T>,
  patienceMs: number,
  until?: AbortSignal,
): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (let wait = 20; ; wait = Math.min(wait * 2, 1000)) {
    try {
      return await work();
    } catch (cause) {
      if (!isTransient(cause)) throw cause;
      if (until?.aborted || Date.now() + wait > deadline) {
        throw new TaskatlasError('unavailable', placeTrouble(cause) ?? AWAY, { cause });
      }
      await sleep(wait, undefined, { signal: until }).catch(() => undefined);
    }
  }
}

export interface Connection {
  readonly prisma: PrismaClient;
  /** One call or query, again after a lost connection: only for what may be repeated. */
  read<T>(work: (prisma: PrismaClient) => Promise<T>): Promise<T>;
  /** One transaction, again after a lost connection or race: its work must be safe to repeat after a commit. */
  transact<T>(work: (tx: Transaction) => Promise<T>, seconds?: number): Promise<T>;
  close(): Promise<void>;
}

export function openConnection(
  url: string,
  options: { patienceSeconds: number; until?: AbortSignal | undefined; poolSize: number },
): Connection {
  const adapter = new PrismaPg({
    connectionString: url,
    max: options.poolSize,
    connectionTimeoutMillis: 5000,
    application_name: 'taskatlas',
  });
  const prisma = new PrismaClient({ adapter, errorFormat: 'minimal' });
  const patient = <T>(work: () => Promise<T>): Promise<T> =>
    patiently(work, options.patienceSeconds * 1000, options.until);
  return {
    prisma,
    read: (work) => patient(() => work(prisma)),
    transact: (work, seconds = 60) =>
      patient(() => prisma.$transaction(work, { maxWait: 5000, timeout: seconds * 1000 })),
    close: () => prisma.$disconnect(),
  };
}
