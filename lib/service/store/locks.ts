import type { RunStatus } from '@/lib/service/sweeps/machine';
import type { Transaction } from './connection';
import { logEvents } from './events';
import type { Run } from './generated/client';
import { statusFromRow } from './rows';
import type { Now } from './time';

type NarrowRun = Omit<Run, 'recipe'>;

export interface LockedRun {
  row: NarrowRun;
  status: RunStatus;
  sweepStates: readonly string[];
  now: Date;
}

/** Locks the run's row until the transaction ends, so that rules are applied to what is really there. */
export async function lockRun(tx: Transaction, fingerprint: string, now: Now): Promise<LockedRun | null> {
  const [lock] = await tx.$queryRaw<{ states: string[] | null; now: Date }[]>`
    select (select array_agg(s.state) from sweep_runs w join sweeps s on s.id = w.sweep_id
             where w.fingerprint = r.fingerprint) as states, ${now()} as now
      from runs r where r.fingerprint = ${fingerprint} for no key update of r`;
  if (!lock) return null;
  const row = await tx.run.findUniqueOrThrow({ where: { fingerprint }, omit: { recipe: true } });
  return { row, status: statusFromRow(row), sweepStates: lock.states ?? [], now: lock.now };
}

/** The sweeps that want a run, so that each page hears of it. */
export async function logRun(tx: Transaction, run: NarrowRun, state: string): Promise<void> {
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
