import type { Transaction } from './connection';
import type { Now } from './time';
import { clearBarriers, holdParents, PARENTS_DONE } from './waiting';

/** Sweeps are begun and change state one at a time, so that "does another sweep want this run?" has one answer. */
const SWEEP_LOCK = 5_140_002;

export const lockSweeps = (tx: Transaction): Promise<unknown> =>
  tx.$executeRaw`select pg_advisory_xact_lock(${SWEEP_LOCK}::bigint)`;

/** Runs of the sweep in these states start anew: waiting, then queued where no parent is open. */
export async function revive(
  tx: Transaction,
  sweepId: string,
  states: readonly string[],
  now: Now,
): Promise<void> {
  await holdParents(tx, sweepId, ['waiting', ...states]);
  if (states.length > 0) {
    await tx.$executeRaw`
      update runs r set state = 'waiting', attempt = 0, failure_class = null, failure_message = null, finished_at = null
        from sweep_runs w
       where w.sweep_id = ${sweepId} and w.fingerprint = r.fingerprint and r.state = any(${[...states]}::text[])`;
  }
  await clearBarriers(tx, sweepId);
  await tx.$executeRaw`
    update runs r set state = 'queued', not_before = ${now()}
      from sweep_runs w
     where w.sweep_id = ${sweepId} and w.fingerprint = r.fingerprint and r.state = 'waiting' and ${PARENTS_DONE}`;
  await tx.$executeRaw`
    update runs r set priority = w.priority from sweep_runs w
     where w.sweep_id = ${sweepId} and w.fingerprint = r.fingerprint and r.state = 'queued' and w.priority < r.priority`;
}

/** Open runs that no other living sweep wants. */
export const cancelOrphans = (tx: Transaction, sweepId: string): Promise<unknown> =>
  tx.$executeRaw`
    update runs r set state = 'cancelled', claimed_by = null, claim_expires_at = null
     where r.state in ('waiting', 'queued', 'running')
       and r.fingerprint in (select fingerprint from sweep_runs where sweep_id = ${sweepId})
       and not exists (select 1 from sweep_runs w join sweeps s on s.id = w.sweep_id
                        where w.fingerprint = r.fingerprint and s.id <> ${sweepId} and s.state <> 'cancelled')`;
