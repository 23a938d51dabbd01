'use client';

import { type ReactNode, useCallback, useMemo } from 'react';
import { cellKey, type MatrixModel, matrixModel } from '@/app/_lib/matrix-model';
import { ORDER_LABEL, ORDERS, type OrderName, orderMatrix } from '@/app/_lib/matrix-order';
import { useTheme } from '@/app/_lib/theme';
import { UNIT_INFO, UNITS, type Unit } from '@/app/_lib/units';
import { usePhone } from '@/app/_lib/use-phone';
import { oneOf, useUrlState } from '@/app/_lib/use-url-state';
import type { Ways } from '@/app/_lib/ways';
import type { MatrixView, TaskView } from '@/lib/service/contracts';
import { MethodSelect } from '../ui/method-select';
import { Segmented } from '../ui/segmented';
import { CellPanel, CellSheet, rankSentence } from './cell-panel';
import { Legend } from './legend';
import { MatrixPlot } from './matrix-plot';
import { MatrixTable } from './matrix-table';
import { Strongest } from './strongest';

interface Props {
  sweepId: string;
  matrix: MatrixView;
  tasks: ReadonlyMap<string, TaskView>;
  name: (id: string) => string;
  ways: Ways;
  onOpen: (cell: { source: string; target: string }) => void;
}

/** Units in which at least one cell has a value, the preferred one first: in that one the matrix opens. */
const unitsKnown = (matrix: MatrixView): Unit[] =>
  UNITS.filter((u) => matrix.cells.some((c) => c.source !== c.target && c[u] !== null));

/** By what the rows are ranked, where that is not affinity. */
const measureNotes = ({ targetRows }: MatrixView): string[] => [
  ...new Set(
    targetRows.flatMap(({ complete, set }) =>
      complete && set.measure !== null && set.measure !== 'affinity' ? [set.measureWords] : [],
    ),
  ),
];

export function MatrixSection({ sweepId, matrix, tasks, name, ways, onOpen }: Props) {
  const { query, set } = useUrlState();
  const theme = useTheme();
  const phone = usePhone();
  const known = useMemo(() => unitsKnown(matrix), [matrix]);
  const notes = useMemo(() => measureNotes(matrix), [matrix]);
  const unit = oneOf<Unit>(query.get('unit'), [known[0] ?? 'affinity', ...known.slice(1)]);
  const order = oneOf<OrderName>(query.get('order'), ORDERS);
  const ordered = useMemo(() => orderMatrix(matrix, tasks, order), [matrix, tasks, order]);
  const model = useMemo(() => matrixModel(matrix, unit, theme), [matrix, unit, theme]);
  const { cell, selected, current, select } = useSelection(model);
  const sourceOnly = useCallback((id: string) => tasks.get(id)?.target === false, [tasks]);
  const describe = (source: string, target: string): string => {
    const tile = model.tiles.get(cellKey(source, target));
    return `${name(source)} to ${name(target)}: ${tile?.text ?? 'no cell'}`;
  };
  const move = (dx: number): void => {
    const ids = ordered.sources.ids;
    const from = current();
    const next = ids[Math.max(0, Math.min(ids.length - 1, ids.indexOf(from?.source ?? '') + dx))];
    if (next !== undefined && from !== null) select({ source: next, target: from.target });
  };
  const panel = cell && { sweepId, matrix, model, cell, name, ways };
  const asTable = query.get('view') === 'table';
  const states = useMemo(() => new Set(matrix.cells.map((c) => c.state)), [matrix]);
  return (
    <>
      <Toolbar unit={unit} order={order} asTable={asTable} phone={phone} known={new Set(known)} set={set}>
        <MethodSelect methods={ways.paired} value={matrix.method} />
      </Toolbar>
      {notes.length > 0 && <p className="mt-2 text-ink2 text-label">Sources are {notes.join('; ')}.</p>}
      {matrix.preliminary && states.has('predicted') && (
        <p className="mt-2 text-ink2 text-label">
          <strong className="font-semibold text-ink">Preliminary.</strong>{' '}
          {unit === 'probe'
            ? 'The ridge probe’s guess; the other units open as transfers are measured.'
            : 'Hatched cells show the ridge probe’s guess until their transfer is measured.'}
        </p>
      )}
      <div className="mt-2 grid grid-cols-[minmax(0,1fr)_320px] items-start gap-6 max-[1180px]:grid-cols-1">
        <div className="min-w-0 overflow-x-auto pb-1 phone:overflow-visible">
          {asTable ? (
            <MatrixTable sweepId={sweepId} ordered={ordered} model={model} unit={unit} name={name} />
          ) : (
            <MatrixPlot
              ordered={ordered}
              model={model}
              name={name}
              sourceOnly={sourceOnly}
              selected={selected}
              current={current}
              onSelect={select}
              onOpen={onOpen}
              describe={describe}
            />
          )}
          <Legend
            unit={unit}
            theme={theme}
            states={states}
            helpless={model.helpless.size > 0}
            excluded={matrix.targetRows.some((r) => !r.kept)}
            sources={Math.max(1, ...[...model.rows.values()].map((row) => row.n))}
            intervals={[...model.tiles.values()].some((t) => t.certainty !== 'unknown')}
          />
          {phone && cell !== undefined && <div className="h-56" />}
        </div>
        {phone ? (
          panel && <CellSheet {...panel} onMove={move} />
        ) : (
          <aside className="card sticky top-4" aria-label="Selected cell">
            {panel === undefined ? (
              <Strongest matrix={matrix} name={name} onSelect={select} />
            ) : (
              <CellPanel {...panel} />
            )}
          </aside>
        )}
      </div>
      {phone && cell !== undefined && (
        <p className="sr-only" aria-live="polite">
          {rankSentence(matrix, cell, name)}
        </p>
      )}
    </>
  );
}

