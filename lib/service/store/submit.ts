import { TaskatlasError } from '@/lib/science/core';
import type { NewSweep, PlannedRun, Store, StoredSweep } from '../ports';
import type { Connection, Transaction } from './connection';
import { logEvents } from './events';
import { insertRuns, insertWishes } from './insert';
import { sweepFromRow, toJson } from './rows';
import { type Now, readNow } from './time';
import { insertWaits, waitsOf } from './waiting';
import { cancelOrphans, lockSweeps, revive } from './wanting';

/**
 * A plan is stored in parts, each a short transaction, so that nobody waits for a large one. Until the last part is
 * stored the sweep is `submitting`: its runs are wanted by nobody. Then one transaction makes it active. What was begun
 * and never ended is rolled back: at once after an error, by the housekeeping after a crash.
 */
const PART = 1000;

type Batch = readonly { sweep: NewSweep; runs: readonly PlannedRun[] }[];

/** Tells the data sets' shards among the parents of a plan. */
export function shardsIn(runs: readonly PlannedRun[]): (fingerprint: string) => boolean {
  const shards = new Set(
    runs.filter(({ recipe }) => recipe.kind === 'dataset').map((run) => run.fingerprint),
  );
  return (fingerprint) => shards.has(fingerprint);
}

function* parts<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += PART) yield items.slice(i, i + PART);
}

/** The sweeps' rows. Imported ones have no runs and are complete at once. */
export async function announce(tx: Transaction, batch: Batch, now: Now): Promise<void> {
  const at = await readNow(tx, now);
  for (const { sweep, runs } of batch) {
    const imported = sweep.origin === 'imported';
    await tx.sweep.createMany({
      skipDuplicates: true,
      data: [
        {
          id: sweep.id,
          name: sweep.name,
          state: imported ? 'done' : 'submitting',
          spec: toJson(sweep.spec),
          tasks: toJson(sweep.tasks),
          origin: sweep.origin,
          source: sweep.source,
          notes: toJson(sweep.notes ?? []),
          createdAt: at,
          finishedAt: imported ? at : null,
          planned: runs.length,
          submittedAt: at,
        },
      ],
    });
  }
}

/** Says that the submission is alive. @throws TaskatlasError `conflict` when it was rolled back for its silence */
async function goOn(tx: Transaction, sweepId: string, now: Now): Promise<void> {
  const alive = await tx.$executeRaw`
    update sweeps set submitted_at = ${now()} where id = ${sweepId} and state = 'submitting'`;
  if (alive === 0) {
    throw new TaskatlasError(
      'conflict',
      'The submission stood still for too long and was rolled back. Submit it again.',
    );
  }
}

/** Runs that are stored already may be deleted by the rollback of another submission before this one refers to them. */
async function insertHeld(tx: Transaction, runs: readonly PlannedRun[], now: Now): Promise<void> {
  const fingerprints = runs.map((run) => run.fingerprint);
  for (let held = -1; held < runs.length; ) {
    await insertRuns(tx, runs, now);
    const rows = await tx.$queryRaw<unknown[]>`
      select 1 from runs where fingerprint = any(${fingerprints}::text[]) order by fingerprint for key share`;
    held = rows.length;
  }
}

async function storeParts(
  connection: Connection,
  { sweep: { id }, runs }: Batch[number],
  now: Now,
  onPart: (stored: number) => void,
): Promise<void> {
  for (const part of parts(runs)) {
    await connection.transact(async (tx) => {
      await goOn(tx, id, now);
      await insertHeld(tx, part, now);
      await insertWishes(tx, id, part);
    });
    onPart(part.length);
  }
  // A run may wait for one of a later part.
  for (const part of parts(waitsOf(runs, shardsIn(runs)))) {
    await connection.transact(async (tx) => {
      await goOn(tx, id, now);
      await insertWaits(tx, part);
    });
  }
}

