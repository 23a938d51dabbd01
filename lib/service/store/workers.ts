import type { WorkerRegistry } from '../ports';
import type { Connection } from './connection';
import type { Now } from './time';

/** A worker that has been silent for this long is no longer listed: an hour of "lost" is enough to be noticed. */
const FORGOTTEN_SECONDS = 3600;

interface WorkerRow {
  id: string;
  host: string;
  pid: number;
  backend: string;
  device: string;
  startedAt: Date;
  seenAt: Date;
  run: string | null;
  imagesPerSecond: number | null;
  alarm: string | null;
  offers: string[];
}

export function workerRegistry(connection: Connection, now: Now): WorkerRegistry {
  return {
    seen: async ({
      id,
      host,
      pid,
      backend,
      device,
      run = null,
      imagesPerSecond = null,
      alarm = null,
      offers = [],
    }) => {
      await connection.read(
        (prisma) => prisma.$executeRaw`
          insert into workers (id, host, pid, backend, device, started_at, seen_at, run, images_per_second, alarm, offers)
          values (${id}, ${host}, ${pid}, ${backend}, ${device}, ${now()}, ${now()}, ${run}, ${imagesPerSecond}, ${alarm},
                  ${[...offers]}::text[])
          on conflict (id) do update set seen_at = excluded.seen_at, stopped_at = null, run = excluded.run,
            images_per_second = excluded.images_per_second, alarm = excluded.alarm`,
      );
    },

    gone: async (id) => {
      await connection.transact(async (tx) => {
        await tx.$executeRaw`update workers set stopped_at = ${now()} where id = ${id}`;
        await tx.$executeRaw`delete from leases where holder = ${id}`;
      });
    },

    list: () =>
      connection.read(async (prisma) => {
        const rows = await prisma.$queryRaw<WorkerRow[]>`
          select id, host, pid, backend, device, started_at as "startedAt", seen_at as "seenAt", run,
                 images_per_second as "imagesPerSecond", alarm, offers
            from workers where stopped_at is null and seen_at > ${now()} - make_interval(secs => ${FORGOTTEN_SECONDS})
           order by started_at, id`;
        return rows.map(({ startedAt, seenAt, ...row }) => ({
          ...row,
          startedAt: startedAt.getTime(),
          seenAt: seenAt.getTime(),
        }));
      }),

    // The update alone writes nothing for those who are not to have it.
    hold: (duty, holder, seconds) =>
      connection.read(async (prisma) => {
        const until = prisma.$executeRaw.bind(prisma);
        const renewed = await until`
          update leases set holder = ${holder}, expires_at = ${now()} + make_interval(secs => ${seconds})
           where name = ${duty} and (holder = ${holder} or expires_at <= ${now()})`;
        if (renewed > 0) return true;
        const taken = await until`
          insert into leases (name, holder, expires_at)
          select ${duty}, ${holder}, ${now()} + make_interval(secs => ${seconds})
           where not exists (select 1 from leases where name = ${duty})
          on conflict do nothing`;
        return taken > 0;
      }),
  };
}
