import type { Clock } from '../ports';
import type { Transaction } from './connection';
import { Prisma } from './generated/client';

/**
 * The present moment as SQL. It is Postgres' own clock, so that a lease ends for everybody at the same moment,
 * whatever the clocks of the machines say; tests pin it. A query of its own is evaluated once a statement. In whole milliseconds, as the columns keep it: rounded up it
 * would lie ahead of the next question.
 */
export type Now = () => Prisma.Sql;

export const nowIn = (clock?: Clock): Now =>
  clock === undefined
    ? () => Prisma.sql`(select date_trunc('milliseconds', clock_timestamp()))`
    : () => Prisma.sql`${new Date(clock.now())}::timestamptz`;

/** The present moment as a value, for rules that are applied in this process. */
export async function readNow(tx: Pick<Transaction, '$queryRaw'>, now: Now): Promise<Date> {
  const [row] = await tx.$queryRaw<{ now: Date }[]>`select ${now()} as now`;
  if (!row) throw new Error('select without a row');
  return row.now;
}
