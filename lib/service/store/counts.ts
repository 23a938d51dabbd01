import { ORDERS } from '@/lib/service/sweeps/layers';
import type { FirstOrder, RunTally, Store, StoredRun, Trouble } from '../ports';
import type { Connection } from './connection';
import { Prisma, type Run } from './generated/client';
import { runFromRow } from './rows';
import type { Now } from './time';

type CountMethods = Pick<
  Store,
  | 'tallies'
  | 'firstOrders'
  | 'runPage'
  | 'runsOfTarget'
  | 'heldRuns'
  | 'statesOf'
  | 'paceSoFar'
  | 'lastEvents'
  | 'marks'
>;

/** What a person calls the state of a run `r`: `lost` is a running one whose heartbeat is overdue. */
const shownState = (now: Now): Prisma.Sql => Prisma.sql`
  case when r.state = 'running' and r.claim_expires_at < ${now()} then 'lost' else r.state end`;

/** Share of a run's own work done, 0–1. */
const SHARE = Prisma.sql`
  case when r.state = 'done' then 1.0
       when r.state = 'running' and r.progress_total > 0
       then least(1.0, greatest(0.0, r.progress_step::float8 / r.progress_total)) else 0.0 end`;

/** A pace holds this long after its run: between two runs it does not fall to nothing. */
const PACE_HOLDS_SECONDS = 30;

type TallyRow = Omit<RunTally, 'own' | 'lastFinished' | 'unpriced'> & {
  sweepId: string;
  lastFinished: Date | null;
  ownRuns: number;
  ownFlops: number;
  ownSeconds: number;
};

const tallyFromRow = ({
  sweepId: _,
  lastFinished,
  ownRuns,
  ownFlops,
  ownSeconds,
  ...row
}: TallyRow): RunTally => ({
  ...row,
  unpriced: 0,
  lastFinished: lastFinished?.getTime() ?? null,
  own: { runs: ownRuns, flops: ownFlops, seconds: ownSeconds },
});

const talliesQuery = (sweepIds: readonly string[], now: Now): Prisma.Sql => Prisma.sql`
  with r as (
    select w.sweep_id, r.kind, ${shownState(now)} as state, r.estimated_flops as flops, ${SHARE} as share,
           r.images_per_second as ips, r.finished_at, coalesce(r.seconds, 0) as seconds,
           r.state = 'done' and r.finished_at > s.created_at as own
      from sweep_runs w join runs r on r.fingerprint = w.fingerprint join sweeps s on s.id = w.sweep_id
     where w.sweep_id = any(${[...sweepIds]}::text[]))
  select r.sweep_id as "sweepId", r.kind, r.state, count(*)::int as runs, sum(r.flops)::float8 as flops,
         sum(r.share)::float8 as share, sum(r.flops * r.share)::float8 as "shareFlops",
         coalesce(sum(r.ips) filter (where r.state = 'running'), 0)::float8 as "imagesPerSecond",
         max(r.finished_at) as "lastFinished",
         coalesce(max(r.ips) filter (
           where r.state = 'done' and r.finished_at > ${now()} - make_interval(secs => ${PACE_HOLDS_SECONDS})), 0)::float8
           as "recentPace",
         count(*) filter (where r.own)::int as "ownRuns",
         coalesce(sum(r.flops) filter (where r.own), 0)::float8 as "ownFlops",
         coalesce(sum(r.seconds) filter (where r.own), 0)::float8 as "ownSeconds"
    from r group by r.sweep_id, r.kind, r.state`;

/** The runs in the order of their names in the list. */
async function whole(prisma: Connection['prisma'], fingerprints: readonly string[]): Promise<StoredRun[]> {
  const rows = await prisma.run.findMany({ where: { fingerprint: { in: [...fingerprints] } } });
  const byFingerprint = new Map(rows.map((row: Run) => [row.fingerprint, row]));
  return fingerprints.flatMap((fingerprint) => {
    const row = byFingerprint.get(fingerprint);
    return row ? [runFromRow(row)] : [];
  });
}

