import { gainOverNothing } from '@/lib/science/affinity';
import { candidateKey, labelOf } from '@/lib/science/catalog/methods';
import { isGold, type TargetAnalysis, type TaskId } from '@/lib/science/core';
import { type CellState, type CellView, methodsOf, type TargetView } from '../contracts';
import type { StoredRun } from '../ports';
import { atMainSize } from './main-size';
import { candidateOf, cellKey, methodIn, reference, runsByCell, type SweepData } from './model';
import { finite, finiteMean, sound } from './numbers';
import { runShare, shownState } from './progress';
import { metricNote, metricOf, reportedOf } from './reported';
import { type Standing, standingOf } from './standing';

/** Lookups that every cell of one sweep and one method needs, built once per view. */
export interface CellContext {
  /** Method with options whose cells these are. */
  method: string;
  /** How the transfers to a target by that method stand: what a row of the matrix compares. */
  standing(target: TaskId): Standing;
  analysis(target: TaskId): TargetAnalysis | undefined;
  /**
   * Whether every planned candidate of the target takes part in its analysis, be it with the first seed only:
   * then its affinities are shares of the whole, and later seeds sharpen them.
   */
  complete(target: TaskId): boolean;
  /** Mean test loss over the finished seeds of a cell, from the runs themselves. */
  loss(source: TaskId, target: TaskId): number | null;
  runs(source: TaskId, target: TaskId): readonly StoredRun[];
  /** Ridge-probe skill 1 − L/L_mean of a source for a target; null until the probe is done. */
  probe(source: TaskId, target: TaskId): number | null;
  now: number;
}

/** @param maxOrder most sources that a cell's rivals join */
export function cellContext(data: SweepData, wanted?: string, maxOrder = 1): CellContext {
  const method = methodIn(data.sweep, wanted);
  const analyses = new Map(data.analyses.map((a) => [a.target, a]));
  const complete = completeness(data);
  const standings = new Map<TaskId, Standing>();
  const standing = (target: TaskId): Standing => {
    const known =
      standings.get(target) ??
      standingOf(data.sweep, analyses.get(target), complete(target), { maxOrder, method });
    standings.set(target, known);
    return known;
  };
  const cells = runsByCell(atMainSize(data).runs, method);
  const probes = probeSkills(data);
  return {
    method,
    standing,
    analysis: (target) => analyses.get(target),
    complete,
    loss: (source, target) =>
      finiteMean(
        (cells.get(cellKey(source, target)) ?? []).map(
          (run) => data.summaries.get(run.fingerprint)?.meanLoss ?? Number.NaN,
        ),
      ),
    runs: (source, target) => cells.get(cellKey(source, target)) ?? [],
    probe: (source, target) => finite(probes.get(cellKey(source, target))),
    now: data.now,
  };
}

/**
 * First-order candidates, of every method, of every target that are measured or still to come. Re-transfers on the diagonal take no part
 * in the tournament; runs that failed or were cancelled, or whose source did, are not waited for.
 */
function plannedCandidates({
  sweep,
  runs,
}: Pick<SweepData, 'sweep' | 'runs'>): ReadonlyMap<TaskId, ReadonlySet<string>> {
  // A chained encoder is a transfer too, but no candidate unless its method is one of the sweep's.
  const methods = new Set(methodsOf(sweep.spec).map((method) => method.id));
  const planned = new Map<TaskId, Set<string>>();
  const ended = new Set(
    runs.filter((r) => r.state === 'failed' || r.state === 'cancelled').map((r) => r.fingerprint),
  );
  for (const { recipe, fingerprint, state } of runs) {
    if (recipe.kind !== 'transfer' || recipe.sources.length !== 1) continue;
    if (!methods.has(labelOf(recipe))) continue;
    const orphan = state === 'waiting' && recipe.sources.some((s) => ended.has(s.fingerprint));
    if (orphan || ended.has(fingerprint)) continue;
    const sources = recipe.sources.map((s) => s.task);
    if (sources[0] === recipe.task) continue;
    const key = candidateKey(labelOf(recipe), sources);
    planned.set(recipe.task, (planned.get(recipe.task) ?? new Set()).add(key));
  }
  return planned;
}

