import { beatsConstant, type RankedPoint } from '@/lib/science/affinity';
import { candidateKey } from '@/lib/science/catalog/methods';
import type { SizePoint, TargetAnalysis, TaskId, TaskMetric } from '@/lib/science/core';
import { measuredAt } from './labels';
import {
  metricGainWithInterval,
  metricVerdict,
  metricWithInterval,
  metricWords,
  type Reported,
} from './metric-words';
import { type SweepData, sizesIn } from './model';
import { counted } from './numbers';
import { metricOf, reportedOf } from './reported';

/** What people report of a target's ways, by number of labels. */
export interface MetricLookup {
  metric: TaskMetric | null;
  /** As it was analysed; `metric` and `metricGain` null where it was not. */
  of(way: Pick<RankedPoint, 'method' | 'sources' | 'images'>): Reported;
  reference(kind: 'scratch' | 'mean', images: number): Reported;
}

export function metricLookup(data: SweepData, target: TaskId): MetricLookup {
  const main = sizesIn(data.sweep).at(-1) ?? 0;
  const analysis: TargetAnalysis | undefined = data.analyses.find((a) => a.target === target);
  const find = (images: number, is: (c: SizePoint) => boolean): Reported =>
    reportedOf(measuredAt(analysis, images, main).find(is));
  return {
    metric: metricOf(data, target),
    of: ({ method, sources, images }) => {
      const key = candidateKey(method, sources);
      return find(images, (c) => c.key === key);
    },
    reference: (kind, images) => find(images, (c) => c.kind === kind),
  };
}

type Named = (way: RankedPoint) => string;

/** Positive = better than the other, whatever the metric's direction. */
const lead = (a: Reported, b: Reported, { higherIsBetter }: TaskMetric): number =>
  (higherIsBetter ? 1 : -1) * ((a.metric?.value ?? 0) - (b.metric?.value ?? 0));

/** Ways at equal labels, the best metric first, that a constant predictor beats neither in it nor in mean loss. */
export function byMetric(fair: readonly RankedPoint[], lookup: MetricLookup): RankedPoint[] {
  const { metric } = lookup;
  if (metric === null) return [];
  return fair
    .filter((way) => {
      const own = lookup.of(way);
      const constant = lookup.reference('mean', way.images);
      const above = constant.metric === null || lead(own, constant, metric) > 0;
      return own.metric !== null && own.metricGain !== null && above && beatsConstant(way);
    })
    .sort((a, b) => lead(lookup.of(b), lookup.of(a), metric));
}

/** What to do by the metric that people report; null where it is not known of any way that beats a constant. */
export function metricRecommendation(
  fair: readonly RankedPoint[],
  lookup: MetricLookup,
  target: string,
  named: Named,
): string | null {
  const { metric } = lookup;
  const [best] = byMetric(fair, lookup);
  const own = best && lookup.of(best);
  if (!best || !own?.metricGain || metric === null) return null;
  const at = `With ${best.images} labelled images`;
  const scratch = lookup.reference('scratch', best.images).metric;
  const words = `${named(best)}: ${metricWords(own, scratch, metric)}`;
  if (metricVerdict(own.metricGain) === 'better') return `${at}, take ${words}.`;
  if (own.metricGain.value <= 0)
    return `${at}, train ${target} from scratch: no way has a better ${metric.name}. The nearest, ${words}.`;
  if (own.metricGain.low === null)
    return `${at}, ${words}; no interval of the difference is known, so that it may be chance.`;
  return `${at}, scratch is as good by ${metric.name}. The best, ${words}; the interval holds 0.`;
}

/**
 * Where mean loss and metric disagree: the way that mean loss would take, if its metric is not shown to be better than
 * scratch's, and how many ways have a lower mean loss than scratch but no better metric. Empty where they agree.
 */
export function disagreement(fair: readonly RankedPoint[], lookup: MetricLookup, named: Named): string {
  const { metric } = lookup;
  const lower = fair.filter(
    (way) => way.mean < 0 && beatsConstant(way) && lookup.of(way).metricGain !== null,
  );
  const [first] = lower;
  const same = first !== undefined && first === byMetric(fair, lookup)[0];
  if (!first || metric === null) return '';
  const own = lookup.of(first);
  const scratch = lookup.reference('scratch', first.images).metric;
  const verdict = metricVerdict(own.metricGain);
  const told =
    verdict === 'better' || own.metric === null || own.metricGain === null || scratch === null
      ? ''
      : same
        ? ` Its mean loss is below scratch’s all the same: by loss and by ${metric.name} the answer differs.`
        : ` By mean loss ${named(first)} leads, but its ${metric.name} of ${metricWithInterval(own.metric, metric)} is ${
            verdict === 'worse' ? 'worse than' : 'not shown to be better than'
          } scratch’s ${metricWithInterval(scratch, metric)}: difference ${metricGainWithInterval(own.metricGain, metric)}.`;
  const without = lower.filter((way) => (lookup.of(way).metricGain?.value ?? 0) <= 0).length;
  const count =
    without === 0
      ? ''
      : ` Of the ${counted(lower.length, 'way')} whose mean loss is below scratch’s, ${without} ${without === 1 ? 'has' : 'have'} no better ${metric.name} than scratch.`;
  return told + count;
}
