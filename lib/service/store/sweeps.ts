import { TaskatlasError } from '@/lib/science/core';
import type { PlannedRun, Store, SweepState } from '../ports';
import type { Connection, Transaction } from './connection';
import { logEvents } from './events';
import { insertRuns, insertWishes } from './insert';
import { runFromRow, sweepFromRow } from './rows';
import { shardsIn, submitting } from './submit';
import { type Now, readNow } from './time';
import { holdParents, insertWaits, waitsOf } from './waiting';
import { cancelOrphans, lockSweeps, revive } from './wanting';

type SweepMethods = Pick<
  Store,
  | 'createSweep'
  | 'createSweeps'
  | 'extendSweep'
  | 'getSweep'
  | 'listSweeps'
  | 'setSweepState'
  | 'runsOf'
  | 'sweepsOf'
>;

/** Milestones that are not reached any more when transfers are added. */
const LATE_PHASES = ['tournaments', 'policy', 'done'];

async function extend(tx: Transaction, id: string, runs: readonly PlannedRun[], now: Now): Promise<number> {
  await lockSweeps(tx);
  const sweep = await tx.sweep.findUnique({ where: { id } });
  if (!sweep) throw new TaskatlasError('not-found', `There is no sweep "${id}".`);
  const known = await tx.sweepRun.findMany({
    where: { sweepId: id, fingerprint: { in: runs.map((run) => run.fingerprint) } },
    select: { fingerprint: true },
  });
  const there = new Set(known.map((row) => row.fingerprint));
  const fresh = runs.filter((run) => !there.has(run.fingerprint));
  if (fresh.length === 0) return 0;
  await insertRuns(tx, fresh, now);
  await insertWishes(tx, id, fresh);
  await insertWaits(tx, waitsOf(fresh, shardsIn(fresh)));
  if (sweep.state === 'cancelled') await cancelOrphans(tx, id);
  else {
    await holdParents(tx, id, ['waiting', 'cancelled', 'failed']);
    const again = fresh.map((run) => run.fingerprint);
    await tx.run.updateMany({
      where: { fingerprint: { in: again }, state: { in: ['cancelled', 'failed'] } },
      data: { state: 'waiting', attempt: 0, failureClass: null, failureMessage: null, finishedAt: null },
    });
    await revive(tx, id, [], now);
  }
  const state = sweep.state === 'done' ? { state: 'active', finishedAt: null } : {};
  await tx.sweep.update({ where: { id }, data: { ...state, planned: { increment: fresh.length } } });
  await tx.phase.deleteMany({ where: { sweepId: id, name: { in: LATE_PHASES } } });
  await logEvents(tx, [{ sweepId: id, kind: 'sweep', data: { planned: fresh.length } }]);
  return fresh.length;
}

async function changeState(tx: Transaction, id: string, state: SweepState, now: Now): Promise<void> {
  await lockSweeps(tx);
  const sweep = await tx.sweep.findUnique({ where: { id } });
  if (!sweep) throw new TaskatlasError('not-found', `There is no sweep "${id}".`);
  if (sweep.state === state) return;
  const at = await readNow(tx, now);
  const ended = state === 'done' || state === 'cancelled';
  await tx.sweep.update({ where: { id }, data: { state, finishedAt: ended ? at : null } });
  if (state === 'cancelled') await cancelOrphans(tx, id);
  if (state === 'active') await revive(tx, id, sweep.state === 'cancelled' ? ['cancelled'] : [], now);
  if (state === 'done') {
    await tx.phase.createMany({ data: [{ sweepId: id, name: 'done', at }], skipDuplicates: true });
  }
  await logEvents(tx, [{ sweepId: id, kind: 'sweep', data: { state } }]);
}

export function sweepMethods(connection: Connection, now: Now): SweepMethods {
  const createSweeps = submitting(connection, now);
  return {
    createSweeps,
    async createSweep(sweep, runs) {
      const [stored] = await createSweeps([{ sweep, runs }]);
      if (!stored) throw new TaskatlasError('internal', 'The sweep was not stored.');
      return stored;
    },

    extendSweep: (id, runs) => connection.transact((tx) => extend(tx, id, runs, now)),

    getSweep: (id) =>
      connection.read(async (prisma) => {
        const row = await prisma.sweep.findUnique({ where: { id } });
        return row ? sweepFromRow(row) : null;
      }),

    listSweeps: () =>
      connection.read(async (prisma) => {
        const rows = await prisma.sweep.findMany({ orderBy: { number: 'desc' } });
        return rows.map(sweepFromRow);
      }),

    setSweepState: (id, state) => connection.transact((tx) => changeState(tx, id, state, now)),

    sweepsOf: (fingerprint) =>
      connection.read(async (prisma) => {
        const rows = await prisma.sweep.findMany({
          where: { runs: { some: { fingerprint } } },
          orderBy: { number: 'asc' },
        });
        return rows.map(sweepFromRow);
      }),

    runsOf: (sweepId) =>
      connection.read(async (prisma) => {
        const rows = await prisma.run.findMany({
          where: { sweeps: { some: { sweepId } } },
          orderBy: [{ priority: 'asc' }, { fingerprint: 'asc' }],
        });
        return rows.map(runFromRow);
      }),
  };
}
