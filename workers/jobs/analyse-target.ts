import { analyseTargetJob } from '@/lib/service/contracts';
import type { Job } from '@/lib/service/ports';
import { analyseStoredTarget, growTarget } from '@/lib/service/sweeps';
import { publishPolicies } from '../settle';
import type { WorkerContext } from '../types';

/**
 * Tournament → affinities of one target, from the stored losses. First the transfers that follow from them are planned:
 * until they are, the analysis stays due, and so the sweep cannot end without them, whatever crashes.
 */
export async function analyseOne(context: WorkerContext, job: Job): Promise<void> {
  const { sweepId, target } = analyseTargetJob.parse(job.payload);
  const started = performance.now();
  const added = await growTarget(context.store, sweepId, target);
  if (added > 0) context.log(`planned ${added} transfers of higher order to ${target}`);
  const analysis = await analyseStoredTarget(context.store, sweepId, target, context.scenesOf);
  await context.queue.done(job);
  const milliseconds = (performance.now() - started).toFixed(0);
  context.log(`analysed ${target}${analysis.preliminary ? ' (preliminary)' : ''} in ${milliseconds} ms`);
  await publishPolicies(context, [sweepId]);
}
