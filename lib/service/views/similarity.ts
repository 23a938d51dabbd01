import { asymmetries, intransitiveTriples, renormalise, similarityTree } from '@/lib/science/affinity';
import { createRng, type TaskId } from '@/lib/science/core';
import { blockPermutationTest, mean } from '@/lib/science/numerics';
import type { CellView, ComparableUnit, SimilarityView } from '../contracts';
import { type CellContext, cellContext, cellView } from './cells';
import { namesOf, type SweepData, sourcesOf, targetsOf } from './model';
import { counted, decimal, percent, pWords } from './numbers';
import { flatRates, triplesOf } from './tournament-numbers';

const PERMUTATIONS = 5000;
/** Cycles shown per target. */
const EXAMPLES = 5;

type Cells = ReadonlyMap<string, CellView>;
const key = (source: TaskId, target: TaskId): string => `${source}\u001f${target}`;

/** Larger is better in every unit. */
function worth(cell: CellView | undefined, unit: ComparableUnit): number | null {
  const value = cell?.[unit]?.value ?? null;
  return value === null ? null : unit === 'effect' ? -value : value;
}

/**
 * The paper's tree (figure 13): a source's profile is its affinities, normalised over the first-order candidates of
 * each target, its own network among them. Targets that are incomplete or excluded take no part; re-transfers take part
 * where they are in the tournament (published data), else the diagonal is a hole.
 */
function treeOf(
  context: CellContext,
  sources: readonly TaskId[],
  targets: readonly TaskId[],
): SimilarityView['tree'] {
  if (sources.length < 3 || targets.length === 0) return null;
  const rows = targets.map((target) => {
    const first = (context.analysis(target)?.candidates ?? []).filter(
      (c) => c.sources.length === 1 && c.affinity !== null,
    );
    const shares = renormalise(first.map((c) => c.affinity?.value ?? Number.NaN));
    const place = new Map(first.map((c, i) => [c.key, i]));
    return sources.map((source) => shares[place.get(source) ?? -1] ?? Number.NaN);
  });
  const profiles = sources.map((_, s) => rows.map((row) => row[s] ?? Number.NaN));
  // A source with nothing but holes, or two that share no target, have no place in a tree.
  if (profiles.some((p) => p.filter(Number.isFinite).length < Math.min(2, targets.length))) return null;
  const tree = similarityTree(sources, profiles);
  return {
    leaves: [...tree.leaves],
    merges: tree.merges.map((m) => [m.left, m.right, m.height]),
  };
}

/** Pairs measured both ways, most one-sided first. */
function oneSided(
  cells: Cells,
  sources: readonly TaskId[],
  targets: readonly TaskId[],
  unit: ComparableUnit,
): SimilarityView['asymmetries'] {
  const value = (s: TaskId, t: TaskId): number | null => worth(cells.get(key(s, t)), unit);
  return asymmetries(sources, targets, value).flatMap(({ a, b, difference }) => {
    const [there, back] = [cells.get(key(a, b)), cells.get(key(b, a))];
    const [forward, backward] = [there?.[unit] ?? null, back?.[unit] ?? null];
    if (forward === null || backward === null) return [];
    const opposed = there?.helps === 'helps' && back?.helps === 'hurts';
    return [{ better: [a, b] as [string, string], forward, backward, difference, opposed }];
  });
}

function cyclesOf(context: CellContext, target: TaskId): SimilarityView['intransitive'][number] {
  const analysis = context.analysis(target);
  const rates = flatRates(analysis);
  const keys = analysis?.tournamentKeys ?? [];
  if (rates === null) return { target, count: null, triples: 0, examples: [] };
  const found = intransitiveTriples(rates, keys.length);
  return {
    target,
    count: found.length,
    triples: triplesOf(keys.length),
    examples: found.slice(0, EXAMPLES).map(([i, j, k]) => [keys[i] ?? '', keys[j] ?? '', keys[k] ?? '']),
  };
}

/**
 * Family test on values centred per target: an easy target must not pass for a close family. Control tasks are no
 * family. Null with fewer than two families that have a pair of their own.
 */
