import { z } from 'zod';
import { sweepNote } from './notes';
import { policyRecord } from './policy';
import { sweepSpec } from './sweep-spec';

/** JSON has no NaN: what could not be computed travels as null. */
const number = z
  .number()
  .nullable()
  .transform((x) => x ?? Number.NaN);
const maybe = z.number().nullable();
const estimate = z.strictObject({ value: number, low: maybe, high: maybe });
const name = z.string().min(1).max(64);

const measured = {
  key: z.string().min(1).max(400),
  kind: z.enum(['transfer', 'self', 'retransfer', 'scratch', 'mean']),
  method: z.string().max(200).optional(),
  sources: z.array(name).max(100),
  seeds: z.number().int().min(0),
  meanLoss: number,
  gain: estimate.nullable(),
  quality: estimate.nullable(),
  logLossRatio: estimate.nullable(),
  metric: estimate.nullable().optional(),
  metricGain: estimate.nullable().optional(),
  skill: number,
};

const candidate = z.strictObject({
  ...measured,
  affinity: estimate.nullable(),
  bradleyTerry: maybe,
  probabilityBest: maybe,
  inTieSet: z.boolean(),
  amongFirstOrder: z.strictObject({ probabilityBest: number, inTieSet: z.boolean() }).optional(),
});

const sizes = z.strictObject({
  points: z.array(z.strictObject({ images: z.number(), candidates: z.array(z.strictObject(measured)) })),
  crossovers: z.array(
    z.strictObject({
      key: z.string(),
      state: z.enum(['crosses', 'always', 'never']),
      images: maybe,
      low: maybe,
      high: maybe,
    }),
  ),
});

const analysis = z.strictObject({
  target: name,
  testImages: z.number().int().min(0),
  candidates: z.array(candidate).max(5000),
  tournamentKeys: z.array(z.string()).max(5000),
  winRates: z.array(z.array(number)).max(5000),
  tieRate: number,
  lambdaMax: number,
  consistencyIndex: number,
  validity: z.strictObject({
    kept: z.boolean(),
    reasons: z.array(z.string()),
    goldSkill: estimate,
    scratchSkill: maybe,
    signalToNoise: maybe,
    converged: z.number().optional(),
  }),
  preliminary: z.boolean(),
  sizes: sizes.optional(),
  reliability: z.strictObject({ scenes: maybe, seeds: maybe }).optional(),
  candidateTieRates: z.array(number).optional(),
});

const task = z.looseObject({
  id: name,
  name: z.string().min(1).max(120),
  summary: z.string().max(2000),
  roles: z.array(z.enum(['source', 'target'])),
  family: z.enum(['texture', 'geometry', 'semantics', 'layout', 'control']),
  labelCost: z.number().min(0),
});

/**
 * The figures of a sweep without weights and pictures: what pages, policies and trees are computed from. Written by
 * `taskatlas export bundle`, read by `taskatlas import bundle`.
 */
export const sweepBundle = z.strictObject({
  format: z.literal('taskatlas-bundle-1'),
  name: z.string().min(1).max(80),
  spec: sweepSpec,
  tasks: z.array(task).min(1).max(200),
  analyses: z.array(analysis).max(200),
  policies: z.array(policyRecord).max(10_000),
  notes: z.array(sweepNote),
  /** What it took: runs by state, busy seconds of all workers, seconds from submission to the end. */
  effort: z.strictObject({
    runs: z.number(),
    failed: z.number(),
    busySeconds: z.number(),
    elapsedSeconds: z.number(),
    backends: z.array(z.string()),
  }),
});

export type SweepBundle = z.infer<typeof sweepBundle>;
