import { awaitParents, reopenRun } from '@/lib/service/sweeps/machine';
import type { RunStore } from '../ports';
import type { Connection, Transaction } from './connection';
import { type LockedRun, lockRun, logRun } from './locks';
import { statusToRow } from './rows';
import type { Now } from './time';
import { parentsDone, shutBarriers } from './waiting';

/** Runs whose files are gone or damaged are computed again, and what depends on them waits. */
export function reopenMethods(connection: Connection, now: Now): Pick<RunStore, 'awaitSources'> {
  return {
    awaitSources: (fingerprint, worker, sources) =>
      connection.transact(async (tx) => {
        const parents: LockedRun[] = [];
        // Parents before children, each in the order of their names, as a result locks them.
        for (const source of [...sources].sort()) {
          const parent = await lockRun(tx, source, now);
          if (parent) parents.push(parent);
        }
        const run = await lockRun(tx, fingerprint, now);
        const status = run && awaitParents(run.status, worker);
        if (!run || !status || status === run.status) return [];
        const open: string[] = [];
        for (const parent of parents) {
          if (await reopen(tx, parent)) open.push(parent.row.fingerprint);
        }
        if (open.length === 0) return open;
        await holdBack(tx, fingerprint, open);
        await tx.run.update({ where: { fingerprint }, data: statusToRow(status) });
        return open;
      }),
  };
}

/** Opens a finished run again. Answers whether it is open now. */
async function reopen(tx: Transaction, { row, status, now }: LockedRun): Promise<boolean> {
  const { fingerprint } = row;
  const opened = reopenRun(status, await parentsDone(tx, fingerprint), now.getTime());
  if (!opened) return status.state !== 'done';
  await tx.run.update({ where: { fingerprint }, data: statusToRow(opened) });
  await logRun(tx, row, opened.state);
  return true;
}

/** The run, and all others that are queued, wait for these parents. */
async function holdBack(tx: Transaction, child: string, parents: readonly string[]): Promise<void> {
  // A source of a source is none of the plan's parents, but the run waits for it all the same.
  await tx.runDependency.createMany({
    data: parents.map((parent) => ({ parent, child })),
    skipDuplicates: true,
  });
  await shutBarriers(tx, parents);
  await tx.$executeRaw`
    update runs set state = 'waiting'
     where state = 'queued' and fingerprint in (
       select child from run_dependencies where parent = any(${[...parents]}::text[])
       union
       select w.child from run_barriers w join barrier_parents m on m.barrier_id = w.barrier_id
        where m.parent = any(${[...parents]}::text[]))`;
}
