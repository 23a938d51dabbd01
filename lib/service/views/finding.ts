import { hasProbe } from '@/lib/science/catalog/tasks';
import type { TaskId } from '@/lib/science/core';
import type { CellView, MatrixView, ProgressView } from '../contracts';
import { namesOf, type SweepData } from './model';
import { counted, listWords } from './numbers';

/** What one source does for the measured targets other than its own. */
interface Reach {
  source: TaskId;
  helped: number;
  others: number;
  first: number;
}

const MANY = 4;

/** At most four names, then "and n more". */
const names = (ids: readonly TaskId[], name: (id: TaskId) => string): string =>
  ids.length <= MANY
    ? listWords(ids.map(name))
    : `${ids
        .slice(0, MANY - 1)
        .map(name)
        .join(', ')} and ${ids.length - MANY + 1} more`;

/**
 * The sentence that opens a sweep's page. Every statement is counted from the matrix itself: a source "helps" where it is
 * shown to beat both training from scratch and a constant predictor (`verdictOf`).
 */
export function findingOf(
  data: Pick<SweepData, 'sweep'>,
  matrix: MatrixView,
  progress: ProgressView,
): string {
  const name = namesOf(data.sweep);
  const measured = matrix.targetRows.filter((row) => row.complete && row.kept).map((row) => row.target);
  const excluded = matrix.targetRows.filter((row) => row.complete && !row.kept).map((row) => row.target);
  const left = exclusion(excluded, name);
  if (measured.length === 0) {
    return join([excluded.length > 0 ? null : beforeMeasurement(data, matrix, progress, name), left]);
  }
  const of = matrix.targetRows.length - excluded.length;
  const so =
    measured.length < of
      ? `So far, with ${measured.length} of ${of} targets measured: `
      : matrix.preliminary
        ? 'Preliminary, more seeds are still to come: '
        : '';
  const seed = data.sweep.origin === 'measured' && matrix.seeds === 1;
  return join([
    so + widest(matrix, measured, name),
    helpless(matrix, measured, name),
    left,
    seed ? 'With one seed this speaks of these checkpoints, not of the tasks.' : null,
  ]);
}

const join = (sentences: readonly (string | null)[]): string => sentences.filter(Boolean).join(' ');

function reaches(cells: readonly CellView[], measured: readonly TaskId[]): Reach[] {
  const reach = new Map<TaskId, Reach>();
  for (const cell of cells) {
    if (cell.source === cell.target || !measured.includes(cell.target) || cell.gain === null) continue;
    const entry = reach.get(cell.source) ?? { source: cell.source, helped: 0, others: 0, first: 0 };
    entry.others += 1;
    if (cell.helps === 'helps') entry.helped += 1;
    if (cell.best) entry.first += 1;
    reach.set(cell.source, entry);
  }
  return [...reach.values()].sort((a, b) => b.helped - a.helped || b.first - a.first);
}

/** Names the most broadly useful source, if any. */
function widest(matrix: MatrixView, measured: readonly TaskId[], name: (id: TaskId) => string): string {
  const all = reaches(matrix.cells, measured);
  const top = all[0];
  if (!top) return `no source has been compared with scratch on ${counted(measured.length, 'target')} yet.`;
  if (top.helped === 0) {
    return `no source is shown to help on ${measured.length === 1 ? 'the one target' : `any of ${counted(measured.length, 'target')}`}: none beats both training from scratch and a constant predictor.`;
  }
  const equal = all.filter((r) => r.helped === top.helped && r.first === top.first);
  if (equal.length > 1) {
    const who = names(
      equal.map((r) => r.source),
      name,
    );
    return `${who} are equally useful sources: each helps on ${counted(top.helped, 'other target')}.`;
  }
  const rank =
    top.first > 0 ? ` and is the best choice on ${top.first}` : ', though it is never the best choice';
  return `${name(top.source)} is the most broadly useful source: it helps on ${top.helped} of ${counted(top.others, 'other target')}${rank}.`;
}

/** Targets without any helping source, when some other target has one. */
function helpless(
  { targetRows, cells }: MatrixView,
  measured: readonly TaskId[],
  name: (id: TaskId) => string,
): string | null {
  const compared = new Set(
    cells.filter((c) => c.source !== c.target && c.gain !== null).map((c) => c.target),
  );
  const without = targetRows
    .filter(({ target, set }) => measured.includes(target) && compared.has(target) && set.noneHelps)
    .map(({ target }) => target);
  if (without.length === 0 || without.length === measured.length) return null;
  return `For ${names(without, name)} no source helps.`;
}

function exclusion(excluded: readonly TaskId[], name: (id: TaskId) => string): string | null {
  if (excluded.length === 0) return null;
  const are = excluded.length === 1 ? 'is excluded: its results do' : 'are excluded: their results do';
  return `${names(excluded, name)} ${are} not pass the validity check.`;
}

/** Nothing is measured yet: what the probe suggests, or how far the runs are. */
function beforeMeasurement(
  data: Pick<SweepData, 'sweep'>,
  matrix: MatrixView,
  progress: ProgressView,
  name: (id: TaskId) => string,
): string {
  const { counts, total } = progress;
  const runs = `${counts.done} of ${counted(total, 'run')} done`;
  const stopped = data.sweep.state === 'stopped' || data.sweep.state === 'cancelled';
  const state = stopped
    ? `This sweep was ${data.sweep.state} before a target was measured (${runs}).`
    : `No target is measured yet, ${runs}.`;
  const probed = probeFavourite(matrix, new Set(data.sweep.tasks.filter(hasProbe).map((task) => task.id)));
  if (probed === null) return state;
  return `Preliminary, from the ridge probe alone: ${name(probed.source)} predicts ${probed.first} of ${probed.of} targets best. ${state}`;
}

/** The source whose probe is best for most of the targets that have probes; null until every cell is probed. */
function probeFavourite(
  matrix: MatrixView,
  able: ReadonlySet<TaskId>,
): { source: TaskId; first: number; of: number } | null {
  const others = matrix.cells.filter((cell) => cell.source !== cell.target && able.has(cell.target));
  if (others.length === 0 || others.some((cell) => cell.probe === null)) return null;
  const firsts = new Map<TaskId, number>();
  const targets = matrix.targets.filter((target) => able.has(target));
  for (const target of targets) {
    const row = others.filter((cell) => cell.target === target);
    const best = row.reduce((a, b) => ((b.probe ?? 0) > (a.probe ?? 0) ? b : a));
    firsts.set(best.source, (firsts.get(best.source) ?? 0) + 1);
  }
  const [source, first] = [...firsts].sort((a, b) => b[1] - a[1])[0] ?? ['', 0];
  return { source, first, of: targets.length };
}
