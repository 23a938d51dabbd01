import type { CellState, CellView, Estimate, MatrixView, TargetView } from '@/lib/service/contracts';
import { metricGainNumber, metricNumber } from '@/lib/service/views/metric-words';
import { inkOn, rampColour, tint } from './colour';
import { interval } from './format';
import type { Theme } from './theme';
import {
  type Certainty,
  cellEstimate,
  certainty,
  judgedBy,
  position,
  type RowScale,
  rowScale,
  TILE_SHARE,
  UNIT_INFO,
  type Unit,
} from './units';

/** One tile, ready to draw. */
export interface Tile {
  source: string;
  target: string;
  state: CellState;
  kind: 'value' | 'itself' | 'predicted' | 'empty';
  value: Estimate | null;
  certainty: Certainty;
  colour: string;
  tint: string;
  /** Side of the inner square, share of the tile. */
  share: number;
  mark: 'best' | 'tied' | null;
  markInk: 'light' | 'dark';
  progress: number | null;
  /** Value with its interval in words, or the state. */
  text: string;
  /** The value alone, with its unit. */
  number: string;
  /** The value in a few characters, for tiles with room. */
  short: string;
}

export interface MatrixModel {
  tiles: ReadonlyMap<string, Tile>;
  cells: ReadonlyMap<string, CellView>;
  rows: ReadonlyMap<string, RowScale>;
  targets: ReadonlyMap<string, TargetView>;
  /** Targets that no source helps. */
  helpless: ReadonlySet<string>;
  own: ReadonlyMap<string, { colour: string; value: Estimate }>;
}

export const cellKey = (source: string, target: string): string => `${source}>${target}`;

const STATE_TEXT: Record<CellState, string> = {
  done: 'measured, its target still incomplete',
  predicted: 'predicted by the ridge probe',
  running: 'running',
  queued: 'queued',
  waiting: 'waiting for its source',
  failed: 'failed',
  lost: 'lost its worker',
  cancelled: 'cancelled',
  missing: 'not planned',
};

type Format = (x: number) => string;

/** How a row writes a unit: metrics as the target's own, everything else alike in all rows. */
const formatOf = (unit: Unit, { metric }: Pick<TargetView, 'metric'>): Format =>
  unit === 'metric' && metric ? (x) => metricNumber(x, metric) : UNIT_INFO[unit].format;

/** "Gain 87 %, 84 to 89 %"; without a value the state. */
function tileText(
  cell: CellView,
  value: Estimate | null,
  unit: Unit,
  row: Pick<TargetView, 'metric'>,
): string {
  const format = formatOf(unit, row);
  const label = unit === 'metric' && row.metric ? row.metric.name : UNIT_INFO[unit].label;
  if (value === null && cell.source === cell.target && cell.state === 'done') return `itself, no ${unit}`;
  if (value === null) {
    const probe = cell.probe === null ? '' : `, probe skill ${UNIT_INFO.probe.format(cell.probe)}`;
    return STATE_TEXT[cell.state] + probe;
  }
  const range = interval(value, format);
  const against =
    unit === 'metric' && row.metric && cell.metricGain
      ? `; against scratch ${metricGainNumber(cell.metricGain.value, row.metric)}`
      : '';
  return `${label} ${format(value.value)}${range === null ? '' : `, ${range}`}${against}`;
}

