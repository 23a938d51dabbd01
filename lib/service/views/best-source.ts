import { PLAIN_METHOD } from '@/lib/science/catalog/methods';
import type { TargetAnalysis, TaskId } from '@/lib/science/core';
import { type BestSourceView, methodsOf, type RankingMeasure, type TargetView } from '../contracts';
import { cellContext, targetView } from './cells';
import { atLabels, labelsAnswer } from './labels';
import { atMainSize } from './main-size';
import { metricClause, metricVerdict, metricWithInterval } from './metric-words';
import { methodOfCandidate, namesOf, reference, type SweepData, wayNames } from './model';
import { finite } from './numbers';
import { recommendation } from './recommend';
import { reportedOf } from './reported';
import { type Line, rankedBy, rankedSource, type Standing, standingOf } from './standing';

export interface RankingOptions {
  /** How many sources to return; all by default. */
  k?: number;
  /** Orders the lines; by default, and where no member of the set has it, the set's own measure. */
  unit?: RankingMeasure;
  /** Highest number of joined sources that take part; 1 by default. */
  maxOrder?: number;
  /** Method whose transfers are ranked; every method by default. */
  method?: string;
  /** Number of labelled images of the target; the measured one that is equal or nearest answers. */
  labels?: number;
}

/** The best sources of a target, and what to do, in words. */
export function bestSourceView(all: SweepData, target: TaskId, options: RankingOptions = {}): BestSourceView {
  const { k, unit, maxOrder = 1, method } = options;
  const labels = options.labels === undefined ? null : labelsAnswer(all, target, options.labels);
  const data = atMainSize(labels === null ? all : atLabels(all, target, labels.answered));
  const context = cellContext(data);
  const analysis = context.analysis(target);
  const complete = context.complete(target);
  const standing = standingOf(data.sweep, analysis, complete, { maxOrder, method });
  const lines = rankedBy(standing, unit);
  const name = namesOf(data.sweep);
  const named = wayNames(data.sweep);
  const plain = methodsOf(data.sweep.spec).find(({ id }) => id === PLAIN_METHOD);
  // Among several methods the plain one is named too.
  const by = method === undefined && methodsOf(data.sweep.spec).length > 1 ? `${plain?.label} from ` : '';
  const way = ({ candidate: { sources, ...c } }: Line): string =>
    methodOfCandidate(c) === PLAIN_METHOD
      ? `${by}${sources.map(name).join(' + ')}`
      : named(methodOfCandidate(c), sources);
  const row = targetView(data, context, target, standing);
  return {
    sweepId: data.sweep.id,
    target,
    preliminary: analysis?.preliminary ?? true,
    labels,
    advice: join([
      labels?.words,
      adviceFor(analysis, name(target), complete, () =>
        join([
          recommendation(standing, finite(reference(analysis, 'scratch')?.skill), way),
          metricSentences(standing, row, way),
        ]),
      ),
    ]),
    set: standing.set,
    sources: lines.slice(0, k ?? lines.length).map(rankedSource),
    targetRow: row,
  };
}

const join = (sentences: readonly (string | undefined)[]): string =>
  sentences.filter((text) => text !== undefined && text !== '').join(' ');

/** The figure that people report: of the transfer that is named, its references, and of one that leads by it. */
function metricSentences(
  { lines, best, leader }: Standing,
  { metric, metrics }: TargetView,
  name: (line: Line) => string,
): string {
  const taken = best ?? leader;
  const own = reportedOf(taken?.candidate);
  if (!taken || metric === null || own.metric === null) return '';
  const gold = metrics.gold ? `; its own network’s ${metricWithInterval(metrics.gold, metric)}` : '';
  const first = `${name(taken)} has ${metricClause(own, metrics.scratch, metric).replace('; ', '')}${gold}.`;
  const gain = (line: Line): number => finite(line.candidate.metricGain?.value) ?? Number.NEGATIVE_INFINITY;
  const top = lines.reduce((a, b) => (gain(b) > gain(a) ? b : a), taken);
  const other = reportedOf(top.candidate);
  if (top === taken || other.metric === null || metricVerdict(other.metricGain) !== 'better') return first;
  return `${first} By ${metric.name} ${name(top)} leads: ${metricWithInterval(other.metric, metric)}.`;
}

/** Why a target's results do not pass the validity check. */
export function exclusionWords({ validity: { reasons } }: TargetAnalysis, target: string): string {
  const why = reasons.length > 0 ? reasons.join('; ') : 'it failed the validity check';
  return `${target} is excluded: ${why}. Do not rely on its ranking.`;
}

function adviceFor(
  analysis: TargetAnalysis | undefined,
  target: string,
  complete: boolean,
  words: () => string,
): string {
  if (!analysis?.candidates.some((c) => c.kind === 'transfer'))
    return `Nothing is measured for ${target} yet.`;
  if (!analysis.validity.kept) return exclusionWords(analysis, target);
  if (!complete) return `Preliminary, some transfers are still missing. ${words()}`;
  return analysis.preliminary ? `Preliminary, more seeds are still to come. ${words()}` : words();
}
