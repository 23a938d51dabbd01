import { performance } from 'node:perf_hooks';
import { candidateKey, labelOf } from '@/lib/science/catalog/methods';
import type { InputKind, RunResult } from '@/lib/science/core';
import { runJob } from '@/lib/service/contracts';
import type { Job, StoredRun } from '@/lib/service/ports';
import { classify, imagesAtOnce, memoryAdvice, readingAdvice, UnreadableSources } from '../failures';
import { holdLease, type Lease } from '../lease';
import { settle } from '../settle';
import type { Execution, WorkerContext } from '../types';

const checkpointName = (fingerprint: string): string => `${fingerprint}/checkpoint`;

/** Pictures that the targets of all sweeps behind a source see. */
async function inputKindsOf(context: WorkerContext, run: StoredRun): Promise<readonly InputKind[]> {
  if (run.kind !== 'source' && run.kind !== 'pretrain') return [];
  const sweeps = await context.store.sweepsOf(run.fingerprint);
  const kinds = sweeps.flatMap(({ tasks, spec }) =>
    tasks
      .filter((t) => t.roles.includes('target') && (spec.targets?.includes(t.id) ?? true))
      .map((t) => t.input),
  );
  return [...new Set(kinds)].sort();
}

async function executionOf(context: WorkerContext, run: StoredRun, lease: Lease): Promise<Execution> {
  const name = checkpointName(run.fingerprint);
  const atOnce = imagesAtOnce(run);
  return {
    ...(atOnce === undefined ? {} : { imagesAtOnce: atOnce }),
    signal: lease.signal,
    onProgress: lease.report,
    checkpoint: {
      load: () => context.artifacts.read(name),
      save: (bytes) => context.artifacts.write(name, bytes),
      everySeconds: context.times.checkpointSeconds,
    },
    inputKinds: await inputKindsOf(context, run),
  };
}

/**
 * Claim → compute → result. The job has done its duty once the run is claimed (the claim in the database says who
 * has it), so it is acknowledged before the work, and a lost worker is noticed by the claim's expiry.
 */
export async function runOne(context: WorkerContext, job: Job): Promise<void> {
  try {
    await claimAndRun(context, job);
  } finally {
    Object.assign(context.activity, { run: null, imagesPerSecond: null });
  }
}

/** What computed a run, as its record says it: sums over parts of a batch round differently, as another backend does. */
function backendOf(context: WorkerContext, run: StoredRun): string {
  const atOnce = imagesAtOnce(run);
  return atOnce === undefined ? context.backend : `${context.backend} (${atOnce} images at once)`;
}

async function claimAndRun(context: WorkerContext, job: Job): Promise<void> {
  const { fingerprint } = runJob.parse(job.payload);
  const run = await context.store.claim(fingerprint, context.worker, context.times.leaseSeconds);
  // A message that cannot be acknowledged comes again, and finds the run claimed or done.
  await context.queue.done(job).catch((error: unknown) => context.log(`acknowledging: ${error}`));
  if (!run) return;
  const started = performance.now();
  context.activity.run = fingerprint;
  const lease = holdLease(context, fingerprint);
  let result: RunResult | null = null;
  try {
    result = await context.execute(run, await executionOf(context, run, lease));
  } catch (error) {
    await lease.end();
    await endWithout(context, run, lease, error);
    return;
  }
  await lease.end();
  const computed = performance.now();
  const { accepted, released } = await context.store.complete(
    fingerprint,
    context.worker,
    result,
    backendOf(context, run),
  );
  await context.artifacts.remove(checkpointName(fingerprint));
  await settle(context, fingerprint, released.length > 0);
  const [work, rest] = [(computed - started) / 1000, performance.now() - computed];
  const what = accepted ? 'done' : 'was already done';
  context.log(`${label(run)} ${what} in ${work.toFixed(2)} s, stored in ${rest.toFixed(0)} ms`);
}

/** Interrupted: the claim is given back, or is no longer ours. Otherwise the failure is told. */
async function endWithout(
  context: WorkerContext,
  run: StoredRun,
  lease: Lease,
  error: unknown,
): Promise<void> {
  const { store, worker, artifacts } = context;
  const why = lease.interruption();
  if (why === null && error instanceof UnreadableSources) {
    const open = await store.awaitSources(run.fingerprint, worker, error.sources);
    if (open.length > 0) {
      context.log(`${label(run)} waits: ${error.message}, and are trained again`);
      await settle(context, run.fingerprint, true);
      return;
    }
  }
  if (why === null) {
    const failure =
      error instanceof UnreadableSources
        ? { class: 'data' as const, message: readingAdvice(error) }
        : classify(error);
    const short = failure.class === 'out-of-memory';
    if (short) failure.message = memoryAdvice(run, failure.message);
    const after = await store.fail(run.fingerprint, worker, failure);
    context.log(`${label(run)} failed (${failure.class}, attempt ${run.attempt}): ${failure.message}`);
    // The checkpoint may hold what made it fail: the next attempt starts from the beginning.
    await artifacts.remove(checkpointName(run.fingerprint));
    await settle(context, run.fingerprint, after.state === 'queued');
    if (short) {
      context.log('memory ran out: ending, so that the next attempt has a fresh process');
      context.retire();
    }
    return;
  }
  context.log(`${label(run)} interrupted: ${why}`);
  if (why === 'drain' || why === 'stopped') {
    await store.release(run.fingerprint, worker);
    await settle(context, run.fingerprint, true);
  }
  if (why === 'cancelled') await artifacts.remove(checkpointName(run.fingerprint));
}

/** "transfer surface-normals → z-depth (seed 1) 3f2a…" for the log. */
function label({ recipe, fingerprint }: StoredRun): string {
  const id = fingerprint.slice(0, 8);
  switch (recipe.kind) {
    case 'dataset':
      return `dataset shard ${recipe.shard + 1}/${recipe.shards} ${id}`;
    case 'probe':
      return `probe ${recipe.source.task} ${id}`;
    case 'pretrain':
      return `pretrain ${recipe.method} (seed ${recipe.seed}) ${id}`;
    case 'transfer': {
      const key = candidateKey(
        labelOf(recipe),
        recipe.sources.map((s) => s.task),
      );
      return `transfer ${key} → ${recipe.task} (seed ${recipe.seed}) ${id}`;
    }
    case 'mean':
      return `mean ${recipe.task} ${id}`;
    default:
      return `${recipe.kind} ${recipe.task} (seed ${recipe.seed}) ${id}`;
  }
}