/** The selected cell, kept in the address. */
function useSelection(model: MatrixModel) {
  const { query, set } = useUrlState();
  const cell = model.cells.get(cellKey(query.get('source') ?? '', query.get('target') ?? ''));
  const selected = useMemo(
    () => (cell === undefined ? null : { source: cell.source, target: cell.target }),
    [cell],
  );
  const select = useCallback(
    (to: { source: string; target: string } | null) =>
      set({ source: to?.source ?? null, target: to?.target ?? null }),
    [set],
  );
  // The address knows the newest selection at once, the render a moment later: quick keys must not lose a step.
  const current = useCallback(() => {
    const now = new URLSearchParams(window.location.search);
    const at = model.cells.get(cellKey(now.get('source') ?? '', now.get('target') ?? ''));
    return at === undefined ? null : { source: at.source, target: at.target };
  }, [model]);
  return { cell, selected, current, select };
}

interface ToolbarProps {
  unit: Unit;
  order: OrderName;
  asTable: boolean;
  phone: boolean;
  known: ReadonlySet<Unit>;
  children: ReactNode;
  set: (patch: Record<string, string | null>) => void;
}

function Toolbar({ unit, order, asTable, phone, known, children, set }: ToolbarProps) {
  // Every measure keeps its place; what these results do not hold cannot be chosen.
  const units = UNITS.filter((u) => u !== 'probe' || known.has(u));
  return (
    <div className="flex flex-wrap items-center gap-x-6 gap-y-2">
      <Segmented
        label="Unit"
        hideLabel={phone}
        wide={phone}
        value={unit}
        options={units.map((u) => ({ value: u, label: UNIT_INFO[u].label, disabled: !known.has(u) }))}
        onChange={(u) => set({ unit: u })}
      />
      {phone ? (
        <select
          className="field w-auto"
          aria-label="Order"
          value={order}
          onChange={(event) => set({ order: event.target.value === 'clustered' ? null : event.target.value })}
        >
          {ORDERS.map((o) => (
            <option key={o} value={o}>
              {ORDER_LABEL[o]}
            </option>
          ))}
        </select>
      ) : (
        <Segmented
          label="Order"
          value={order}
          options={ORDERS.map((o) => ({ value: o, label: ORDER_LABEL[o] }))}
          onChange={(o) => set({ order: o === 'clustered' ? null : o })}
        />
      )}
      {children}
      <button
        type="button"
        className="btn ml-auto"
        aria-pressed={asTable}
        onClick={() => set({ view: asTable ? null : 'table' })}
      >
        {asTable ? 'Show as matrix' : 'Show as table'}
      </button>
    </div>
  );
}
