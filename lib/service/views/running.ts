import type { MatrixView, RunningView } from '../contracts';
import type { StoredRun } from '../ports';
import { runShare, shownState } from './progress';

/** Runs that a worker has, and how far each is. */
export const runningView = (runs: readonly StoredRun[], now: number): RunningView => ({
  runs: runs.flatMap((run) => {
    const state = shownState(run, now);
    return state === 'running' || state === 'lost'
      ? [{ fingerprint: run.fingerprint, state, progress: runShare(run) }]
      : [];
  }),
});

/**
 * A matrix with what is at work now. The matrix itself is kept by version and knows only runs that have ended; a cell with
 * a run at work is running (or lost, where its worker is silent), and its progress counts that run's share too.
 */
export function withRunning(matrix: MatrixView, { runs }: RunningView): MatrixView {
  if (runs.length === 0) return matrix;
  const byRun = new Map(runs.map((run) => [run.fingerprint, run]));
  const cells = matrix.cells.map((cell) => {
    const mine = cell.runs.flatMap((fingerprint) => byRun.get(fingerprint) ?? []);
    if (mine.length === 0 || cell.state === 'done' || cell.state === 'failed') return cell;
    const share = mine.reduce((sum, run) => sum + run.progress, 0) / cell.runs.length;
    const state = mine.some((run) => run.state === 'lost') ? ('lost' as const) : ('running' as const);
    return { ...cell, state, progress: Math.min(1, (cell.progress ?? 0) + share) };
  });
  return { ...matrix, cells };
}
