import { z } from 'zod';
import { candidateSet } from './standing';
import { estimate, rankedSource, reported } from './views';

/** Answers about the dimensions of a transfer beside source and target: its order and the size of its transfer set. */

/** What joining sources brings one target. */
const targetOrders = z.object({
  target: z.string(),
  kept: z.boolean(),
  /** Whether every planned transfer of every order takes part. */
  complete: z.boolean(),
  /** Single and joined sources by the plain method: what ranks and affinities of this answer speak of. */
  set: candidateSet,
  /** The sources that were joined: the best by selection loss, in the order of their ids. */
  joinedFrom: z.array(z.string()),
  orders: z.array(
    z.object({
      order: z.number(),
      planned: z.number(),
      done: z.number(),
      /** The candidate of this order with the largest affinity. Picked on test images: its own figures flatter it. */
      best: rankedSource.nullable(),
      medianGain: z.number().nullable(),
      medianQuality: z.number().nullable(),
    }),
  ),
  /** Every joined candidate, largest affinity in the whole tournament first. */
  joined: z.array(
    rankedSource.extend({
      /** Its part with the largest affinity, and the share of test images on which the joined one beats it (Wilson). */
      bestPart: z.string().nullable(),
      overBestPart: estimate.nullable(),
    }),
  ),
});

export const ordersView = z.object({
  sweepId: z.string(),
  maxOrder: z.number(),
  targets: z.array(targetOrders),
});

/** One candidate, or `scratch`, `self`, `mean`, at one size. */
const sizedCandidate = z.object({
  key: z.string(),
  kind: z.enum(['transfer', 'self', 'retransfer', 'scratch', 'mean']),
  /** Method with its options; of references `readout`. */
  method: z.string(),
  sources: z.array(z.string()),
  seeds: z.number(),
  loss: z.number().nullable(),
  ...reported,
  skill: z.number().nullable(),
  gain: estimate.nullable(),
  quality: estimate.nullable(),
  /** Median over test images of ln(loss / loss of scratch at the same size), negative = better. */
  effect: estimate.nullable(),
});

const side = z.enum(['below', 'above']).nullable();

export const sizesView = z.object({
  sweepId: z.string(),
  target: z.string(),
  /** Images of every transfer set of the sweep, ascending; the last is the one of matrix and policy. */
  sizes: z.array(z.object({ images: z.number(), share: z.number(), planned: z.number(), done: z.number() })),
  /** Sizes that are measured, ascending. */
  points: z.array(z.object({ images: z.number(), candidates: z.array(sizedCandidate) })),
  /** Where training from scratch catches up with each transfer. */
  crossovers: z.array(
    z.object({
      key: z.string(),
      sources: z.array(z.string()),
      /** `always`: the transfer still wins at the largest size; `never`: it wins at none. */
      state: z.enum(['crosses', 'always', 'never']),
      /** Null outside of the sizes measured; so are the ends of the interval, and `beyond` says on which side. */
      images: z.number().nullable(),
      low: z.number().nullable(),
      high: z.number().nullable(),
      beyond: z.object({ low: side, high: side }),
    }),
  ),
  /** What the curves say, in words. */
  advice: z.string(),
});

export type OrdersView = z.infer<typeof ordersView>;
export type SizesView = z.infer<typeof sizesView>;
