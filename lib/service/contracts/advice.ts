import { z } from 'zod';
import { estimate, reported, taskMetric } from './views';

/** One way to serve a target as measured, with how much better than scratch it was at equally many labels. */
const adviceWay = z.object({
  method: z.string(),
  sources: z.array(z.string()),
  images: z.number(),
  /** It, or what it stands on, saw more of the target's labels than that; shown, not compared. */
  moreLabels: z.boolean(),
  /**
   * Mean over seeds of ln(mean test loss / scratch's mean test loss); negative = better. Not the `effect` of other answers,
   * which is the median over images: a few images with large losses move this one only.
   */
  logMeanRatio: z.number(),
  ...reported,
  /** 1 − mean loss / mean-predictor loss; at most 0: a constant is as good. Null where the constant is not measured. */
  skill: z.number().nullable(),
  /** Half-width of its 95 % interval over seeds; null with one seed. */
  margin: z.number().nullable(),
  seeds: z.number(),
  /** Estimated work of one run. */
  flops: z.number(),
});

/** How to transfer to a target: the textbook rule beside what was measured. */
export const adviceView = z.object({
  sweepId: z.string(),
  target: z.string(),
  /** What people report of the target: the advice leads by it where it is known. */
  metric: taskMetric.nullable(),
  /** The same of training from scratch with the most labels. */
  scratchMetric: estimate.nullable(),
  /** The recommendation in words, with its evidence. */
  advice: z.string(),
  /** By which sources were called similar; null where nothing says. */
  similarityBy: z.enum(['probe', 'readout']).nullable(),
  similar: z.array(z.string()),
  regimes: z.array(
    z.object({
      labels: z.enum(['few', 'many']),
      similarity: z.enum(['similar', 'distant']),
      sizes: z.array(z.number()),
      rule: z.string(),
      best: adviceWay.nullable(),
      ruled: adviceWay.nullable(),
      verdict: z.enum(['agrees', 'disagrees', 'unsettled', 'unmeasured']),
      words: z.string(),
    }),
  ),
  /** Ways that are worse than scratch. */
  negative: z.array(adviceWay),
  /** Everything measured, best first within equally many labels. */
  ranking: z.array(adviceWay),
});

export type AdviceView = z.infer<typeof adviceView>;
