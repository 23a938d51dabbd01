import type { Crossover, TargetSizes, TaskId } from '@/lib/science/core';
import type { SizesView } from '../contracts';
import { methodOfCandidate, type SweepData, sizesIn, wayNames } from './model';
import { finite, percent, sound } from './numbers';
import { constantClause } from './recommend';
import { reportedOf } from './reported';
import { losesToConstant, verdictOf } from './standing';

function plannedSizes({ sweep, runs }: SweepData, target: TaskId): SizesView['sizes'] {
  const pool = sweep.spec.dataset.pools.transfer;
  const sizes = sizesIn(sweep);
  const main = sizes.at(-1);
  return sizes.map((images) => {
    const mine = runs.filter(
      ({ recipe }) =>
        (recipe.kind === 'scratch' || (recipe.kind === 'transfer' && recipe.sources.length === 1)) &&
        recipe.task === target &&
        (recipe.images === images || (images === main && recipe.images > images)),
    );
    return {
      images,
      share: images / pool,
      planned: mine.length,
      done: mine.filter((run) => run.state === 'done').length,
    };
  });
}

/**
 * Sides in analyses of before they were kept: the gains tell. Their intervals exclude one half at the largest size, or
 * at every size, where both ends lie on the side that the state names.
 */
function sidesOf(
  { key, state, low, high }: Crossover,
  { points }: TargetSizes,
): NonNullable<Crossover['beyond']> {
  const gains = points.map((point) => point.candidates.find((c) => c.key === key)?.gain ?? null);
  const ahead = state === 'always' && (gains.at(-1)?.low ?? 0) > 0.5;
  const behind = state === 'never' && gains.every((gain) => (gain?.high ?? 1) < 0.5);
  return {
    low: low === null ? (ahead ? 'above' : 'below') : null,
    high: high === null ? (behind ? 'below' : 'above') : null,
  };
}

const images = (n: number): string => String(Math.round(n));

/** `about 120 images (95 % interval 80 to 210)`; an end outside of the sizes is named by the size that it lies beyond. */
function crossingWords({ images: at, low, high }: Crossover, sizes: readonly number[]): string {
  // It crosses within the sizes, so that its lower end lies below them or within, its upper one within or above.
  const from = low === null ? `below ${sizes[0]}` : images(low);
  const to = high === null ? `above ${sizes.at(-1)}` : images(high);
  return `about ${images(at ?? 0)} images (95 % interval ${from} to ${to})`;
}

/** What the source that helps most at the smallest size is worth as images are added. */
function adviceOf(sizes: TargetSizes | undefined, kept: boolean, named: ReturnType<typeof wayNames>): string {
  const [smallest] = sizes?.points ?? [];
  if (!sizes || !smallest) return 'One size of the transfer set is measured: there is no curve.';
  // What only some sizes have (self-training) has no curve and no crossover.
  const curves = new Set(sizes.crossovers.map((c) => c.key));
  const rivals = smallest.candidates.filter(
    (c) => c.kind === 'transfer' && curves.has(c.key) && sound(c.gain) !== null,
  );
  const byGain = [...rivals].sort((a, b) => (b.gain?.value ?? 0) - (a.gain?.value ?? 0));
  const best = byGain.find((c) => verdictOf(c, kept) === 'helps') ?? byGain[0];
  const crossover = sizes.crossovers.find((c) => c.key === best?.key);
  if (!best || !crossover) return 'No transfer is measured at every size yet.';
  const who = named(methodOfCandidate(best), best.sources);
  const range = sizes.points.map((point) => point.images);
  if (crossover.state === 'never') {
    return `From ${range[0]} images on, training from scratch is as good as every transfer.`;
  }
  const scratch = finite(smallest.candidates.find((c) => c.kind === 'scratch')?.skill);
  const helped =
    verdictOf(best, kept) === 'helps'
      ? ''
      : losesToConstant(best)
        ? ` (there it wins ${percent(best.gain?.value ?? 0)} of images${constantClause(scratch, finite(best.skill))})`
        : ' (not shown to help even there)';
  if (crossover.state === 'always') {
    return `${who}, best at ${range[0]} images${helped}, still beats training from scratch at ${range.at(-1)}.`;
  }
  return `Scratch catches up with ${who}, best at ${range[0]} images${helped}, at ${crossingWords(crossover, range)}.`;
}

/** Gain, quality and loss of a target's transfers by the size of the transfer set. */
export function sizesView(data: SweepData, target: TaskId): SizesView {
  const analysis = data.analyses.find((a) => a.target === target);
  const sizes = analysis?.sizes;
  const sources = new Map(
    (sizes?.points ?? []).flatMap((point) => point.candidates.map((c) => [c.key, c.sources] as const)),
  );
  return {
    sweepId: data.sweep.id,
    target,
    sizes: plannedSizes(data, target),
    points: (sizes?.points ?? []).map((point) => ({
      images: point.images,
      candidates: point.candidates.map((c) => ({
        key: c.key,
        kind: c.kind,
        method: methodOfCandidate(c),
        sources: [...c.sources],
        seeds: c.seeds,
        loss: finite(c.meanLoss),
        ...reportedOf(c),
        skill: finite(c.skill),
        gain: sound(c.gain),
        quality: sound(c.quality),
        effect: sound(c.logLossRatio),
      })),
    })),
    crossovers: (sizes?.crossovers ?? []).map((c) => ({
      ...c,
      beyond: c.beyond ?? sidesOf(c, sizes as TargetSizes),
      sources: [...(sources.get(c.key) ?? [])],
    })),
    advice: adviceOf(sizes, analysis?.validity.kept ?? true, wayNames(data.sweep)),
  };
}
