import {
  adviseRegimes,
  beatsConstant,
  type MethodPoint,
  type RankedPoint,
  type Regime,
  type Similarity,
  splitBySimilarity,
} from '@/lib/science/affinity';
import { familyOf } from '@/lib/science/catalog/families';
import { candidateKey, labelOf, PLAIN_METHOD } from '@/lib/science/catalog/methods';
import type { TaskId } from '@/lib/science/core';
import { type AdviceView, sizesServed } from '../contracts';
import {
  byMetric,
  disagreement,
  type MetricLookup,
  metricLookup,
  metricRecommendation,
} from './advice-metric';
import { exclusionWords } from './best-source';
import { cellContext } from './cells';
import { metricClause } from './metric-words';
import { methodOfCandidate, namesOf, type SweepData, sizesIn, sourcesOf, wayNames } from './model';
import { decimal, finite, finiteMean, percent, percentWithInterval, sound } from './numbers';
import { constantClause } from './recommend';
import { losesToConstant } from './standing';
import { ancestry, isTransfer } from './ways';

const RULES: Record<Regime['rule'], string> = {
  head: 'train the head only',
  earlier: 'use earlier layers',
  whole: 'fine-tune everything',
};

/** Mean test loss of scratch by images and seed. */
function scratchLosses(data: SweepData, target: TaskId): ReadonlyMap<string, number> {
  return new Map(
    data.runs.flatMap(({ recipe, fingerprint }): [string, number][] => {
      if (recipe.kind !== 'scratch' || recipe.task !== target) return [];
      const loss = finite(data.summaries.get(fingerprint)?.meanLoss);
      return loss === null ? [] : [[`${recipe.images} ${recipe.seed}`, loss]];
    }),
  );
}

/** Mean test loss of the constant predictor of a target; null until it is measured. */
const constantLoss = (data: SweepData, target: TaskId): number | null =>
  finiteMean(
    data.runs.map(({ recipe, fingerprint }) =>
      recipe.kind === 'mean' && recipe.task === target
        ? (data.summaries.get(fingerprint)?.meanLoss ?? Number.NaN)
        : Number.NaN,
    ),
  );

const skillOf = (losses: Iterable<number>, constant: number | null): number | null => {
  const loss = finiteMean(losses);
  return loss === null || constant === null || constant <= 0 ? null : 1 - loss / constant;
};

/** Every way by which the target was served, with its seeds together. A task's own source is no transfer. */
function pointsOf(data: SweepData, target: TaskId): MethodPoint[] {
  const scratch = scratchLosses(data, target);
  const constant = constantLoss(data, target);
  const sizes = sizesIn(data.sweep);
  const { sawMoreLabels } = ancestry(data);
  const ways = new Map<string, MethodPoint & { logRatios: number[]; losses: number[] }>();
  for (const run of data.runs.filter(isTransfer)) {
    const { recipe, fingerprint, estimatedFlops } = run;
    if (recipe.task !== target) continue;
    const sources = recipe.sources.map((source) => source.task);
    const loss = finite(data.summaries.get(fingerprint)?.meanLoss);
    if (loss === null || sources.includes(target)) continue;
    const method = labelOf(recipe);
    for (const images of sizesServed(recipe, sizes)) {
      const against = scratch.get(`${images} ${recipe.seed}`);
      if (against === undefined) continue;
      const key = `${method} ${sources.join('+')} ${images}`;
      const way = ways.get(key) ?? {
        method,
        family: familyOf(recipe, recipe.preset, recipe.dataset.size),
        sources,
        images,
        moreLabels: sawMoreLabels(run),
        logRatios: [],
        losses: [],
        skill: null,
        flops: estimatedFlops ?? 0,
      };
      way.logRatios.push(Math.log(Math.max(loss, 1e-12) / Math.max(against, 1e-12)));
      way.losses.push(loss);
      ways.set(key, way);
    }
  }
  return [...ways.values()].map(({ losses, ...way }) => ({ ...way, skill: skillOf(losses, constant) }));
}

