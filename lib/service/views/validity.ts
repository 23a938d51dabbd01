import { MINIMUM_GOLD_SKILL, MINIMUM_SIGNAL_TO_NOISE } from '@/lib/science/affinity';
import { mean, variance } from '@/lib/science/numerics';
import type { ValidityRow, ValidityView } from '../contracts';
import { type CellContext, cellContext, targetView } from './cells';
import { namesOf, type SweepData, sourcesOf, targetsOf } from './model';
import { counted, decimal, finite, listWords } from './numbers';

/** Mean test losses of the finished first-order transfers to a target, one list of seeds per source. */
function lossesBySource(data: SweepData, context: CellContext, target: string): number[][] {
  return sourcesOf(data.sweep)
    .filter(({ id }) => id !== target)
    .map(({ id }) =>
      context
        .runs(id, target)
        .map((run) => finite(data.summaries.get(run.fingerprint)?.meanLoss))
        .filter((loss) => loss !== null),
    )
    .filter((losses) => losses.length > 0);
}

/** Pooled deviation between seeds, and deviation between sources, of mean test losses. Null with too few of either. */
function spreads(losses: readonly number[][]): Pick<ValidityRow, 'seedNoise' | 'sourceSpread'> {
  const repeated = losses.filter((seeds) => seeds.length > 1);
  return {
    seedNoise: repeated.length === 0 ? null : Math.sqrt(mean(repeated.map(variance))),
    sourceSpread: losses.length < 2 ? null : Math.sqrt(variance(losses.map(mean))),
  };
}

function rowOf(data: SweepData, context: CellContext, target: string): ValidityRow {
  const analysis = context.analysis(target);
  const losses = lossesBySource(data, context, target);
  const transfers = (analysis?.candidates ?? []).filter(
    (c) => c.kind === 'transfer' && c.sources.length === 1,
  );
  return {
    ...targetView(data, context, target),
    name: namesOf(data.sweep)(target),
    seeds: Math.max(0, ...transfers.map((c) => c.seeds)),
    sources: transfers.length,
    ...spreads(losses),
    splitHalf: finite(analysis?.reliability?.scenes),
    betweenSeeds: finite(analysis?.reliability?.seeds),
  };
}

/** Mean over the targets that have the correlation, and its Spearman–Brown step up to the whole. */
function pooled(rows: readonly (number | null)[]): ValidityView['splitHalf'] {
  const known = rows.filter((r) => r !== null);
  if (known.length === 0) return { halves: null, full: null, targets: 0 };
  const halves = mean(known);
  return { halves, full: (2 * halves) / (1 + halves), targets: known.length };
}

function findingOf(
  data: SweepData,
  rows: readonly ValidityRow[],
  seeds: ValidityView['betweenSeeds'],
): string {
  const judged = rows.filter((row) => row.testImages > 0);
  if (judged.length === 0) {
    return data.sweep.origin === 'imported'
      ? 'Published win rates: losses, references and seeds were never published, so validity cannot be checked here.'
      : 'No target is measured yet.';
  }
  const kept = judged.filter((row) => row.kept);
  const excluded = judged.filter((row) => !row.kept).map((row) => row.name);
  const noisy = kept.filter(
    (row) => row.signalToNoise !== null && row.signalToNoise < MINIMUM_SIGNAL_TO_NOISE,
  );
  const sentences = [
    excluded.length === 0
      ? `All ${counted(judged.length, 'measured target')} pass: their own networks beat the mean predictor and training from scratch.`
      : `${kept.length} of ${counted(judged.length, 'measured target')} pass; ${listWords(excluded)} ${excluded.length === 1 ? 'is' : 'are'} excluded.`,
    noisy.length === 0
      ? null
      : `On ${listWords(noisy.map((row) => row.name))} sources differ little more than seeds do.`,
    seeds.full === null
      ? kept.some((row) => row.seeds > 1)
        ? null
        : 'With one seed nothing can be said about a new training.'
      : `A new set of seeds would give an order of sources that correlates ${decimal(seeds.full)} with this one.`,
  ];
  return sentences.filter(Boolean).join(' ');
}

/** Whether the results mean anything: references, noise and reliability of every target, with what is excluded and why. */
export function validityView(data: SweepData): ValidityView {
  const context = cellContext(data);
  const targets = targetsOf(data.sweep).map(({ id }) => rowOf(data, context, id));
  const kept = targets.filter((row) => row.kept);
  const betweenSeeds = pooled(kept.map((row) => row.betweenSeeds));
  return {
    sweepId: data.sweep.id,
    finding: findingOf(data, targets, betweenSeeds),
    minimumSkill: MINIMUM_GOLD_SKILL,
    minimumSignalToNoise: MINIMUM_SIGNAL_TO_NOISE,
    targets,
    splitHalf: pooled(kept.map((row) => row.splitHalf)),
    betweenSeeds,
  };
}
