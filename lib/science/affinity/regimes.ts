import type { Family } from '../catalog/method-declaration';
import type { TaskId } from '../core';

/** One way to serve a target as it was measured, over its seeds. */
export interface MethodPoint {
  /** Method with its options, as in candidate keys; `scratch` for the reference. */
  method: string;
  family: Family;
  sources: readonly TaskId[];
  /** Labelled images. */
  images: number;
  /** Whether it, or what it stands on, saw more of the target's labels than that: such ways are shown, not compared. */
  moreLabels: boolean;
  /** ln(mean test loss / scratch's at equally many labels) of each seed; negative = better than scratch. */
  logRatios: readonly number[];
  /** 1 − mean test loss / the mean predictor's; null where that is not measured. */
  skill: number | null;
  /** Estimated work of one run, FLOPs. */
  flops: number;
}

export type Similarity = 'similar' | 'distant';
export type Labels = 'few' | 'many';

/** One quadrant of the rule beside what was measured in it. */
export interface Regime {
  labels: Labels;
  similarity: Similarity;
  /** Sizes of the transfer set that fall into it. */
  sizes: readonly number[];
  /** What the rule says. */
  rule: Exclude<Family, 'other'>;
  /** Best measured way, by mean log ratio, of those that beat a constant (of all, if none does); null when nothing was measured. */
  best: RankedPoint | null;
  /** Best of the rule's own family; null when none was measured. */
  ruled: RankedPoint | null;
  verdict: 'agrees' | 'disagrees' | 'unsettled' | 'unmeasured';
}

export interface RankedPoint extends MethodPoint {
  mean: number;
  /** Half-width of a 95 % interval of the mean over seeds (Student's t); null with one seed. */
  margin: number | null;
}

export interface RegimeAdvice {
  regimes: readonly Regime[];
  /** Ways that are worse than scratch beyond their margin (one seed: at all), worst first. */
  negative: readonly RankedPoint[];
  /** All measured ways, by size and then best first: the comparison at equal labels, with their work. */
  ranking: readonly RankedPoint[];
}

/** 97.5 % points of Student's t for 1 … 9 degrees of freedom, then the normal one. */
const T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

/** Sizes at least this many times apart are few and many labels. */
const APART = 4;
/** With one size only: fewer images than this are few. */
const FEW = 1000;

/** The rule of the textbooks (seed of this project; CS231n notes, "Transfer Learning"). */
const RULE: Record<Labels, Record<Similarity, Regime['rule']>> = {
  few: { similar: 'head', distant: 'earlier' },
  many: { similar: 'whole', distant: 'whole' },
};

function ranked(point: MethodPoint): RankedPoint {
  const n = point.logRatios.length;
  const mean = point.logRatios.reduce((sum, x) => sum + x, 0) / n;
  const variance = point.logRatios.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, n - 1);
  const margin = n < 2 ? null : (T[n - 2] ?? 1.96) * Math.sqrt(variance / n);
  return { ...point, mean, margin };
}

/** Few and many among the measured sizes. */
export function labelRegimes(sizes: readonly number[]): Record<Labels, number[]> {
  const sorted = [...new Set(sizes)].sort((a, b) => a - b);
  const [least = 0, most = 0] = [sorted[0], sorted.at(-1)];
  if (most >= APART * least && sorted.length > 1) {
    const middle = Math.sqrt(least * most);
    return { few: sorted.filter((s) => s <= middle), many: sorted.filter((s) => s > middle) };
  }
  return most < FEW ? { few: sorted, many: [] } : { few: [], many: sorted };
}

/**
 * Whether two ways differ: their difference in mean log ratio against the margins of both together.
 * With one seed nothing is settled.
 */
function apart(a: RankedPoint, b: RankedPoint): boolean {
  if (a.margin === null || b.margin === null) return false;
  return Math.abs(a.mean - b.mean) > Math.hypot(a.margin, b.margin);
}

/** A way whose mean loss is not below the mean predictor's is of no use, whatever it gains on scratch. */
export const beatsConstant = ({ skill }: Pick<MethodPoint, 'skill'>): boolean => skill === null || skill > 0;

function verdictOf(best: RankedPoint | null, ruled: RankedPoint | null): Regime['verdict'] {
  if (!best || !ruled) return 'unmeasured';
  if (best === ruled) return 'agrees';
  return apart(best, ruled) ? 'disagrees' : 'unsettled';
}

/**
 * The four-quadrant rule beside the measurement of one target. A quadrant holds the single-source ways at its sizes
 * whose source is similar or distant, at equal labels; a mean is over the seeds of one way at one size.
 * @param similarity of each source; sources that it does not name are left out of the quadrants
 */
export function adviseRegimes(
  points: readonly MethodPoint[],
  similarity: ReadonlyMap<TaskId, Similarity>,
): RegimeAdvice {
  const all = points.filter((point) => point.logRatios.length > 0).map(ranked);
  const fair = all.filter((point) => !point.moreLabels);
  const sizes = labelRegimes(all.map((point) => point.images));
  const regimes = (['few', 'many'] as const).flatMap((labels) =>
    (['similar', 'distant'] as const).map((kind): Regime => {
      const inside = fair
        .filter(({ images, sources }) => {
          const [source, ...more] = sources;
          return source !== undefined && more.length === 0 && sizes[labels].includes(images)
            ? similarity.get(source) === kind
            : false;
        })
        .sort((a, b) => a.mean - b.mean);
      const rule = RULE[labels][kind];
      const best = inside.find(beatsConstant) ?? inside[0] ?? null;
      const ruled = inside.find((point) => point.family === rule) ?? null;
      return {
        labels,
        similarity: kind,
        sizes: sizes[labels],
        rule,
        best,
        ruled,
        verdict: verdictOf(best, ruled),
      };
    }),
  );
  return {
    regimes,
    negative: fair.filter((point) => point.mean - (point.margin ?? 0) > 0).sort((a, b) => b.mean - a.mean),
    ranking: all.sort((a, b) => a.images - b.images || a.mean - b.mean),
  };
}

/** Sources by a measure of fit (higher = nearer to the target): the upper half is similar, the rest distant. */
export function splitBySimilarity(fit: ReadonlyMap<TaskId, number>): Map<TaskId, Similarity> {
  const order = [...fit].sort((a, b) => b[1] - a[1]);
  const half = Math.ceil(order.length / 2);
  return new Map(order.map(([task], i) => [task, i < half ? 'similar' : 'distant']));
}
