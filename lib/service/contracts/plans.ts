import { z } from 'zod';

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