/** How near each source is: by the ridge probe, which no transfer has seen; without it by the plain readout. */
export function similarityOf(
  data: SweepData,
  target: TaskId,
  points: readonly MethodPoint[] = pointsOf(data, target),
): { by: AdviceView['similarityBy']; of: ReadonlyMap<TaskId, Similarity> } {
  const context = cellContext(data);
  const others = sourcesOf(data.sweep)
    .map((task) => task.id)
    .filter((id) => id !== target);
  const probed = new Map(
    others.flatMap((id): [TaskId, number][] => {
      const skill = context.probe(id, target);
      return skill === null ? [] : [[id, skill]];
    }),
  );
  if (probed.size > 1) return { by: 'probe', of: splitBySimilarity(probed) };
  const most = Math.max(...points.map((point) => point.images));
  const plain = points.filter(
    (point) => point.method === PLAIN_METHOD && point.images === most && point.sources.length === 1,
  );
  if (plain.length < 2) return { by: null, of: new Map() };
  const fit = plain.map(({ sources, logRatios }): [TaskId, number] => [
    sources[0] ?? '',
    -logRatios.reduce((sum, x) => sum + x, 0) / logRatios.length,
  ]);
  return { by: 'readout', of: splitBySimilarity(new Map(fit)) };
}

const wayView = (way: RankedPoint, lookup: MetricLookup) => {
  const { method, sources, images, moreLabels, mean, margin, logRatios, skill, flops } = way;
  return {
    method,
    sources: [...sources],
    images,
    moreLabels,
    logMeanRatio: mean,
    ...lookup.of(way),
    skill,
    margin,
    seeds: logRatios.length,
    flops,
  };
};

type Named = (way: RankedPoint) => string;

/** Ways in words; a plain readout says that it is one. */
function namedOf(data: SweepData): Named {
  const names = wayNames(data.sweep);
  return ({ method, sources }) =>
    method === PLAIN_METHOD ? `a readout from ${names(method, sources)}` : names(method, sources);
}

/** Says of a way that a constant predictor beats it; empty where none does. */
const constantWords = (way: RankedPoint): string =>
  beatsConstant(way) ? '' : `, but a constant predictor beats it (skill ${decimal(way.skill ?? 0)})`;

/** `mean loss 32 % below scratch's (ln ratio −0.39 ± 0.04, 3 seeds)`, and whether a constant is better still. */
function lossWords(way: RankedPoint): string {
  const { mean, margin, logRatios } = way;
  const change = Math.abs(1 - Math.exp(mean));
  const side = mean < 0 ? 'below' : 'above';
  const sure =
    margin === null
      ? 'one seed'
      : `ln ratio ${mean.toFixed(2)} ± ${margin.toFixed(2)}, ${logRatios.length} seeds`;
  return `mean loss ${percent(change)} ${side} scratch’s (${sure})${constantWords(way)}`;
}

/** The same, with the metric that people report beside it. */
const effectWordsOf =
  (lookup: MetricLookup): Named =>
  (way) =>
    lossWords(way) +
    metricClause(lookup.of(way), lookup.reference('scratch', way.images).metric, lookup.metric);

function regimeWords(
  { labels, similarity, rule, best, ruled, verdict }: Regime,
  named: Named,
  effectWords: Named,
): string {
  const where = `${labels === 'few' ? 'Few' : 'Many'} labels, ${similarity} source: the rule says ${RULES[rule]}`;
  if (!best) return `${where}; nothing was measured here.`;
  const scratch = best.mean > 0 ? ', so that scratch was better' : '';
  const measured = `${named(best)} at ${best.images} images was best, ${effectWords(best)}${scratch}`;
  if (!ruled) return `${where}; that was not measured. ${measured}.`;
  if (verdict === 'agrees') return `${where}, and so does the measurement: ${measured}.`;
  const its = `${named(ruled)}, ${effectWords(ruled)}`;
  return verdict === 'disagrees'
    ? `${where}; the measurement disagrees: ${measured}; the rule’s best was ${its}.`
    : `${where}; ${measured}; the rule’s best was ${its}, and the seeds do not separate them.`;
}

/** What to do by mean loss, where the metric that people report is not known. */
function recommendation(
  fair: readonly RankedPoint[],
  target: string,
  named: Named,
  effectWords: Named,
): string {
  const best = fair.find(beatsConstant);
  const at = `With ${fair[0]?.images ?? 0} labelled images`;
  if (!best)
    return fair[0]
      ? `${at}, no way beats a constant predictor on ${target}: the nearest, ${named(fair[0])}, has its ${effectWords(fair[0])}.`
      : `Nothing is measured for ${target} yet: it takes a scratch run and a transfer at equal labels.`;
  if (best.mean >= 0)
    return `${at}, train ${target} from scratch: the nearest, ${named(best)}, has its ${effectWords(best)}.`;
  if (best.margin !== null && best.mean + best.margin >= 0)
    return `${at}, scratch is as good: ${named(best)} leads, but its ${effectWords(best)} is within the seeds’ noise.`;
  return `${at}, take ${named(best)}: ${effectWords(best)}.`;
}

