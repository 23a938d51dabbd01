import type { RunResult, SampleImage } from '@/lib/science/core';
import { lossesFromBytes } from '../contracts';
import type { Store, StoredLosses } from '../ports';
import type { Connection } from './connection';
import { curveFromRow, tablesFromRow } from './rows';

type ResultMethods = Pick<
  Store,
  'result' | 'losses' | 'finished' | 'curves' | 'tables' | 'sampleList' | 'sample'
>;

const byTask = (rows: readonly { task: string; losses: Uint8Array }[]): Record<string, Float32Array> =>
  Object.fromEntries(rows.map((row) => [row.task, lossesFromBytes(row.losses)]));

/** What an analysis reads of a result: no curves, tables and artifacts. */
const FIGURES = {
  fingerprint: true,
  testLosses: true,
  testMetrics: true,
  metric: true,
  flops: true,
  seconds: true,
} as const;

export function resultMethods(connection: Connection): ResultMethods {
  return {
    result: (fingerprint) =>
      connection.read(async (prisma): Promise<RunResult | null> => {
        const row = await prisma.runResult.findUnique({ where: { fingerprint } });
        if (!row) return null;
        const [probes, samples] = await Promise.all([
          prisma.probeLosses.findMany({ where: { fingerprint } }),
          prisma.runSample.findMany({ where: { fingerprint }, orderBy: [{ index: 'asc' }, { role: 'asc' }] }),
        ]);
        return {
          testLosses: row.testLosses ? lossesFromBytes(row.testLosses) : null,
          ...(probes.length > 0 ? { probeLosses: byTask(probes) } : {}),
          ...(row.testMetrics ? { testMetrics: lossesFromBytes(row.testMetrics) } : {}),
          metric: row.metric,
          ...tablesFromRow(row.tables),
          curve: curveFromRow(row.curve),
          samples: samples.map((s) => ({ index: s.index, role: s.role as SampleImage['role'], png: s.png })),
          artifacts: row.artifacts,
          cost: {
            steps: Number(row.steps),
            images: Number(row.images),
            seconds: row.seconds,
            flops: row.flops,
          },
        };
      }),

    losses: (fingerprints) =>
      connection.read(async (prisma) => {
        const wanted = { fingerprint: { in: [...fingerprints] } };
        const [rows, probes] = await Promise.all([
          prisma.runResult.findMany({
            where: wanted,
            select: FIGURES,
          }),
          prisma.probeLosses.findMany({ where: wanted }),
        ]);
        const found = new Map<string, StoredLosses>();
        for (const row of rows) {
          found.set(row.fingerprint, {
            cost: { flops: row.flops, seconds: row.seconds },
            testLosses: row.testLosses ? lossesFromBytes(row.testLosses) : null,
            testMetrics: row.testMetrics ? lossesFromBytes(row.testMetrics) : null,
            metric: row.metric,
            probeLosses: byTask(probes.filter((probe) => probe.fingerprint === row.fingerprint)),
          });
        }
        return found;
      }),

    finished: (fingerprints) =>
      connection.read(async (prisma) => {
        const rows = await prisma.runResult.findMany({
          where: { fingerprint: { in: [...fingerprints] } },
          select: { fingerprint: true },
        });
        return new Set(rows.map((row) => row.fingerprint));
      }),

    curves: (fingerprints) =>
      connection.read(async (prisma) => {
        const rows = await prisma.runResult.findMany({
          where: { fingerprint: { in: [...fingerprints] } },
          select: { fingerprint: true, curve: true },
        });
        return new Map(rows.map((row) => [row.fingerprint, curveFromRow(row.curve)]));
      }),

    tables: (fingerprints) =>
      connection.read(async (prisma) => {
        const rows = await prisma.runResult.findMany({
          where: { fingerprint: { in: [...fingerprints] } },
          select: { fingerprint: true, tables: true },
        });
        return new Map(
          rows.flatMap((row) => {
            const { tables } = tablesFromRow(row.tables);
            return tables ? [[row.fingerprint, tables] as const] : [];
          }),
        );
      }),

    sampleList: (fingerprint) =>
      connection.read(async (prisma) => {
        const rows = await prisma.runSample.findMany({
          where: { fingerprint },
          select: { index: true, role: true },
          orderBy: [{ index: 'asc' }, { role: 'asc' }],
        });
        return rows.map(({ index, role }) => ({ index, role: role as SampleImage['role'] }));
      }),

    sample: (fingerprint, index, role) =>
      connection.read(async (prisma) => {
        const row = await prisma.runSample.findUnique({
          where: { fingerprint_index_role: { fingerprint, index, role } },
        });
        return row?.png ?? null;
      }),
  };
}
