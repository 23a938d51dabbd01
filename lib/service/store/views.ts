import type { Store, SweepVersion } from '../ports/records';
import type { Connection } from './connection';
import { runFromRow } from './rows';

type ViewMethods = Pick<Store, 'versions' | 'runningOf' | 'storedView' | 'keepView'>;

/** Answers kept of one sweep; the oldest go first. */
const KEPT_PER_SWEEP = 400;

/**
 * Versions and kept answers. A sweep's version is the id of its last event: each transaction that changes what results
 * show (a run done or failed, an analysis, a policy, a state) writes one last, and ids become visible in their order.
 */
export function viewMethods(connection: Connection): ViewMethods {
  return {
    versions: () =>
      connection.read(async (prisma) => {
        const rows = await prisma.$queryRaw<(Omit<SweepVersion, 'version'> & { version: bigint | null })[]>`
          select s.id, s.number, s.origin,
                 (select e.id from events e where e.sweep_id = s.id order by e.id desc limit 1) as version
            from sweeps s order by s.number`;
        return rows.map((row): SweepVersion => ({ ...row, version: Number(row.version ?? 0) }));
      }),

    runningOf: (sweepId) =>
      connection.read(async (prisma) => {
        const rows = await prisma.run.findMany({
          where: { state: 'running', sweeps: { some: { sweepId } } },
          orderBy: { fingerprint: 'asc' },
        });
        return rows.map(runFromRow);
      }),

    storedView: (sweepId, key, version) =>
      connection.read(async (prisma) => {
        const row = await prisma.storedView.findUnique({ where: { sweepId_key: { sweepId, key } } });
        return row?.version === version ? row.body : null;
      }),

    keepView: (sweepId, key, version, body) =>
      connection.transact(async (tx) => {
        const row = { version, body: new Uint8Array(body) };
        await tx.storedView.upsert({
          where: { sweepId_key: { sweepId, key } },
          create: { sweepId, key, ...row },
          update: { ...row, at: new Date() },
        });
        await tx.$executeRaw`
          delete from stored_views v using (
            select key from stored_views where sweep_id = ${sweepId} order by at desc offset ${KEPT_PER_SWEEP}) old
           where v.sweep_id = ${sweepId} and v.key = old.key`;
      }),
  };
}
