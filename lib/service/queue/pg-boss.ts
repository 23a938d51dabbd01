import { PgBoss } from 'pg-boss';
import { TaskatlasError } from '@/lib/science/core';
import type { Job, JobName, JobQueue } from '../ports';
import { jobKey } from './key';

/** One queue for every kind of job, so that taking the most urgent one is one query. */
const QUEUE = 'work';
const SCHEMA = 'taskatlas_queue';

interface Envelope {
  name: JobName;
  payload: unknown;
}

/** pg-boss takes larger priorities first, plans number smaller first. */
const urgency = (priority: number | undefined): number => -(priority ?? 0);

/**
 * Delivery by pg-boss 12 in a schema of its own. At least once: what a job means is decided by the store. Policy
 * `short` with a key per payload keeps a job from waiting twice, so publishing again is free of harm. Jobs whose
 * worker vanished go back to the queue when they expire; the store notices lost claims sooner.
 */
export async function connectQueue(databaseUrl: string): Promise<JobQueue & { close(): Promise<void> }> {
  const boss = new PgBoss({
    connectionString: databaseUrl,
    schema: SCHEMA,
    application_name: 'taskatlas-queue',
    max: 2,
    schedule: false,
    superviseIntervalSeconds: 30,
    maintenanceIntervalSeconds: 600,
  });
  // Lost connections are reported here; every call tries again by itself or throws to its caller.
  boss.on('error', () => undefined);
  await boss.start();
  await boss.createQueue(QUEUE, {
    policy: 'short',
    retryLimit: 10,
    retryDelay: 1,
    expireInSeconds: 120,
    retentionSeconds: 30 * 86_400,
    deleteAfterSeconds: 3600,
  });

  const publish: JobQueue['publish'] = async (name, payload, options = {}) => {
    await boss.send(QUEUE, { name, payload } satisfies Envelope, {
      priority: urgency(options.priority),
      singletonKey: jobKey(name, payload, options.startAfterSeconds),
      ...(options.startAfterSeconds ? { startAfter: options.startAfterSeconds } : {}),
    });
  };

  return {
    publish,

    async publishMany(name, jobs) {
      await boss.insert(
        QUEUE,
        jobs.map(({ payload, priority }) => ({
          data: { name, payload } satisfies Envelope,
          priority: urgency(priority),
          singletonKey: jobKey(name, payload),
        })),
      );
    },

    async take() {
      const [job] = await boss.fetch<Envelope>(QUEUE, { batchSize: 1, priority: true });
      if (!job) return null;
      return { id: job.id, name: job.data.name, payload: job.data.payload };
    },

    async done(job: Job) {
      await boss.deleteJob(QUEUE, job.id);
    },

    async giveBack(job, afterSeconds) {
      await boss.deleteJob(QUEUE, job.id);
      await publish(job.name, job.payload, { startAfterSeconds: afterSeconds });
    },

    async close() {
      await boss.stop({ graceful: false, timeout: 2000 }).catch((cause: unknown) => {
        throw new TaskatlasError('internal', 'The queue did not stop cleanly.', { cause });
      });
    },
  };
}