/** For every target: whether all that is planned for it takes part in its analysis. */
export function completeness(
  data: Pick<SweepData, 'sweep' | 'runs' | 'analyses'>,
): (target: TaskId) => boolean {
  const planned = plannedCandidates(atMainSize(data));
  const analyses = new Map(data.analyses.map((a) => [a.target, a]));
  // Imported results have no runs to wait for: what there is is all there will be.
  if (data.sweep.origin === 'imported') return (target) => analyses.has(target);
  const gold = (target: TaskId): boolean => data.runs.some(({ recipe }) => isGold(recipe, target));
  return (target) => isComplete(analyses.get(target), planned.get(target), gold(target));
}

function isComplete(
  analysis: TargetAnalysis | undefined,
  planned: ReadonlySet<string> | undefined,
  gold: boolean,
): boolean {
  if (!analysis) return false;
  if (!analysis.preliminary) return true;
  if (!planned || (gold && !reference(analysis, 'self'))) return false;
  const measured = new Set(analysis.candidates.map((candidate) => candidate.key));
  return [...planned].every((key) => measured.has(key));
}

/** Skill of every probed cell, averaged over the seeds of the source's network. Probe losses are relative: 1 = constant. */
function probeSkills(data: SweepData): ReadonlyMap<string, number> {
  const sums = new Map<string, { skill: number; seeds: number }>();
  for (const { recipe, fingerprint } of data.runs) {
    const losses = recipe.kind === 'probe' ? data.summaries.get(fingerprint)?.probe : null;
    if (recipe.kind !== 'probe' || !losses) continue;
    for (const [target, loss] of Object.entries(losses)) {
      if (!Number.isFinite(loss)) continue;
      const key = cellKey(recipe.source.task, target);
      const sum = sums.get(key) ?? { skill: 0, seeds: 0 };
      sums.set(key, { skill: sum.skill + 1 - loss, seeds: sum.seeds + 1 });
    }
  }
  return new Map([...sums].map(([key, { skill, seeds }]) => [key, skill / seeds]));
}

/** States of unfinished cells, the most telling first. */
const TELLING: readonly (StoredRun['state'] | 'lost')[] = [
  'failed',
  'lost',
  'running',
  'queued',
  'waiting',
  'cancelled',
];

/** One state for all seeds of a cell: done when all are, else the one a person should know first. */
export function cellStateOf(
  runs: readonly StoredRun[],
  measured: boolean,
  probed: boolean,
  now: number,
): CellState {
  if (runs.length === 0) return measured ? 'done' : 'missing';
  const states = new Set(runs.map((run) => shownState(run, now)));
  const open = TELLING.find((state) => states.has(state));
  if (open === undefined || open === 'done') return 'done';
  return probed && (open === 'waiting' || open === 'queued') ? 'predicted' : open;
}

/**
 * One cell. Affinity stays null while its tournament lacks candidates, since every late candidate changes
 * the shares of all; gain, quality and effect compare with fixed references and are shown at once.
 */
export function cellView(context: CellContext, source: TaskId, target: TaskId): CellView {
  const candidate = candidateOf(context.analysis(target), source, context.method);
  const standing = context.standing(target);
  const line = standing.line(candidate?.key ?? '');
  const runs = context.runs(source, target);
  const probe = context.probe(source, target);
  const state = cellStateOf(runs, candidate !== undefined, probe !== null, context.now);
  const begun = state !== 'done' && runs.some((run) => runShare(run) > 0 || run.state === 'running');
  return {
    source,
    target,
    state,
    affinity: line ? line.affinity : standing.share(candidate?.affinity ?? null),
    gain: sound(candidate?.gain),
    quality: sound(candidate?.quality),
    effect: sound(candidate?.logLossRatio),
    loss: finite(candidate?.meanLoss) ?? context.loss(source, target),
    ...reportedOf(candidate),
    skill: finite(candidate?.skill),
    probe,
    rank: line?.rank ?? null,
    helps: line?.helps ?? 'unknown',
    best: line !== undefined && line === standing.best,
    tied: line?.tied ?? false,
    probabilityBest: line?.probabilityBest ?? null,
    progress: begun ? runs.reduce((sum, run) => sum + runShare(run), 0) / runs.length : null,
    runs: runs.map((run) => run.fingerprint),
  };
}

