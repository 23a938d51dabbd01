import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job, JobQueue } from '../index';

const sweep = (sweepId: string) => ({ sweepId });

/** What every JobQueue must do. */
export function describeJobQueue(
  name: string,
  open: () => Promise<{ queue: JobQueue; close(): Promise<void> }>,
): void {
  describe(`JobQueue: ${name}`, () => {
    let queue: JobQueue;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ queue, close } = await open());
    });
    afterAll(() => close());

    const takeAll = async (): Promise<Job[]> => {
      const jobs: Job[] = [];
      for (let job = await queue.take('w'); job; job = await queue.take('w')) {
        jobs.push(job);
        await queue.done(job);
      }
      return jobs;
    };

    it('is empty at first', async () => {
      expect(await queue.take('w')).toBeNull();
    });

    it('gives the most urgent first, then the oldest, each to one taker', async () => {
      await queue.publish('solve-policy', sweep('late'), { priority: 9 });
      await queue.publishMany('solve-policy', [
        { payload: sweep('b'), priority: 2 },
        { payload: sweep('a'), priority: 1 },
      ]);
      await queue.publish('analyse-target', { sweepId: 's', target: 't' }, { priority: -2 });
      const jobs = await takeAll();
      expect(jobs.map((job) => [job.name, job.payload])).toEqual([
        ['analyse-target', { sweepId: 's', target: 't' }],
        ['solve-policy', sweep('a')],
        ['solve-policy', sweep('b')],
        ['solve-policy', sweep('late')],
      ]);
      expect(await queue.take('w')).toBeNull();
    });

    it('lets no job wait twice, whatever the order of its fields', async () => {
      await queue.publish('analyse-target', { sweepId: 's', target: 't' });
      await queue.publish('analyse-target', { target: 't', sweepId: 's' });
      await queue.publishMany('analyse-target', [{ payload: { sweepId: 's', target: 't' } }]);
      expect(await takeAll()).toHaveLength(1);
    });

    it('takes a job again that is published while it is at work', async () => {
      await queue.publish('solve-policy', sweep('a'));
      const job = await queue.take('w');
      await queue.publish('solve-policy', sweep('a'));
      if (job) await queue.done(job);
      expect(await takeAll()).toHaveLength(1);
    });

    it('holds a job back until its time, without standing in the way of a prompt one', async () => {
      await queue.publish('solve-policy', sweep('b'), { startAfterSeconds: 3600 });
      expect(await queue.take('w')).toBeNull();
      await queue.publish('solve-policy', sweep('b'));
      expect((await takeAll()).map((job) => job.payload)).toEqual([sweep('b')]);
    });

    it('takes a job back for later', async () => {
      await queue.publish('solve-policy', sweep('c'));
      const job = await queue.take('w');
      if (job) await queue.giveBack(job, 3600);
      expect(await queue.take('w')).toBeNull();
    });

    it('gives each of many jobs to one of many takers', async () => {
      const payloads = Array.from({ length: 40 }, (_, i) => sweep(`job-${i}`));
      await queue.publishMany(
        'solve-policy',
        payloads.map((payload) => ({ payload })),
      );
      const taken = await Promise.all(payloads.map((_, i) => queue.take(`w${i % 4}`)));
      const names = taken.map((job) => (job?.payload as { sweepId: string } | undefined)?.sweepId);
      expect(new Set(names).size).toBe(40);
    });
  });
}
