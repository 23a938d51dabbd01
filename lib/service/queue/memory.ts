import type { Clock, Job, JobName, JobQueue } from '../ports';
import { jobKey } from './key';

interface Waiting extends Job {
  key: string;
  priority: number;
  readyAt: number;
  order: number;
}

/** The queue's contract in memory: most urgent first, then oldest; the same job never waits twice. */
export function memoryQueue(clock: Clock = { now: () => Date.now() }): JobQueue {
  let waiting: Waiting[] = [];
  let count = 0;
  const priorities = new Map<string, number>();
  const add = (name: JobName, payload: unknown, priority = 0, afterSeconds = 0): void => {
    const key = jobKey(name, payload, afterSeconds);
    if (waiting.some((job) => job.key === key)) return;
    const order = count++;
    const readyAt = clock.now() + afterSeconds * 1000;
    waiting.push({
      id: `job-${order}`,
      name,
      payload: structuredClone(payload),
      key,
      priority,
      readyAt,
      order,
    });
  };
  return {
    publish: async (name, payload, options = {}) =>
      add(name, payload, options.priority, options.startAfterSeconds),
    publishMany: async (name, jobs) => {
      for (const { payload, priority } of jobs) add(name, payload, priority);
    },
    take: async () => {
      const [next] = waiting
        .filter((job) => job.readyAt <= clock.now())
        .sort((a, b) => a.priority - b.priority || a.order - b.order);
      if (!next) return null;
      waiting = waiting.filter((job) => job !== next);
      priorities.set(next.id, next.priority);
      return { id: next.id, name: next.name, payload: next.payload };
    },
    done: async (job) => {
      priorities.delete(job.id);
    },
    giveBack: async (job, afterSeconds) => {
      add(job.name, job.payload, priorities.get(job.id), afterSeconds);
      priorities.delete(job.id);
    },
  };
}
