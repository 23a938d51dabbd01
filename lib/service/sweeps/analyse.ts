import {
  analyseSizes,
  analyseTarget,
  type CandidateLosses,
  type LossRun,
  type SizedLosses,
  seedReliability,
  splitHalfReliability,
  stillImproving,
  type TargetLosses,
} from '@/lib/science/affinity';
import { candidateKey, labelOf, PLAIN_METHOD } from '@/lib/science/catalog/methods';
import {
  type CurvePoint,
  isGold,
  type Recipe,
  type ScratchRecipe,
  type TargetAnalysis,
  type TargetReliability,
  TaskatlasError,
  type TaskId,
  type TransferRecipe,
} from '@/lib/science/core';
import { sizesServed, transferSizesOf } from '../contracts';
import type { Store, StoredRun } from '../ports';

/** A finished run with what it measured. */
export interface MeasuredRun {
  run: Pick<StoredRun, 'fingerprint' | 'recipe'>;
  losses: Float32Array;
  /** The target's metric of every test image; absent where the run did not keep it. */
  metrics?: Float32Array;
  /** Absent where convergence is not asked about. */
  curve?: readonly CurvePoint[];
}

/** Which candidate or reference of the target a run is; null for runs that are neither. */
export function candidateOf(recipe: Recipe, target: TaskId): Omit<CandidateLosses, 'runs'> | null {
  switch (recipe.kind) {
    case 'transfer': {
      const sources = recipe.sources.map((source) => source.task);
      const again = sources.length === 1 && sources[0] === target;
      const method = labelOf(recipe);
      return {
        key: candidateKey(method, sources),
        kind: again ? 'retransfer' : 'transfer',
        sources,
        ...(method === PLAIN_METHOD ? {} : { method }),
      };
    }
    case 'source':
      return isGold(recipe, target) ? { key: 'self', kind: 'self', sources: [target] } : null;
    case 'scratch':
      return { key: 'scratch', kind: 'scratch', sources: [] };
    case 'mean':
      return { key: 'mean', kind: 'mean', sources: [] };
    default:
      return null;
  }
}

/** Seeds of a run: its own, and that of the source behind it (planned alike, so one seed stands for both). */
function seedsOf(recipe: Recipe): Pick<LossRun, 'sourceSeed' | 'headSeed'> {
  const seed = 'seed' in recipe ? recipe.seed : 0;
  return { sourceSeed: seed, headSeed: seed };
}

/** Candidates in a fixed order (by key, then seed): an analysis must not depend on which run was finished first. */
export function gatherLosses(
  target: TaskId,
  measured: readonly MeasuredRun[],
  scenes: TargetLosses['scenes'],
  metric?: TargetLosses['metric'],
): TargetLosses {
  const found = new Map<string, CandidateLosses & { runs: LossRun[] }>();
  for (const { run, losses, metrics, curve } of measured) {
    const candidate = candidateOf(run.recipe, target);
    if (!candidate) continue;
    const entry = found.get(candidate.key) ?? { ...candidate, runs: [] };
    const improving = stillImproving(curve ?? []);
    entry.runs.push({
      ...seedsOf(run.recipe),
      losses,
      ...(metrics ? { metrics } : {}),
      ...(improving === null ? {} : { stillImproving: improving }),
    });
    found.set(candidate.key, entry);
  }
  const candidates = [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const candidate of candidates) candidate.runs.sort((a, b) => Number(a.headSeed) - Number(b.headSeed));
  return { target, candidates, ...(metric ? { metric } : {}), ...(scenes ? { scenes } : {}) };
}

/**
 * Without the mean predictor, the own network (where the sweep trains one) and a candidate more there is nothing to
 * say about a target.
 */
const isComparable = (losses: TargetLosses, gold: boolean): boolean => {
  const kinds = losses.candidates.map((candidate) => candidate.kind);
  return (!gold || kinds.includes('self')) && kinds.includes('mean') && losses.candidates.length > 2;
};

/** Scenes of the test images of a run's data set. */
export type ScenesOf = (recipe: Recipe) => Promise<TargetLosses['scenes']>;

/** Whether a run was trained on a transfer set of one size; gold and mean serve every size. */
const isSized = (recipe: Recipe): recipe is ScratchRecipe | TransferRecipe =>
  recipe.kind === 'transfer' || recipe.kind === 'scratch';

/** What is stored of one target. */
export interface LoadedTarget {
  /** Its tournament: the runs at the main transfer size. */
  losses: TargetLosses;
  /** Every size of which something is done. Higher orders exist at the main size only. */
  sized: readonly SizedLosses[];
  complete: boolean;
  doneRuns: number;
  /** Whether the sweep trains the target's own network. */
  gold: boolean;
}

