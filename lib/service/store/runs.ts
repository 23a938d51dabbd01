import { type FailureClass, type RunResult, TaskatlasError } from '@/lib/science/core';
import {
  claimRun,
  completeRun,
  demandOf,
  failRun,
  heartbeatRun,
  heldBack,
  type RunStatus,
  releaseRun,
  retryRun,
} from '@/lib/service/sweeps/machine';
import { lossesToBytes } from '../contracts';
import type { RunStore, StoredRun } from '../ports';
import type { Connection, Transaction } from './connection';
import { Prisma } from './generated/client';
import { type LockedRun, lockRun, logRun } from './locks';
import { resultToRow, runFromRow, statusToRow } from './rows';
import type { Now } from './time';
import { parentsDone, releaseChildren } from './waiting';

type RunMethods = Pick<
  RunStore,
  'getRun' | 'claim' | 'claimNext' | 'heartbeat' | 'complete' | 'fail' | 'release' | 'retry' | 'retryFailed'
>;

const missing = (fingerprint: string): TaskatlasError =>
  new TaskatlasError('not-found', `There is no run ${fingerprint.slice(0, 12)}… in this database.`);

async function writeResult(
  tx: Transaction,
  fingerprint: string,
  worker: string,
  result: RunResult,
  backend: string,
): Promise<void> {
  await tx.runResult.create({ data: resultToRow(fingerprint, worker, result, backend) });
  const probes = Object.entries(result.probeLosses ?? {});
  if (probes.length > 0) {
    await tx.probeLosses.createMany({
      data: probes.map(([task, losses]) => ({ fingerprint, task, losses: lossesToBytes(losses) })),
    });
  }
  if (result.samples.length > 0) {
    await tx.runSample.createMany({
      data: result.samples.map(({ index, role, png }) => ({
        fingerprint,
        index,
        role,
        png: new Uint8Array(png),
      })),
    });
  }
}

/** A retried run wakes the sweeps that had ended without it. */
async function reopenSweeps(tx: Transaction, fingerprint: string): Promise<void> {
  await tx.sweep.updateMany({
    where: { state: 'done', runs: { some: { fingerprint } } },
    data: { state: 'active', finishedAt: null },
  });
}

type Locked = <T>(fingerprint: string, work: (tx: Transaction, run: LockedRun) => Promise<T>) => Promise<T>;

const save = async (tx: Transaction, fingerprint: string, data: Prisma.RunUpdateInput): Promise<StoredRun> =>
  runFromRow(await tx.run.update({ where: { fingerprint }, data }));

interface Finish {
  worker: string;
  result: RunResult;
  backend: string;
  now: Now;
}

/** Result, state and the release of children. */
async function finish(
  tx: Transaction,
  { row, now: at }: LockedRun,
  status: RunStatus,
  { worker, result, backend, now }: Finish,
): Promise<string[]> {
  const { fingerprint } = row;
  // A run that was opened again because its files were gone keeps its first result.
  const known = await tx.runResult.count({ where: { fingerprint } });
  if (known === 0) await writeResult(tx, fingerprint, worker, result, backend);
  const about = known === 0 ? { backend, seconds: result.cost.seconds, finishedAt: at } : {};
  await tx.run.update({ where: { fingerprint }, data: { ...statusToRow(status), ...about } });
  const released = await releaseChildren(tx, [fingerprint], now);
  await logRun(tx, row, 'done');
  return released;
}

/**
 * Whether an active sweep wants run `r`. As a value, so that it is looked up run by run in the order of urgency: the
 * first one answers the question.
 */
const WANTED = Prisma.sql`
  (select true from sweep_runs w join sweeps s on s.id = w.sweep_id
    where w.fingerprint = r.fingerprint and s.state = 'active' limit 1)`;

/**
 * A run that may be worked on, locked; the most urgent that nobody else is about to take. First the one that the worker
 * holds already: the answer to its claim was lost on the way.
 */
async function lockDue(
  tx: Transaction,
  worker: string,
  offers: readonly string[],
  now: Now,
): Promise<string | null> {
  const [found] = await tx.$queryRaw<{ fingerprint: string }[]>`
    with own as materialized (
      select r.fingerprint, -1000000000 as priority from runs r
       where r.state = 'running' and r.claimed_by = ${worker} limit 1),
    queued as materialized (
      select r.fingerprint, r.priority from runs r
       where r.state = 'queued' and r.not_before <= ${now()} and r.needs <@ ${[...offers]}::text[]
         and ${WANTED}
       order by r.priority, r.fingerprint limit 1 for no key update of r skip locked),
    lost as materialized (
      select r.fingerprint, r.priority from runs r
       where r.state = 'running' and r.claim_expires_at <= ${now()} and r.needs <@ ${[...offers]}::text[]
         and ${WANTED}
       order by r.priority, r.fingerprint limit 1 for no key update of r skip locked)
    select fingerprint from (select * from own union all select * from queued union all select * from lost) as due
     order by priority, fingerprint limit 1`;
  return found?.fingerprint ?? null;
}

