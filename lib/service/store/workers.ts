import type { Clock, WorkerRegistry } from '../ports';
import type { Connection } from './connection';

/** A worker that has been silent for this long is no longer listed: an hour of "lost" is enough to be noticed. */
const FORGOTTEN_MS = 3_600_000;

export function workerRegistry(connection: Connection, clock: Clock): WorkerRegistry {
  return {
    seen: async (worker) => {
      const row = {
        host: worker.host,
        pid: worker.pid,
        backend: worker.backend,
        device: worker.device,
        startedAt: new Date(worker.startedAt),
        seenAt: new Date(worker.seenAt),
        stoppedAt: null,
        run: worker.run ?? null,
        imagesPerSecond: worker.imagesPerSecond ?? null,
      };
      await connection.read((prisma) =>
        prisma.worker.upsert({ where: { id: worker.id }, create: { id: worker.id, ...row }, update: row }),
      );
    },
    gone: async (id) => {
      await connection.read((prisma) =>
        prisma.worker.updateMany({ where: { id }, data: { stoppedAt: new Date(clock.now()) } }),
      );
    },
    list: () =>
      connection.read(async (prisma) => {
        const rows = await prisma.worker.findMany({
          where: { stoppedAt: null, seenAt: { gt: new Date(clock.now() - FORGOTTEN_MS) } },
          orderBy: [{ startedAt: 'asc' }, { id: 'asc' }],
        });
        return rows.map(({ stoppedAt: _, startedAt, seenAt, ...row }) => ({
          ...row,
          startedAt: startedAt.getTime(),
          seenAt: seenAt.getTime(),
        }));
      }),
  };
}
