import { solvePolicyJob } from '@/lib/service/contracts';
import type { Job } from '@/lib/service/ports';
import { finishSweep } from '@/lib/service/sweeps';
import type { WorkerContext } from '../types';

/** The last act of a sweep: its policy, then its end. */
export async function solveOne(context: WorkerContext, job: Job): Promise<void> {
  const { sweepId } = solvePolicyJob.parse(job.payload);
  const started = performance.now();
  await finishSweep(context.store, sweepId, context.scenesOf);
  await context.queue.done(job);
  context.log(`solved the policy of ${sweepId} in ${(performance.now() - started).toFixed(0)} ms`);
}
