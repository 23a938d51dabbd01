import { adoptRun } from '@/lib/service/sweeps/machine';
import { lossesToBytes } from '../contracts';
import type { FinishedRun, RunStore } from '../ports';
import type { Connection, Transaction } from './connection';
import { logEvents } from './events';
import { insertRuns } from './insert';
import { resultToRow, statusFromRow } from './rows';
import type { Now } from './time';
import { releaseChildren } from './waiting';

const AT_ONCE = 500;
/** 20,000 runs with 600 losses each take some twenty seconds. */
const PATIENCE_SECONDS = 300;

function* parts<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += AT_ONCE) yield items.slice(i, i + AT_ONCE);
}

/** Locks the runs in the order of their names, and answers those that are not done here. */
async function lockOpen(tx: Transaction, runs: readonly FinishedRun[]): Promise<FinishedRun[]> {
  const fingerprints = runs.map((run) => run.fingerprint);
  await tx.$queryRaw`
    select fingerprint from runs where fingerprint = any(${fingerprints}::text[])
     order by fingerprint for no key update`;
  const rows = await tx.run.findMany({
    where: { fingerprint: { in: fingerprints } },
    omit: { recipe: true },
  });
  const open = new Set(rows.flatMap((row) => (adoptRun(statusFromRow(row)) ? [row.fingerprint] : [])));
  return runs.filter((run) => open.has(run.fingerprint));
}

/** Results of runs that have none; one that was opened again because its files were gone keeps its first. */
async function insertResults(tx: Transaction, runs: readonly FinishedRun[]): Promise<FinishedRun[]> {
  const known = await tx.runResult.findMany({
    where: { fingerprint: { in: runs.map((run) => run.fingerprint) } },
    select: { fingerprint: true },
  });
  const there = new Set(known.map((row) => row.fingerprint));
  const fresh = runs.filter((run) => !there.has(run.fingerprint));
  await tx.runResult.createMany({
    data: fresh.map(({ fingerprint, result, backend }) =>
      resultToRow(fingerprint, 'import', result, backend),
    ),
  });
  const probes = fresh.flatMap(({ fingerprint, result }) =>
    Object.entries(result.probeLosses ?? {}).map(([task, losses]) => ({
      fingerprint,
      task,
      losses: lossesToBytes(losses),
    })),
  );
  if (probes.length > 0) await tx.probeLosses.createMany({ data: probes });
  const samples = fresh.flatMap(({ fingerprint, result }) =>
    result.samples.map(({ index, role, png }) => ({ fingerprint, index, role, png: new Uint8Array(png) })),
  );
  if (samples.length > 0) await tx.runSample.createMany({ data: samples });
  return fresh;
}

/** What `adoptRun` says of a run, for all of them. */
async function markDone(
  tx: Transaction,
  open: readonly FinishedRun[],
  fresh: readonly FinishedRun[],
  now: Now,
): Promise<void> {
  await tx.$executeRaw`
    update runs set state = 'done', failure_class = null, failure_message = null, claimed_by = null,
           claim_expires_at = null
     where fingerprint = any(${open.map((run) => run.fingerprint)}::text[])`;
  await tx.$executeRaw`
    update runs r set backend = n.backend, seconds = n.seconds, finished_at = ${now()}
      from unnest(${fresh.map((run) => run.fingerprint)}::text[], ${fresh.map((run) => run.backend)}::text[],
                  ${fresh.map((run) => run.result.cost.seconds)}::float8[]) as n (fingerprint, backend, seconds)
     where r.fingerprint = n.fingerprint`;
}

/** Sweeps that want the runs: those that had ended without them go on, and their pages hear of it. */
async function tellSweeps(tx: Transaction, fingerprints: readonly string[]): Promise<void> {
  await tx.$executeRaw`
    update sweeps set state = 'active', finished_at = null
     where state = 'done' and id in (select sweep_id from sweep_runs where fingerprint = any(${[...fingerprints]}::text[]))`;
  const sweeps = await tx.$queryRaw<{ id: string; runs: number }[]>`
    select sweep_id as id, count(*)::int as runs from sweep_runs
     where fingerprint = any(${[...fingerprints]}::text[]) group by sweep_id order by sweep_id`;
  await logEvents(
    tx,
    sweeps.map(({ id, runs }) => ({ sweepId: id, kind: 'sweep', data: { adopted: runs } })),
  );
}

/** Runs that were computed elsewhere, all of them in one transaction. */
export function adoptMethods(connection: Connection, now: Now): Pick<RunStore, 'adopt'> {
  return {
    adopt: (runs) =>
      connection.transact(async (tx) => {
        const inOrder = [...runs].sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
        const adopted: string[] = [];
        for (const part of parts(inOrder)) {
          await insertRuns(tx, part, now);
          const open = await lockOpen(tx, part);
          if (open.length === 0) continue;
          await markDone(tx, open, await insertResults(tx, open), now);
          adopted.push(...open.map((run) => run.fingerprint));
        }
        for (const part of parts(adopted)) await releaseChildren(tx, part, now);
        if (adopted.length > 0) await tellSweeps(tx, adopted);
        return adopted;
      }, PATIENCE_SECONDS),
  };
}
