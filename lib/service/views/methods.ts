import { frontier } from '@/lib/science/affinity';
import { familyOf } from '@/lib/science/catalog/families';
import { candidateKey, labelOf, methodById, readsLabels } from '@/lib/science/catalog/methods';
import type { SizePoint, TaskId, TaskMetric, TransferRecipe } from '@/lib/science/core';
import { type MethodsView, methodsOf, sizesServed } from '../contracts';
import { similarityOf } from './advice';
import { cellStateOf } from './cells';
import { measuredAt } from './labels';
import { metricClause } from './metric-words';
import { type SweepData, sizesIn, sourcesOf, wayNames } from './model';
import { counted, finite, finiteMean, flopsWords, percentWithInterval, sound } from './numbers';
import { constantClause } from './recommend';
import { metricOf, reportedOf } from './reported';
import { verdictOf } from './standing';
import {
  type Ancestry,
  ancestry,
  type Cost,
  isHigherOrder,
  isTransfer,
  meanCost,
  type TransferRun,
} from './ways';

type Way = MethodsView['ways'][number];
type Named = ReturnType<typeof wayNames>;
/** All seeds of one way to serve a target with so many labels. */
interface SizedWay {
  images: number;
  runs: TransferRun[];
}

/** A target's transfers by way and size, all seeds together. Without higher orders and encoders that are only chained. */
function runsByWay({ sweep, runs }: SweepData, target: TaskId): SizedWay[] {
  const methods = new Set(methodsOf(sweep.spec).map((method) => method.id));
  const sizes = sizesIn(sweep);
  const ways = new Map<string, SizedWay>();
  for (const run of runs.filter(isTransfer)) {
    const { recipe } = run;
    if (recipe.task !== target || isHigherOrder(recipe) || !methods.has(labelOf(recipe))) continue;
    for (const images of sizesServed(recipe, sizes)) {
      const key = `${images} ${wayKey(recipe)}`;
      const way = ways.get(key);
      if (way) way.runs.push(run);
      else ways.set(key, { images, runs: [run] });
    }
  }
  return [...ways.values()];
}

const wayKey = (recipe: TransferRecipe): string =>
  candidateKey(
    labelOf(recipe),
    recipe.sources.map((source) => source.task),
  );

function wayView(
  data: SweepData,
  { cost, wholeCost, sawMoreLabels }: Ancestry,
  { images, runs }: SizedWay,
  measured: readonly SizePoint[],
  kept: boolean,
): Way | null {
  const [first] = runs;
  if (!first) return null;
  const { recipe } = first;
  const key = wayKey(recipe);
  const candidate = measured.find((c) => c.key === key);
  const done = runs.filter((run) => run.state === 'done');
  return {
    key,
    method: labelOf(recipe),
    sources: recipe.sources.map((source) => source.task),
    images,
    everySize: !readsLabels(recipe),
    state: cellStateOf(runs, candidate !== undefined, false, data.now),
    seeds: done.length,
    ownLabels: sawMoreLabels(first),
    loss: finiteMean(done.map((run) => data.summaries.get(run.fingerprint)?.meanLoss ?? Number.NaN)),
    ...reportedOf(candidate),
    gain: sound(candidate?.gain),
    quality: sound(candidate?.quality),
    effect: sound(candidate?.logLossRatio),
    skill: finite(candidate?.skill),
    helps: candidate ? verdictOf(candidate, kept) : 'unknown',
    cost: meanCost(done.map(cost)),
    wholeCost: meanCost(done.map(wholeCost)),
  };
}

/** Training from scratch with so many labels, over its seeds. */
function scratchAt(data: SweepData, target: TaskId, images: number, measured: readonly SizePoint[]) {
  const runs = data.runs.filter(
    ({ recipe }) => recipe.kind === 'scratch' && recipe.task === target && recipe.images === images,
  );
  const scratch = measured.find((c) => c.kind === 'scratch');
  return {
    loss: finite(scratch?.meanLoss),
    skill: finite(scratch?.skill),
    metric: reportedOf(scratch).metric,
    cost: meanCost(runs.map((run) => data.summaries.get(run.fingerprint)?.cost ?? null)),
  };
}

interface Priced {
  key: string;
  gain: number;
  cost: Cost | null;
  wholeCost: Cost | null;
}

/** A way that a constant predictor beats is worth no price. */
const priced = (ways: readonly Way[], scratch: Cost | null): Priced[] => [
  ...ways.flatMap(({ key, gain, skill, cost, wholeCost }) =>
    gain && !(skill !== null && skill <= 0) ? [{ key, gain: gain.value, cost, wholeCost }] : [],
  ),
  { key: 'scratch', gain: 0.5, cost: scratch, wholeCost: scratch },
];

const frontOf = (ways: readonly Priced[], pick: 'cost' | 'wholeCost'): string[] =>
  frontier(
    ways.filter((way) => way[pick] !== null),
    (way) => way[pick]?.flops ?? 0,
    (way) => way.gain,
  ).map((way) => way.key);

