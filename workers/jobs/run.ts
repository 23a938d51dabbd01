import { performance } from 'node:perf_hooks';
import { candidateKey, labelOf } from '@/lib/science/catalog/methods';
import type { InputKind, RunResult } from '@/lib/science/core';
import type { StoredRun } from '@/lib/service/ports';
import { classify, imagesAtOnce, memoryAdvice, readingAdvice, UnreadableSources } from '../failures';
import { holdLease, type Lease } from '../lease';
import { patientArtifacts, saveCheckpoint } from '../patience';
import { publishAnalyses } from '../settle';
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

/** A checkpoint that cannot be removed does no harm: a finished run never reads it. */
const forgetCheckpoint = (context: WorkerContext, fingerprint: string): Promise<void> =>
  context.artifacts
    .remove(checkpointName(fingerprint))
    .catch((error: unknown) => context.log(`checkpoint: ${error}`));

async function executionOf(context: WorkerContext, run: StoredRun, lease: Lease): Promise<Execution> {
  const name = checkpointName(run.fingerprint);
  const atOnce = imagesAtOnce(run);
  return {
    ...(atOnce === undefined ? {} : { imagesAtOnce: atOnce }),
    signal: lease.signal,
    onProgress: lease.report,
    checkpoint: {
      load: () => context.artifacts.read(name),
      save: (bytes) => saveCheckpoint(context, name, bytes),
      everySeconds: context.times.checkpointSeconds,
    },
    artifacts: patientArtifacts(context, lease.signal),
    inputKinds: await inputKindsOf(context, run),
  };
}

/** Claim → compute → result. A lost worker is noticed by the claim's expiry. False when there is nothing to do. */
export async function runNext(context: WorkerContext): Promise<boolean> {
  const { store, worker, times, offers } = context;
  const run = await store.claimNext(worker, times.leaseSeconds, offers);
  if (!run) return false;
  try {
    await compute(context, run);
    return true;
  } finally {
    Object.assign(context.activity, { run: null, imagesPerSecond: null });
  }
}

/** What computed a run, as its record says it: sums over parts of a batch round differently, as another backend does. */
function backendOf(context: WorkerContext, run: StoredRun): string {
  const atOnce = imagesAtOnce(run);
  return atOnce === undefined ? context.backend : `${context.backend} (${atOnce} images at once)`;
}

async function compute(context: WorkerContext, run: StoredRun): Promise<void> {
  const { fingerprint } = run;
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
  const { accepted } = await context.store.complete(
    fingerprint,
    context.worker,
    result,
    backendOf(context, run),
  );
  await forgetCheckpoint(context, fingerprint);
  await publishAnalyses(context, { runs: [fingerprint] });
  const [work, rest] = [(computed - started) / 1000, performance.now() - computed];
  const what = accepted ? 'done' : 'was already done';
  context.log(`${label(run)} ${what} in ${work.toFixed(2)} s, stored in ${rest.toFixed(0)} ms`);
}

/** Interrupted: the claim is given back, or is no longer ours. Otherwise the failure is stored. */
async function endWithout(
  context: WorkerContext,
  run: StoredRun,
  lease: Lease,
  error: unknown,
): Promise<void> {
  const { store, worker } = context;
  const why = lease.interruption();
  if (why === null && error instanceof UnreadableSources) {
    const open = await store.awaitSources(run.fingerprint, worker, error.sources);
    if (open.length > 0) {
      context.log(`${label(run)} waits: ${error.message}, and are trained again`);
      return;
    }
  }
  if (why === null) {
    const failure =
      error instanceof UnreadableSources
        ? { class: 'data' as const, message: readingAdvice(error) }
        : classify(error);
    const short = failure.class === 'out-of-memory';
    if (failure.class === 'place') context.activity.alarm = failure.message;
    if (short) failure.message = memoryAdvice(run, failure.message);
    await store.fail(run.fingerprint, worker, failure);
    context.log(`${label(run)} failed (${failure.class}, attempt ${run.attempt}): ${failure.message}`);
    // The checkpoint may hold what made it fail: the next attempt starts from the beginning.
    if (failure.class !== 'place') await forgetCheckpoint(context, run.fingerprint);
    await publishAnalyses(context, { runs: [run.fingerprint] });
    if (short) {
      context.log('memory ran out: ending, so that the next attempt has a fresh process');
      context.retire();
    }
    return;
  }
  context.log(`${label(run)} interrupted: ${why}`);
  if (why === 'drain' || why === 'stopped') await store.release(run.fingerprint, worker);
  if (why === 'cancelled') await forgetCheckpoint(context, run.fingerprint);
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
