import type { RunKind } from '@/lib/science/core';
import type { RunTally } from '../ports/records';

/**
 * Seconds per FLOP of each kind, in units of a source's: what a kind is taken to cost until one of its runs is done.
 * Measured on the first look (WebAssembly, tiny preset): small networks and small batches reach a smaller share of the
 * machine.
 */
const PRIOR: Readonly<Partial<Record<RunKind, number>>> = { mean: 6, probe: 5, transfer: 3 };
const prior = (kind: RunKind): number => PRIOR[kind] ?? 1;

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

export interface PaceInput {
  tallies: readonly RunTally[];
  /** Whether work is counted in FLOPs; every run weighs 1 otherwise. */
  weighed: boolean;
  /** Work of transfers that are still to be planned. */
  later: number;
  elapsedSeconds: number;
}

const OPEN: readonly string[] = ['waiting', 'queued', 'running', 'lost'];

/**
 * Seconds until the runs that are open are done: their busy seconds over those of the work done so far, times the time
 * that this took, so that the number of workers need not be known. A kind of which a run is done goes by its own
 * measured pace, any other by its prior. Runs shared with earlier sweeps tell nothing. Null while no run is done.
 */
export function secondsLeft({ tallies, weighed, later, elapsedSeconds }: PaceInput): number | null {
  const worked = ({ own }: RunTally): number => (weighed ? own.flops : own.runs);
  const busy = sum(tallies.map(({ own }) => own.seconds));
  const priced = sum(tallies.map((tally) => worked(tally) * prior(tally.kind)));
  if (busy <= 0 || priced <= 0 || elapsedSeconds <= 0) return null;
  const pace = (kind: RunKind): number => {
    const same = tallies.filter((tally) => tally.kind === kind);
    const work = sum(same.map(worked));
    return work > 0 ? sum(same.map(({ own }) => own.seconds)) / work : prior(kind) * (busy / priced);
  };
  const open = tallies.filter(({ state }) => OPEN.includes(state));
  const all = sum(open.map((t) => (weighed ? t.flops : t.runs) * pace(t.kind)));
  const begun = sum(open.map((t) => (weighed ? t.shareFlops : t.share) * pace(t.kind)));
  const left = all - begun + later * pace('transfer');
  return (left / (busy + begun)) * elapsedSeconds;
}
