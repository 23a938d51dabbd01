import { z } from 'zod';
import {
  type CandidateResult,
  type Crossover,
  type Estimate,
  isReservedName,
  type SetMember,
  type SizePoint,
  type TargetAnalysis,
  type TargetReliability,
  type TargetSizes,
  type TargetValidity,
  type TaskDeclaration,
  type TaskHead,
} from '@/lib/science/core';

/**
 * The results of `science/core` as they travel in files. Each schema must name every field of its type, the optional
 * ones too, and no other: a field that is added to a type and not here does not compile. JSON has no NaN: what could
 * not be computed travels as null.
 */
type Shape<T> = { [K in keyof T]-?: z.ZodType<T[K]> };
const mirror =
  <T>() =>
  <S extends Shape<T>>(shape: S & Record<Exclude<keyof S, keyof T>, never>) =>
    z.strictObject(shape as S);

const orNaN = (x: number | null): number => x ?? Number.NaN;
const number = z.number().nullable().transform(orNaN);
const maybe = z.number().nullable();

/** Sums of shares may exceed 1 in the last digit. */
const ROUNDING = 1e-9;
const notShare = ({ input }: { input?: unknown }): string => `${input} is not between 0 and 1`;
const unit = z
  .number()
  .min(0, { error: notShare })
  .max(1 + ROUNDING, { error: notShare });
const share = unit.nullable().transform(orNaN);
const count = z.number().int().min(0);

const taskName = z
  .string()
  .min(1)
  .max(64)
  .refine((name) => !isReservedName(name), 'this name is reserved by JavaScript: use another');
const key = z.string().min(1).max(400);

const estimate = mirror<Estimate>()({ value: number, low: maybe, high: maybe });
const shareEstimate = mirror<Estimate>()({ value: share, low: unit.nullable(), high: unit.nullable() });

const point = {
  key,
  kind: z.enum(['transfer', 'self', 'retransfer', 'scratch', 'mean']),
  method: z.string().max(200).optional(),
  sources: z.array(taskName).max(100),
  seeds: count,
  meanLoss: z
    .number()
    .min(0, { error: ({ input }) => `a loss cannot be negative (${input})` })
    .nullable()
    .transform(orNaN),
  gain: shareEstimate.nullable(),
  quality: shareEstimate.nullable(),
  logLossRatio: estimate.nullable(),
  metric: estimate.nullable().optional(),
  metricGain: estimate.nullable().optional(),
  skill: number,
  skillInterval: z.strictObject({ low: number, high: number }).optional(),
};

const setMember = mirror<SetMember>()({
  key,
  affinity: shareEstimate,
  probabilityBest: share,
  inTieSet: z.boolean(),
});

const candidate = mirror<CandidateResult>()({
  ...point,
  affinity: shareEstimate.nullable(),
  bradleyTerry: unit.nullable(),
  probabilityBest: unit.nullable(),
  inTieSet: z.boolean(),
  amongFirstOrder: z.strictObject({ probabilityBest: share, inTieSet: z.boolean() }).optional(),
});

const side = z.enum(['below', 'above']).nullable();

const sizes = mirror<TargetSizes>()({
  points: z
    .array(
      z.strictObject({
        images: count,
        candidates: z.array(mirror<SizePoint>()(point)).max(5000),
      }),
    )
    .max(100),
  crossovers: z
    .array(
      mirror<Crossover>()({
        key,
        state: z.enum(['crosses', 'always', 'never']),
        images: maybe,
        low: maybe,
        high: maybe,
        beyond: z.strictObject({ low: side, high: side }).optional(),
      }),
    )
    .max(5000),
});

/** Indices at which a list names something that it has named before. */
export function repeated<T>(list: readonly T[], of: (entry: T) => string): number[] {
  const seen = new Set<string>();
  return list.flatMap((entry, i) => {
    const name = of(entry);
    const again = seen.has(name);
    seen.add(name);
    return again ? [i] : [];
  });
}

export const targetAnalysis = mirror<TargetAnalysis>()({
  target: taskName,
  testImages: count,
  candidates: z
    .array(candidate)
    .max(5000)
    .superRefine((list, context) => {
      for (const i of repeated(list, (c) => c.key))
        context.addIssue({ code: 'custom', path: [i, 'key'], message: `"${list[i]?.key}" is there twice` });
    }),
  tournamentKeys: z.array(key).max(5000),
  winRates: z.array(z.array(share).max(5000)).max(5000),
  tieRate: share,
  lambdaMax: number,
  consistencyIndex: number,
  validity: mirror<TargetValidity>()({
    kept: z.boolean(),
    reasons: z.array(z.string().max(4000)).max(1000),
    goldSkill: estimate,
    scratchSkill: maybe,
    signalToNoise: maybe,
    converged: unit.optional(),
  }),
  preliminary: z.boolean(),
  sizes: sizes.optional(),
  reliability: mirror<TargetReliability>()({ scenes: maybe, seeds: maybe }).optional(),
  candidateTieRates: z.array(share).max(5000).optional(),
  standings: z.array(z.array(setMember).max(5000)).max(1000).optional(),
});

const classes = z.number().int().min(1);

const head = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('pixels'), channels: classes }),
  z.strictObject({ kind: z.literal('pixel-classes'), classes }),
  z.strictObject({ kind: z.literal('pixel-embedding'), size: classes }),
  z.strictObject({ kind: z.literal('vector'), size: classes }),
  z.strictObject({ kind: z.literal('classes'), classes }),
]) satisfies z.ZodType<TaskHead>;

export const taskDeclaration = mirror<TaskDeclaration>()({
  id: taskName,
  name: z.string().min(1).max(120),
  summary: z.string().max(2000),
  roles: z.array(z.enum(['source', 'target'])).max(2),
  family: z.enum(['texture', 'geometry', 'semantics', 'layout', 'control']),
  // A bundle is looked at and not trained: pictures that this build does not know may be named.
  input: z
    .string()
    .max(64)
    .transform((kind) => kind as TaskDeclaration['input']),
  head,
  loss: z.enum([
    'l1',
    'l2',
    'cross-entropy',
    'soft-cross-entropy',
    'balanced-cross-entropy',
    'metric',
  ]) satisfies z.ZodType<TaskDeclaration['loss']>,
  metric: z.strictObject({
    name: z.string().max(120),
    unit: z.string().max(40),
    higherIsBetter: z.boolean(),
  }),
  labelCost: z.number().min(0),
  version: count,
  untrained: z.boolean().optional(),
  external: z.boolean().optional(),
  taught: z.strictObject({ method: z.string().max(200), tasks: z.array(taskName).max(200) }).optional(),
});
