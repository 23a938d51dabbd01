import type {
  CurvePoint,
  FailureClass,
  Recipe,
  RunKind,
  RunResult,
  RunState,
  RunTable,
  TaskDeclaration,
} from '@/lib/science/core';
import type { RunStatus } from '@/lib/service/sweeps/machine';
import { lossesToBytes, type SweepSpec } from '../contracts';
import type { StoredRun, StoredSweep, SweepNote, SweepState } from '../ports';
import type { Prisma, Run, Sweep } from './generated/client';

/** JSON has no NaN or infinities; they are kept as `{"$number":"NaN"}`. */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value, (_, field) =>
    typeof field === 'number' && !Number.isFinite(field) ? { $number: String(field) } : field,
  );

export const toJson = (value: unknown): Prisma.InputJsonValue => JSON.parse(jsonText(value));

/** The inverse of `toJson`. */
export function fromJson<T>(value: unknown): T {
  if (Array.isArray(value)) return value.map(fromJson) as T;
  if (value === null || typeof value !== 'object') return value as T;
  if ('$number' in value) return Number(value.$number) as T;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, fromJson(field)])) as T;
}

const milliseconds = (date: Date | null): number | null => date?.getTime() ?? null;
const date = (at: number | null): Date | null => (at === null ? null : new Date(at));

export const sweepFromRow = (row: Sweep): StoredSweep => ({
  id: row.id,
  number: row.number,
  name: row.name,
  state: row.state as SweepState,
  spec: row.spec as SweepSpec,
  tasks: row.tasks as unknown as TaskDeclaration[],
  origin: row.origin as StoredSweep['origin'],
  source: row.source,
  notes: row.notes as unknown as SweepNote[],
  createdAt: row.createdAt.getTime(),
  finishedAt: milliseconds(row.finishedAt),
  ...(row.origin === 'measured' ? { planned: row.planned } : {}),
});

export const statusFromRow = (row: Omit<Run, 'recipe'>): RunStatus => ({
  state: row.state as RunState,
  attempt: row.attempt,
  failure:
    row.failureClass === null
      ? null
      : { class: row.failureClass as FailureClass, message: row.failureMessage ?? '' },
  claimedBy: row.claimedBy,
  claimExpiresAt: milliseconds(row.claimExpiresAt),
  notBefore: row.notBefore.getTime(),
});

export const statusToRow = (status: RunStatus) => ({
  state: status.state,
  attempt: status.attempt,
  failureClass: status.failure?.class ?? null,
  failureMessage: status.failure?.message ?? null,
  claimedBy: status.claimedBy,
  claimExpiresAt: date(status.claimExpiresAt),
  notBefore: new Date(status.notBefore),
});

export const runFromRow = (row: Run): StoredRun => ({
  fingerprint: row.fingerprint,
  kind: row.kind as RunKind,
  recipe: row.recipe as unknown as Recipe,
  ...statusFromRow(row),
  progress:
    row.progressStep === null
      ? null
      : {
          step: row.progressStep,
          totalSteps: row.progressTotal ?? 0,
          imagesPerSecond: row.imagesPerSecond ?? 0,
        },
  backend: row.backend,
  seconds: row.seconds,
  priority: row.priority,
  estimatedFlops: row.estimatedFlops,
  finishedAt: milliseconds(row.finishedAt),
});

export const resultToRow = (fingerprint: string, worker: string, result: RunResult, backend: string) => ({
  fingerprint,
  testLosses: result.testLosses ? lossesToBytes(result.testLosses) : null,
  testMetrics: result.testMetrics ? lossesToBytes(result.testMetrics) : null,
  metric: result.metric,
  curve: toJson(result.curve),
  tables: toJson(result.tables ?? []),
  artifacts: [...result.artifacts],
  steps: BigInt(Math.round(result.cost.steps)),
  images: BigInt(Math.round(result.cost.images)),
  seconds: result.cost.seconds,
  flops: result.cost.flops,
  backend,
  worker,
});

export const tablesFromRow = (tables: Prisma.JsonValue): { tables?: RunTable[] } => {
  const found = fromJson<RunTable[]>(tables);
  return found.length > 0 ? { tables: found } : {};
};

export const curveFromRow = (curve: Prisma.JsonValue): CurvePoint[] => fromJson(curve);
