import { z } from 'zod';
import { TaskatlasError } from '@/lib/science/core';
import { fieldIssues } from '../contracts';

const share = z.number().min(0).max(1).nullable().default(null);
const name = z.string().min(1).max(200);
const MAX_TRANSFERS = 200_000;

/**
 * Transfers that were measured elsewhere: the open format, of which the published files of `reference/taskonomy` are
 * an instance. Win rates are shares in [0, 1]; `null` or absent = not measured, and nothing is imputed. The source
 * `self` is the target's own fully supervised network, `pixels` training from scratch.
 */
export const transfersDocument = z.object({
  repo: z.string().max(500).default(''),
  commit: z.string().max(100).default(''),
  licence: z.string().max(500).default('not stated'),
  /** How many training images a transfer had: `16k`, `1k`, `early16k`; free text elsewhere. */
  regime: z.string().max(100).default(''),
  task_names: z.record(z.string(), z.string().max(200)).default({}),
  targets: z.array(name).min(1).max(500).optional(),
  source_only: z.array(name).default([]),
  transfers: z
    .array(
      z.object({
        target: name,
        sources: z.array(name).min(1).max(100),
        affinity: share,
        gain: share,
        quality: share,
      }),
    )
    .min(1)
    .max(MAX_TRANSFERS),
});

export type TransfersDocument = z.output<typeof transfersDocument>;
export type PublishedTransfer = TransfersDocument['transfers'][number];

const matrix = z.array(z.array(z.number().nullable()));

/** One regime of `first_order.json`: matrices with targets in rows and sources in columns. */
const firstOrderRegime = z.object({
  rows_targets: z.array(name).min(1).max(500),
  cols_sources: z.array(name).min(1).max(500),
  before: z.object({ gain_vs_scratch: matrix, quality_vs_gold: matrix }),
  after: z.object({ affinity_all_orders: matrix }),
});

const REGIME = /^(early)?\d+k?$/;

function firstOrderDocuments(file: object): TransfersDocument[] {
  const regimes = Object.entries(file).filter(([key]) => REGIME.test(key));
  const shared = transfersDocument.omit({ transfers: true, targets: true, regime: true }).safeParse(file);
  if (regimes.length > 0 && !shared.success) throw refused('first-order matrices', shared.error);
  return regimes.map(([regime, value]) => {
    const parsed = firstOrderRegime.safeParse(value);
    if (!parsed.success) throw refused('first-order matrices', parsed.error, `${regime}.`);
    const { rows_targets: targets, cols_sources: sources, before, after } = parsed.data;
    const transfers = targets.flatMap((target, row) =>
      sources.map((source, column) => ({
        target,
        sources: [source],
        affinity: after.affinity_all_orders[row]?.[column] ?? null,
        gain: before.gain_vs_scratch[row]?.[column] ?? null,
        quality: before.quality_vs_gold[row]?.[column] ?? null,
      })),
    );
    const measured = transfers.filter((t) => t.affinity !== null || t.gain !== null || t.quality !== null);
    return transfersDocument.parse({ ...shared.data, regime, targets, transfers: measured });
  });
}

function refused(what: string, error: z.ZodError, prefix = ''): TaskatlasError {
  const issues = fieldIssues(error)
    .slice(0, 20)
    .map((issue) => ({ ...issue, path: `${prefix}${issue.path}` }));
  return new TaskatlasError(
    'invalid-input',
    `This is no file of ${what}. Accepted are the open transfers format (docs/published-data.md), CSV with the ` +
      'columns target, sources, affinity, gain, quality, and first-order matrices.',
    { issues },
  );
}

/**
 * The documents of a parsed JSON file: one for the transfers format, one per regime for first-order matrices.
 * @throws TaskatlasError `invalid-input` naming the fields.
 */
export function readTransfers(value: unknown): TransfersDocument[] {
  if (value !== null && typeof value === 'object' && !('transfers' in value)) {
    const documents = firstOrderDocuments(value);
    if (documents.length > 0) return documents;
  }
  const parsed = transfersDocument.safeParse(value);
  if (!parsed.success) throw refused('published transfers', parsed.error);
  return [parsed.data];
}
