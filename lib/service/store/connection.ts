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
/** Deadlock and serialisation failure: the transaction was rolled back and can simply be run again. */
const CONFLICT = new Set(['40P01', '40001', 'P2034']);
const PHRASES =
  /Connection terminated|Connection refused|Server has closed the connection|Can't reach database|not queryable|terminating connection|the database system is|timeout exceeded when trying to connect|Closed connection/i;

/** Whether the same call may succeed later: the server is away, or another transaction won. */
export function isTransient(error: unknown): boolean {
  for (let current = error, depth = 0; current && depth < 6; depth++) {
    if (typeof current !== 'object') return PHRASES.test(String(current));
    const { code, message, cause, meta } = current as {
      code?: unknown;
      message?: unknown;
      cause?: unknown;
      meta?: { code?: unknown; driverAdapterError?: unknown };
    };
    for (const candidate of [code, meta?.code]) {
      if (typeof candidate === 'string' && (TRANSIENT.has(candidate) || CONFLICT.has(candidate))) return true;
    }
    if (typeof message === 'string' && PHRASES.test(message)) return true;
    const kind = (cause as { kind?: unknown; originalCode?: unknown } | undefined)?.originalCode;
    if (typeof kind === 'string' && (TRANSIENT.has(kind) || CONFLICT.has(kind))) return true;
    current = cause ?? meta?.driverAdapterError;
  }
  return false;
}

/** Calls again with growing pauses (20 ms … 1 s) while the failure is transient and patience lasts. */
export async function patiently<T>(work: () => Promise<T>, patienceMs: number): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (let wait = 20; ; wait = Math.min(wait * 2, 1000)) {
    try {
      return await work();
    } catch (cause) {
      if (!isTransient(cause)) throw cause;
      if (Date.now() + wait > deadline) {
        throw new TaskatlasError(
          'unavailable',
          'The database does not answer. It is started by npm start; with DATABASE_URL, check that server.',
          { cause },
        );
      }
      await sleep(wait);
    }
  }
}

export interface Connection {
  readonly prisma: PrismaClient;
  /** One call or query, again after a lost connection: only for what may be repeated. */
  read<T>(work: (prisma: PrismaClient) => Promise<T>): Promise<T>;
  /** One transaction, again after a lost connection or race: its work must be safe to repeat after a commit. */
  transact<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function openConnection(
  url: string,
  options: { patienceSeconds: number; poolSize: number },
): Connection {
  const adapter = new PrismaPg({
    connectionString: url,
    max: options.poolSize,
    connectionTimeoutMillis: 5000,
    application_name: 'taskatlas',
  });
  const prisma = new PrismaClient({ adapter, errorFormat: 'minimal' });
  const patience = options.patienceSeconds * 1000;
  return {
    prisma,
    read: (work) => patiently(() => work(prisma), patience),
    transact: (work) =>
      patiently(() => prisma.$transaction(work, { maxWait: 5000, timeout: 60_000 }), patience),
    close: () => prisma.$disconnect(),
  };
}
