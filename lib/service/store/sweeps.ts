import { TaskatlasError } from '@/lib/science/core';
import type { Clock, NewSweep, PlannedRun, Store, StoredSweep, SweepState } from '../ports';
import type { Connection, Transaction } from './connection';
import { logEvents } from './events';
import type { Prisma } from './generated/client';
import { runFromRow, sweepFromRow, toJson } from './rows';

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

/** Sweeps are made and change state one at a time, so that "does another sweep want this run?" has one answer. */
const SWEEP_LOCK = 5_140_002;

const lockSweeps = (tx: Transaction): Promise<unknown> =>
  tx.$executeRaw`select pg_advisory_xact_lock(${SWEEP_LOCK}::bigint)`;

async function insertPlan(
  tx: Transaction,
  sweepId: string,
  runs: readonly PlannedRun[],
  now: Date,
): Promise<void> {
  await tx.run.createMany({
    skipDuplicates: true,
    data: runs.map((run) => ({
      fingerprint: run.fingerprint,
      kind: run.recipe.kind,
      recipe: toJson(run.recipe),
      state: 'waiting',
      priority: run.priority,
      estimatedFlops: run.estimatedFlops,
      notBefore: now,
      createdAt: now,
    })),
  });
  await tx.runDependency.createMany({
    skipDuplicates: true,
    data: runs.flatMap((run) => run.dependsOn.map((parent) => ({ child: run.fingerprint, parent }))),
  });
  await tx.sweepRun.createMany({
    data: runs.map((run) => ({
      sweepId,
      fingerprint: run.fingerprint,
      priority: run.priority,
      target: run.target ?? null,
      layer: run.layer ?? 0,
    })),
  });
}

/** Holds every run of the sweep: a parent that finishes meanwhile waits, and then sees its new children. */
const lockRunsOf = (tx: Transaction, sweepId: string): Promise<unknown> =>
  tx.$queryRaw`
    select r.fingerprint from runs r join sweep_runs w on w.fingerprint = r.fingerprint
     where w.sweep_id = ${sweepId} order by r.fingerprint for update of r`;

const startAnew = (
  tx: Transaction,
  which: Prisma.RunWhereInput,
  states: readonly string[],
): Promise<unknown> =>
  tx.run.updateMany({
    where: { ...which, state: { in: [...states] } },
    data: { state: 'waiting', attempt: 0, failureClass: null, failureMessage: null, finishedAt: null },
  });

/** Runs in these states start anew: waiting, then queued where no parent is open. */
async function revive(tx: Transaction, sweepId: string, states: readonly string[], now: Date): Promise<void> {
  if (states.length > 0) await startAnew(tx, { sweeps: { some: { sweepId } } }, states);
  await tx.$executeRaw`
    update runs r set state = 'queued', not_before = ${now}, published_at = null
     where r.state = 'waiting'
       and r.fingerprint in (select fingerprint from sweep_runs where sweep_id = ${sweepId})
       and not exists (select 1 from run_dependencies d join runs p on p.fingerprint = d.parent
                        where d.child = r.fingerprint and p.state <> 'done')`;
  await tx.$executeRaw`
    update runs r set published_at = null, priority = least(r.priority, w.priority)
      from sweep_runs w where w.sweep_id = ${sweepId} and w.fingerprint = r.fingerprint and r.state = 'queued'`;
}

/** Open runs that no other living sweep wants. */
const cancelOrphans = (tx: Transaction, sweepId: string): Promise<unknown> =>
  tx.$executeRaw`
    update runs r set state = 'cancelled', claimed_by = null, claim_expires_at = null
     where r.state in ('waiting', 'queued', 'running')
       and r.fingerprint in (select fingerprint from sweep_runs where sweep_id = ${sweepId})
       and not exists (select 1 from sweep_runs w join sweeps s on s.id = w.sweep_id
                        where w.fingerprint = r.fingerprint and s.id <> ${sweepId} and s.state <> 'cancelled')`;

