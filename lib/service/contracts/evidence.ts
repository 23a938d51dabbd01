import { z } from 'zod';
import { candidateSet, verdict } from './standing';
import { estimate, targetView } from './views';

/** Answers about what a matrix rests on: tournaments, validity, structure, agreement with another sweep. */

/** The tournament behind a target's affinities: who met whom, and every measure beside AHP. */
export const tournamentView = z.object({
  sweepId: z.string(),
  target: z.string(),
  preliminary: z.boolean(),
  testImages: z.number(),
  /** Share of image pairs of the tournament that tie. */
  tieRate: z.number().nullable(),
  /** Win rates are clipped to this range before they become odds. */
  clip: z.tuple([z.number(), z.number()]),
  /** Pairs of candidates whose win rate was clipped, and all pairs. */
  clippedPairs: z.number(),
  pairs: z.number(),
  /** Principal eigenvalue of the odds; n for perfectly consistent odds of n candidates. */
  lambdaMax: z.number().nullable(),
  /** (λmax − n) / (n − 1). */
  consistencyIndex: z.number().nullable(),
  /** Consistency index over Alonso and Lamata's (2006) mean index of random matrices of this size. */
  consistencyRatio: z.number().nullable(),
  /** |λ₂|: the next eigenvalue in modulus. */
  secondEigenvalue: z.number().nullable(),
  /** Candidates of the tournament in the order of `winRates` and `odds`. */
  keys: z.array(z.string()),
  /** winRates[i][j]: share of test images on which candidate i beats candidate j, ties half. */
  winRates: z.array(z.array(z.number().nullable())),
  /** odds[i][j] = clipped winRates[i][j] / clipped winRates[j][i]. */
  odds: z.array(z.array(z.number().nullable())),
  /** Cycles i beats j beats k beats i among the candidates by majority; at most 100 of `count` are listed. */
  intransitive: z.object({
    count: z.number(),
    triples: z.number(),
    listed: z.array(z.tuple([z.string(), z.string(), z.string()])),
  }),
  /** The transfers of the tournament: what affinity, P(best) and ties of `candidates` speak of. */
  set: candidateSet,
  /** Candidates and the references beside them (`scratch`, `mean`, re-transfer). */
  candidates: z.array(
    z.object({
      key: z.string(),
      kind: z.enum(['transfer', 'self', 'retransfer', 'scratch', 'mean']),
      method: z.string().nullable(),
      sources: z.array(z.string()),
      seeds: z.number(),
      meanLoss: z.number().nullable(),
      skill: z.number().nullable(),
      /** AHP weight among `set` and the own network with its bootstrap interval over seeds and test scenes. */
      affinity: estimate.nullable(),
      gain: estimate.nullable(),
      quality: estimate.nullable(),
      effect: estimate.nullable(),
      bradleyTerry: z.number().nullable(),
      /** Weights by the geometric mean of odds (Crawford and Williams 1985) instead of the eigenvector. */
      geometricMean: z.number().nullable(),
      /** The AHP weight with win rates clipped to [0.01, 0.99]: how much it hangs on the clip. */
      affinityClipped: z.number().nullable(),
      /** Share of images that tie with this candidate, over its meetings. */
      tieRate: z.number().nullable(),
      probabilityBest: z.number().nullable(),
      tied: z.boolean(),
      helps: verdict,
    }),
  ),
});

const reliability = z.object({
  /** Mean Spearman correlation of two halves over targets; null where no target allows it. */
  halves: z.number().nullable(),
  /** Spearman–Brown: reliability of the whole from that of its halves, 2r / (1 + r). */
  full: z.number().nullable(),
  targets: z.number(),
});

