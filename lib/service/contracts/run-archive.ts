import { z } from 'zod';

/** JSON has no NaN: what could not be computed travels as null. */
const number = z
  .number()
  .nullable()
  .transform((x) => x ?? Number.NaN);
const amount = z.number().min(0);
/** Base64 of little-endian float32, one per test image: exact, NaN included. */
const losses = z.base64().max(64 * 1024 * 1024);

/** A data set's runs are left out: images are rendered or read anew where they are needed. */
const KINDS = ['source', 'scratch', 'mean', 'probe', 'pretrain', 'transfer'] as const;

const archivedRun = z.strictObject({
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/, 'a fingerprint is 64 hexadecimal digits'),
  /** What its fingerprint is the hash of; a recipe that this build does not plan is kept and never asked for. */
  recipe: z.looseObject({
    kind: z.enum(KINDS),
    version: z.number(),
    dataset: z.looseObject({ kind: z.string(), pools: z.looseObject({ test: z.number().int().min(1) }) }),
  }),
  priority: z.number().int(),
  estimatedFlops: amount,
  backend: z.string().max(64),
  testLosses: losses.nullable(),
  probeLosses: z.record(z.string().min(1).max(64), losses).optional(),
  testMetrics: losses.optional(),
  metric: z.number().nullable(),
  curve: z
    .array(
      z.strictObject({
        step: amount,
        epoch: amount,
        trainLoss: z.number().nullable(),
        selectionLoss: z.number().nullable(),
      }),
    )
    .max(1_000_000),
  tables: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(80),
        meaning: z.string().max(400),
        rows: z.array(z.string().max(80)).max(1000),
        columns: z.array(z.string().max(80)).max(1000),
        values: z.array(z.array(number)).max(1000),
      }),
    )
    .max(20)
    .optional(),
  cost: z.strictObject({ steps: amount, images: amount, seconds: amount, flops: amount }),
});

/**
 * Finished runs with their per-image losses and curves, without weights and pictures: what a sweep needs to go on on
 * another machine. Written by `taskatlas export runs`, read by `taskatlas import runs`.
 */
export const runArchive = z.strictObject({
  format: z.literal('taskatlas-runs-1'),
  /** Of the sweep that they were exported from, for people. */
  name: z.string().min(1).max(80),
  runs: z.array(archivedRun).max(200_000),
});

export type RunArchive = z.infer<typeof runArchive>;