/** What is stored of one target's tournament: the runs of complete layers. */
export async function loadTarget(
  store: Store,
  sweepId: string,
  target: TaskId,
  scenesOf: ScenesOf,
): Promise<LoadedTarget> {
  const sweep = await store.getSweep(sweepId);
  if (!sweep) throw new TaskatlasError('not-found', `There is no sweep "${sweepId}".`);
  const members = await store.tournament(sweepId, target);
  const openLayers = new Set(members.filter((member) => member.open).map((member) => member.layer));
  const done = members.filter((member) => member.state === 'done' && !openLayers.has(member.layer));
  const fingerprints = done.map((member) => member.fingerprint);
  const [losses, curves, runs] = await Promise.all([
    store.losses(fingerprints),
    store.curves(fingerprints),
    store.runsOfTarget(sweepId, target),
  ]);
  const byFingerprint = new Map(runs.map((run) => [run.fingerprint, run]));
  const measured = fingerprints.flatMap((fingerprint): MeasuredRun[] => {
    const run = byFingerprint.get(fingerprint);
    const { testLosses, testMetrics } = losses.get(fingerprint) ?? {};
    if (!run || !testLosses) return [];
    const curve = curves.get(fingerprint) ?? [];
    return [{ run, losses: testLosses, curve, ...(testMetrics ? { metrics: testMetrics } : {}) }];
  });
  const [first] = measured;
  const scenes = first ? await scenesOf(first.run.recipe) : undefined;
  const metric = sweep.tasks.find((task) => task.id === target)?.metric;
  const sizes = transferSizesOf(sweep.spec);
  const serves = ({ run: { recipe } }: MeasuredRun, images: number): boolean =>
    !isSized(recipe) || sizesServed(recipe, sizes).includes(images);
  const at = (images: number): TargetLosses =>
    gatherLosses(
      target,
      measured.filter((run) => serves(run, images)),
      scenes,
      metric,
    );
  const begun = new Set(measured.flatMap(({ run: { recipe } }) => (isSized(recipe) ? [recipe.images] : [])));
  return {
    losses: at(sizes.at(-1) ?? 0),
    sized: sizes
      .filter((images) => begun.has(images))
      .map((images) => ({ images, losses: at(images) }))
      .filter(({ losses: { candidates } }) => candidates.some((c) => c.kind === 'transfer')),
    complete: done.length === members.length,
    doneRuns: done.length,
    gold: members.some(({ fingerprint }) => {
      const recipe = byFingerprint.get(fingerprint)?.recipe;
      return recipe !== undefined && isGold(recipe, target);
    }),
  };
}

/** A target about which nothing can be said, visibly. */
const excluded = (target: TaskId, reason: string): TargetAnalysis => ({
  target,
  testImages: 0,
  candidates: [],
  tournamentKeys: [],
  winRates: [],
  tieRate: 0,
  lambdaMax: 0,
  consistencyIndex: 0,
  validity: {
    kept: false,
    reasons: [reason],
    goldSkill: { value: Number.NaN, low: null, high: null },
    scratchSkill: null,
    signalToNoise: null,
  },
  preliminary: true,
});

/** The bootstrap's seed names the question, not the sweep's id: the same losses give the same intervals anywhere. */
export const analysisSeed = (target: TaskId): string => `analysis ${target}`;

/**
 * Analyses one target from the stored losses and stores the answer. Runs that failed are left out and make it
 * preliminary, as do seeds that are still to come. Recomputed from scratch: calling it twice changes nothing.
 */
export async function analyseStoredTarget(
  store: Store,
  sweepId: string,
  target: TaskId,
  scenesOf: ScenesOf,
): Promise<TargetAnalysis> {
  const loaded = await loadTarget(store, sweepId, target, scenesOf);
  const analysis = isComparable(loaded.losses, loaded.gold)
    ? analyseOrExclude(loaded)
    : excluded(target, 'too few runs finished to compare anything: retry the failed ones');
  await store.saveAnalysis(sweepId, analysis, loaded.doneRuns);
  return analysis;
}

/** Would the order come out again with other test scenes, with other seeds? NaN (too few of either) is null. */
function reliabilityOf(losses: TargetLosses): TargetReliability {
  const known = (r: number): number | null => (Number.isNaN(r) ? null : r);
  const seed = analysisSeed(losses.target);
  return {
    scenes: known(splitHalfReliability([losses], { seed }).halves),
    seeds: known(seedReliability([losses]).halves),
  };
}

function analyseOrExclude({ losses, sized, complete }: LoadedTarget): TargetAnalysis {
  try {
    const seed = analysisSeed(losses.target);
    return {
      ...analyseTarget(losses, { preliminary: !complete, seed }),
      reliability: reliabilityOf(losses),
      ...(sized.length > 1 ? { sizes: analyseSizes(sized, { seed }) } : {}),
    };
  } catch (error) {
    if (error instanceof TaskatlasError && error.code === 'data')
      return excluded(losses.target, error.message);
    throw error;
  }
}
