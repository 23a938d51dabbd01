import { z } from 'zod';

/**
 * What a transfer is worth to its target. The reference is the better of training from scratch and the mean predictor:
 * `helps`, shown to beat both; `hurts`, shown to be worse than one of them; `unsure`, neither; `unknown`, not compared, or
 * the target does not pass the validity check.
 */
export const verdict = z.enum(['helps', 'unsure', 'hurts', 'unknown']);

/** What sources are ranked by. */
export const rankingMeasure = z.enum(['affinity', 'gain', 'quality', 'effect', 'loss', 'metric']);

/**
 * The set of transfers that a rank, P(best), a tie, an affinity or a count speaks of. Two answers with the same set have the
 * same numbers. P(best) sums to 1 over the set; affinities, AHP weights of the tournament, sum to 1 over the set and the
 * target's own network.
 */
export const candidateSet = z.object({
  /** `25 single sources`, `12 single sources by full fine-tuning`. */
  name: z.string(),
  size: z.number(),
  /** Most sources that a member joins. */
  maxOrder: z.number(),
  /** Method of all members; null: every method. */
  method: z.string().nullable(),
  /** What ranks the set: the first of affinity, gain, quality, effect and loss that its members have. Null when empty. */
  measure: rankingMeasure.nullable(),
  /** Which measure that is and, unless it is affinity, why: `ranked by gain; this import has no affinity`. */
  measureWords: z.string(),
  /** Key of the member with the highest measure. */
  leader: z.string().nullable(),
  /** Key of the first member that helps: what is recommended. Null when none does. */
  best: z.string().nullable(),
  /** Keys of the members that cannot be told from the leader, with the leader. */
  tieSet: z.array(z.string()),
  /** Members by what they are worth. */
  verdicts: z.object({ helps: z.number(), unsure: z.number(), hurts: z.number(), unknown: z.number() }),
  noneHelps: z.boolean(),
  /** Why P(best) and ties of this set are not known; null where they are. */
  missing: z.string().nullable(),
});

export type Verdict = z.infer<typeof verdict>;
export type RankingMeasure = z.infer<typeof rankingMeasure>;
export type CandidateSet = z.infer<typeof candidateSet>;
