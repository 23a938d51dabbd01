import { z } from 'zod';
import { verdict } from './standing';
import { cellState, estimate, reported, taskMetric } from './views';

/** Training work: as measured, mean over seeds. */
const cost = z.object({ flops: z.number(), seconds: z.number() });

/** One way to serve the target, method × sources × labels. */
const way = z.object({
  /** As in the tournament. */
  key: z.string(),
  method: z.string(),
  sources: z.array(z.string()),
  /** Labelled images. */
  images: z.number(),
  /** It reads no label of the transfer set: one training serves every size of it. */
  everySize: z.boolean(),
  state: cellState,
  /** Finished runs. */
  seeds: z.number(),
  /** It, or what it stands on, saw more of the target's labels than it was given: on the source pool, or of a larger transfer set. */
  ownLabels: z.boolean(),
  loss: z.number().nullable(),
  ...reported,
  gain: estimate.nullable(),
  quality: estimate.nullable(),
  /** Median over test images of ln(loss / loss of scratch at equally many labels), negative = better. */
  effect: estimate.nullable(),
  /** 1 − mean loss / mean-predictor loss; at most 0: a constant is as good. */
  skill: z.number().nullable(),
  helps: verdict,
  /** Training for this target, given the encoders: its own, and its teachers' or members'. */
  cost: cost.nullable(),
  /** With everything that had to be trained before it, encoders too, each once. */
  wholeCost: cost.nullable(),
});

/** What can be said at one number of labels. */
const atSize = z.object({
  images: z.number(),
  /** Training from scratch with as many labels. */
  scratch: z.object({
    loss: z.number().nullable(),
    /** Below 0: a constant predictor is better, and a gain over scratch says little. */
    skill: z.number().nullable(),
    metric: estimate.nullable(),
    cost: cost.nullable(),
  }),
  /** Keys of the ways that beat a constant (or `scratch`) and everything that costs no more FLOPs, cheapest first. */
  frontier: z.array(z.string()),
  wholeFrontier: z.array(z.string()),
  words: z.string(),
});

/** Every way to transfer to one target, at equal labels and at equal compute. */
export const methodsView = z.object({
  sweepId: z.string(),
  target: z.string(),
  /** What people report of the target, and that of its own network. */
  metric: taskMetric.nullable(),
  goldMetric: estimate.nullable(),
  methods: z.array(
    z.object({
      id: z.string(),
      label: z.string(),
      name: z.string(),
      summary: z.string(),
      /** What the textbook rule calls it. */
      family: z.enum(['head', 'earlier', 'whole', 'other']),
    }),
  ),
  sources: z.array(z.object({ id: z.string(), similarity: z.enum(['similar', 'distant']).nullable() })),
  sizes: z.array(atSize),
  ways: z.array(way),
});

export type MethodsView = z.infer<typeof methodsView>;
