import type { Estimate, TargetAnalysis } from '@/lib/science/core';
import type { PolicyRecord } from '../contracts';
import type { Store } from '../ports';
import type { Connection, Transaction } from './connection';
import { logEvents } from './events';
import { fromJson, toJson } from './rows';
import { type Now, readNow } from './time';

type AnalysisMethods = Pick<
  Store,
  | 'saveAnalysis'
  | 'analyses'
  | 'savePolicy'
  | 'policies'
  | 'phases'
  | 'markPhase'
  | 'markTrouble'
  | 'troubles'
>;

const value = (estimate: Estimate | null): number | null => estimate?.value ?? null;
const low = (estimate: Estimate | null): number | null => estimate?.low ?? null;
const high = (estimate: Estimate | null): number | null => estimate?.high ?? null;

export const cellRows = (sweepId: string, analysis: TargetAnalysis) =>
  analysis.candidates.map((candidate) => ({
    sweepId,
    target: analysis.target,
    candidate: candidate.key,
    kind: candidate.kind,
    sources: [...candidate.sources],
    transferOrder: candidate.sources.length,
    seeds: candidate.seeds,
    meanLoss: candidate.meanLoss,
    affinity: value(candidate.affinity),
    affinityLow: low(candidate.affinity),
    affinityHigh: high(candidate.affinity),
    gain: value(candidate.gain),
    gainLow: low(candidate.gain),
    gainHigh: high(candidate.gain),
    quality: value(candidate.quality),
    qualityLow: low(candidate.quality),
    qualityHigh: high(candidate.quality),
    logLossRatio: value(candidate.logLossRatio),
    bradleyTerry: candidate.bradleyTerry,
    skill: candidate.skill,
    probabilityBest: candidate.probabilityBest,
    inTieSet: candidate.inTieSet,
    preliminary: analysis.preliminary,
  }));

/** Milestones of the analysis: the first complete tournament, and the last. */
async function markTournaments(tx: Transaction, sweepId: string, now: Date): Promise<void> {
  await tx.phase.createMany({
    data: [{ sweepId, name: 'first tournament', at: now }],
    skipDuplicates: true,
  });
  const open = await tx.$queryRaw<unknown[]>`
    select 1 from sweep_runs w
     where w.sweep_id = ${sweepId} and w.target is not null
       and not exists (select 1 from target_analyses a
                        where a.sweep_id = w.sweep_id and a.target = w.target and not a.preliminary)
     limit 1`;
  if (open.length === 0) {
    await tx.phase.createMany({ data: [{ sweepId, name: 'tournaments', at: now }], skipDuplicates: true });
  }
}

export function analysisMethods(connection: Connection, now: Now): AnalysisMethods {
  return {
    saveAnalysis: (sweepId, analysis, doneRuns = 0) =>
      connection.transact(async (tx) => {
        const { target, preliminary } = analysis;
        const at = await readNow(tx, now);
        const row = { analysis: toJson(analysis), preliminary, doneRuns, updatedAt: at };
        await tx.targetAnalysis.upsert({
          where: { sweepId_target: { sweepId, target } },
          create: { sweepId, target, ...row },
          update: row,
        });
        await tx.matrixCell.deleteMany({ where: { sweepId, target } });
        await tx.matrixCell.createMany({ data: cellRows(sweepId, analysis) });
        if (!preliminary) await markTournaments(tx, sweepId, at);
        await logEvents(tx, [{ sweepId, kind: 'analysis', data: { target, preliminary } }]);
      }),

    analyses: (sweepId) =>
      connection.read(async (prisma) => {
        const rows = await prisma.targetAnalysis.findMany({ where: { sweepId }, orderBy: { target: 'asc' } });
        return rows.map((row): TargetAnalysis => fromJson(row.analysis));
      }),

    savePolicy: (sweepId, policy) =>
      connection.transact(async (tx) => {
        const { budget, maxOrder, objectiveName, objective, optimal } = policy;
        const at = await readNow(tx, now);
        const row = { objective, optimal, record: toJson(policy), createdAt: at };
        await tx.policy.upsert({
          where: { sweepId_budget_maxOrder_objectiveName: { sweepId, budget, maxOrder, objectiveName } },
          create: { sweepId, budget, maxOrder, objectiveName, ...row },
          update: row,
        });
        await tx.phase.createMany({ data: [{ sweepId, name: 'policy', at }], skipDuplicates: true });
        await logEvents(tx, [{ sweepId, kind: 'policy', data: { budget, maxOrder, objectiveName } }]);
      }),

    policies: (sweepId) =>
      connection.read(async (prisma) => {
        const rows = await prisma.policy.findMany({ where: { sweepId }, orderBy: { createdAt: 'asc' } });
        return rows.map((row): PolicyRecord => fromJson(row.record));
      }),

    // The log holds both failures and successes: the last word on a target is its state.
    markTrouble: (sweepId, target, reason) =>
      connection.transact((tx) =>
        logEvents(tx, [
          target === null
            ? { sweepId, kind: 'policy', data: { failed: reason } }
            : { sweepId, kind: 'analysis', data: { target, failed: reason } },
        ]),
      ),

    troubles: (sweepId) =>
      connection.read(async (prisma) => {
        const last = await prisma.$queryRaw<{ target: string | null; failed: string | null }[]>`
          select distinct on (kind, data->>'target') data->>'target' as target, data->>'failed' as failed
            from events where sweep_id = ${sweepId} and kind in ('analysis', 'policy')
           order by kind, data->>'target', id desc`;
        return last.flatMap(({ target, failed }) => (failed === null ? [] : [{ target, reason: failed }]));
      }),

    phases: (sweepId) =>
      connection.read(async (prisma) => {
        const rows = await prisma.phase.findMany({ where: { sweepId }, orderBy: { at: 'asc' } });
        return Object.fromEntries(rows.map((row) => [row.name, row.at.getTime()]));
      }),

    markPhase: (sweepId, name) =>
      connection.transact(async (tx) => {
        const at = await readNow(tx, now);
        const { count } = await tx.phase.createMany({
          data: [{ sweepId, name, at }],
          skipDuplicates: true,
        });
        if (count > 0) await logEvents(tx, [{ sweepId, kind: 'phase', data: { name } }]);
      }),
  };
}