function tileOf(
  cell: CellView,
  unit: Unit,
  row: RowScale,
  theme: Theme,
  target: Pick<TargetView, 'metric'>,
): Tile {
  const { ramp } = UNIT_INFO[unit];
  const value = cellEstimate(cell, unit);
  const text = tileText(cell, value, unit, target);
  const base = {
    source: cell.source,
    target: cell.target,
    state: cell.state,
    progress: cell.progress,
    value,
    text,
    number: value === null ? '' : formatOf(unit, target)(value.value),
    short: value === null ? '' : UNIT_INFO[unit].short(value.value),
  };
  const paint = (t: number): Pick<Tile, 'colour' | 'tint'> => {
    const colour = rampColour(ramp, theme, t);
    return { colour, tint: tint(colour, theme) };
  };
  if (value !== null) {
    const judged = judgedBy(cell, unit);
    const sure = certainty(judged, unit, row);
    const painted = paint(judged === null ? 0.5 : position(judged.value, unit, row));
    const share = TILE_SHARE[sure];
    const mark = cell.best ? 'best' : cell.tied && cell.helps === 'helps' ? 'tied' : null;
    const kind = cell.source === cell.target ? 'itself' : 'value';
    return { ...base, ...painted, kind, certainty: sure, share, mark, markInk: inkOn(painted.colour) };
  }
  // Re-transfer stands beside the tournament, so it may have no affinity: the diagonal stays a diagonal.
  if (cell.source === cell.target && cell.state === 'done') {
    const grey = { colour: 'var(--line2)', tint: 'transparent' };
    return { ...base, ...grey, kind: 'itself', certainty: 'unknown', share: 1, mark: null, markInk: 'dark' };
  }
  const predicted = cell.state === 'predicted' && cell.probe !== null;
  // Only a sequential ramp may colour a guess: on a diverging one it would claim "better than scratch".
  const t = predicted && ramp === 'sequential' ? position(cell.probe ?? 0, 'probe', row) : Number.NaN;
  const painted = Number.isNaN(t) ? { colour: 'transparent', tint: 'transparent' } : paint(t);
  return {
    ...base,
    ...painted,
    kind: predicted ? 'predicted' : 'empty',
    certainty: 'unknown',
    share: 0.5,
    mark: null,
    markInk: 'dark',
  };
}

/** Targets that are complete and kept, and that no source of their set helps. */
const helplessOf = ({ targetRows, cells }: MatrixView): Set<string> => {
  const compared = new Set(cells.flatMap((c) => (c.helps === 'unknown' ? [] : [c.target])));
  return new Set(
    targetRows
      .filter((row) => row.complete && row.kept && row.set.noneHelps && compared.has(row.target))
      .map((row) => row.target),
  );
};

/** Everything of a matrix that does not depend on its size. */
export function matrixModel(matrix: MatrixView, unit: Unit, theme: Theme): MatrixModel {
  const byTarget = new Map<string, CellView[]>();
  for (const cell of matrix.cells) {
    const row = byTarget.get(cell.target);
    if (row === undefined) byTarget.set(cell.target, [cell]);
    else row.push(cell);
  }
  const rows = new Map([...byTarget].map(([target, cells]) => [target, rowScale(cells)] as const));
  const targets = new Map(matrix.targetRows.map((r) => [r.target, r]));
  const tiles = new Map<string, Tile>();
  const cells = new Map<string, CellView>();
  for (const [target, row] of byTarget) {
    const scale = rows.get(target);
    if (scale === undefined) continue;
    for (const cell of row) {
      const key = cellKey(cell.source, cell.target);
      cells.set(key, cell);
      tiles.set(key, tileOf(cell, unit, scale, theme, targets.get(target) ?? NO_METRIC));
    }
  }
  const own = new Map<string, { colour: string; value: Estimate }>();
  for (const row of matrix.targetRows) {
    if (row.self === null) continue;
    own.set(row.target, {
      value: row.self,
      colour: rampColour('sequential', theme, position(row.self.value, 'affinity', NO_ROW)),
    });
  }
  return {
    tiles,
    cells,
    rows,
    targets,
    helpless: helplessOf(matrix),
    own,
  };
}

const NO_METRIC = { metric: null };
const NO_ROW: RowScale = {
  metricSpread: 1,
  affinity: 1,
  lossMin: 0,
  lossMax: 1,
  probeMin: 0,
  probeMax: 1,
  n: 25,
};

/** Sources of a target by their rank in its set, then those that only the probe knows; re-transfer from itself left out. */
export function rankedCells(matrix: MatrixView, target: string): CellView[] {
  const last = Number.POSITIVE_INFINITY;
  return matrix.cells
    .filter((c) => c.target === target && c.source !== target && (c.rank !== null || c.probe !== null))
    .sort(
      (a, b) =>
        (a.rank ?? last) - (b.rank ?? last) ||
        (b.affinity?.value ?? -1) - (a.affinity?.value ?? -1) ||
        (b.probe ?? -last) - (a.probe ?? -last),
    );
}
