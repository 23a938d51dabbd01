import { publishDueRuns } from '@/lib/service/sweeps';
import type { WorkerContext } from './types';

/** Analyses go before runs: a person waits for them, and they take milliseconds. */
const ANALYSIS_PRIORITY = -2;
const POLICY_PRIORITY = -1;

async function publishAnalyses(context: WorkerContext, fingerprint?: string): Promise<void> {
  const due = await context.store.dueAnalyses(fingerprint);
  if (due.length === 0) return;
  await context.queue.publishMany(
    'analyse-target',
    due.map((payload) => ({ payload, priority: ANALYSIS_PRIORITY })),
  );
}

/** Sweeps at their end get their policy. */
export async function publishPolicies({ store, queue }: WorkerContext): Promise<void> {
  const due = await store.duePolicies();
  if (due.length === 0) return;
  await queue.publishMany(
    'solve-policy',
    due.map((sweepId) => ({ payload: { sweepId }, priority: POLICY_PRIORITY })),
  );
}

/** After the end of a run: what it made possible goes to the queue. */
export async function settle(context: WorkerContext, fingerprint: string, released: boolean): Promise<void> {
  if (released) await publishDueRuns(context.store, context.queue);
  await publishAnalyses(context, fingerprint);
}

/**
 * The database is the truth, messages can be lost: every few seconds each worker looks for runs, analyses and
 * policies that are due and have no message. Doing it twice does no harm.
 */
export async function requeueDue(context: WorkerContext): Promise<void> {
  await publishDueRuns(context.store, context.queue, context.times.quietSeconds);
  await publishAnalyses(context);
  await publishPolicies(context);
}
