import type { EventLog, StoredEvent } from '../ports';
import type { Connection, Transaction } from './connection';
import { Prisma } from './generated/client';
import { fromJson, toJson } from './rows';

/** Any fixed number; taken until commit, so that ids become visible in their order. */
const EVENT_LOCK = 5_140_001;

export interface NewEvent {
  sweepId: string | null;
  kind: StoredEvent['kind'];
  data: Readonly<Record<string, unknown>>;
}

/** Writes events; the last statement of a transaction, since other writers wait for its commit. */
export async function logEvents(tx: Transaction, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map(
    ({ sweepId, kind, data }) =>
      Prisma.sql`(${sweepId}::text, ${kind}::text, ${JSON.stringify(toJson(data))}::jsonb)`,
  );
  await tx.$executeRaw`
    with turn as materialized (select pg_advisory_xact_lock(${EVENT_LOCK}::bigint)),
         e (sweep_id, kind, data) as (values ${Prisma.join(rows)})
    insert into events (sweep_id, kind, data) select e.sweep_id, e.kind, e.data from turn, e`;
}

export function eventLog(connection: Connection): EventLog {
  return {
    after: (id, options = {}) =>
      connection.read(async (prisma) => {
        const rows = await prisma.event.findMany({
          where: { id: { gt: id }, ...(options.sweepId ? { sweepId: options.sweepId } : {}) },
          orderBy: { id: 'asc' },
          take: options.limit ?? 500,
        });
        return rows.map(
          (row): StoredEvent => ({
            id: Number(row.id),
            sweepId: row.sweepId,
            kind: row.kind as StoredEvent['kind'],
            data: fromJson(row.data),
            at: row.at.getTime(),
          }),
        );
      }),
    last: () =>
      connection.read(async (prisma) => {
        const { _max } = await prisma.event.aggregate({ _max: { id: true } });
        return Number(_max.id ?? 0);
      }),
  };
}
