import { z } from 'zod';
import { SWEEP_FILE_MAX_BYTES, taskId } from './sweep-spec';

/** What a sweep would run, before it is submitted. */
export const planView = z.object({
  total: z.number(),
  byKind: z.record(z.string(), z.number()),
  /** Runs already done or under way for another sweep: they are shared, not repeated. */
  reused: z.number(),
  /** Runs that will be planned while it runs (higher orders), since they depend on what is measured. */
  growth: z.number(),
  /** Of what is left to do, growth included. */
  estimatedFlops: z.number(),
  /** On the recommended backend of this machine; null where no speed is known yet. */
  estimatedSeconds: z.number().nullable(),
  /** What a person should know before submitting; errors are answered as a problem instead. */
  notes: z.array(z.string()),
});

export type PlanView = z.infer<typeof planView>;

/** Sweep files of one batch. */
export const SWEEP_BATCH_MAX_FILES = 20;

/** Several sweep files at once, YAML or JSON as text, each with the name by which errors speak of it. */
export const sweepBatch = z.strictObject({
  files: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(200),
        text: z.string().max(SWEEP_FILE_MAX_BYTES, `a sweep file has at most ${SWEEP_FILE_MAX_BYTES} bytes`),
      }),
    )
    .min(1)
    .max(SWEEP_BATCH_MAX_FILES)
    .refine(
      (files) => new Set(files.map(({ name }) => name)).size === files.length,
      'must not name a file twice',
    ),
});

export type SweepBatch = z.infer<typeof sweepBatch>;

/** What several sweep files would run; in `total` a run that more than one of them wants counts once. */
export const batchPlanView = z.object({
  sweeps: z.array(z.object({ file: z.string(), name: z.string(), plan: planView })),
  total: planView,
});

export type BatchPlanView = z.infer<typeof batchPlanView>;

const WHOLE = 'must be a whole number';

/** A target that a stored sweep did not have, to be ranked against its sources. */
export const novelRequest = z.strictObject({
  task: taskId,
  /** Labelled images of the task, at most those of the transfer pool; the sweep's own sizes when left out. */
  images: z.number(WHOLE).int(WHOLE).min(1).max(1_000_000).optional(),
  /** Only these sources of the sweep; all when left out. */
  sources: z.array(taskId).min(1).max(100).optional(),
});

export type NovelRequest = z.infer<typeof novelRequest>;