function familyTest(
  data: SweepData,
  cells: Cells,
  sources: readonly TaskId[],
  targets: readonly TaskId[],
  unit: ComparableUnit,
): SimilarityView['families'] {
  const family = Object.fromEntries(
    data.sweep.tasks.filter((t) => t.family !== 'control').map((t) => [t.id, t.family as string]),
  );
  const rows = sources.filter((s) => family[s] !== undefined);
  const columns = targets.filter((t) => family[t] !== undefined);
  const table = columns.map((target) => {
    const values = rows.map((s) => (s === target ? null : worth(cells.get(key(s, target)), unit)));
    const centre = mean(values.filter((v) => v !== null));
    return values.map((v) => (v === null ? Number.NaN : v - centre));
  });
  const matrix = rows.flatMap((_, i) => columns.map((__, j) => table[j]?.[i] ?? Number.NaN));
  const [within, between]: [number[], number[]] = [[], []];
  rows.forEach((source, i) => {
    columns.forEach((target, j) => {
      const value = matrix[i * columns.length + j] ?? Number.NaN;
      if (!Number.isNaN(value)) (family[source] === family[target] ? within : between).push(value);
    });
  });
  if (within.length < 2 || between.length < 2) return null;
  const test = blockPermutationTest(matrix, rows, columns, family, {
    draws: PERMUTATIONS,
    rng: createRng('family permutation', unit),
  });
  const tasks = [...new Set([...rows, ...columns])];
  return {
    observed: test.observed,
    expected: test.nullMean,
    pValue: test.pValue,
    permutations: test.draws,
    within: mean(within),
    between: mean(between),
    members: Object.fromEntries(
      [...new Set(tasks.map((t) => family[t] ?? ''))].map((f) => [f, tasks.filter((t) => family[t] === f)]),
    ),
  };
}

/** Both ways of a pair in the unit's own words. */
function oneSidedWords(pair: SimilarityView['asymmetries'][number], unit: ComparableUnit): string {
  const [there, back] = [pair.forward.value, pair.backward.value];
  if (unit === 'effect') {
    const change = (ratio: number): string => `${decimal((Math.exp(ratio) - 1) * 100, 0)} %`;
    return `the loss changes by ${change(there)}, the other way by ${change(back)}`;
  }
  return `${percent(there)} of images are won, the other way ${percent(back)}`;
}

function findingOf(data: SweepData, view: Omit<SimilarityView, 'finding'>): string {
  const name = namesOf(data.sweep);
  const [top] = view.asymmetries;
  const opposed = view.asymmetries.filter((a) => a.opposed).length;
  const p = view.families?.pValue;
  const sentences = [
    p === undefined
      ? null
      : p <= 0.05
        ? `Tasks of one family teach each other better than others do (permutation test, ${pWords(p)}).`
        : `That tasks of one family teach each other better than others do is not shown (permutation test, ${pWords(p)}).`,
    top === undefined
      ? 'No pair is measured both ways yet.'
      : `The most one-sided pair: from ${name(top.better[0])} to ${name(top.better[1])} ${oneSidedWords(top, view.unit)}.`,
    opposed === 0 ? null : `In ${counted(opposed, 'pair')} one way helps and the other hurts.`,
  ];
  return sentences.filter(Boolean).join(' ');
}

/** How tasks resemble each other as sources, one-sided pairs, cycles and the family test. */
export function similarityView(data: SweepData, unit: ComparableUnit = 'gain'): SimilarityView {
  const context = cellContext(data);
  const sources = sourcesOf(data.sweep).map((t) => t.id);
  const targets = targetsOf(data.sweep)
    .map((t) => t.id)
    .filter((t) => context.complete(t) && context.analysis(t)?.validity.kept);
  const cells: Cells = new Map(
    targets.flatMap((target) =>
      sources.map((source) => [key(source, target), cellView(context, source, target)] as const),
    ),
  );
  const measured = sources.filter((s) =>
    targets.some((t) => t !== s && cells.get(key(s, t))?.affinity != null),
  );
  const view = {
    sweepId: data.sweep.id,
    unit,
    metric: 'cityblock',
    linkage: 'complete',
    tree: treeOf(context, measured, targets),
    profile: targets,
    asymmetries: oneSided(cells, measured, targets, unit),
    intransitive: targets.map((target) => cyclesOf(context, target)),
    families: familyTest(data, cells, measured, targets, unit),
  };
  return { ...view, finding: findingOf(data, view) };
}
