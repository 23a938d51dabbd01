import type { TargetRef } from '@/lib/service/ports';
import type { WorkerContext } from './types';

/** Analyses go before policies: those wait for them. */
const ANALYSIS_PRIORITY = -2;
const POLICY_PRIORITY = -1;

/** Hands due analyses to the queue, of the runs and targets named or of all; answers which. One that waits there already is not added. */
export async function publishAnalyses(
  { store, queue }: WorkerContext,
  among?: Parameters<WorkerContext['store']['dueAnalyses']>[0],
): Promise<readonly TargetRef[]> {
  const due = await store.dueAnalyses(among);
  if (due.length > 0) {
    await queue.publishMany(
      'analyse-target',
      due.map((payload) => ({ payload, priority: ANALYSIS_PRIORITY })),
    );
  }
  return due;
}

/** Sweeps at their end get their policy: of these sweeps, or of all. Answers which are due. */
export async function publishPolicies(
  { store, queue }: WorkerContext,
  sweepIds?: readonly string[],
): Promise<readonly string[]> {
  const due = await store.duePolicies(sweepIds);
  if (due.length > 0) {
    await queue.publishMany(
      'solve-policy',
      due.map((sweepId) => ({ payload: { sweepId }, priority: POLICY_PRIORITY })),
    );
  }
  return due;
}
