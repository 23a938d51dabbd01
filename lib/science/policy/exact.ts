import type { Highs } from 'highs';
import { type Program, type ProgramSolution, type Row, type SolveOptions, solveProgram } from './highs';
import type { Layout } from './layout';
import type { PreparedProblem } from './problem';

/** A whole column within this of 0 or 1 counts as whole. */
const WHOLE = 1e-7;
/** Columns are fixed only when the bound misses the incumbent by more than this (program units, largest value 1000). */
const MARGIN = 1e-5;

/**
 * Solves the policy program exactly, in the order that is cheap for facility-location programs:
 * 1. the linear relaxation; its optimum is often whole already, and then optimal;
 * 2. an incumbent by rounding and one-for-one exchange;
 * 3. the relaxation's multipliers give an upper bound by weak duality; every column whose other value would push that
 *    bound below the incumbent is fixed;
 * 4. branch and cut (HiGHS, gap 0) on what is left.
 * Step 3 removes no solution better than the incumbent, so the result is optimal for the whole program.
 */
export function solveExact(
  highs: Highs,
  prepared: PreparedProblem,
  layout: Layout,
  options: SolveOptions = {},
): ProgramSolution {
  const { program } = layout;
  const relaxed = solveProgram(highs, { ...program, integer: [] }, options);
  if (relaxed.status !== 'optimal') {
    return relaxed.status === 'infeasible' ? relaxed : solveProgram(highs, program, options);
  }
  if (program.integer.every((s) => isWhole(relaxed.values[s] ?? 0))) return relaxed;
  const incumbent = searchIncumbent(prepared, layout, relaxed.values);
  const restricted = incumbent ? fixColumns(program, relaxed.rowDuals, incumbent.value) : program;
  const solved = solveProgram(highs, restricted, options);
  // Fixing keeps every better solution, not the incumbent itself: with nothing better left, the incumbent is optimal.
  const beaten = solved.status === 'infeasible' || solved.objective < (incumbent?.value ?? -Infinity);
  if (!incumbent || !beaten) return solved;
  const bound = Math.max(incumbent.value, solved.status === 'infeasible' ? -Infinity : solved.bound);
  return {
    status: solved.status === 'limit' ? 'limit' : 'optimal',
    values: Float64Array.from(incumbent.supervised),
    objective: incumbent.value,
    bound,
    rowDuals: new Float64Array(0),
  };
}

const isWhole = (value: number): boolean => Math.abs(value - Math.round(value)) <= WHOLE;

interface Incumbent {
  /** 1 where the source is supervised. */
  supervised: Uint8Array;
  /** Objective in program units. */
  value: number;
}

/** Rows that concern sources only: budgets and cuts. */
const sourceRows = (program: Program): Row[] =>
  program.rows.filter(
    (row) => row.entries.length > 0 && row.entries.every(([c]) => c < program.integer.length),
  );

const satisfies = (row: Row, supervised: Uint8Array): boolean => {
  const activity = row.entries.reduce((total, [s, value]) => total + value * (supervised[s] ?? 0), 0);
  return activity >= row.low && activity <= row.high;
};

/** Best value of every target under a set of sources, summed; −∞ when one has no edge. */
function evaluate(prepared: PreparedProblem, scale: number, supervised: Uint8Array): number {
  let total = 0;
  for (const edges of prepared.edgesByTarget) {
    const best = edges.find((edge) => edge.needs.every((s) => supervised[s] === 1));
    if (!best) return -Infinity;
    total += best.weighted;
  }
  return scale * total;
}

/** Sources by decreasing share in the relaxation while they fit, then exchanges one for one until none helps. */
function searchIncumbent(prepared: PreparedProblem, layout: Layout, relaxed: Float64Array): Incumbent | null {
  const rows = sourceRows(layout.program);
  const fits = (supervised: Uint8Array): boolean => rows.every((row) => satisfies(row, supervised));
  const n = prepared.sources.length;
  const order = Array.from({ length: n }, (_, s) => s).sort((a, b) => (relaxed[b] ?? 0) - (relaxed[a] ?? 0));
  const supervised = Uint8Array.from({ length: n }, (_, s) => (prepared.forced.has(s) ? 1 : 0));
  for (const s of order) {
    if (supervised[s] === 1) continue;
    supervised[s] = 1;
    if (!fits(supervised)) supervised[s] = 0;
  }
  if (!fits(supervised)) return null;
  const promising = order.filter((s) => (relaxed[s] ?? 0) > WHOLE && !prepared.forced.has(s));
  const score = (): number => (fits(supervised) ? evaluate(prepared, layout.scale, supervised) : -Infinity);
  let value = score();
  for (let before = Number.NaN; before !== value; ) {
    before = value;
    value = exchangeOnce(supervised, promising, value, score);
  }
  return value === -Infinity ? null : { supervised, value };
}

/** One pass over all exchanges of a source outside for one inside, keeping each that improves. */
function exchangeOnce(
  supervised: Uint8Array,
  promising: readonly number[],
  start: number,
  score: () => number,
): number {
  let value = start;
  for (const enter of promising) {
    for (const leave of promising) {
      if (supervised[enter] === 1 || supervised[leave] === 0) continue;
      supervised[enter] = 1;
      supervised[leave] = 0;
      const next = score();
      if (next > value) {
        value = next;
      } else {
        supervised[enter] = 0;
        supervised[leave] = 1;
      }
    }
  }
  return value;
}

/** c − Aᵀλ and the bound Σ λ·(row limit) + Σ max over the box, which no feasible point exceeds whatever λ is. */
function weakDuality(
  program: Program,
  duals: Float64Array,
  sign: 1 | -1,
): { bound: number; reduced: Float64Array } {
  const reduced = Float64Array.from(program.objective);
  let bound = 0;
  program.rows.forEach((row, i) => {
    const multiplier = sign * (duals[i] ?? 0);
    const limit = multiplier > 0 ? row.high : row.low;
    if (multiplier === 0 || !Number.isFinite(limit)) return;
    bound += multiplier * limit;
    for (const [column, value] of row.entries) reduced[column] = (reduced[column] ?? 0) - multiplier * value;
  });
  reduced.forEach((d, column) => {
    bound += d > 0 ? d * (program.upper[column] ?? 1) : d * (program.lower[column] ?? 0);
  });
  return { bound, reduced };
}

/** Fixes every column that no solution as good as `incumbent` can have at its other end. */
export function fixColumns(program: Program, duals: Float64Array, incumbent: number): Program {
  // The sign convention of the solver's multipliers does not matter: both give valid bounds, the right one the lower.
  const candidates = [weakDuality(program, duals, 1), weakDuality(program, duals, -1)] as const;
  const { bound, reduced } = candidates[0].bound <= candidates[1].bound ? candidates[0] : candidates[1];
  const lower = Float64Array.from(program.lower);
  const upper = Float64Array.from(program.upper);
  reduced.forEach((d, column) => {
    if (bound - Math.abs(d) >= incumbent - MARGIN) return;
    if (d < 0) upper[column] = lower[column] ?? 0;
    else if (column < program.integer.length) lower[column] = upper[column] ?? 1;
  });
  return { ...program, lower, upper };
}
