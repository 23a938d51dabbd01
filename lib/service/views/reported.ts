import type {
  CandidateResult,
  Estimate,
  TargetAnalysis,
  TaskDeclaration,
  TaskId,
  TaskMetric,
} from '@/lib/science/core';
import { wilsonInterval } from '@/lib/science/numerics';
import { sizesServed } from '../contracts';
import { candidateOf } from '../sweeps/analyse';
import { type SweepData, sizesIn } from './model';
import { counted, finite, finiteMean, sound } from './numbers';

/** What a run measured, as a candidate of a target; `sizes` null: it serves every size. */
interface Scalar {
  key: string;
  metric: number;
  sizes: readonly number[] | null;
}

/** The scalar metrics of finished runs, by target. */
function scalarsOf({
  sweep,
  runs,
  summaries,
}: Pick<SweepData, 'sweep' | 'runs' | 'summaries'>): ReadonlyMap<TaskId, readonly Scalar[]> {
  const sizes = sizesIn(sweep);
  const found = new Map<TaskId, Scalar[]>();
  for (const { recipe, fingerprint } of runs) {
    const metric = finite(summaries.get(fingerprint)?.metric);
    const candidate = metric !== null && 'task' in recipe && candidateOf(recipe, recipe.task);
    if (!candidate) continue;
    const sized = recipe.kind === 'transfer' || recipe.kind === 'scratch';
    const scalar = { key: candidate.key, metric, sizes: sized ? sizesServed(recipe, sizes) : null };
    const known = found.get(recipe.task);
    if (known) known.push(scalar);
    else found.set(recipe.task, [scalar]);
  }
  return found;
}

/** Means over seeds, by candidate. */
function meansAt(scalars: readonly Scalar[], images: number): ReadonlyMap<string, number> {
  const found = new Map<string, number[]>();
  for (const { key, metric, sizes } of scalars)
    if (sizes === null || sizes.includes(images)) found.set(key, [...(found.get(key) ?? []), metric]);
  return new Map([...found].map(([key, metrics]) => [key, finiteMean(metrics) ?? Number.NaN]));
}

/** Accuracy of one class per image is a share of hits, so that it has a Wilson interval over the test images. */
function withInterval(value: number, { metric, head }: TaskDeclaration, images: number): Estimate {
  const share = metric.name === 'accuracy' && metric.unit === '%' && head.kind === 'classes';
  if (!share || images === 0 || value < 0 || value > 100) return { value, low: null, high: null };
  const [low, high] = wilsonInterval((value / 100) * images, images);
  return { value, low: 100 * low, high: 100 * high };
}

type Measured = Pick<CandidateResult, 'key' | 'metric' | 'metricGain'>;

/**
 * Candidates with the metric of their runs where it was not kept image by image: accuracy with a Wilson interval, other
 * metrics and the difference to scratch without one.
 */
function filled<T extends Measured>(
  candidates: readonly T[],
  task: TaskDeclaration,
  images: number,
  known: ReadonlyMap<string, number>,
): T[] {
  const metricOf = ({ key, metric }: Measured): number | null =>
    finite(metric?.value) ?? finite(known.get(key));
  const reference = candidates.find(({ key }) => key === 'scratch');
  const scratch = reference ? metricOf(reference) : null;
  return candidates.map((c) => {
    const value = metricOf(c);
    if (value === null || (sound(c.metric) && sound(c.metricGain))) return c;
    const gain = scratch === null ? null : (task.metric.higherIsBetter ? 1 : -1) * (value - scratch);
    return {
      ...c,
      metric: sound(c.metric) ?? withInterval(value, task, images),
      metricGain: sound(c.metricGain) ?? (gain === null ? null : { value: gain, low: null, high: null }),
    };
  });
}

/** The analyses of a sweep, with the metrics of runs from before they were kept image by image. */
export function withRunMetrics(
  data: Pick<SweepData, 'sweep' | 'runs' | 'summaries' | 'analyses'>,
): readonly TargetAnalysis[] {
  const tasks = new Map(data.sweep.tasks.map((task) => [task.id, task]));
  const main = sizesIn(data.sweep).at(-1) ?? 0;
  const lacks = ({ candidates }: TargetAnalysis): boolean => candidates.some((c) => !sound(c.metric));
  if (data.sweep.origin === 'imported' || !data.analyses.some(lacks)) return data.analyses;
  const scalars = scalarsOf(data);
  return data.analyses.map((analysis) => {
    const task = tasks.get(analysis.target);
    if (!task?.metric || !lacks(analysis)) return analysis;
    const fill = <T extends Measured>(candidates: readonly T[], images: number): T[] =>
      filled(candidates, task, analysis.testImages, meansAt(scalars.get(analysis.target) ?? [], images));
    return {
      ...analysis,
      candidates: fill(analysis.candidates, main),
      ...(analysis.sizes
        ? {
            sizes: {
              ...analysis.sizes,
              points: analysis.sizes.points.map(({ images, candidates }) => ({
                images,
                candidates: fill(candidates, images),
              })),
            },
          }
        : {}),
    };
  });
}

/** What people report of a target; null where nothing names it, as in results imported without it. */
export function metricOf(
  { sweep, analyses }: Pick<SweepData, 'sweep' | 'analyses'>,
  target: TaskId,
): TaskMetric | null {
  const metric = sweep.tasks.find((task) => task.id === target)?.metric;
  const analysis = analyses.find((a) => a.target === target);
  const known = sweep.origin === 'measured' || analysis?.candidates.some((c) => sound(c.metric));
  if (!metric || !known) return null;
  return { name: metric.name, unit: metric.unit, higherIsBetter: metric.higherIsBetter };
}

/** The metric of a candidate and its difference to scratch's, as answers have them. */
export const reportedOf = (
  c: Pick<CandidateResult, 'metric' | 'metricGain'> | undefined,
): { metric: Estimate | null; metricGain: Estimate | null } => ({
  metric: sound(c?.metric),
  metricGain: sound(c?.metricGain),
});

/** Why a target's metric, or its intervals, are not known; null where they are, or nothing is measured yet. */
export function metricNote(data: Pick<SweepData, 'sweep' | 'analyses'>, target: TaskId): string | null {
  const candidates = data.analyses.find((a) => a.target === target)?.candidates ?? [];
  const transfers = candidates.filter((c) => c.kind === 'transfer');
  if (transfers.length === 0) return null;
  const name = metricOf(data, target)?.name;
  if (name === undefined)
    return 'this import does not say what people report of the target, such as accuracy';
  const lacking = transfers.filter((c) => !sound(c.metric)).length;
  if (lacking > 0) return `${name} is not known of ${lacking} of ${counted(transfers.length, 'transfer')}`;
  const bare = transfers.some((c) => sound(c.metricGain)?.low === null && sound(c.gain)?.low !== null);
  return bare
    ? `${name} was not kept image by image when these runs were stored, so that differences to scratch have no interval`
    : null;
}