async function activate(tx: Transaction, ids: readonly string[], now: Now): Promise<void> {
  await lockSweeps(tx);
  for (const id of ids) {
    const { count } = await tx.sweep.updateMany({
      where: { id, state: 'submitting' },
      data: { state: 'active', submittedAt: null },
    });
    if (count > 0) await revive(tx, id, ['cancelled', 'failed'], now);
  }
  await logEvents(
    tx,
    ids.map((sweepId) => ({ sweepId, kind: 'sweep', data: { state: 'active' } })),
  );
}

/** Removes a sweep that was never complete, and the runs that it alone brought. */
async function rollBack(tx: Transaction, id: string): Promise<void> {
  await lockSweeps(tx);
  const { count } = await tx.sweep.updateMany({ where: { id, state: 'submitting' }, data: { planned: 0 } });
  if (count === 0) return;
  const brought = await tx.$queryRaw<{ fingerprint: string }[]>`
    select r.fingerprint from runs r join sweep_runs w on w.fingerprint = r.fingerprint
     where w.sweep_id = ${id} and r.state = 'waiting' and r.attempt = 0
       and not exists (select 1 from sweep_runs o where o.fingerprint = r.fingerprint and o.sweep_id <> ${id})
     order by r.fingerprint for update of r`;
  const fingerprints = brought.map((run) => run.fingerprint);
  await cancelOrphans(tx, id);
  await tx.sweep.delete({ where: { id } });
  await tx.$executeRaw`delete from run_dependencies where child = any(${fingerprints}::text[])`;
  await tx.$executeRaw`delete from run_barriers where child = any(${fingerprints}::text[])`;
  await tx.$executeRaw`
    delete from barriers b where not exists (select 1 from run_barriers w where w.barrier_id = b.id)
       and exists (select 1 from barrier_parents m where m.barrier_id = b.id and m.parent = any(${fingerprints}::text[]))`;
  await tx.$executeRaw`
    delete from runs r where r.fingerprint = any(${fingerprints}::text[])
       and not exists (select 1 from run_dependencies d where d.parent = r.fingerprint)
       and not exists (select 1 from barrier_parents m where m.parent = r.fingerprint)`;
  await logEvents(tx, [{ sweepId: null, kind: 'sweep', data: { rolledBack: id } }]);
}

export function submitting(connection: Connection, now: Now): Store['createSweeps'] {
  return async (batch, onStored = () => undefined) => {
    const ids = batch.map(({ sweep }) => sweep.id);
    const stored = (): Promise<StoredSweep[]> =>
      connection.read(async (prisma) => {
        const rows = new Map(
          (await prisma.sweep.findMany({ where: { id: { in: ids } } })).map((row) => [row.id, row]),
        );
        return ids.flatMap((id) => {
          const row = rows.get(id);
          return row ? [sweepFromRow(row)] : [];
        });
      });
    await connection.transact((tx) => announce(tx, batch, now));
    const begun = new Set(
      (await stored()).filter((sweep) => sweep.state === 'submitting').map(({ id }) => id),
    );
    const fresh = batch.filter(({ sweep }) => begun.has(sweep.id));
    try {
      let done = 0;
      const onPart = (runs: number): void => {
        done += runs;
        onStored(done);
      };
      for (const one of fresh) await storeParts(connection, one, now, onPart);
      await connection.transact((tx) => activate(tx, [...begun], now));
    } catch (error) {
      for (const id of begun) await connection.transact((tx) => rollBack(tx, id)).catch(() => undefined);
      throw error;
    }
    return await stored();
  };
}

/** Rolls back what a process that is gone left half submitted. Answers how many sweeps. */
export async function rollBackSilent(
  connection: Connection,
  silentSeconds: number,
  now: Now,
): Promise<number> {
  const silent = await connection.read(
    (prisma) => prisma.$queryRaw<{ id: string }[]>`
      select id from sweeps where state = 'submitting' and submitted_at < ${now()} - make_interval(secs => ${silentSeconds})`,
  );
  for (const { id } of silent) await connection.transact((tx) => rollBack(tx, id));
  return silent.length;
}
