import { isGold, type Recipe, type RunResult, type TaskId } from '@/lib/science/core';
import { wilsonInterval } from '@/lib/science/numerics';
import type { PairView } from '../contracts';
import type { StoredRun } from '../ports';
import { type CellContext, cellContext, cellView, targetView } from './cells';
import { atMainSize } from './main-size';
import { candidateOf, type SweepData } from './model';
import { finite } from './numbers';
import { shownState } from './progress';
import { seedOf } from './runs';

/** The nearest rivals that are shown. */
const RIVALS = 5;

/** Runs that a pair page speaks of: its transfers, and scratch and own network of the target, by seed. */
export interface PairRuns {
  transfer: StoredRun[];
  scratch: StoredRun[];
  gold: StoredRun[];
}

export function pairRuns(all: SweepData, source: string, target: TaskId, method?: string): PairRuns {
  const data = atMainSize(all);
  const cell = new Set(cellContext(data, method).runs(source, target));
  const bySeed = (a: StoredRun, b: StoredRun) => (seedOf(a.recipe) ?? 0) - (seedOf(b.recipe) ?? 0);
  const of = (wanted: (recipe: Recipe) => boolean) =>
    data.runs.filter(({ recipe }) => wanted(recipe)).sort(bySeed);
  return {
    transfer: data.runs.filter((run) => cell.has(run)).sort(bySeed),
    scratch: of((recipe) => recipe.kind === 'scratch' && recipe.task === target),
    gold: of((recipe) => isGold(recipe, target)),
  };
}

/**
 * ln(transfer loss / scratch loss) of one image; null where either has no valid pixel. A loss of exactly 0 is lifted
 * to 1e-12, so that two perfect answers tie at 0 instead of vanishing.
 */
export function logRatio(transfer: number | undefined, scratch: number | undefined): number | null {
  if (transfer === undefined || scratch === undefined) return null;
  const ratio = Math.log(Math.max(transfer, 1e-12) / Math.max(scratch, 1e-12));
  return Number.isFinite(transfer) && Number.isFinite(scratch) ? finite(ratio) : null;
}

/** The first finished transfer and the scratch run to hold it against: that of the same seed if there is one. */
function facing(runs: PairRuns, results: ReadonlyMap<string, RunResult>) {
  const done = (list: StoredRun[]) => list.filter((run) => results.has(run.fingerprint));
  const transfer = done(runs.transfer)[0];
  const pick = (list: StoredRun[]): StoredRun | undefined => {
    const finished = done(list);
    const seed = transfer ? seedOf(transfer.recipe) : null;
    return finished.find((run) => seedOf(run.recipe) === seed) ?? finished[0];
  };
  return { transfer, scratch: pick(runs.scratch), gold: pick(runs.gold) };
}

/** Rivals of the same set nearest to an even split with this source. Wilson interval over test images: one checkpoint each. */
function nearestRivals(context: CellContext, source: string, target: TaskId): PairView['rivals'] {
  const analysis = context.analysis(target);
  const { line } = context.standing(target);
  const mine = candidateOf(analysis, source, context.method);
  const row = analysis?.winRates[analysis.tournamentKeys.indexOf(mine?.key ?? '')];
  if (!analysis || !mine || !row) return [];
  return analysis.tournamentKeys
    .flatMap((key, i) => {
      const value = finite(row[i]);
      if (!line(key) || key === mine.key || value === null) return [];
      const n = analysis.testImages;
      const [low, high] = n > 0 ? wilsonInterval(value * n, n) : [null, null];
      return [{ source: key, winRate: { value, low, high } }];
    })
    .sort((a, b) => Math.abs(a.winRate.value - 0.5) - Math.abs(b.winRate.value - 0.5))
    .slice(0, RIVALS)
    .sort((a, b) => a.winRate.value - b.winRate.value);
}

type ImageRole = PairView['strips'][number]['images'][number]['role'];

/** Test images that the transfer kept a prediction of, with the answers of scratch and the own network beside. */
function stripsOf(
  faced: ReturnType<typeof facing>,
  results: ReadonlyMap<string, RunResult>,
  sampleUrl: (fingerprint: string, index: number, role: string) => string,
): PairView['strips'] {
  const { transfer, scratch, gold } = faced;
  const result = transfer && results.get(transfer.fingerprint);
  if (!transfer || !result) return [];
  const losses = scratch && results.get(scratch.fingerprint)?.testLosses;
  const indices = [...new Set(result.samples.filter((s) => s.role === 'prediction').map((s) => s.index))];
  const columns: readonly [ImageRole, StoredRun | undefined, 'input' | 'truth' | 'prediction'][] = [
    ['input', transfer, 'input'],
    ['truth', transfer, 'truth'],
    ['scratch', scratch, 'prediction'],
    ['transfer', transfer, 'prediction'],
    ['gold', gold, 'prediction'],
  ];
  return indices.map((index) => ({
    index,
    logRatio: logRatio(result.testLosses?.[index], losses?.[index]),
    images: columns.flatMap(([role, run, stored]) => {
      const samples = run ? results.get(run.fingerprint)?.samples : undefined;
      const kept = samples?.some((s) => s.index === index && s.role === stored);
      return run && kept ? [{ role, url: sampleUrl(run.fingerprint, index, stored) }] : [];
    }),
  }));
}

/** Everything of one cell: standing, curves, per-image ratios, image strips, runs. */
export function pairView(
  all: SweepData,
  source: string,
  target: TaskId,
  results: ReadonlyMap<string, RunResult>,
  sampleUrl: (fingerprint: string, index: number, role: string) => string,
  method?: string,
): PairView {
  const data = atMainSize(all);
  const context = cellContext(data, method, source.includes('+') ? Number.POSITIVE_INFINITY : 1);
  const runs = pairRuns(data, source, target, method);
  const faced = facing(runs, results);
  const own = faced.transfer && results.get(faced.transfer.fingerprint)?.testLosses;
  const against = faced.scratch && results.get(faced.scratch.fingerprint)?.testLosses;
  const ratios = own && against ? Array.from(own, (loss, i) => logRatio(loss, against[i])) : [];
  const labelled = [
    ...runs.transfer.map((run) => ({ label: 'transfer', run })),
    ...runs.scratch.map((run) => ({ label: 'scratch', run })),
    ...runs.gold.map((run) => ({ label: 'gold', run })),
  ];
  return {
    sweepId: data.sweep.id,
    method: context.method,
    source,
    target,
    cell: cellView(context, source, target),
    targetRow: targetView(data, context, target),
    sortedLogRatios: ratios.filter((r) => r !== null).sort((a, b) => a - b),
    rivals: nearestRivals(context, source, target),
    curves: labelled.flatMap(({ label, run }) => {
      const curve = results.get(run.fingerprint)?.curve ?? [];
      return curve.length === 0 ? [] : [{ label, seed: seedOf(run.recipe), points: cleanPoints(curve) }];
    }),
    strips: stripsOf(faced, results, sampleUrl),
    runs: labelled.map(({ run }) => ({
      fingerprint: run.fingerprint,
      kind: run.kind,
      seed: seedOf(run.recipe),
      state: shownState(run, data.now),
      seconds: run.seconds,
      backend: run.backend,
      failure: run.failure ? `${run.failure.class}: ${run.failure.message}` : null,
    })),
  };
}

/** Points without a diverged step, which has no place on a curve; before the first step there is no training loss. */
export const cleanPoints = (curve: RunResult['curve']) =>
  curve
    .filter((p) => p.trainLoss === null || Number.isFinite(p.trainLoss))
    .map((p) => ({ ...p, selectionLoss: finite(p.selectionLoss) }));
