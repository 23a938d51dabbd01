import { type Rng, TaskatlasError } from '@/lib/science/core';
import { at, type Numbers } from './arrays';

export interface PermutationResult {
  observed: number;
  /** One-sided: (1 + #{permuted ≥ observed}) / (1 + draws) (Phipson & Smyth 2010). */
  pValue: number;
  draws: number;
  /** Mean of the statistic over permutations. */
  nullMean: number;
}

/** Generic permutation test: `permuted` gives the statistic of one random relabelling. */
export function permutationTest(observed: number, permuted: () => number, draws: number): PermutationResult {
  let atLeast = 0;
  let total = 0;
  for (let i = 0; i < draws; i++) {
    const value = permuted();
    total += value;
    // Equal arrangements differ by rounding only; they must count as ties.
    if (value >= observed - 1e-12 * Math.max(1, Math.abs(observed))) atLeast++;
  }
  return { observed, pValue: (1 + atLeast) / (1 + draws), draws, nullMean: total / draws };
}

/**
 * Mean of matrix entries whose row and column label agree minus mean of those that differ. Row-major
 * [rows.length × columns.length]; NaN entries (missing, or the excluded diagonal) are skipped.
 */
function blockContrast(matrix: Numbers, rows: readonly string[], columns: readonly string[]): number {
  let [inside, insideCount, outside, outsideCount] = [0, 0, 0, 0];
  rows.forEach((row, i) => {
    columns.forEach((column, j) => {
      const value = at(matrix, i * columns.length + j);
      if (Number.isNaN(value)) return;
      if (row === column) {
        inside += value;
        insideCount++;
      } else {
        outside += value;
        outsideCount++;
      }
    });
  });
  return inside / insideCount - outside / outsideCount;
}

/**
 * Label permutation test of related blocks: do transfers within a family (geometry → geometry) exceed those between
 * families? Each TASK keeps one label as source and as target, so labels are permuted over tasks and rows and columns
 * move together. `rowTasks`/`columnTasks` name the tasks; `family` gives each task's label.
 */
export function blockPermutationTest(
  matrix: Numbers,
  rowTasks: readonly string[],
  columnTasks: readonly string[],
  family: Readonly<Record<string, string>>,
  options: { draws: number; rng: Rng },
): PermutationResult {
  const tasks = [...new Set([...rowTasks, ...columnTasks])].sort();
  const labels = tasks.map((task) => {
    const value = family[task];
    if (value === undefined) throw new TaskatlasError('invalid-input', `no family given for task "${task}"`);
    return value;
  });
  const contrast = (labelOf: (task: string) => string): number =>
    blockContrast(matrix, rowTasks.map(labelOf), columnTasks.map(labelOf));
  const observed = contrast((task) => family[task] as string);
  const permuted = (): number => {
    const order = options.rng.permutation(tasks.length);
    const shuffled = new Map(tasks.map((task, i) => [task, labels[at(order, i)] as string]));
    return contrast((task) => shuffled.get(task) as string);
  };
  return permutationTest(observed, permuted, options.draws);
}