/** Reads of runs that count in the database and carry over only what is asked for. */
export function countMethods(connection: Connection, now: Now): CountMethods {
  const full = (query: Prisma.Sql): Promise<StoredRun[]> =>
    connection.read(async (prisma) => {
      const found = await prisma.$queryRaw<{ fingerprint: string }[]>(query);
      return await whole(
        prisma,
        found.map((row) => row.fingerprint),
      );
    });
  return {
    tallies: (sweepIds) =>
      connection.read(async (prisma) => {
        const rows = await prisma.$queryRaw<TallyRow[]>(talliesQuery(sweepIds, now));
        const found = new Map<string, RunTally[]>(sweepIds.map((id) => [id, []]));
        for (const row of rows) found.get(row.sweepId)?.push(tallyFromRow(row));
        return found;
      }),

    firstOrders: (sweepId, method) =>
      connection.read(
        (prisma) => prisma.$queryRaw<FirstOrder[]>`
          with targets as (select distinct target from sweep_runs where sweep_id = ${sweepId} and target is not null)
          select t.target, f.recipe,
                 exists (select 1 from sweep_runs g where g.sweep_id = ${sweepId} and g.target = t.target
                                                      and g.layer >= ${ORDERS}) as grown
            from targets t join lateral (
              select r.recipe from sweep_runs w join runs r on r.fingerprint = w.fingerprint
               where w.sweep_id = ${sweepId} and w.target = t.target and w.layer = 0 and r.kind = 'transfer'
                 and r.recipe->>'method' = ${method} and jsonb_array_length(r.recipe->'sources') = 1
               limit 1) as f on true`,
      ),

    runPage: ({ sweepId, kind, state, target, offset, limit }) =>
      connection.read(async (prisma) => {
        const where = Prisma.join(
          [
            Prisma.sql`w.sweep_id = ${sweepId}`,
            ...(kind === undefined ? [] : [Prisma.sql`r.kind = ${kind}`]),
            ...(state === undefined ? [] : [Prisma.sql`${shownState(now)} = ${state}`]),
            ...(target === undefined ? [] : [Prisma.sql`r.task = ${target}`]),
          ],
          ' and ',
        );
        const filtered = kind !== undefined || state !== undefined || target !== undefined;
        const from = filtered
          ? Prisma.sql`sweep_runs w join runs r on r.fingerprint = w.fingerprint`
          : Prisma.sql`sweep_runs w`;
        // What matches is counted and ordered in one pass over narrow rows.
        const found = await prisma.$queryRaw<{ fingerprint: string; total: number }[]>`
          with matching as materialized (select w.priority, w.fingerprint from ${from} where ${where})
          select p.fingerprint, c.total from (select count(*)::int as total from matching) as c
            left join (select * from matching order by priority, fingerprint offset ${offset} limit ${limit}) as p on true
           order by p.priority, p.fingerprint`;
        const runs = await whole(
          prisma,
          found.flatMap((row) => row.fingerprint ?? []),
        );
        return { runs, total: found[0]?.total ?? 0 };
      }),

    runsOfTarget: (sweepId, target) =>
      full(Prisma.sql`
        select fingerprint from sweep_runs where sweep_id = ${sweepId} and target = ${target}
         order by priority, fingerprint`),

    heldRuns: () =>
      full(Prisma.sql`
        select r.fingerprint from runs r
         where r.state = 'running' and r.claimed_by is not null
           and exists (select 1 from sweep_runs w join sweeps s on s.id = w.sweep_id
                        where w.fingerprint = r.fingerprint and s.state in ('active', 'paused', 'stopped'))
         order by r.priority, r.fingerprint`),

    statesOf: (fingerprints) =>
      connection.read(async (prisma) => {
        const rows = await prisma.$queryRaw<{ fingerprint: string; state: StoredRun['state'] }[]>`
          select fingerprint, state from runs where fingerprint = any(${[...fingerprints]}::text[])`;
        return new Map(rows.map((row) => [row.fingerprint, row.state]));
      }),

    paceSoFar: () =>
      connection.read(async (prisma) => {
        const [row] = await prisma.$queryRaw<{ flops: number | null; seconds: number | null }[]>`
          select sum(r.estimated_flops)::float8 as flops, sum(r.seconds)::float8 as seconds from runs r
           where r.state = 'done' and r.kind <> 'dataset' and r.seconds is not null
             and exists (select 1 from sweep_runs w where w.fingerprint = r.fingerprint)`;
        return { flops: row?.flops ?? 0, seconds: row?.seconds ?? 0 };
      }),

    marks: (sweepIds) =>
      connection.read(async (prisma) => {
        const ids = [...sweepIds];
        const [phases, troubles] = await Promise.all([
          prisma.phase.findMany({ where: { sweepId: { in: ids } }, orderBy: { at: 'asc' } }),
          prisma.$queryRaw<{ sweepId: string; target: string | null; failed: string }[]>`
            select "sweepId", target, failed from (
              select distinct on (sweep_id, kind, data->>'target') sweep_id as "sweepId", data->>'target' as target,
                     data->>'failed' as failed
                from events where sweep_id = any(${ids}::text[]) and kind in ('analysis', 'policy')
               order by sweep_id, kind, data->>'target', id desc) as latest
             where failed is not null`,
        ]);
        const found = new Map<string, { phases: Record<string, number>; troubles: Trouble[] }>(
          ids.map((id) => [id, { phases: {}, troubles: [] }]),
        );
        for (const { sweepId, name, at } of phases) {
          const mark = found.get(sweepId);
          if (mark) mark.phases[name] = at.getTime();
        }
        for (const { sweepId, target, failed } of troubles)
          found.get(sweepId)?.troubles.push({ target, reason: failed });
        return found;
      }),

    lastEvents: (sweepIds) =>
      connection.read(async (prisma) => {
        const rows = await prisma.$queryRaw<{ id: string; last: bigint | null }[]>`
          select s.id, max(k.last) as last from unnest(${[...sweepIds]}::text[]) as s (id)
            cross join lateral (
              select (select max(e.id) from events e where e.sweep_id = s.id and e.kind = n.kind) as last
                from (values ('sweep'), ('analysis'), ('policy')) as n (kind)) as k
           group by s.id`;
        return new Map(rows.map(({ id, last }) => [id, Number(last ?? 0)]));
      }),
  };
}
