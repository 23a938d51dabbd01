import type { Highs, Model, ModelData } from 'highs';
import { TaskatlasError } from '@/lib/science/core';

/** A 0/1 or continuous linear program in sparse rows; every column lies in [0, 1]. */
export interface Program {
  columns: number;
  /** Columns that must be whole; the others are continuous. */
  integer: readonly number[];
  /** Coefficients to maximise. */
  objective: Float64Array;
  lower: Float64Array;
  upper: Float64Array;
  rows: readonly Row[];
}

export interface Row {
  low: number;
  high: number;
  entries: readonly (readonly [column: number, value: number])[];
}

export interface ProgramSolution {
  status: 'optimal' | 'infeasible' | 'limit';
  values: Float64Array;
  objective: number;
  /** Upper bound proved by branch and bound; for a program without whole columns its objective. */
  bound: number;
  /** Row multipliers of a program without whole columns; empty otherwise. */
  rowDuals: Float64Array;
}

let runtime: Promise<Highs> | null = null;

/**
 * HiGHS in WebAssembly, instantiated once per process. The package finds `highs.wasm` beside its own module through
 * `import.meta.url`; a bundler must therefore leave it external (Next: `serverExternalPackages: ['highs']`).
 */
export function loadHighs(): Promise<Highs> {
  runtime ??= import('highs')
    .then(async (module) => {
      const highs = await module.default();
      warmUp(highs);
      return highs;
    })
    .catch((cause: unknown) => {
      runtime = null;
      throw new TaskatlasError(
        'unavailable',
        'the integer-program solver (npm package "highs") could not be loaded; run npm install, and keep it external to any bundler',
        { cause },
      );
    });
  return runtime;
}

/** A program of four columns, so that the first policy does not wait for the engine to compile the solver. */
function warmUp(highs: Highs): void {
  const tiny: Program = {
    columns: 4,
    integer: [0, 1, 2],
    objective: Float64Array.of(0, 0, 0, 5),
    lower: new Float64Array(4),
    upper: new Float64Array(4).fill(1),
    rows: [
      { low: -Infinity, high: 1.5, entries: [0, 1, 2].map((c): [number, number] => [c, 1]) },
      { low: -Infinity, high: 0, entries: [[3, 2], ...[0, 1, 2].map((c): [number, number] => [c, -1])] },
    ],
  };
  solveProgram(highs, tiny);
  solveProgram(highs, { ...tiny, integer: [] });
}

/** Tighter than the defaults (1e-4 relative gap, 1e-6 feasibility): published optima are compared at 1e-7. */
const EXACT_OPTIONS = {
  output_flag: false,
  mip_rel_gap: 0,
  mip_abs_gap: 0,
  mip_feasibility_tolerance: 1e-9,
  primal_feasibility_tolerance: 1e-9,
  dual_feasibility_tolerance: 1e-9,
  // Sub-MIP heuristics and symmetry search cost more than the whole tree of these small programs.
  mip_heuristic_effort: 0.01,
  mip_heuristic_run_rens: false,
  mip_heuristic_run_rins: false,
  mip_heuristic_run_root_reduced_cost: false,
  mip_detect_symmetry: false,
  mip_allow_restart: false,
} as const;

function toModelData(highs: Highs, program: Program): ModelData {
  const starts = new Int32Array(program.rows.length + 1);
  const indices: number[] = [];
  const values: number[] = [];
  program.rows.forEach((row, i) => {
    for (const [column, value] of row.entries) {
      indices.push(column);
      values.push(value);
    }
    starts[i + 1] = indices.length;
  });
  const integrality = new Int32Array(program.columns);
  for (const column of program.integer) integrality[column] = highs.constants.variableType.integer;
  return {
    numCols: program.columns,
    numRows: program.rows.length,
    sense: highs.constants.objectiveSense.maximize,
    colCost: program.objective,
    colLower: program.lower,
    colUpper: program.upper,
    rowLower: Float64Array.from(program.rows, (r) => (r.low === -Infinity ? -highs.infinity : r.low)),
    rowUpper: Float64Array.from(program.rows, (r) => (r.high === Infinity ? highs.infinity : r.high)),
    matrix: {
      format: 'csr',
      numRows: program.rows.length,
      numCols: program.columns,
      starts,
      indices: Int32Array.from(indices),
      values: Float64Array.from(values),
    },
    integrality,
  };
}

/** Options of one solve; `limitSeconds` stops with the best policy found and its proved bound. */
export interface SolveOptions {
  limitSeconds?: number;
}

function readSolution(highs: Highs, model: Model, whole: boolean): ProgramSolution {
  const status = model.getModelStatus();
  const { optimal, infeasible, unboundedOrInfeasible, timeLimit } = highs.constants.modelStatus;
  if (status === infeasible || status === unboundedOrInfeasible) {
    return {
      status: 'infeasible',
      values: new Float64Array(0),
      objective: Number.NaN,
      bound: Number.NaN,
      rowDuals: new Float64Array(0),
    };
  }
  if (status !== optimal && status !== timeLimit) {
    throw new TaskatlasError('internal', `HiGHS ended with status code ${status}`);
  }
  const solution = model.getSolution();
  const objective = model.getObjectiveValue();
  return {
    status: status === optimal ? 'optimal' : 'limit',
    values: solution.colValue,
    objective,
    bound: whole ? Number(model.info.get('mip_dual_bound')) : objective,
    rowDuals: whole ? new Float64Array(0) : solution.rowDual,
  };
}

/**
 * Solves a program to proved optimality (gap 0) unless a time limit says otherwise; a linear program when it has no
 * whole columns. Blocks while it runs.
 */
export function solveProgram(highs: Highs, program: Program, options: SolveOptions = {}): ProgramSolution {
  const model = highs.createModel(toModelData(highs, program));
  try {
    model.options.set({
      ...EXACT_OPTIONS,
      ...(options.limitSeconds ? { time_limit: options.limitSeconds } : {}),
    });
    model.run();
    return readSolution(highs, model, program.integer.length > 0);
  } finally {
    model.dispose();
  }
}
