import type { SweepRun } from './plan';

/** One run of a sweep: a source's training (no target), or a transfer. */
export interface Cell extends SweepRun {
  readonly source: string;
  readonly target: string | null;
}

export interface Totals {
  /** Reading pictures and labels, before the sweep; not in the sums. */
  readonly prepareCpu: number;
  readonly sourceCpu: number;
  readonly transferCpu: number;
  /** Processor seconds and wall-clock of the whole sweep. */
  readonly cpu: number;
  readonly wall: number;
  /** Over the transfers. */
  readonly meanLoss: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

export function totals(cells: readonly Cell[], prepareCpu: number): Totals {
  const transfers = cells.filter(({ target }) => target !== null);
  const sourceCpu = sum(cells.filter(({ target }) => target === null).map(({ cpu }) => cpu));
  const transferCpu = sum(transfers.map(({ cpu }) => cpu));
  return {
    prepareCpu,
    sourceCpu,
    transferCpu,
    cpu: sourceCpu + transferCpu,
    wall: sum(cells.map(({ wall }) => wall)),
    meanLoss: sum(transfers.map(({ loss }) => loss)) / transfers.length,
  };
}

/**
 * ln(loss / loss of the reference) over the transfers that both have: its mean (is one better?) and its mean size (how
 * far are they apart, cell by cell?). Two seeds of one program give the size that chance has.
 */
export function agreement(
  cells: readonly Cell[],
  reference: readonly Cell[],
): { mean: number; size: number } {
  const key = ({ source, target }: Cell): string => `${source} ${target}`;
  const known = new Map(reference.map((cell) => [key(cell), cell.loss]));
  const ratios = cells.flatMap((cell) => {
    const other = known.get(key(cell));
    return cell.target === null || other === undefined ? [] : [Math.log(cell.loss / other)];
  });
  return { mean: sum(ratios) / ratios.length, size: sum(ratios.map(Math.abs)) / ratios.length };
}
