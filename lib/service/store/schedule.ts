import type { RunKind, RunState } from '@/lib/science/core';
import type { Clock, DueRun, Store } from '../ports';
import type { Connection } from './connection';
import { Prisma } from './generated/client';

interface TournamentRow {
  fingerprint: string;
  layer: number;
  kind: RunKind;
  state: RunState;
  open: boolean;
}

type ScheduleMethods = Pick<Store, 'takeDueRuns' | 'tournament' | 'dueAnalyses' | 'duePolicies'>;

/** Runs that can never be done: failed or cancelled, and whatever waits for such a run, however far behind it. */
const DOOMED = Prisma.sql`
  doomed as (
    select fingerprint from runs where state in ('failed', 'cancelled')
    union
    select d.child from run_dependencies d
      join doomed on doomed.fingerprint = d.parent
      join runs c on c.fingerprint = d.child and c.state = 'waiting')`;

/**
 * Tournaments with more finished runs in complete layers than their stored analysis covers. A layer is complete when
 * none of its runs can still finish: each is done or doomed.
 */
const dueTournaments = (only: Prisma.Sql): Prisma.Sql => Prisma.sql`
  with recursive ${DOOMED}, layers as (
    select w.sweep_id, w.target, w.layer, count(*) filter (where r.state = 'done') as done,
           bool_and(r.state = 'done' or r.fingerprint in (select fingerprint from doomed)) as closed
      from sweep_runs w join runs r on r.fingerprint = w.fingerprint join sweeps s on s.id = w.sweep_id
     where w.target is not null and s.origin = 'measured' and s.state in ('active', 'paused', 'stopped') ${only}
     group by w.sweep_id, w.target, w.layer)
  select l.sweep_id, l.target from layers l
    left join target_analyses a on a.sweep_id = l.sweep_id and a.target = l.target
   where l.closed group by l.sweep_id, l.target
  having sum(l.done) <> coalesce(max(a.done_runs), 0)`;

const ofRun = (fingerprint: string): Prisma.Sql => Prisma.sql`
  and (w.sweep_id, w.target) in (select o.sweep_id, o.target from sweep_runs o where o.fingerprint = ${fingerprint})`;

export function scheduleMethods(connection: Connection, clock: Clock): ScheduleMethods {
  return {
    takeDueRuns: ({ limit, quietSeconds }) =>
      connection.transact(async (tx) => {
        const now = new Date(clock.now());
        const quiet = new Date(clock.now() - quietSeconds * 1000);
        const rows = await tx.$queryRaw<DueRun[]>`
          update runs r set published_at = ${now}
           where r.fingerprint in (
             select d.fingerprint from runs d
              where ((d.state = 'queued' and d.not_before <= ${now}
                      and (d.published_at is null or d.published_at <= ${quiet}))
                  or (d.state = 'running' and d.claim_expires_at <= ${now}
                      and (d.published_at is null or d.published_at < d.claim_expires_at or d.published_at <= ${quiet})))
                and exists (select 1 from sweep_runs w join sweeps s on s.id = w.sweep_id
                             where w.fingerprint = d.fingerprint and s.state = 'active')
              order by d.priority, d.fingerprint limit ${limit} for update skip locked)
          returning r.fingerprint, r.priority`;
        return rows.sort((a, b) => a.priority - b.priority || (a.fingerprint < b.fingerprint ? -1 : 1));
      }),

    tournament: (sweepId, target) =>
      connection.read(async (prisma) => {
        return await prisma.$queryRaw<TournamentRow[]>`
          with recursive ${DOOMED}
          select w.fingerprint, w.layer, r.kind, r.state,
                 r.state <> 'done' and r.fingerprint not in (select fingerprint from doomed) as open
            from sweep_runs w join runs r on r.fingerprint = w.fingerprint
           where w.sweep_id = ${sweepId} and w.target = ${target}
           order by w.layer, w.priority, w.fingerprint`;
      }),

    dueAnalyses: (fingerprint) =>
      connection.read(async (prisma) => {
        const rows = await prisma.$queryRaw<{ sweep_id: string; target: string }[]>(
          dueTournaments(fingerprint === undefined ? Prisma.empty : ofRun(fingerprint)),
        );
        return rows.map((row) => ({ sweepId: row.sweep_id, target: row.target }));
      }),

    duePolicies: () =>
      connection.read(async (prisma) => {
        const rows = await prisma.$queryRaw<{ id: string }[]>`
          select s.id from sweeps s
           where s.origin = 'measured' and s.state = 'active'
             and not exists (select 1 from sweep_runs w join runs r on r.fingerprint = w.fingerprint
                              where w.sweep_id = s.id and r.state in ('queued', 'running'))
             and s.id not in (select due.sweep_id from (${dueTournaments(Prisma.empty)}) as due)
           order by s.number`;
        return rows.map((row) => row.id);
      }),
  };
}
