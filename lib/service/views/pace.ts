import type { RunKind } from '@/lib/science/core';
import type { StoredRun } from '../ports';

/**
 * Seconds per FLOP of each kind, in units of a source's: what a kind is taken to cost until one of its runs is done.
 * Measured on the first look (WebAssembly, tiny preset): small networks and small batches reach a smaller share of the
 * machine.
 */
const PRIOR: Readonly<Partial<Record<RunKind, number>>> = { mean: 6, probe: 5, transfer: 3 };
const prior = (kind: RunKind): number => PRIOR[kind] ?? 1;

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

export interface PaceInput {
  runs: readonly StoredRun[];
  /** Work of transfers that are still to be planned. */
  later: number;
  /** Work of a run, FLOPs or 1. */
  work(run: StoredRun): number;
  /** Share of a run's work that is done, 0–1. */
  share(run: StoredRun): number;
  /** Runs finished after this moment (ms) tell the pace; those shared with earlier sweeps do not. */
  since: number;
  elapsedSeconds: number;
}

/**
 * Seconds until the runs that are open are done: their busy seconds over those of the work done so far, times the time
 * that this took, so that the number of workers need not be known. A kind of which a run is done goes by its own
 * measured pace, any other by its prior. Null while no run is done.
 */
export function secondsLeft({ runs, later, work, share, since, elapsedSeconds }: PaceInput): number | null {
  const own = runs.filter((run) => run.state === 'done' && (run.finishedAt ?? 0) > since);
  const busy = sum(own.map((run) => run.seconds ?? 0));
  const weighted = sum(own.map((run) => work(run) * prior(run.kind)));
  if (busy <= 0 || weighted <= 0 || elapsedSeconds <= 0) return null;
  const pace = (kind: RunKind): number => {
    const same = own.filter((run) => run.kind === kind);
    const flops = sum(same.map(work));
    return flops > 0 ? sum(same.map((run) => run.seconds ?? 0)) / flops : prior(kind) * (busy / weighted);
  };
  const paces = new Map([...new Set(runs.map((run) => run.kind))].map((kind) => [kind, pace(kind)]));
  const seconds = (run: StoredRun): number => work(run) * (paces.get(run.kind) ?? 0);
  const open = runs.filter((run) => ['waiting', 'queued', 'running'].includes(run.state));
  const left = sum(open.map((run) => seconds(run) * (1 - share(run)))) + later * pace('transfer');
  const made = busy + sum(open.map((run) => seconds(run) * share(run)));
  return (left / made) * elapsedSeconds;
}
