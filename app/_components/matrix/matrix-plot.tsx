'use client';

import { type KeyboardEvent, type MouseEvent, useMemo, useRef, useState } from 'react';
import { layoutMatrix, type MatrixLayout, step, tileAt } from '@/app/_lib/matrix-layout';
import { cellKey, type MatrixModel } from '@/app/_lib/matrix-model';
import type { Ordered } from '@/app/_lib/matrix-order';
import { useWidth } from '@/app/_lib/use-width';
import { ClusterNames, ColumnLabels, type Pointed, RowLabels } from './axes';
import { Dendrograms } from './dendrograms';
import { Bands, OwnNetwork, Ring } from './overlay';
import { HatchPattern, Tiles } from './tiles';
import { TilesCanvas } from './tiles-canvas';
import { Tooltip } from './tooltip';

interface Props {
  ordered: Ordered;
  model: MatrixModel;
  name: (id: string) => string;
  sourceOnly: (id: string) => boolean;
  selected: { source: string; target: string } | null;
  /** The newest selection, be it that it is not drawn yet. */
  current: () => { source: string; target: string } | null;
  onSelect: (cell: { source: string; target: string } | null) => void;
  onOpen: (cell: { source: string; target: string }) => void;
  describe: (source: string, target: string) => string;
}

const NOWHERE: Pointed = { source: null, target: null };
const STEPS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The matrix. Hover lights a task on both axes, a click selects, a second click opens, arrow keys move. */
export function MatrixPlot(props: Props) {
  const { ordered, model, name, selected, current, onSelect, onOpen } = props;
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [hover, setHover] = useState<Pointed>(NOWHERE);
  const layout = useMemo(() => layoutMatrix(ordered, name, Math.max(width, 280)), [ordered, name, width]);
  const picked: Pointed = selected ?? NOWHERE;
  const lit: Pointed = { source: hover.source ?? picked.source, target: hover.target ?? picked.target };

  const plot = useRef<SVGRectElement>(null);
  const cellAt = (event: MouseEvent): { source: string; target: string } | null => {
    const bounds = plot.current?.getBoundingClientRect();
    if (bounds === undefined) return null;
    const c = tileAt(layout.columns, event.clientX - bounds.left);
    const r = tileAt(layout.rows, event.clientY - bounds.top);
    const source = c === null ? undefined : layout.columns.ids[c];
    const target = r === null ? undefined : layout.rows.ids[r];
    return source === undefined || target === undefined ? null : { source, target };
  };
  const press = (event: MouseEvent): void => {
    const cell = cellAt(event);
    if (cell === null) return;
    const again = selected?.source === cell.source && selected.target === cell.target;
    if (again) onOpen(cell);
    else onSelect(cell);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const move = STEPS[event.key];
    if (move !== undefined) onSelect(step(layout, current(), move[0], move[1]));
    else if (event.key === 'Enter') {
      const at = current();
      if (at !== null) onOpen(at);
    } else if (event.key === 'Escape') onSelect(null);
    else return;
    event.preventDefault();
  };
  return (
    <div ref={box} className="w-full">
      <div
        className="relative w-fit rounded-control focus-visible:outline-offset-4"
        role="application"
        aria-roledescription="matrix"
        aria-label="Matrix of sources (columns) and targets (rows). Arrow keys move, Enter opens the pair."
        // biome-ignore lint/a11y/noNoninteractiveTabindex: one stop for the whole grid; arrow keys move inside it
        tabIndex={0}
        onKeyDown={onKeyDown}
        onPointerMove={(event) => setHover(cellAt(event) ?? NOWHERE)}
        onPointerLeave={() => setHover(NOWHERE)}
        onClick={press}
        data-testid="matrix"
      >
        {layout.detail === 'canvas' && <TilesCanvas model={model} layout={layout} />}
        <svg
          width={layout.width}
          height={layout.height}
          className="relative block max-w-none"
          aria-hidden="true"
        >
          <HatchPattern />
          <g transform={`translate(${layout.labelWidth} ${layout.headHeight})`}>
            {layout.detail !== 'canvas' && <Bands layout={layout} pointed={picked} />}
            <AxisTitle layout={layout} />
            <ColumnLabels {...props} layout={layout} bold={lit} />
            <RowLabels {...props} layout={layout} bold={lit} />
            {layout.detail !== 'canvas' && <Tiles model={model} layout={layout} />}
            <OwnNetwork layout={layout} model={model} />
            <ClusterNames layout={layout} />
            <Dendrograms ordered={ordered} layout={layout} />
            <Ring layout={layout} pointed={hover} thin />
            <Ring layout={layout} pointed={picked} />
            <rect
              ref={plot}
              data-testid="matrix-plot"
              data-columns={layout.columns.ids.length}
              data-rows={layout.rows.ids.length}
              width={layout.columns.length}
              height={layout.rows.length}
              fill="transparent"
              className="cursor-pointer"
            />
          </g>
        </svg>
        <Tooltip layout={layout} tile={hoverTile(model, hover)} name={name} />
      </div>
      <p className="sr-only" aria-live="polite">
        {selected === null ? '' : props.describe(selected.source, selected.target)}
      </p>
    </div>
  );
}

const hoverTile = (model: MatrixModel, at: Pointed) =>
  at.source === null || at.target === null ? null : (model.tiles.get(cellKey(at.source, at.target)) ?? null);

function AxisTitle({ layout }: { layout: MatrixLayout }) {
  const y = layout.phone ? -8 : -22;
  return (
    <g fontSize={layout.phone ? 11.5 : 12} textAnchor="end" fontWeight="650">
      {!layout.phone && (
        <text x={-8} y={y - 17}>
          Source <tspan fontFamily="var(--font-mono)">→</tspan>
        </text>
      )}
      <text x={-8} y={y}>
        Target ↓
      </text>
    </g>
  );
}
