import { type FailureClass, type RunResult, TaskatlasError } from '@/lib/science/core';
import {
  adoptRun,
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
import type { Clock, FinishedRun, RunStore, StoredRun } from '../ports';
import type { Connection, Transaction } from './connection';
import { Prisma, type Run } from './generated/client';
import { type LockedRun, lockRun, logRun, parentsDone } from './locks';
import { resultToRow, runFromRow, statusToRow, toJson } from './rows';

type RunMethods = Pick<
  RunStore,
  'getRun' | 'claim' | 'heartbeat' | 'complete' | 'adopt' | 'fail' | 'release' | 'retry'
>;

const missing = (fingerprint: string): TaskatlasError =>
  new TaskatlasError('not-found', `There is no run ${fingerprint.slice(0, 12)}… in this database.`);

/** Children whose last open parent this was. Locked first: two parents that finish at once must not both look away. */
async function releaseChildren(tx: Transaction, parent: string, now: Date): Promise<string[]> {
  const children = await tx.$queryRaw<{ fingerprint: string }[]>`
    select r.fingerprint from runs r join run_dependencies d on d.child = r.fingerprint
     where d.parent = ${parent} and r.state = 'waiting' order by r.fingerprint for update of r`;
  if (children.length === 0) return [];
  const released = await tx.$queryRaw<{ fingerprint: string }[]>`
    update runs r set state = 'queued', not_before = ${now}, published_at = null
     where r.fingerprint in (${Prisma.join(children.map((child) => child.fingerprint))}) and r.state = 'waiting'
       and not exists (select 1 from run_dependencies d join runs p on p.fingerprint = d.parent
                        where d.child = r.fingerprint and p.state <> 'done')
    returning r.fingerprint`;
  return released.map((run) => run.fingerprint);
}

/** Milestone "every run of this kind is done", for each sweep that wants the run. */
async function markKindPhase(tx: Transaction, run: Run, now: Date): Promise<void> {
  await tx.$executeRaw`
    insert into phases (sweep_id, name, at)
    select w.sweep_id, ${PHASE_OF_KIND[run.kind] ?? run.kind}, ${now}
      from sweep_runs w where w.fingerprint = ${run.fingerprint}
       and not exists (select 1 from sweep_runs o join runs r on r.fingerprint = o.fingerprint
                        where o.sweep_id = w.sweep_id and r.kind = ${run.kind} and r.state <> 'done')
    on conflict do nothing`;
}

const PHASE_OF_KIND: Readonly<Record<string, string>> = {
  dataset: 'dataset',
  source: 'sources',
  probe: 'probes',
  transfer: 'transfers',
  scratch: 'scratch',
  mean: 'mean',
};

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
  now: Date;
}

/** Result, state and the release of children. */
async function finish(
  tx: Transaction,
  row: Run,
  status: RunStatus,
  { worker, result, backend, now }: Finish,
): Promise<string[]> {
  const { fingerprint } = row;
  // A run that was opened again because its files were gone keeps its first result.
  const known = await tx.runResult.count({ where: { fingerprint } });
  if (known === 0) await writeResult(tx, fingerprint, worker, result, backend);
  const about = known === 0 ? { backend, seconds: result.cost.seconds, finishedAt: now } : {};
  await tx.run.update({ where: { fingerprint }, data: { ...statusToRow(status), ...about } });
  const released = await releaseChildren(tx, fingerprint, now);
  await markKindPhase(tx, row, now);
  await logRun(tx, row, 'done');
  return released;
}

async function adopt(tx: Transaction, run: FinishedRun, now: Date): Promise<boolean> {
  const { fingerprint, recipe, priority, estimatedFlops, backend, result } = run;
  await tx.run.createMany({
    skipDuplicates: true,
    data: [
      {
        fingerprint,
        kind: recipe.kind,
        recipe: toJson(recipe),
        state: 'waiting',
        priority,
        estimatedFlops,
        notBefore: now,
        createdAt: now,
      },
    ],
  });
  const found = await lockRun(tx, fingerprint);
  const status = found && adoptRun(found.status);
  if (!status) return false;
  await reopenSweeps(tx, fingerprint);
  await finish(tx, found.row, status, { worker: 'import', result, backend, now });
  return true;
}

