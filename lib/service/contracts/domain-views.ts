import { z } from 'zod';

export { DOMAIN_PLACES } from '@/lib/science/core';

import { estimate } from './views';

/** One measure at one place, over seeds; a single seed is its own extremes. */
const distance = z.object({
  /** `proxy A-distance`, `MMD²` or `CORAL`. */
  measure: z.string(),
  /** What was compared: `pictures`, `codes before`, `codes after` the training, or more that a method makes. */
  place: z.string(),
  mean: z.number(),
  low: z.number(),
  high: z.number(),
});

/** One method that adapts, with so many labels of the target domain where it reads any. */
const adaptation = z.object({
  method: z.string(),
  label: z.string(),
  /** Of the sweep's largest transfer set where it reads no label: it serves every size alike. */
  images: z.number(),
  /** Seeds whose distances are known. */
  seeds: z.number(),
  /** Seeds whose network no longer does the task in the source domain, whose labels it learned from. */
  lost: z.number(),
  /** Against scratch in the target domain at equally many labels. */
  gain: estimate.nullable(),
  helps: z.enum(['helps', 'unsure', 'hurts', 'unknown']),
  /** By measure, in the order in which they were taken: places without a finite value left out. */
  distances: z.array(distance),
});

/** How far two domains lie apart, before and after each adaptation to one target. */
export const domainsView = z.object({
  sweepId: z.string(),
  target: z.string(),
  /** What the target domain shows; null where the data set has one domain. */
  shift: z.string().nullable(),
  /** How the distances were taken, in the words of the runs. */
  meaning: z.string().nullable(),
  measures: z.array(z.string()),
  methods: z.array(adaptation),
  words: z.string(),
});

export type DomainsView = z.infer<typeof domainsView>;