/** Why a target is excluded, or what to mind. Analyses of before the rule on scratch was kept get its reason here. */
function reasonsOf(analysis: TargetAnalysis | undefined): string[] {
  const { reasons = [], scratchSkill = null } = analysis?.validity ?? {};
  const nothing = gainOverNothing(finite(scratchSkill));
  return nothing === null || reasons.includes(nothing) ? [...reasons] : [...reasons, nothing];
}

/** Validity and references of one target, beside the standing of a set of its transfers. */
export function targetView(
  data: SweepData,
  context: CellContext,
  target: TaskId,
  standing: Standing = context.standing(target),
): TargetView {
  const analysis = context.analysis(target);
  const complete = context.complete(target);
  const loss = (kind: 'mean' | 'scratch' | 'self'): number | null =>
    finite(reference(analysis, kind)?.meanLoss) ?? summaryLoss(data, kind, target);
  return {
    target,
    kept: analysis?.validity.kept ?? true,
    reasons: reasonsOf(analysis),
    complete,
    testImages: analysis?.testImages ?? 0,
    goldSkill: sound(analysis?.validity.goldSkill),
    scratchSkill: finite(analysis?.validity.scratchSkill),
    signalToNoise: finite(analysis?.validity.signalToNoise),
    lambdaMax: complete ? finite(analysis?.lambdaMax) : null,
    consistencyIndex: complete ? finite(analysis?.consistencyIndex) : null,
    tieRate: finite(analysis?.tieRate),
    backends: backendsOf(data, target),
    losses: { mean: loss('mean'), scratch: loss('scratch'), gold: loss('self') },
    metric: metricOf(data, target),
    metrics: {
      mean: reportedOf(reference(analysis, 'mean')).metric,
      scratch: reportedOf(reference(analysis, 'scratch')).metric,
      gold: reportedOf(reference(analysis, 'self')).metric,
    },
    metricNote: metricNote(data, target),
    self: standing.share(reference(analysis, 'self')?.affinity ?? null),
    set: standing.set,
  };
}

/** Engines of a tournament's finished trainings (DESIGN §5): recorded as "wasm" or "wasm (8 images at once)". */
function backendsOf({ runs }: SweepData, target: TaskId): string[] {
  const engines = runs.flatMap(({ recipe, state, backend }) => {
    const trained = recipe.kind === 'transfer' || recipe.kind === 'scratch' || recipe.kind === 'source';
    const mine = trained && recipe.task === target && state === 'done';
    return mine && backend !== null ? [backend.split(' ')[0] ?? backend] : [];
  });
  return [...new Set(engines)].sort();
}

/** Loss of a reference before there is an analysis: mean over its finished seeds. */
function summaryLoss(data: SweepData, kind: 'mean' | 'scratch' | 'self', target: TaskId): number | null {
  const wanted = kind === 'self' ? 'source' : kind;
  const losses = atMainSize(data).runs.flatMap(({ recipe, fingerprint }) => {
    const mine = recipe.kind === wanted && 'task' in recipe && recipe.task === target;
    const loss = mine ? finite(data.summaries.get(fingerprint)?.meanLoss) : null;
    return loss === null ? [] : [loss];
  });
  return losses.length === 0 ? null : losses.reduce((a, b) => a + b, 0) / losses.length;
}
