import { createHash } from 'node:crypto';
import type { PlannedRun } from '../ports';
import type { Transaction } from './connection';
import { Prisma } from './generated/client';
import type { Now } from './time';

/**
 * Who waits for whom. A run waits for its parents one by one (`run_dependencies`) and for sets of parents that many
 * runs share (`barriers`: the shards of a data set), so that a plan has a row a run instead of a row a run and shard.
 */

/** Condition on a run `r`: every parent is done. */
export const PARENTS_DONE = Prisma.sql`
  not exists (select 1 from run_dependencies d join runs p on p.fingerprint = d.parent
               where d.child = r.fingerprint and p.state <> 'done')
  and not exists (select 1 from run_barriers w join barriers b on b.id = w.barrier_id
                   where w.child = r.fingerprint and b.open)`;

/**
 * CTE `hopeless` (in `with recursive`): which of the waiting runs named by `asked` (a query of fingerprints) can never be
 * done, since a run that they wait for, however far before them, failed or was cancelled.
 */
export const hopelessOf = (asked: Prisma.Sql): Prisma.Sql => Prisma.sql`
  ancestors as (
    select a.fingerprint as run, a.fingerprint as at from (${asked}) as a
    union
    select c.run, p.fingerprint from ancestors c
      join lateral (
        select d.parent from run_dependencies d where d.child = c.at
        union all
        select m.parent from run_barriers w join barriers b on b.id = w.barrier_id and b.open
          join barrier_parents m on m.barrier_id = b.id where w.child = c.at) as w on true
      join runs p on p.fingerprint = w.parent and p.state in ('waiting', 'failed', 'cancelled')),
  hopeless as (
    select distinct c.run as fingerprint from ancestors c join runs a on a.fingerprint = c.at
     where a.state in ('failed', 'cancelled'))`;

/** Condition on a barrier `b`: no parent is open. */
const ALL_DONE = Prisma.sql`
  not exists (select 1 from barrier_parents m join runs p on p.fingerprint = m.parent
               where m.barrier_id = b.id and p.state <> 'done')`;

/**
 * Children whose last open parents these were, queued. Two parents that finish at once must not both miss the release:
 * children and barriers are locked before they are looked at.
 */
export async function releaseChildren(
  tx: Transaction,
  parents: readonly string[],
  now: Now,
): Promise<string[]> {
  await tx.$queryRaw`
    select b.id from barriers b where b.open and b.id in (select barrier_id from barrier_parents where parent = any(${[...parents]}::text[]))
     order by b.id for update`;
  const opened = await tx.$queryRaw<{ id: string }[]>`
    update barriers b set open = false
     where b.open and b.id in (select barrier_id from barrier_parents where parent = any(${[...parents]}::text[])) and ${ALL_DONE}
    returning b.id`;
  const children = await tx.$queryRaw<{ fingerprint: string }[]>`
    select r.fingerprint from runs r
     where r.state = 'waiting' and r.fingerprint in (
       select child from run_dependencies where parent = any(${[...parents]}::text[])
       union select child from run_barriers where barrier_id = any(${opened.map(({ id }) => id)}::text[]))
     order by r.fingerprint for no key update of r`;
  if (children.length === 0) return [];
  const released = await tx.$queryRaw<{ fingerprint: string }[]>`
    update runs r set state = 'queued', not_before = ${now()}
     where r.fingerprint = any(${children.map((child) => child.fingerprint)}::text[]) and r.state = 'waiting'
       and ${PARENTS_DONE}
    returning r.fingerprint`;
  return released.map((run) => run.fingerprint);
}

/**
 * Holds the open parents of a sweep's runs until the transaction ends: one that finishes meanwhile waits, and then
 * sees the runs that are made to wait for it. `states`: of the runs whose parents are meant.
 */
export const holdParents = (tx: Transaction, sweepId: string, states: readonly string[]): Promise<unknown> =>
  tx.$queryRaw`
    with children as (
      select r.fingerprint from sweep_runs w join runs r on r.fingerprint = w.fingerprint
       where w.sweep_id = ${sweepId} and r.state = any(${[...states]}::text[]))
    select p.fingerprint from runs p
     where p.state <> 'done' and p.fingerprint in (
       select d.parent from run_dependencies d join children c on c.fingerprint = d.child
       union
       select m.parent from barrier_parents m join barriers b on b.id = m.barrier_id and b.open
        where b.id in (select w.barrier_id from run_barriers w join children c on c.fingerprint = w.child))
     order by p.fingerprint for share of p`;