/** Milestones that are not reached any more when transfers are added. */
const LATE_PHASES = ['transfers', 'tournaments', 'policy', 'done'];

async function extend(tx: Transaction, id: string, runs: readonly PlannedRun[], now: Date): Promise<number> {
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
  await insertPlan(tx, id, fresh, now);
  await lockRunsOf(tx, id);
  if (sweep.state === 'cancelled') await cancelOrphans(tx, id);
  else {
    await startAnew(tx, { fingerprint: { in: fresh.map((run) => run.fingerprint) } }, [
      'cancelled',
      'failed',
    ]);
    await revive(tx, id, [], now);
  }
  if (sweep.state === 'done')
    await tx.sweep.update({ where: { id }, data: { state: 'active', finishedAt: null } });
  await tx.phase.deleteMany({ where: { sweepId: id, name: { in: LATE_PHASES } } });
  await logEvents(tx, [{ sweepId: id, kind: 'sweep', data: { planned: fresh.length } }]);
  return fresh.length;
}

async function changeState(tx: Transaction, id: string, state: SweepState, now: Date): Promise<void> {
  await lockSweeps(tx);
  const sweep = await tx.sweep.findUnique({ where: { id } });
  if (!sweep) throw new TaskatlasError('not-found', `There is no sweep "${id}".`);
  if (sweep.state === state) return;
  const ended = state === 'done' || state === 'cancelled';
  await tx.sweep.update({ where: { id }, data: { state, finishedAt: ended ? now : null } });
  await lockRunsOf(tx, id);
  if (state === 'cancelled') await cancelOrphans(tx, id);
  if (state === 'active') await revive(tx, id, sweep.state === 'cancelled' ? ['cancelled'] : [], now);
  if (state === 'done') {
    await tx.phase.createMany({ data: [{ sweepId: id, name: 'done', at: now }], skipDuplicates: true });
  }
  await logEvents(tx, [{ sweepId: id, kind: 'sweep', data: { state } }]);
}

async function create(
  tx: Transaction,
  sweep: NewSweep,
  runs: readonly PlannedRun[],
  now: Date,
): Promise<StoredSweep> {
  await lockSweeps(tx);
  const known = await tx.sweep.findUnique({ where: { id: sweep.id } });
  if (known) return sweepFromRow(known);
  const imported = sweep.origin === 'imported';
  const row = await tx.sweep.create({
    data: {
      id: sweep.id,
      name: sweep.name,
      state: imported ? 'done' : 'active',
      spec: toJson(sweep.spec),
      tasks: toJson(sweep.tasks),
      origin: sweep.origin,
      source: sweep.source,
      notes: toJson(sweep.notes ?? []),
      createdAt: now,
      finishedAt: imported ? now : null,
    },
  });
  await insertPlan(tx, sweep.id, runs, now);
  await lockRunsOf(tx, sweep.id);
  await revive(tx, sweep.id, ['cancelled', 'failed'], now);
  await logEvents(tx, [{ sweepId: sweep.id, kind: 'sweep', data: { state: row.state } }]);
  return sweepFromRow(row);
}

export function sweepMethods(connection: Connection, clock: Clock): SweepMethods {
  return {
    createSweep: (sweep, runs) => connection.transact((tx) => create(tx, sweep, runs, new Date(clock.now()))),

    createSweeps: (batch) =>
      connection.transact(async (tx) => {
        const now = new Date(clock.now());
        const stored: StoredSweep[] = [];
        for (const { sweep, runs } of batch) stored.push(await create(tx, sweep, runs, now));
        return stored;
      }),

    extendSweep: (id, runs) => connection.transact((tx) => extend(tx, id, runs, new Date(clock.now()))),

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

    setSweepState: (id, state) =>
      connection.transact((tx) => changeState(tx, id, state, new Date(clock.now()))),

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
