import type { RunStatus } from '@/lib/service/sweeps/machine';
import type { Transaction } from './connection';
import { logEvents } from './events';
import type { Run } from './generated/client';
import { statusFromRow } from './rows';

export interface LockedRun {
  row: Run;
  status: RunStatus;
  sweepStates: readonly string[];
}

/** Locks the run's row until the transaction ends, so that rules are applied to what is really there. */
export async function lockRun(tx: Transaction, fingerprint: string): Promise<LockedRun | null> {
  const [lock] = await tx.$queryRaw<{ states: string[] | null }[]>`
    select (select array_agg(s.state) from sweep_runs w join sweeps s on s.id = w.sweep_id
             where w.fingerprint = r.fingerprint) as states
      from runs r where r.fingerprint = ${fingerprint} for update of r`;
  if (!lock) return null;
  const row = await tx.run.findUniqueOrThrow({ where: { fingerprint } });
  return { row, status: statusFromRow(row), sweepStates: lock.states ?? [] };
}

export async function parentsDone(tx: Transaction, fingerprint: string): Promise<boolean> {
  const open = await tx.runDependency.count({
    where: { child: fingerprint, parentRun: { state: { not: 'done' } } },
  });
  return open === 0;
}

/** The sweeps that want a run, so that each page hears of it. */
export async function logRun(tx: Transaction, run: Run, state: string): Promise<void> {
  const sweeps = await tx.sweepRun.findMany({
    where: { fingerprint: run.fingerprint },
    select: { sweepId: true },
  });
  const data = { fingerprint: run.fingerprint, kind: run.kind, state };
  await logEvents(
    tx,
    sweeps.map(({ sweepId }) => ({ sweepId, kind: 'run', data })),
  );
}