/** Whether all parents of one run are done. Holds those that are not: one that finishes meanwhile sees the run wait. */
export async function parentsDone(tx: Transaction, child: string): Promise<boolean> {
  const open = await tx.$queryRaw<unknown[]>`
    select p.fingerprint from runs p
     where p.state <> 'done' and p.fingerprint in (
       select parent from run_dependencies where child = ${child}
       union
       select m.parent from run_barriers w join barrier_parents m on m.barrier_id = w.barrier_id where w.child = ${child})
     order by p.fingerprint for share of p`;
  // A parent that was held up finished in between: it is not among the rows any more.
  return open.length === 0;
}

/** Barriers of parents that were opened again. */
export const shutBarriers = (tx: Transaction, parents: readonly string[]): Promise<unknown> =>
  tx.$executeRaw`
    update barriers set open = true
     where not open and id in (select barrier_id from barrier_parents where parent = any(${[...parents]}::text[]))`;

/** Barriers of the sweep's runs whose parents are all done; after `holdParents`. */
export const clearBarriers = (tx: Transaction, sweepId: string): Promise<unknown> =>
  tx.$executeRaw`
    update barriers b set open = false
     where b.open and b.id in (select r.barrier_id from run_barriers r join sweep_runs w on w.fingerprint = r.child
                                where w.sweep_id = ${sweepId}) and ${ALL_DONE}`;

interface Waits {
  child: string;
  parents: readonly string[];
  /** The shards among the parents, and the identity of that set; null for a run that waits for none of them. */
  shards: readonly string[];
  barrier: string | null;
}

/** A set of parents is named by what is in it, so that sweeps of one data set share it. */
const barrierOf = (parents: readonly string[]): string =>
  createHash('sha256')
    .update([...parents].sort().join(' '))
    .digest('hex');

/** A plan's parents, with the shards of its data sets as barriers. Sets that are planned as one array are hashed once. */
export function waitsOf(runs: readonly PlannedRun[], isShard: (fingerprint: string) => boolean): Waits[] {
  const split = new Map<readonly string[], Omit<Waits, 'child'>>();
  return runs.map(({ fingerprint: child, dependsOn }) => {
    const known = split.get(dependsOn);
    if (known) return { child, ...known };
    const shards = dependsOn.filter(isShard);
    const parents = dependsOn.filter((parent) => !isShard(parent));
    const waits = { parents, shards, barrier: shards.length > 0 ? barrierOf(shards) : null };
    split.set(dependsOn, waits);
    return { child, ...waits };
  });
}

/** Stores who waits for whom, in bulk; what is there already stays. */
export async function insertWaits(tx: Transaction, waits: readonly Waits[]): Promise<void> {
  const pairs = waits.flatMap(({ child, parents }) => parents.map((parent) => ({ child, parent })));
  await tx.$executeRaw`
    insert into run_dependencies (child, parent)
    select * from unnest(${pairs.map((p) => p.child)}::text[], ${pairs.map((p) => p.parent)}::text[]) as p (child, parent)
     order by 1, 2 on conflict do nothing`;
  const held = waits.flatMap(({ child, barrier }) => (barrier === null ? [] : [{ child, barrier }]));
  if (held.length === 0) return;
  const barriers = [...new Map(waits.map(({ barrier, shards }) => [barrier ?? '', shards]))].filter(
    ([id]) => id,
  );
  const members = barriers.flatMap(([id, shards]) => shards.map((parent) => ({ id, parent })));
  await tx.$executeRaw`
    insert into barriers (id) select * from unnest(${barriers.map(([id]) => id)}::text[]) as b (id)
     order by 1 on conflict do nothing`;
  await tx.$executeRaw`
    insert into barrier_parents (barrier_id, parent)
    select * from unnest(${members.map((m) => m.id)}::text[], ${members.map((m) => m.parent)}::text[]) as m (id, parent)
     order by 1, 2 on conflict do nothing`;
  await tx.$executeRaw`
    insert into run_barriers (child, barrier_id)
    select * from unnest(${held.map((h) => h.child)}::text[], ${held.map((h) => h.barrier)}::text[]) as h (child, barrier)
     order by 1, 2 on conflict do nothing`;
}
