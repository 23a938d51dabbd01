import { rankAgreement } from '@/lib/science/affinity';
import type { TaskId } from '@/lib/science/core';
import type { AgreementView } from '../contracts';
import { cellContext, cellView } from './cells';
import { namesOf, type SweepData, sourcesOf, targetsOf } from './model';
import { decimal, finite } from './numbers';
import { PUBLISHED_IDS } from './published-names';

type Unit = AgreementView['unit'];
type Mapping = AgreementView['mapping'];

export interface AgreementRequest {
  unit?: Unit;
  /** Pairs of names that neither ids nor published names connect: task here → task there. */
  map?: Readonly<Record<TaskId, TaskId>>;
}

/** Tasks that both sweeps have. What a person says goes first, then equal ids, then the paper's names. */
function mappingOf(here: SweepData, there: SweepData, map: Readonly<Record<TaskId, TaskId>>): Mapping {
  const known = new Set(there.sweep.tasks.map((t) => t.id));
  const aliases = (id: TaskId): TaskId[] => [
    ...(PUBLISHED_IDS[id] ?? []),
    ...Object.entries(PUBLISHED_IDS).flatMap(([ours, theirs]) => (theirs.includes(id) ? [ours] : [])),
  ];
  return here.sweep.tasks.flatMap(({ id }): Mapping => {
    const given = map[id];
    if (given !== undefined) return known.has(given) ? [{ task: id, other: given, how: 'given' }] : [];
    if (known.has(id)) return [{ task: id, other: id, how: 'id' }];
    const other = aliases(id).find((alias) => known.has(alias));
    return other === undefined ? [] : [{ task: id, other, how: 'published' }];
  });
}

/** Value of a first-order cell, larger being better; its own task as source is no transfer. */
function values(data: SweepData, unit: Unit): (source: TaskId, target: TaskId) => number | null {
  const context = cellContext(data);
  return (source, target) => {
    if (source === target) return null;
    const value = cellView(context, source, target)[unit]?.value ?? null;
    return value === null ? null : unit === 'effect' ? -value : value;
  };
}

const median = (sorted: readonly number[]): number | null => {
  const middle = sorted.length >> 1;
  const [a, b] = [sorted[middle - 1], sorted[middle]];
  if (b === undefined) return null;
  return sorted.length % 2 === 1 || a === undefined ? b : (a + b) / 2;
};

function findingOf(view: Omit<AgreementView, 'finding'>): string {
  const known = view.targets.filter((t) => t.correlation !== null);
  if (view.mapping.length === 0)
    return `No task of this sweep is known in ${view.otherName}; say which belong together.`;
  if (known.length === 0 || view.median === null)
    return `No target has three sources that both this sweep and ${view.otherName} measured.`;
  const low = known.reduce((a, b) => ((b.correlation ?? 0) < (a.correlation ?? 0) ? b : a));
  const high = known.reduce((a, b) => ((b.correlation ?? 0) > (a.correlation ?? 0) ? b : a));
  const range =
    known.length === 1 ? '' : `, from ${decimal(low.correlation ?? 0)} to ${decimal(high.correlation ?? 0)}`;
  return `Over ${known.length} ${known.length === 1 ? 'target' : 'targets'} the order of sources here and in ${view.otherName} correlates ${decimal(view.median)} (median Spearman${range}).`;
}

/** Generalisation check: the rank of sources in one sweep against another, target by target. */
export function agreementView(
  here: SweepData,
  there: SweepData,
  request: AgreementRequest = {},
): AgreementView {
  const unit = request.unit ?? 'gain';
  const mapping = mappingOf(here, there, request.map ?? {});
  const other = new Map(mapping.map((m) => [m.task, m.other]));
  const [mine, theirs] = [values(here, unit), values(there, unit)];
  const at = (source: TaskId, target: TaskId): number | null =>
    theirs(other.get(source) ?? source, other.get(target) ?? target);
  const thereTargets = new Set(targetsOf(there.sweep).map((t) => t.id));
  const sources = sourcesOf(here.sweep).flatMap((t) => (other.has(t.id) ? [t.id] : []));
  const targets = targetsOf(here.sweep)
    .map((t) => t.id)
    .filter((id) => thereTargets.has(other.get(id) ?? ''));
  const correlations = rankAgreement(targets, sources, mine, at);
  const name = namesOf(here.sweep);
  const rows = targets.map((target): AgreementView['targets'][number] => {
    const points = sources.flatMap((source) => {
      const [x, y] = [mine(source, target), at(source, target)];
      return x === null || y === null ? [] : [{ source, here: x, there: y }];
    });
    const best = (axis: 'here' | 'there'): string | null =>
      points.length === 0 ? null : points.reduce((a, b) => (b[axis] > a[axis] ? b : a)).source;
    return {
      target,
      other: other.get(target) ?? target,
      sources: points.length,
      correlation: finite(correlations[target]),
      best: best('here'),
      otherBest: best('there'),
      points,
    };
  });
  rows.sort(
    (a, b) => (b.correlation ?? -2) - (a.correlation ?? -2) || name(a.target).localeCompare(name(b.target)),
  );
  const known = rows.flatMap((r) => (r.correlation === null ? [] : [r.correlation])).sort((a, b) => a - b);
  const view = {
    sweepId: here.sweep.id,
    otherId: there.sweep.id,
    otherName: there.sweep.name,
    unit,
    mapping,
    targets: rows,
    median: median(known),
  };
  return { ...view, finding: findingOf(view) };
}
