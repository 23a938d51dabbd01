import { z } from 'zod';
import { taskView } from './views';

/** What a supervision budget counts: fully supervised tasks, their labels, or the hours to train their networks. */
export const budgetUnit = z.enum(['tasks', 'labels', 'gpu-hours']);

export const policyEdge = z.object({
  target: z.string(),
  sources: z.array(z.string()),
  kind: z.enum(['self', 'transfer', 'scratch']),
  key: z.string().optional(),
  value: z.number(),
  gain: z.number().nullable(),
  quality: z.number().nullable(),
  /** 1 − mean loss / mean-predictor loss; at most 0: no better than a constant, so that its value is 0 at most. */
  skill: z.number().nullable().optional(),
  /** Share of bootstrap draws in which this edge is in the optimum. Null when there are no draws. */
  survival: z.number().nullable(),
});

export const policyRecord = z.object({
  budget: z.number(),
  maxOrder: z.number(),
  objectiveName: z.enum(['affinity', 'gain', 'quality', 'log-loss']),
  objective: z.number(),
  bound: z.number(),
  optimal: z.boolean(),
  selfShare: z.number(),
  sources: z.array(z.string()),
  edges: z.array(policyEdge),
  greedy: z.number().nullable(),
  random: z.object({ median: z.number(), low: z.number(), high: z.number() }).nullable(),
});

export const policyView = policyRecord.extend({
  sweepId: z.string(),
  /** Of the sweep's results; the curve of the same version belongs to it. */
  version: z.number(),
  /** Budgets of the curve, ascending. */
  curveBudgets: z.array(z.number()),
  tasks: z.array(taskView),
  solveMs: z.number(),
  /** What `budget` and the curve count. */
  unit: budgetUnit,
  /** (bound − objective) / objective, 0 at proved optimality. */
  gap: z.number(),
  /** Every limit that was set, the curve's own first, with what the policy spends of it. */
  budgets: z.array(z.object({ unit: budgetUnit, limit: z.number(), spent: z.number() })),
  /** The best policy that gives up at least one of the chosen sources; null when there is none. */
  runnerUp: z
    .object({
      objective: z.number(),
      /** Objective of the optimum minus that of the runner-up. */
      loss: z.number(),
      sources: z.array(z.string()),
      /** Sources that it takes in place of those it gives up. */
      gained: z.array(z.string()),
      lost: z.array(z.string()),
    })
    .nullable(),
  /** One-sided significance against random feasible policies of the same budget: (1 + #{random ≥ optimum}) / (1 + n). */
  significance: z.object({ pValue: z.number(), draws: z.number() }).nullable(),
  /**
   * Optimum if first-order transfers that were not measured had their lowest or highest possible value; null when
   * none is missing, or where the objective has no upper bound. Equal ends: what is missing cannot matter.
   */
  range: z.object({ low: z.number(), high: z.number(), missing: z.number() }).nullable(),
  /**
   * Cost of each source alone. GPU-hours are measured here, of its own network or of the encoder that was taught; null =
   * not known. What a taught encoder stands on has costs of its own, which a policy that uses it pays too.
   */
  costs: z.array(z.object({ task: z.string(), labels: z.number(), gpuHours: z.number().nullable() })),
  /** Targets that this policy does not serve, and why. */
  unserved: z.array(z.object({ target: z.string(), reason: z.string() })),
});

/** One budget of the curve: the optimum, or the best policy found in time, with what greedy and random choices reach. */
export const policyCurvePoint = z.object({
  budget: z.number(),
  objective: z.number(),
  /** False where the solver's time ended before the proof: no policy has more than `bound`. */
  optimal: z.boolean(),
  bound: z.number(),
  greedy: z.number().nullable(),
  random: z.object({ median: z.number(), low: z.number(), high: z.number() }).nullable(),
});

export type PolicyCurvePoint = z.infer<typeof policyCurvePoint>;
export type BudgetUnit = z.infer<typeof budgetUnit>;
export type PolicyEdgeView = z.infer<typeof policyEdge>;
export type PolicyRecord = z.infer<typeof policyRecord>;
export type PolicyView = z.infer<typeof policyView>;