const byGain = (a: Way, b: Way): number => (b.gain?.value ?? 0) - (a.gain?.value ?? 0);

/** What the compute of scratch buys: the best way itself, a cheaper one, or nothing that is shown to help. */
function computeWords(fair: readonly Way[], best: Way, scratch: Cost, called: (way: Way) => string): string {
  const affordable = fair.find(
    (way) => way.helps === 'helps' && way.cost !== null && way.cost.flops <= scratch.flops,
  );
  const budget = `no more compute than scratch (${flopsWords(scratch.flops)})`;
  if (affordable === best) return `It takes ${budget}, given its sources.`;
  if (affordable?.helps !== 'helps' || !affordable.gain) return `For ${budget} nothing is shown to beat it.`;
  return `For ${budget}, given its sources, take ${called(affordable)}: ${percentWithInterval(affordable.gain)}.`;
}

/** The best of the ways that saw more labels, where it is shown to help more than the best of the others. */
function unequalWords(ways: readonly Way[], best: Way, called: (way: Way) => string): string[] {
  const [lead] = ways.filter((way) => way.ownLabels && way.gain !== null).sort(byGain);
  if (!lead?.gain || lead.helps !== 'helps' || byGain(best, lead) <= 0) return [];
  return [
    `Of the ways that also learn from more of the target’s labels, and so are not compared, ${called(lead)} leads: ${percentWithInterval(lead.gain)}.`,
  ];
}

/** The best with these labels, the best for no more compute than scratch takes, and how many ways are worse than it. */
function sizeWords(
  ways: readonly Way[],
  images: number,
  scratch: ReturnType<typeof scratchAt>,
  named: Named,
  metric: TaskMetric | null,
): string {
  const fair = ways.filter((way) => way.gain !== null && !way.ownLabels).sort(byGain);
  const [first] = fair;
  if (!first?.gain) return `Nothing is measured with ${counted(images, 'label')} yet.`;
  const best = fair.find((way) => way.helps === 'helps') ?? first;
  const called = (way: Way): string => named(way.method, way.sources);
  const wins = (way: Way): string =>
    way.gain
      ? `${percentWithInterval(way.gain)} of test images${constantClause(scratch.skill, way.skill)}${metricClause(way, scratch.metric, metric)}`
      : '';
  const worse = fair.filter((way) => way.helps === 'hurts').length;
  const helps = best.helps === 'helps';
  const lead = best === first ? 'wins most often against scratch' : 'helps most';
  const sentences = [
    helps
      ? `With ${counted(images, 'label')} ${called(best)} ${lead}: ${wins(best)}.`
      : `With ${counted(images, 'label')} no way is shown to help; the nearest, ${called(best)}, wins ${wins(best)}.`,
  ];
  if (helps && scratch.cost) sentences.push(computeWords(fair, best, scratch.cost, called));
  sentences.push(
    worse === 0
      ? 'No way is shown to hurt.'
      : `Negative transfer: ${worse} of ${counted(fair.length, 'way')} ${worse === 1 ? 'is' : 'are'} significantly worse than scratch or a constant predictor.`,
    ...unequalWords(ways, best, called),
  );
  return sentences.join(' ');
}

/** Methods × sources × labels of one target, with what each costs. Ways that saw more labels take no part in advice. */
export function methodsView(data: SweepData, target: TaskId): MethodsView {
  const { spec } = data.sweep;
  const analysis = data.analyses.find((a) => a.target === target);
  const sizes = sizesIn(data.sweep);
  const main = sizes.at(-1) ?? 0;
  const behind = ancestry(data);
  const ways = runsByWay(data, target).flatMap(
    (way) =>
      wayView(data, behind, way, measuredAt(analysis, way.images, main), analysis?.validity.kept ?? true) ??
      [],
  );
  const similarity = similarityOf(data, target).of;
  const named = wayNames(data.sweep);
  const metric = metricOf(data, target);
  return {
    sweepId: data.sweep.id,
    target,
    metric,
    goldMetric: reportedOf(analysis?.candidates.find((c) => c.kind === 'self')).metric,
    methods: methodsOf(spec).map((entry) => {
      const { name, summary } = methodById(entry.method);
      const family = familyOf(entry, spec.preset, spec.dataset.size);
      return { id: entry.id, label: entry.label, name, summary, family };
    }),
    sources: sourcesOf(data.sweep).map(({ id }) => ({ id, similarity: similarity.get(id) ?? null })),
    sizes: sizes.map((images) => {
      const here = ways.filter((way) => way.images === images);
      const scratch = scratchAt(data, target, images, measuredAt(analysis, images, main));
      const candidates = priced(
        here.filter((way) => !way.ownLabels),
        scratch.cost,
      );
      return {
        images,
        scratch,
        frontier: frontOf(candidates, 'cost'),
        wholeFrontier: frontOf(candidates, 'wholeCost'),
        words: sizeWords(here, images, scratch, named, metric),
      };
    }),
    ways,
  };
}
