import type { TaskId } from './task';

/** A number with its 95 % bootstrap interval; the ends are null where nothing was resampled (imported results). */
export interface Estimate {
  value: number;
  low: number | null;
  high: number | null;
}

/** Everything known of one candidate of a target's tournament, or of a reference beside it. */
export interface CandidateResult {
  /** Stable key: sources joined by '+', `method:` before them unless it is the readout; or `self`, `scratch`, `mean`. */
  key: string;
  kind: 'transfer' | 'self' | 'retransfer' | 'scratch' | 'mean';
  /** Method with its options, as in the key; absent for readouts and references. */
  method?: string;
  sources: readonly TaskId[];
  seeds: number;
  meanLoss: number;
  /** AHP weight among the tournament's candidates; null for references beside it. */
  affinity: Estimate | null;
  /** Share of test images won against scratch, ties half. */
  gain: Estimate | null;
  /** Share of test images won against the gold network. */
  quality: Estimate | null;
  /** Median over images of ln(loss / scratch loss). Negative = better. */
  logLossRatio: Estimate | null;
  /**
   * The task's metric, in its unit: mean over the test images that have a label. Null where the runs did not keep it image
   * by image; absent in analyses of before it was computed.
   */
  metric?: Estimate | null;
  /** Its difference to scratch's on the same images, in the metric's unit; positive = better, whatever the metric's direction. */
  metricGain?: Estimate | null;
  /** Bradley–Terry strength, normalised to sum 1. */
  bradleyTerry: number | null;
  /** 1 − mean loss / mean-predictor loss. */
  skill: number;
  /** 95 % interval of the skill; absent where nothing was resampled, and in analyses of before it was kept. */
  skillInterval?: { low: number; high: number };
  /** Among all transfers of the target, of every order and method; other sets: `TargetAnalysis.standings`. */
  probabilityBest: number | null;
  inTieSet: boolean;
  /** Read only, in analyses of before `standings`: the same two among transfers from single sources. */
  amongFirstOrder?: { probabilityBest: number; inTieSet: boolean };
}

/** How one transfer stands among a set of transfers to the same target. */
export interface SetMember {
  key: string;
  /** Its AHP weight over that of the set and the own network together: these sum to 1. */
  affinity: Estimate;
  /** Share of bootstrap draws in which it has the highest affinity of the set; sums to 1 over the set. */
  probabilityBest: number;
  /** Whether it reaches the leader's affinity in more than 2.5 % of the draws; the leader itself does. */
  inTieSet: boolean;
}

/** Whether a target's results mean anything (DESIGN §4, "validity first"). */
export interface TargetValidity {
  kept: boolean;
  /** Why it is excluded, or what to mind; empty when clean. */
  reasons: readonly string[];
  goldSkill: Estimate;
  scratchSkill: number | null;
  /** Variance between sources over variance between seeds; null with one seed. */
  signalToNoise: number | null;
  /** Share of trained runs that were not still improving at their last evaluation; absent where no learning curve is known. */
  converged?: number;
}

/** One candidate or reference measured at one size of the transfer set; fields as in `CandidateResult`. */
export type SizePoint = Omit<
  CandidateResult,
  'affinity' | 'bradleyTerry' | 'probabilityBest' | 'inTieSet' | 'amongFirstOrder'
>;

/** Number of transfer images at which training from scratch catches up with a transfer. */
export interface Crossover {
  /** Key of the candidate. */
  key: string;
  /** `always`: the transfer still wins at the largest size; `never`: at no size. */
  state: 'crosses' | 'always' | 'never';
  /** Null outside of the sizes that were measured. */
  images: number | null;
  /** Ends of the 95 % interval; null where an end lies outside of the sizes that were measured. */
  low: number | null;
  high: number | null;
  /** On which side of the sizes an end without a number lies; absent in analyses of before this was kept. */
  beyond?: { low: Side; high: Side };
}

/** Below all sizes that were measured, above them, or neither. */
type Side = 'below' | 'above' | null;

/** A target's transfers by the size of the transfer set. */
export interface TargetSizes {
  points: readonly { images: number; candidates: readonly SizePoint[] }[];
  crossovers: readonly Crossover[];
}

/** The analysed tournament of one target. */
export interface TargetAnalysis {
  target: TaskId;
  testImages: number;
  candidates: readonly CandidateResult[];
  /** Win rates W[i][j] among the tournament's candidates, in the order of `tournamentKeys`. */
  tournamentKeys: readonly string[];
  winRates: readonly (readonly number[])[];
  tieRate: number;
  lambdaMax: number;
  consistencyIndex: number;
  validity: TargetValidity;
  /** True while some candidates are still missing. */
  preliminary: boolean;
  /** Where the sweep has several transfer sizes, and two of them at least are measured. */
  sizes?: TargetSizes;
  /** Rank correlations of the transfers' affinities between halves of the data; absent where losses are not known. */
  reliability?: TargetReliability;
  /** Share of images that tie with each tournament candidate, over its meetings; in the order of `tournamentKeys`. */
  candidateTieRates?: readonly number[];
  /**
   * Every set of transfers that a view ranks (up to each order, by every method and by each one), known by its members.
   * Absent in imports and in analyses of before it was kept.
   */
  standings?: readonly (readonly SetMember[])[];
}

/** Would the order of sources come out again? Spearman correlations of two halves, null where they cannot be formed. */
export interface TargetReliability {
  /** Between random halves of the test scenes, mean over splits. */
  scenes: number | null;
  /** Between the first and the second half of the source seeds. */
  seeds: number | null;
}
