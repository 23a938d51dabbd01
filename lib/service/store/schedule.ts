import type { RunKind, RunState } from '@/lib/science/core';
import type { Store, TargetRef } from '../ports';
import type { Connection } from './connection';
import { Prisma } from './generated/client';
import { rollBackSilent } from './submit';
import type { Now } from './time';
import { hopelessOf } from './waiting';

interface TournamentRow {
  fingerprint: string;
  layer: number;
  kind: RunKind;
  state: RunState;
  open: boolean;
}

type ScheduleMethods = Pick<
  Store,
  'tournament' | 'dueAnalyses' | 'duePolicies' | 'rollBackSilent' | 'now' | 'unservedNeeds'
>;

/** Query of (sweep_id, target): tournaments that the runs take part in, and those that are named. */
const tournamentsOf = (runs: readonly string[], targets: readonly TargetRef[]): Prisma.Sql => Prisma.sql`
  select w.sweep_id, w.target from sweep_runs w where w.fingerprint = any(${[...runs]}::text[]) and w.target is not null
  union
  select * from unnest(${targets.map((t) => t.sweepId)}::text[], ${targets.map((t) => t.target)}::text[])`;

/**
 * Tournaments with more finished runs in complete layers than their stored analysis covers. A layer is complete when
 * none of its runs can still finish: each is done, failed, cancelled, or waits for such a run.
 */
const dueTournaments = (only: Prisma.Sql): Prisma.Sql => Prisma.sql`
  with recursive members as materialized (
    select w.sweep_id, w.target, w.layer, r.fingerprint, r.state
      from sweep_runs w join runs r on r.fingerprint = w.fingerprint join sweeps s on s.id = w.sweep_id
     where w.target is not null and s.origin = 'measured' and s.state in ('active', 'paused', 'stopped') ${only}),
  layers as materialized (
    select sweep_id, target, layer, count(*) filter (where state = 'done') as done
      from members group by sweep_id, target, layer having not bool_or(state in ('queued', 'running'))),
  waiting as materialized (
    select m.* from members m join layers l using (sweep_id, target, layer) where m.state = 'waiting'),
  ${hopelessOf(Prisma.sql`select fingerprint from waiting`)},
  closed as (
    select l.* from layers l
     where not exists (select 1 from waiting m
                        where m.sweep_id = l.sweep_id and m.target = l.target and m.layer = l.layer
                          and m.fingerprint not in (select fingerprint from hopeless)))
  select c.sweep_id, c.target from closed c
    left join target_analyses a on a.sweep_id = c.sweep_id and a.target = c.target
   group by c.sweep_id, c.target
  having sum(c.done) <> coalesce(max(a.done_runs), 0)`;

export function scheduleMethods(connection: Connection, now: Now): ScheduleMethods {
  return {
    tournament: (sweepId, target) =>
      connection.read(async (prisma) => {
        return await prisma.$queryRaw<TournamentRow[]>`
          with recursive members as materialized (
            select w.fingerprint, w.layer, w.priority, r.kind, r.state
              from sweep_runs w join runs r on r.fingerprint = w.fingerprint
             where w.sweep_id = ${sweepId} and w.target = ${target}),
          ${hopelessOf(Prisma.sql`select fingerprint from members where state = 'waiting'`)}
          select m.fingerprint, m.layer, m.kind, m.state,
                 m.state not in ('done', 'failed', 'cancelled')
                   and m.fingerprint not in (select fingerprint from hopeless) as open
            from members m order by m.layer, m.priority, m.fingerprint`;
      }),

    dueAnalyses: (among) =>
      connection.read(async (prisma) => {
        const only = among
          ? Prisma.sql`and (w.sweep_id, w.target) in (${tournamentsOf(among.runs ?? [], among.targets ?? [])})`
          : Prisma.empty;
        const rows = await prisma.$queryRaw<{ sweep_id: string; target: string }[]>(dueTournaments(only));
        return rows.map((row) => ({ sweepId: row.sweep_id, target: row.target }));
      }),

    duePolicies: (sweepIds) =>
      connection.read(async (prisma) => {
        const only = sweepIds ? Prisma.sql`and s.id = any(${[...sweepIds]}::text[])` : Prisma.empty;
        const rows = await prisma.$queryRaw<{ id: string }[]>`
          select s.id from sweeps s
           where s.origin = 'measured' and s.state = 'active' ${only}
             and not exists (
               select 1 from runs r where r.state in ('queued', 'running')
                 and (select true from sweep_runs w where w.fingerprint = r.fingerprint and w.sweep_id = s.id))
           order by s.number`;
        const idle = rows.map((row) => row.id);
        if (idle.length === 0) return [];
        const due = await prisma.$queryRaw<{ sweep_id: string }[]>(
          dueTournaments(Prisma.sql`and w.sweep_id = any(${idle}::text[])`),
        );
        const waiting = new Set(due.map((row) => row.sweep_id));
        return idle.filter((id) => !waiting.has(id));
      }),

    rollBackSilent: (seconds) => rollBackSilent(connection, seconds, now),

    now: () =>
      connection.read(async (prisma) => {
        const [row] = await prisma.$queryRaw<{ now: Date }[]>`select ${now()} as now`;
        return row?.now.getTime() ?? Date.now();
      }),

    unservedNeeds: (aliveSeconds) =>
      connection.read(
        (prisma) => prisma.$queryRaw<{ needs: string[]; runs: number }[]>`
          with sets as materialized (
            select r.needs, (array_agg(r.fingerprint))[1:1000] as some from runs r where r.state = 'queued' group by r.needs),
          alive as materialized (
            select offers from workers
             where stopped_at is null and seen_at > ${now()} - make_interval(secs => ${aliveSeconds})),
          served as (select array_agg(distinct o) as offers from alive, unnest(offers) as o)
          select array(select n from unnest(s.needs) as n
                        where n <> all(coalesce((select offers from served), '{}'))) as needs, wanted.runs
            from sets s cross join lateral (
              select count(*)::int as runs from unnest(s.some) as f
               where exists (select 1 from sweep_runs w join sweeps a on a.id = w.sweep_id
                              where w.fingerprint = f and a.state = 'active')) as wanted
           where wanted.runs > 0 and exists (select 1 from alive) and not exists (select 1 from alive a where s.needs <@ a.offers)`,
      ),
  };
}
