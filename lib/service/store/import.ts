import type { ImportedRun, ImportedSweep, Store } from '../ports';
import { cellRows } from './analyses';
import type { Connection, Transaction } from './connection';
import { logEvents } from './events';
import { insertRuns, insertWishes } from './insert';
import { jsonText, resultToRow, sweepFromRow, toJson } from './rows';
import { announce } from './submit';
import { type Now, readNow } from './time';

/** Rows of one statement; some megabytes of text each. */
const ANALYSES_AT_ONCE = 20;
const CELLS_AT_ONCE = 5000;
const POLICIES_AT_ONCE = 500;
const RUNS_AT_ONCE = 200;
/** A matrix of 300 tasks takes some ten seconds. */
const PATIENCE_SECONDS = 300;

function* parts<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += size) yield items.slice(i, i + size);
}

/** Postgres reads `"NaN"` as a number, which JSON cannot write as one. */
const withNaN = (rows: readonly object[]): string =>
  JSON.stringify(rows, (_, field) =>
    typeof field === 'number' && !Number.isFinite(field) ? String(field) : field,
  );

async function insertAnalyses(tx: Transaction, { sweep, analyses }: ImportedSweep, now: Now): Promise<void> {
  for (const part of parts(analyses, ANALYSES_AT_ONCE)) {
    const rows = part.map((analysis) => ({
      target: analysis.target,
      preliminary: analysis.preliminary,
      analysis,
    }));
    await tx.$executeRaw`
      insert into target_analyses (sweep_id, target, analysis, preliminary, done_runs, updated_at)
      select ${sweep.id}, n.target, n.analysis, n.preliminary, 0, ${now()}
        from jsonb_to_recordset(${jsonText(rows)}::jsonb) as n (target text, analysis jsonb, preliminary boolean)
      on conflict do nothing`;
  }
}

async function insertCells(tx: Transaction, { sweep, analyses }: ImportedSweep): Promise<void> {
  const cells = analyses.flatMap((analysis) => cellRows(sweep.id, analysis));
  for (const part of parts(cells, CELLS_AT_ONCE)) {
    await tx.$executeRaw`
      insert into matrix_cells (sweep_id, target, candidate, kind, sources, transfer_order, seeds, mean_loss,
        affinity, affinity_low, affinity_high, gain, gain_low, gain_high, quality, quality_low, quality_high,
        log_loss_ratio, bradley_terry, skill, probability_best, in_tie_set, preliminary)
      select n."sweepId", n.target, n.candidate, n.kind, n.sources, n."transferOrder", n.seeds, n."meanLoss",
        n.affinity, n."affinityLow", n."affinityHigh", n.gain, n."gainLow", n."gainHigh", n.quality, n."qualityLow",
        n."qualityHigh", n."logLossRatio", n."bradleyTerry", n.skill, n."probabilityBest", n."inTieSet", n.preliminary
        from jsonb_to_recordset(${withNaN(part)}::jsonb) as n (
          "sweepId" text, target text, candidate text, kind text, sources text[], "transferOrder" int, seeds int,
          "meanLoss" float8, affinity float8, "affinityLow" float8, "affinityHigh" float8, gain float8, "gainLow" float8,
          "gainHigh" float8, quality float8, "qualityLow" float8, "qualityHigh" float8, "logLossRatio" float8,
          "bradleyTerry" float8, skill float8, "probabilityBest" float8, "inTieSet" boolean, preliminary boolean)
      on conflict do nothing`;
  }
}

async function insertPolicies(tx: Transaction, { sweep, policies }: ImportedSweep, at: Date): Promise<void> {
  for (const part of parts(policies, POLICIES_AT_ONCE)) {
    await tx.policy.createMany({
      skipDuplicates: true,
      data: part.map((policy) => ({
        sweepId: sweep.id,
        budget: policy.budget,
        maxOrder: policy.maxOrder,
        objectiveName: policy.objectiveName,
        objective: policy.objective,
        optimal: policy.optimal,
        record: toJson(policy),
        createdAt: at,
      })),
    });
  }
}

/** Its runs, done as they are stored: nothing waits for them, and no worker is asked. */
async function insertDone(
  tx: Transaction,
  sweepId: string,
  runs: readonly ImportedRun[],
  now: Now,
): Promise<void> {
  for (const part of parts(runs, RUNS_AT_ONCE)) {
    await insertRuns(tx, part, now);
    const rows = part.map(({ fingerprint, backend, result }) => ({
      ...{ fingerprint, backend, seconds: result.cost.seconds },
    }));
    await tx.$executeRaw`
      update runs as r set state = 'done', backend = n.backend, seconds = n.seconds, finished_at = ${now()}
        from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as n (fingerprint text, backend text, seconds float8)
       where r.fingerprint = n.fingerprint and r.state = 'waiting'`;
    await tx.runResult.createMany({
      skipDuplicates: true,
      data: part.map(({ fingerprint, result, backend }) =>
        resultToRow(fingerprint, 'import', result, backend),
      ),
    });
    await tx.runSample.createMany({
      skipDuplicates: true,
      data: part.flatMap(({ fingerprint, result }) =>
        result.samples.map(({ index, role, png }) => ({
          fingerprint,
          index,
          role,
          png: new Uint8Array(png),
        })),
      ),
    });
    await insertWishes(
      tx,
      sweepId,
      part.map((run) => ({ ...run, dependsOn: [] })),
    );
  }
}

/** One sweep, whole. Answers whether it was not there, or only a part of it (from before imports were one transaction). */
async function insertWhole(tx: Transaction, whole: ImportedSweep, now: Now): Promise<boolean> {
  const { sweep, analyses, policies, runs = [] } = whole;
  const stored = await tx.targetAnalysis.count({ where: { sweepId: sweep.id } });
  const known = await tx.sweep.count({ where: { id: sweep.id } });
  if (known > 0 && stored === analyses.length) return false;
  const at = await readNow(tx, now);
  await announce(tx, [{ sweep, runs: runs.map((run) => ({ ...run, dependsOn: [] })) }], now);
  await insertDone(tx, sweep.id, runs, now);
  await insertAnalyses(tx, whole, now);
  await insertCells(tx, whole);
  await insertPolicies(tx, whole, at);
  const reached = ['first tournament', 'tournaments', ...(policies.length > 0 ? ['policy'] : [])];
  await tx.phase.createMany({
    skipDuplicates: true,
    data: reached.map((name) => ({ sweepId: sweep.id, name, at })),
  });
  return true;
}

/**
 * Sweeps that were measured elsewhere. A large one takes seconds, during which nobody waits for it and nobody sees it;
 * an import that is killed leaves nothing.
 */
export function importMethods(connection: Connection, now: Now): Pick<Store, 'importSweeps'> {
  return {
    importSweeps: (batch) =>
      connection.transact(async (tx) => {
        const fresh: string[] = [];
        for (const whole of batch) if (await insertWhole(tx, whole, now)) fresh.push(whole.sweep.id);
        const rows = await tx.sweep.findMany({ where: { id: { in: batch.map(({ sweep }) => sweep.id) } } });
        const byId = new Map(rows.map((row) => [row.id, sweepFromRow(row)]));
        await logEvents(
          tx,
          fresh.map((sweepId) => ({ sweepId, kind: 'sweep', data: { state: 'done' } })),
        );
        return batch.flatMap(({ sweep }) => byId.get(sweep.id) ?? []);
      }, PATIENCE_SECONDS),
  };
}