export const validityRow = targetView.extend({
  name: z.string(),
  /** Own seeds of the first-order transfers. */
  seeds: z.number(),
  sources: z.number(),
  /** Standard deviation of a transfer's mean test loss between seeds, pooled over sources; null with one seed. */
  seedNoise: z.number().nullable(),
  /** Standard deviation of mean test losses between sources. */
  sourceSpread: z.number().nullable(),
  /** Rank correlation of the sources' order between halves of the test scenes, and of the seeds. */
  splitHalf: z.number().nullable(),
  betweenSeeds: z.number().nullable(),
});

/** Whether a sweep's results mean anything, target by target. */
export const validityView = z.object({
  sweepId: z.string(),
  finding: z.string(),
  /** A target is kept when its own network's skill reaches this and its interval lies above 0. */
  minimumSkill: z.number(),
  /** Below this ratio of variance between sources to variance between seeds an order is not clear of noise. */
  minimumSignalToNoise: z.number(),
  targets: z.array(validityRow),
  splitHalf: reliability,
  betweenSeeds: reliability,
});

const treeView = z.object({
  leaves: z.array(z.string()),
  /** [left, right, height]; leaves are 0…n−1, merge i makes node n + i. */
  merges: z.array(z.tuple([z.number(), z.number(), z.number()])),
});

const comparableUnit = z.enum(['gain', 'quality', 'effect']);

/** How tasks resemble each other as sources, where transfer is one-sided, and whether families hold together. */
export const similarityView = z.object({
  sweepId: z.string(),
  finding: z.string(),
  /** Unit of asymmetries and of the family test. Affinities are not comparable across targets. */
  unit: comparableUnit,
  metric: z.string(),
  linkage: z.string(),
  /** Tree of sources over their affinities, normalised over each target's first-order candidates; null below 3 sources. */
  tree: treeView.nullable(),
  /** Targets that make up a source's profile. */
  profile: z.array(z.string()),
  asymmetries: z.array(
    z.object({
      better: z.tuple([z.string(), z.string()]),
      forward: estimate,
      backward: estimate,
      difference: z.number(),
      /** One way helps and the other hurts, by their intervals. */
      opposed: z.boolean(),
    }),
  ),
  /** By target: majority cycles among its candidates; null where win rates are not known. */
  intransitive: z.array(
    z.object({
      target: z.string(),
      count: z.number().nullable(),
      triples: z.number(),
      examples: z.array(z.tuple([z.string(), z.string(), z.string()])),
    }),
  ),
  /** Do transfers within a family exceed those between families? Labels are permuted over tasks. */
  families: z
    .object({
      observed: z.number(),
      expected: z.number(),
      pValue: z.number(),
      permutations: z.number(),
      within: z.number(),
      between: z.number(),
      members: z.record(z.string(), z.array(z.string())),
    })
    .nullable(),
});

/** Rank of sources in one sweep against rank in another, target by target. */
export const agreementView = z.object({
  sweepId: z.string(),
  otherId: z.string(),
  otherName: z.string(),
  finding: z.string(),
  unit: z.enum(['affinity', 'gain', 'quality', 'effect']),
  /** Tasks that both have: by id, by their published name, or as told. */
  mapping: z.array(
    z.object({ task: z.string(), other: z.string(), how: z.enum(['id', 'published', 'given']) }),
  ),
  targets: z.array(
    z.object({
      target: z.string(),
      other: z.string(),
      /** Sources that both have measured for it. */
      sources: z.number(),
      /** Spearman's ρ of the sources' values; null below 3 sources or where one order is all ties. */
      correlation: z.number().nullable(),
      /** Best source here and there. */
      best: z.string().nullable(),
      otherBest: z.string().nullable(),
      points: z.array(z.object({ source: z.string(), here: z.number(), there: z.number() })),
    }),
  ),
  median: z.number().nullable(),
});

export type TournamentView = z.infer<typeof tournamentView>;
export type ValidityRow = z.infer<typeof validityRow>;
export type ValidityView = z.infer<typeof validityView>;
export type SimilarityView = z.infer<typeof similarityView>;
export type AgreementView = z.infer<typeof agreementView>;
export type ComparableUnit = z.infer<typeof comparableUnit>;
