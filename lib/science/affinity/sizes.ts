import type { CandidateResult, Crossover, SizePoint, TargetSizes } from '@/lib/science/core';
import { type AnalyseOptions, type AnalysisDraws, analyseTargetWithDraws } from './analyse';
import type { TargetLosses } from './contest';

/** Everything measured for one target at one size of the transfer set; gold and mean are those of the whole sweep. */
export interface SizedLosses {
  images: number;
  losses: TargetLosses;
}

/** Only what every size has, so that the bootstrap draws the same scenes and seeds at each of them. */
function common(sized: readonly SizedLosses[]): SizedLosses[] {
  const keys = sized.map(({ losses }) => new Set(losses.candidates.map((c) => c.key)));
  const shared = (key: string): boolean => keys.every((known) => known.has(key));
  return sized.map(({ images, losses }) => ({
    images,
    losses: { ...losses, candidates: losses.candidates.filter((c) => shared(c.key)) },
  }));
}

const pointOf = (c: CandidateResult): SizePoint => ({
  key: c.key,
  kind: c.kind,
  ...(c.method === undefined ? {} : { method: c.method }),
  sources: c.sources,
  seeds: c.seeds,
  meanLoss: c.meanLoss,
  gain: c.gain,
  quality: c.quality,
  logLossRatio: c.logLossRatio,
  metric: c.metric ?? null,
  metricGain: c.metricGain ?? null,
  skill: c.skill,
});

/**
 * Size at which scratch catches up: where the gain over scratch falls through ½ for the last time, on a straight line in
 * ln(images) between the two sizes around it. −∞ when the gain is never above ½, +∞ when it still is at the largest size.
 */
export function crossing(sizes: readonly number[], gains: readonly number[]): number {
  const last = gains.findLastIndex((gain) => gain > 0.5);
  if (last < 0) return Number.NEGATIVE_INFINITY;
  if (last === gains.length - 1) return Number.POSITIVE_INFINITY;
  const [x0, x1] = [Math.log(sizes[last] as number), Math.log(sizes[last + 1] as number)];
  const [g0, g1] = [gains[last] as number, gains[last + 1] as number];
  return Math.exp(x0 + ((g0 - 0.5) / (g0 - g1)) * (x1 - x0));
}

/**
 * Transfers that only some sizes have (self-training wants unlabelled images) are measured where they are, against the
 * references there. They have no crossover.
 */
function besides({ losses }: SizedLosses, shared: SizedLosses, options: AnalyseOptions): SizePoint[] {
  const known = new Set(shared.losses.candidates.map((c) => c.key));
  const extra = losses.candidates.filter(
    (c) => c.kind === 'transfer' && c.sources.length < 2 && !known.has(c.key),
  );
  if (extra.length === 0) return [];
  const references = losses.candidates.filter((c) => ['self', 'scratch', 'mean'].includes(c.kind));
  const { analysis } = analyseTargetWithDraws({ ...losses, candidates: [...references, ...extra] }, options);
  return analysis.candidates.filter((c) => c.kind === 'transfer').map(pointOf);
}

const within = (images: number): number | null => (Number.isFinite(images) ? images : null);

const sideOf = (images: number): 'below' | 'above' | null =>
  Number.isFinite(images) ? null : images < 0 ? 'below' : 'above';

/** The crossing with its interval over the draws; nearest ranks, since a draw's crossing may be infinite. */
function crossoverOf(
  key: string,
  sizes: readonly number[],
  gains: readonly number[],
  draws: readonly (Float64Array | undefined)[],
  level: number,
): Crossover {
  const point = crossing(sizes, gains);
  const count = Math.min(...draws.map((list) => list?.length ?? 0));
  const drawn = Float64Array.from({ length: count }, (_, d) =>
    crossing(
      sizes,
      draws.map((list) => list?.[d] ?? Number.NaN),
    ),
  ).sort();
  const rank = (q: number): number => drawn[Math.round((count - 1) * q)] ?? point;
  const [low, high] = [Math.min(rank((1 - level) / 2), point), Math.max(rank((1 + level) / 2), point)];
  return {
    key,
    state:
      point === Number.POSITIVE_INFINITY
        ? 'always'
        : point === Number.NEGATIVE_INFINITY
          ? 'never'
          : 'crosses',
    images: within(point),
    low: within(low),
    high: within(high),
    beyond: { low: sideOf(low), high: sideOf(high) },
  };
}

/**
 * Gain, quality and loss of a target's transfers by the size of the transfer set, and where training from scratch
 * catches up with each (DESIGN §4: "when not to transfer"). Each size is a tournament of its own, with its own scratch
 * and the same gold and mean; candidates that some size lacks are measured without a crossover.
 */
export function analyseSizes(sized: readonly SizedLosses[], options: AnalyseOptions = {}): TargetSizes {
  const all = [...sized].sort((a, b) => a.images - b.images);
  const ordered = common(all);
  const analysed: { images: number; candidates: readonly CandidateResult[]; draws: AnalysisDraws }[] =
    ordered.map(({ images, losses }) => {
      const { analysis, draws } = analyseTargetWithDraws(losses, options);
      return { images, candidates: analysis.candidates, draws };
    });
  const sizes = analysed.map(({ images }) => images);
  const [first] = analysed;
  const transfers = (first?.candidates ?? []).filter((c) => c.kind === 'transfer' || c.kind === 'retransfer');
  const gains = (key: string): number[] =>
    analysed.map(({ candidates }) => candidates.find((c) => c.key === key)?.gain?.value ?? Number.NaN);
  return {
    points: analysed.map(({ images, candidates }, i) => ({
      images,
      candidates: [
        ...candidates.map(pointOf),
        ...besides(all[i] as SizedLosses, ordered[i] as SizedLosses, options),
      ],
    })),
    crossovers: transfers
      .filter(({ key }) => analysed.length > 1 && gains(key).every((gain) => !Number.isNaN(gain)))
      .map(({ key }) =>
        crossoverOf(
          key,
          sizes,
          gains(key),
          analysed.map(({ draws }) => draws.gain[key]),
          options.level ?? 0.95,
        ),
      ),
  };
}