const keyOf = ({ method, sources }: RankedPoint): string => candidateKey(method, sources);

/** The best of the ways that saw more of the target's labels, where it leads all others. */
function byMoreLabels(ranking: readonly RankedPoint[], named: Named, effectWords: Named): string {
  const most = Math.max(...ranking.map((point) => point.images));
  const now = ranking.filter((point) => point.images === most);
  const lead = now.find((point) => point.moreLabels);
  if (!lead || !beatsConstant(lead) || lead.mean >= 0 || lead !== now[0]) return '';
  return ` Of the ways that also learn from more of its labels, and so are not compared, ${named(lead)} leads: ${effectWords(lead)}.`;
}

/**
 * Metric, mean losses and images won need not name the same way: a few images with large losses move a mean, not a count of
 * wins. Where they differ, the advice says both.
 */
function byWins(
  data: SweepData,
  target: TaskId,
  ways: readonly RankedPoint[],
  lead: RankedPoint | undefined,
  measure: string,
): string {
  const fair = new Set(ways.map(keyOf));
  const analysis = data.analyses.find((a) => a.target === target);
  const won = (analysis?.candidates ?? [])
    .filter((c) => c.kind === 'transfer' && sound(c.gain) !== null && fair.has(c.key) && !losesToConstant(c))
    .sort((a, b) => (b.gain?.value ?? 0) - (a.gain?.value ?? 0));
  const [first] = won;
  if (!lead || !first?.gain || keyOf(lead) === first.key) return '';
  const who = wayNames(data.sweep)(methodOfCandidate(first), first.sources);
  const scratch = finite(analysis?.candidates.find((c) => c.kind === 'scratch')?.skill);
  return ` By images won instead of ${measure} ${who} leads: ${percentWithInterval(first.gain)} against scratch${constantClause(scratch, finite(first.skill))}.`;
}

/** What does not pass the validity check is no ground for advice. */
function caution(data: SweepData, target: TaskId): string {
  const analysis = data.analyses.find((a) => a.target === target);
  return analysis && !analysis.validity.kept
    ? ` ${exclusionWords(analysis, namesOf(data.sweep)(target))}`
    : '';
}

/** How to transfer to a target, in words and numbers. */
export function adviceView(data: SweepData, target: TaskId): AdviceView {
  const name = namesOf(data.sweep);
  const named = namedOf(data);
  const points = pointsOf(data, target);
  const similarity = similarityOf(data, target, points);
  const { regimes, negative, ranking } = adviseRegimes(points, similarity.of);
  const lookup = metricLookup(data, target);
  const effectWords = effectWordsOf(lookup);
  const view = (way: RankedPoint) => wayView(way, lookup);
  const most = Math.max(...ranking.map((point) => point.images));
  const fair = ranking.filter((point) => point.images === most && !point.moreLabels);
  const [top] = byMetric(fair, lookup);
  const byWhat = top ? (lookup.metric?.name ?? '') : 'mean loss';
  return {
    sweepId: data.sweep.id,
    target,
    metric: lookup.metric,
    scratchMetric: lookup.reference('scratch', most).metric,
    advice:
      (metricRecommendation(fair, lookup, name(target), named) ??
        recommendation(fair, name(target), named, effectWords)) +
      disagreement(fair, lookup, named) +
      byWins(data, target, fair, top ?? fair.find(beatsConstant), byWhat) +
      byMoreLabels(ranking, named, effectWords) +
      caution(data, target),
    similarityBy: similarity.by,
    similar: [...similarity.of].flatMap(([id, kind]) => (kind === 'similar' ? [id] : [])),
    regimes: regimes.map((regime) => ({
      labels: regime.labels,
      similarity: regime.similarity,
      sizes: [...regime.sizes],
      rule: RULES[regime.rule],
      best: regime.best && view(regime.best),
      ruled: regime.ruled && view(regime.ruled),
      verdict: regime.verdict,
      words: regimeWords(regime, named, effectWords),
    })),
    negative: negative.map(view),
    ranking: ranking.map(view),
  };
}