/** `gaveUp`: the run had lost its worker too often and has failed for good. */
async function claimIn(
  tx: Transaction,
  fingerprint: string,
  { worker, leaseSeconds, now }: { worker: string; leaseSeconds: number; now: Now },
): Promise<StoredRun | 'gaveUp' | null> {
  const run = await lockRun(tx, fingerprint, now);
  if (!run) return null;
  const outcome = claimRun(run.status, {
    worker,
    now: run.now.getTime(),
    leaseMs: leaseSeconds * 1000,
    demand: demandOf(run.sweepStates),
  });
  if (!outcome) return null;
  if (!outcome.claimed) {
    await save(tx, fingerprint, statusToRow(outcome.run));
    await logRun(tx, run.row, 'failed');
    return 'gaveUp';
  }
  return await save(tx, fingerprint, {
    ...statusToRow(outcome.run),
    startedAt: run.now,
    progressStep: null,
    progressTotal: null,
    imagesPerSecond: null,
  });
}

export function runMethods(connection: Connection, now: Now): RunMethods {
  const locked: Locked = (fingerprint, work) =>
    connection.transact(async (tx) => {
      const run = await lockRun(tx, fingerprint, now);
      if (!run) throw missing(fingerprint);
      return await work(tx, run);
    });
  return {
    getRun: (fingerprint) =>
      connection.read(async (prisma) => {
        const row = await prisma.run.findUnique({ where: { fingerprint } });
        return row ? runFromRow(row) : null;
      }),

    claim: async (fingerprint, worker, leaseSeconds) => {
      const claim = await connection.transact((tx) =>
        claimIn(tx, fingerprint, { worker, leaseSeconds, now }),
      );
      return claim === 'gaveUp' ? null : claim;
    },

    claimNext: async (worker, leaseSeconds, offers) => {
      for (;;) {
        const claim = await connection.transact(async (tx) => {
          const fingerprint = await lockDue(tx, worker, offers, now);
          return fingerprint === null ? null : await claimIn(tx, fingerprint, { worker, leaseSeconds, now });
        });
        if (claim !== 'gaveUp') return claim;
      }
    },

    heartbeat: (fingerprint, worker, leaseSeconds, progress) =>
      locked(fingerprint, async (tx, run) => {
        const demand = demandOf(run.sweepStates);
        const request = { worker, now: run.now.getTime(), leaseMs: leaseSeconds * 1000, demand };
        const { run: status, answer } = heartbeatRun(run.status, request);
        if (answer === 'held' || answer === 'stopped') {
          await tx.run.updateMany({
            where: { fingerprint },
            data: {
              ...statusToRow(status),
              progressStep: Math.round(progress.step),
              progressTotal: Math.round(progress.totalSteps),
              imagesPerSecond: progress.imagesPerSecond,
            },
          });
        }
        return answer;
      }),

    complete: (fingerprint, worker, result, backend) =>
      locked(fingerprint, async (tx, run) => {
        const status = completeRun(run.status);
        if (!status) return { accepted: false, released: [] };
        return { accepted: true, released: await finish(tx, run, status, { worker, result, backend, now }) };
      }),

    ...endings(locked),
    ...retries(connection, locked),
  };
}

/** Ends of a claim other than a result. */
function endings(locked: Locked): Pick<RunMethods, 'fail' | 'release'> {
  return {
    fail: (fingerprint, worker, failure: { class: FailureClass; message: string }) =>
      locked(fingerprint, async (tx, run) => {
        const short = { ...failure, message: failure.message.slice(0, 4000) };
        const status = failRun(run.status, worker, short, run.now.getTime());
        if (status === run.status) return await save(tx, fingerprint, {});
        const held = heldBack(status, await parentsDone(tx, fingerprint));
        const stored = await save(tx, fingerprint, statusToRow(held));
        if (status.state === 'failed') await logRun(tx, run.row, 'failed');
        return stored;
      }),

    release: (fingerprint, worker) =>
      locked(fingerprint, async (tx, run) => {
        const status = releaseRun(run.status, worker, run.now.getTime());
        if (status === run.status) return;
        const held = heldBack(status, await parentsDone(tx, fingerprint));
        await save(tx, fingerprint, statusToRow(held));
      }),
  };
}

function retries(connection: Connection, locked: Locked): Pick<RunMethods, 'retry' | 'retryFailed'> {
  const retry: RunMethods['retry'] = (fingerprint) =>
    locked(fingerprint, async (tx, run) => {
      const status = retryRun(run.status, await parentsDone(tx, fingerprint), run.now.getTime());
      if (status === run.status) {
        throw new TaskatlasError(
          'conflict',
          `This run is ${run.status.state}: only failed and cancelled runs can be retried.`,
        );
      }
      await reopenSweeps(tx, fingerprint);
      const stored = await save(tx, fingerprint, { ...statusToRow(status), finishedAt: null });
      await logRun(tx, run.row, status.state);
      return stored;
    });
  return {
    retry,
    async retryFailed(sweepId) {
      const failed = await connection.read((prisma) =>
        prisma.run.findMany({
          where: { state: 'failed', sweeps: { some: { sweepId } } },
          select: { fingerprint: true },
        }),
      );
      for (const { fingerprint } of failed) await retry(fingerprint);
      return failed.length;
    },
  };
}