export function runMethods(connection: Connection, clock: Clock): RunMethods {
  const locked: Locked = (fingerprint, work) =>
    connection.transact(async (tx) => {
      const run = await lockRun(tx, fingerprint);
      if (!run) throw missing(fingerprint);
      return await work(tx, run);
    });
  return {
    getRun: (fingerprint) =>
      connection.read(async (prisma) => {
        const row = await prisma.run.findUnique({ where: { fingerprint } });
        return row ? runFromRow(row) : null;
      }),

    claim: (fingerprint, worker, leaseSeconds) =>
      connection.transact(async (tx) => {
        const run = await lockRun(tx, fingerprint);
        if (!run) return null;
        const now = clock.now();
        const demand = demandOf(run.sweepStates);
        const outcome = claimRun(run.status, { worker, now, leaseMs: leaseSeconds * 1000, demand });
        if (!outcome) return null;
        if (!outcome.claimed) {
          await save(tx, fingerprint, statusToRow(outcome.run));
          await logRun(tx, run.row, 'failed');
          return null;
        }
        return await save(tx, fingerprint, {
          ...statusToRow(outcome.run),
          startedAt: new Date(now),
          progressStep: null,
          progressTotal: null,
          imagesPerSecond: null,
        });
      }),

    heartbeat: (fingerprint, worker, leaseSeconds, progress) =>
      locked(fingerprint, async (tx, run) => {
        const demand = demandOf(run.sweepStates);
        const request = { worker, now: clock.now(), leaseMs: leaseSeconds * 1000, demand };
        const { run: status, answer } = heartbeatRun(run.status, request);
        if (answer === 'held' || answer === 'stopped') {
          await save(tx, fingerprint, {
            ...statusToRow(status),
            progressStep: Math.round(progress.step),
            progressTotal: Math.round(progress.totalSteps),
            imagesPerSecond: progress.imagesPerSecond,
          });
        }
        return answer;
      }),

    complete: (fingerprint, worker, result, backend) =>
      locked(fingerprint, async (tx, run) => {
        const status = completeRun(run.status);
        if (!status) return { accepted: false, released: [] };
        const now = new Date(clock.now());
        return {
          accepted: true,
          released: await finish(tx, run.row, status, { worker, result, backend, now }),
        };
      }),

    adopt: (run) => connection.transact((tx) => adopt(tx, run, new Date(clock.now()))),

    ...endings(locked, clock),
  };
}

/** Ends of a claim other than a result. */
function endings(locked: Locked, clock: Clock): Pick<RunMethods, 'fail' | 'release' | 'retry'> {
  return {
    fail: (fingerprint, worker, failure: { class: FailureClass; message: string }) =>
      locked(fingerprint, async (tx, run) => {
        const status = failRun(
          run.status,
          worker,
          { ...failure, message: failure.message.slice(0, 4000) },
          clock.now(),
        );
        if (status === run.status) return runFromRow(run.row);
        if (status.state === 'failed') await logRun(tx, run.row, 'failed');
        const held = heldBack(status, await parentsDone(tx, fingerprint));
        return await save(tx, fingerprint, { ...statusToRow(held), publishedAt: null });
      }),

    release: (fingerprint, worker) =>
      locked(fingerprint, async (tx, run) => {
        const status = releaseRun(run.status, worker, clock.now());
        if (status === run.status) return;
        const held = heldBack(status, await parentsDone(tx, fingerprint));
        await save(tx, fingerprint, { ...statusToRow(held), publishedAt: null });
      }),

    retry: (fingerprint) =>
      locked(fingerprint, async (tx, run) => {
        const status = retryRun(run.status, await parentsDone(tx, fingerprint), clock.now());
        if (status === run.status) {
          throw new TaskatlasError(
            'conflict',
            `This run is ${run.status.state}: only failed and cancelled runs can be retried.`,
          );
        }
        await reopenSweeps(tx, fingerprint);
        await logRun(tx, run.row, status.state);
        return await save(tx, fingerprint, { ...statusToRow(status), publishedAt: null, finishedAt: null });
      }),
  };
}
